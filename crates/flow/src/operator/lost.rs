//! Whether what was signed before the store was restored has paid, or still may: each slot that the signer's journal has of
//! a payment, as a quorum reads it in this very moment (M4, M17). What the store has once proven of such a slot is not
//! enough: a reorganisation may have taken it back.

use sluice_core::chain::txid_text;
use sluice_core::id::ProofId;
use sluice_core::journal::{LostDeath, LostPayment, LostSlot};
use sluice_core::port::Ports;
use sluice_core::port::chain::SlotQuestion;
use sluice_core::proof::{Effect, Final, NotDead, SlotReading};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::Withdrawal;

use super::OrderError;

/// The death of every slot of a lost payment.
///
/// # Errors
/// [`OrderError::Evidence`]: the first slot that is not proven dead, and what became of it.
pub(super) async fn deaths(
    ports: &Ports,
    withdrawal: &Withdrawal,
    lost: &LostPayment,
    at: Timestamp,
) -> Result<Vec<LostDeath>, OrderError> {
    let mut deaths = Vec::with_capacity(lost.slots.len());
    for lost in &lost.slots {
        let chain = lost.slot.chain();
        let port = ports.chains.get(&chain).ok_or_else(|| OrderError::NotConfigured(chain.to_string()))?;
        let question = SlotQuestion {
            slot: lost.slot.clone(),
            attempts: lost.attempts.clone(),
            asset: withdrawal.request.asset.clone(),
            pays: vec![withdrawal.payment()],
            strangers: vec![],
        };
        let read = port.settle(&[question]).await?.pop();
        let read = read.ok_or_else(|| OrderError::Evidence(unaccounted(&lost.slot)))?;
        let id = ProofId::new(ports.entropy.ulid(at));
        let extra_blocks = port.profile().death_extra_blocks;
        let death = lost.died(id, withdrawal.partner, &read, extra_blocks, at);
        deaths.push(death.map_err(|missing| OrderError::Evidence(why(lost, &read, missing)))?);
    }
    Ok(deaths)
}

/// Why a slot is not proven dead, for the persons who asked.
fn why(lost: &LostSlot, read: &Final<SlotReading>, missing: NotDead) -> String {
    let slot = &lost.slot;
    match read.reading() {
        SlotReading::Open => open(slot),
        SlotReading::Unaccounted => unaccounted(slot),
        SlotReading::Foreign(_) | SlotReading::Absent(_) => {
            format!("slot {slot}: {missing}; ask again later")
        }
        SlotReading::Ours(inclusion) => match inclusion.effect {
            Effect::Paid { .. } => has_paid(slot, &inclusion.txid),
            Effect::Voided | Effect::Reverted | Effect::OutOfEnergy => {
                format!("slot {slot}: {missing}; ask again later")
            }
            // What it was made for may be another order under the same name; what it moved is moved.
            Effect::Mismatch => format!(
                "{} in slot {slot} was signed for it and moved something else than it asks for",
                txid_text(&inclusion.txid)
            ),
        },
    }
}

pub(super) fn has_paid(slot: &Slot, txid: &[u8; 32]) -> String {
    format!("{} in slot {slot} has paid it: resolve it with that", txid_text(txid))
}

pub(super) fn open(slot: &Slot) -> String {
    format!("slot {slot} is open at the final block, and what was signed for it may still pay")
}

pub(super) fn unaccounted(slot: &Slot) -> String {
    format!("slot {slot} is consumed, and no node shows by what; ask again when one does")
}
