//! Slots that are transactions with an expiration (TRON): the bytes are the slot. Two that say the same are told apart by
//! the time they carry.

use sluice_core::attempt::{Kind, Terms, TronTerms, Unsigned};
use sluice_core::chain::TronRules;
use sluice_core::id::AttemptId;
use sluice_core::port::store::Change;
use sluice_core::resource::{Conditions, fee_limit_sun};
use sluice_core::slot::Slot;
use sluice_core::transfer::{State, Transfer};
use sluice_core::withdrawal::Waiting;

use crate::StageError;
use crate::lane::Lane;

/// By how much the time of the latest block and our clock may differ, milliseconds. A node that tells of another time would
/// have everything expire at once, or live for long.
pub(in crate::lane) const APART_MAX_MS: i64 = 60_000;

/// Gives the slice its bytes, which are its slots. A change without a transfer: not even the first could be built.
pub(super) async fn allot(
    lane: &mut Lane<'_>,
    rules: &TronRules,
    slice: Vec<Transfer>,
) -> Result<Option<Change>, StageError> {
    let conditions = lane.chain.conditions().await?;
    let now = lane.now();
    if conditions.head_time_ms.saturating_sub(now.millis()).saturating_abs() > APART_MAX_MS {
        lane.blocked_by(Waiting::Node);
        return Ok(None);
    }
    let Some(owner) = lane.wallet().address.tron() else {
        return Err(StageError::NotConfigured(format!("wallet {} is no account on TRON", lane.wallet().id)));
    };
    let chain = lane.wallet().chain;
    let mut made_at_ms = first_time(lane, now.millis());
    let mut change = Change { cause: Some(lane.cause("build")), ..Change::default() };
    for transfer in slice {
        let State::Fuelled(fuelled) = &transfer.state else { continue };
        let Some(fee_limit_sun) = fee_limit_sun(rules, &conditions, fuelled.gas_limit) else {
            lane.blocked_by(Waiting::FeeCap);
            break;
        };
        let terms = terms(rules, &conditions, made_at_ms, fee_limit_sun);
        let pays: Vec<_> = transfer.live().map(|item| item.approved.payment.clone()).collect();
        let bytes = sluice_codec::tron::pay(owner, &terms, &pays, &transfer.asset)
            .map_err(|error| StageError::Encode(error.to_string()))?;
        let attempt = Unsigned {
            id: AttemptId::new(lane.ports.entropy.ulid(now)),
            transfer: transfer.id,
            serial: 0,
            kind: Kind::Pay,
            slot: Slot::TronTransaction { chain, txid: bytes.txid },
            terms: Terms::Tron(terms),
            bytes: bytes.raw,
            digest: bytes.txid,
            built_at: now,
        };
        let allotment = transfer.build(attempt, now)?;
        change.transfers.push(allotment.transfer);
        change.attempts.push(allotment.attempt);
        made_at_ms = made_at_ms.saturating_add(1);
    }
    Ok(Some(change))
}

const fn terms(rules: &TronRules, conditions: &Conditions, made_at_ms: i64, fee_limit_sun: u64) -> TronTerms {
    TronTerms {
        reference: conditions.reference,
        expires_at_ms: conditions.head_time_ms.saturating_add(rules.expires_after_ms as i64),
        made_at_ms,
        fee_limit_sun,
        permission: rules.permission,
    }
}

/// A time that no open transaction of this lane carries, nor any behind it. One that has ended has expired, or is on the
/// chain: the same bytes would be the same slot, which the store refuses.
pub(in crate::lane) fn first_time(lane: &Lane<'_>, now_ms: i64) -> i64 {
    let attempts = lane.view.transfers().flat_map(|(_, attempts)| attempts);
    let last = attempts.filter_map(|it| Some(it.get().unsigned().terms.tron()?.made_at_ms)).max();
    last.map_or(now_ms, |last| now_ms.max(last.saturating_add(1)))
}
