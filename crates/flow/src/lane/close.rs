//! A slot in which no payment was signed is closed at the signer, its payment is dead by the tombstone, and a void
//! fills the nonce; a slot that is no nonce ends there.

use sluice_codec::evm::{self, Decoded};
use sluice_core::attempt::{Fees, Kind, Signed, Terms, Unsigned};
use sluice_core::chain::Rules;
use sluice_core::fee::{self, Market, Offer};
use sluice_core::id::{AttemptId, ProofId};
use sluice_core::journal::Seen;
use sluice_core::moved::Moved;
use sluice_core::port::signer::{Signature, SlotRecord};
use sluice_core::port::store::Change;
use sluice_core::proof::Proof;
use sluice_core::transfer::{State, Transfer};
use sluice_core::withdrawal::Waiting;

use super::{Lane, startup};
use crate::StageError;

/// What closing a slot at the signer brought.
pub(super) enum Closed {
    /// Never signed: dead, and turned to void, or at its end.
    Dead(Box<DeadSlot>),
    /// It had been signed after all: here is the change that records it.
    Signed(Box<Change>),
}

/// A slot that was never signed, with everything that commits together.
pub(super) struct DeadSlot {
    pub proof: Proof,
    step: Moved<Transfer>,
    /// The void that fills a nonce.
    void: Option<Unsigned>,
    journal_seq: Seen,
}

impl DeadSlot {
    /// Puts proof, void and step into a change; once, however many items there are.
    pub fn change_into(&self, change: &mut Change) {
        if change.proofs.is_empty() {
            change.proofs.push(self.proof.clone());
            change.transfers.push(self.step.clone());
            change.attempts.extend(self.void.clone());
            change.journal_seq = Some(self.journal_seq);
        }
    }
}

/// Closes the slot of a built transfer at the signer. `None` when fees for the void cannot be offered now or the signer
/// will not say.
pub(super) async fn close_unsigned(
    lane: &mut Lane<'_>,
    transfer: &Transfer,
    code: &str,
) -> Result<Option<Closed>, StageError> {
    let State::Built(built) = &transfer.state else { return Ok(None) };
    let void = match lane.profile().rules {
        Rules::Evm(_) => {
            let market = lane.chain.market().await?;
            let void = draft_void(lane, transfer, &market);
            if void.is_none() {
                lane.blocked_by(Waiting::FeeCap);
                return Ok(None);
            }
            void
        }
        Rules::Tron(_) => None,
    };
    if !startup::remembers(lane).await? {
        return Ok(None);
    }
    let fence = lane.fence().await?;
    let record = match lane.ports.signer.close(transfer.wallet, fence.epoch(), &built.slot).await? {
        Ok(record) => record,
        Err(refusal) => {
            tracing::warn!(transfer.id = %transfer.id, %refusal, "The signer will not close a slot");
            return Ok(None);
        }
    };
    let unknown = match &record {
        SlotRecord::Voided(_, voids) => unknown_void(lane, transfer, voids).await?,
        SlotRecord::Closed(_) | SlotRecord::Signed(_) => None,
    };
    let now = lane.now();
    match record {
        SlotRecord::Closed(tombstone) | SlotRecord::Voided(tombstone, _) => {
            let name = ProofId::new(lane.ports.entropy.ulid(now));
            let proof = transfer.never_signed(&tombstone, name, now)?;
            let journal_seq = lane.seen(tombstone.journal_seq());
            let (step, void) = match unknown.or(void) {
                Some(void) => {
                    let allotment = transfer.clone().void_unsigned(&proof, code, void, now)?;
                    (allotment.transfer, Some(allotment.attempt))
                }
                None => (transfer.clone().bury(&proof, now)?, None),
            };
            Ok(Some(Closed::Dead(Box::new(DeadSlot { proof, step, void, journal_seq }))))
        }
        SlotRecord::Signed(signatures) => {
            let attempts = lane.view.attempts(transfer.id);
            let recorded = signatures.into_iter().find_map(|(id, signature)| {
                let attempt = attempts.iter().find(|attempt| attempt.get().unsigned().id == id)?;
                (id == built.attempt).then(|| Signed {
                    unsigned: attempt.get().unsigned().clone(),
                    raw: signature.raw,
                    txid: signature.txid,
                    journal_seq: signature.journal_seq,
                    signed_at: now,
                })
            });
            let Some(signed) = recorded else { return Ok(None) };
            let change = Change {
                transfers: vec![transfer.clone().signed(&signed, lane.view.height, now)?],
                journal_seq: Some(lane.seen(signed.journal_seq)),
                signatures: vec![signed],
                cause: Some(lane.cause("signature_recovered")),
                ..Change::default()
            };
            Ok(Some(Closed::Signed(Box::new(change))))
        }
    }
}

