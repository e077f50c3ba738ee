//! Slots that are account nonces, and bytes at what the market asks.

use sluice_core::attempt::{Kind, Terms, Unsigned};
use sluice_core::chain::EvmRules;
use sluice_core::fee::{self, Offer};
use sluice_core::id::AttemptId;
use sluice_core::port::store::Change;
use sluice_core::slot::Slot;
use sluice_core::transfer::{State, Transfer};
use sluice_core::withdrawal::Waiting;

use crate::StageError;
use crate::lane::Lane;

/// Gives the slice its nonces and bytes. A change without a transfer: not even the first could be built.
pub(super) async fn allot(
    lane: &mut Lane<'_>,
    rules: &EvmRules,
    slice: Vec<Transfer>,
) -> Result<Option<Change>, StageError> {
    if slot_at_cap(lane) {
        return Ok(None);
    }
    let market = lane.chain.market().await?;
    let now = lane.now();
    let (chain, sender, mut nonce) = (lane.wallet().chain, lane.wallet().address, lane.wallet().next_nonce);
    let mut change = Change { cause: Some(lane.cause("build")), ..Change::default() };
    for transfer in slice {
        let State::Fuelled(fuelled) = &transfer.state else { continue };
        let cap = lane.cap_wei(rules, fuelled.gas_limit);
        // Never more than `fuel` reserved, whatever the market did meanwhile.
        let affordable = fuelled.gas_budget.0 / u128::from(fuelled.gas_limit.max(1));
        let fees = match fee::offer(rules, &market, fuelled.gas_limit, cap.min(affordable)) {
            Offer::At(fees) => fees,
            Offer::AboveCap { needed_wei, .. } => {
                lane.blocked_by(if needed_wei > cap { Waiting::FeeCap } else { Waiting::Gas });
                break;
            }
        };
        let Some(slot) = Slot::of_nonce(chain, sender, nonce) else { break };
        let pays: Vec<_> = transfer.live().map(|item| item.approved.payment.clone()).collect();
        let bytes = sluice_codec::evm::draft(Kind::Pay, &slot, &fees, &pays, &transfer.asset)
            .map_err(|error| StageError::Encode(error.to_string()))?;
        let attempt = Unsigned {
            id: AttemptId::new(lane.ports.entropy.ulid(now)),
            transfer: transfer.id,
            serial: 0,
            kind: Kind::Pay,
            slot,
            terms: Terms::Evm(fees),
            bytes: bytes.unsigned,
            digest: bytes.digest,
            built_at: now,
        };
        let allotment = transfer.build(attempt, now)?;
        change.transfers.push(allotment.transfer);
        change.attempts.push(allotment.attempt);
        nonce += 1;
    }
    let count = nonce - lane.wallet().next_nonce;
    if count == 0 {
        return Ok(Some(change));
    }
    change.wallets.push(lane.wallet().clone().allocate(count)?);
    Ok(Some(change))
}

/// No nonce is allocated while the oldest slot of the lane sits at its fee cap: it would only queue behind it.
fn slot_at_cap(lane: &Lane<'_>) -> bool {
    lane.obstacle == Some(Waiting::FeeCap)
}
