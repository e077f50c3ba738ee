//! `seen | signed -> final`: the chain has ended it, by quorum and finality.

use super::{Ended, Life, Seen, State, Transfer};
use crate::id::ProofId;
use crate::moved::{Moved, Refusal};
use crate::proof::{Death, Effect, Final, NotDead, Proof, SlotReading, Verdict};
use crate::time::Timestamp;

/// What a final reading of a slot means for its transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is over; transfer and proof commit together.
    Ended {
        /// The transfer's step.
        transfer: Box<Moved<Transfer>>,
        /// The proof.
        proof: Box<Proof>,
    },
    /// Consumed by our own dead attempt, but not yet as deep as a new slot asks for (M4).
    NotDeepEnough {
        /// Blocks still missing.
        missing: u64,
    },
    /// Nothing final is in the slot yet.
    Open,
    /// Something that is not ours, or not what we meant, is in the slot: freeze the lane (M6).
    Unexplained {
        /// One sentence.
        evidence: String,
    },
}

impl Transfer {
    /// Judges a final reading of its slot.
    ///
    /// # Errors
    /// [`Refusal`] unless signed or seen.
    pub fn settle(
        self,
        reading: &Final<SlotReading>,
        proof_id: ProofId,
        death_extra_blocks: u64,
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let signed = match &self.state {
            State::Signed(signed) | State::Seen(Seen { signed, .. }) => signed.clone(),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("settle")),
        };
        let inclusion = match *reading.reading() {
            SlotReading::Open => return Ok(Outcome::Open),
            SlotReading::Foreign => {
                return Ok(Outcome::Unexplained {
                    evidence: format!("slot {} was consumed by a transaction that is not ours", signed.slot),
                });
            }
            SlotReading::Ours(inclusion) => inclusion,
        };
        let verdict = match inclusion.effect {
            Effect::Paid { .. } => Verdict::Paid(inclusion),
            Effect::Voided | Effect::Reverted => match Death::of_nonce(reading, death_extra_blocks) {
                Ok(death) => Verdict::Dead(death),
                Err(NotDead::NotDeepEnough { missing }) => return Ok(Outcome::NotDeepEnough { missing }),
                Err(NotDead::NotConsumedByUs | NotDead::StillValid | NotDead::ScanBroken) => {
                    return Ok(Outcome::Open);
                }
            },
            Effect::Mismatch => {
                return Ok(Outcome::Unexplained {
                    evidence: format!(
                        "transaction 0x{} succeeded without exactly the transfer we meant",
                        hex::encode(inclusion.txid)
                    ),
                });
            }
        };
        let paid = matches!(verdict, Verdict::Paid(_));
        let proof = Proof {
            id: proof_id,
            partner: self.partner,
            transfer: Some(self.id),
            verdict,
            head: Some(reading.head()),
            operators: reading.operators().to_vec(),
            at,
        };
        let transfer = self.changed(at, |transfer| {
            for item in &mut transfer.items {
                // An item that died by the signer's tombstone keeps that proof.
                if item.life == Life::Live {
                    item.life = if paid { Life::Paid(proof_id) } else { Life::Dead(proof_id) };
                }
            }
            transfer.state = State::Final(Ended { signed, proof: proof_id, inclusion, at });
        });
        Ok(Outcome::Ended { transfer: Box::new(transfer), proof: Box::new(proof) })
    }
}