/// The latest void that the signer signed in this slot and the store does not know: it may be anywhere, and is this slot's
/// void from now on. The signer gives its signature again when it is asked for the same attempt.
async fn unknown_void(
    lane: &Lane<'_>,
    transfer: &Transfer,
    voids: &[(AttemptId, Signature)],
) -> Result<Option<Unsigned>, StageError> {
    let known =
        lane.ports.store.journal_known(&voids.iter().map(|void| void.0).collect::<Vec<_>>(), &[]).await?;
    let latest = voids.iter().rev().find(|(id, _)| !known.attempts.contains_key(id));
    Ok(latest.and_then(|(id, signature)| {
        let signed = evm::decode(&signature.raw).ok()?;
        let Decoded { gas_limit, max_fee_wei, tip_wei, digest, .. } = signed;
        let void = void_with(lane, transfer, Fees { gas_limit, max_fee_wei, tip_wei })?;
        (void.digest == digest).then_some(Unsigned { id: *id, ..void })
    }))
}

/// A void for a slot in which nothing was signed: at what the market asks.
pub(super) fn draft_void(lane: &Lane<'_>, transfer: &Transfer, market: &Market) -> Option<Unsigned> {
    let rules = lane.evm().ok()?;
    let gas = rules.void_gas;
    match fee::offer(&rules, market, gas, lane.cap_wei(&rules, gas)) {
        Offer::At(fees) => void_with(lane, transfer, fees),
        Offer::AboveCap { .. } => None,
    }
}

/// A void that races what was signed in its slot. Dearer than every attempt there is, as far as the caps allow, and than
/// every signed one, which may be in a pool; never one that the signer was asked for before, and refused.
pub(super) fn draft_race(lane: &Lane<'_>, transfer: &Transfer, market: &Market) -> Option<Unsigned> {
    let rules = lane.evm().ok()?;
    let gas_limit = rules.void_gas;
    let cap_wei = lane.cap_wei(&rules, gas_limit);
    let attempts = lane.view.attempts(transfer.id);
    let offered = |signed_only: bool| {
        let attempts = attempts.iter().filter(move |it| !signed_only || it.get().signed().is_some());
        let fees = attempts.filter_map(|it| it.get().unsigned().terms.evm().copied());
        fees.reduce(|one, other| Fees {
            gas_limit,
            max_fee_wei: one.max_fee_wei.max(other.max_fee_wei),
            tip_wei: one.tip_wei.max(other.tip_wei),
        })
    };
    let race = |over: Fees| match fee::outbid(&rules, &over, gas_limit, market, cap_wei) {
        Offer::At(fees) => Some(fees),
        Offer::AboveCap { .. } => None,
    };
    let mut fees = offered(false).and_then(race).or_else(|| offered(true).and_then(race))?;
    while attempts.iter().any(|it| it.get().unsigned().terms == Terms::Evm(fees)) {
        fees.max_fee_wei = fees.max_fee_wei.checked_add(1).filter(|it| *it <= cap_wei)?;
    }
    void_with(lane, transfer, fees)
}

/// The void of a transfer's slot at these fees.
fn void_with(lane: &Lane<'_>, transfer: &Transfer, fees: Fees) -> Option<Unsigned> {
    let (slot, now) = (transfer.slot()?.clone(), lane.now());
    let bytes = evm::void(&slot, &fees).ok()?;
    let serial = lane.view.attempts(transfer.id).len();
    Some(Unsigned {
        id: AttemptId::new(lane.ports.entropy.ulid(now)),
        transfer: transfer.id,
        serial: u32::try_from(serial).unwrap_or(u32::MAX),
        kind: Kind::Void,
        slot,
        terms: Terms::Evm(fees),
        bytes: bytes.unsigned,
        digest: bytes.digest,
        built_at: now,
    })
}
