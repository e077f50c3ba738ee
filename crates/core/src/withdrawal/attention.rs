//! `approved | queued | assigned -> needs_attention`, and the ways out a person has.

use super::{NeedsAttention, Paid, Queued, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::{Proof, Verdict};
use crate::time::Timestamp;

/// Why a person is asked when a transaction that is not ours consumed the slot: it may have paid the very recipient.
pub const SLOT_CONSUMED_BY_STRANGER: &str = "slot_consumed_by_stranger";

/// Why a person is asked when the deaths of several of its slots left the chain at once: each of them may pay.
pub const SLOTS_REOPENED: &str = "slots_reopened";

/// How a person ends the attention.
#[derive(Clone, Copy, Debug)]
pub enum Resolution<'a> {
    /// All gates run again and a new slot is taken. Refused while a slot is alive.
    Redrive,
    /// It was paid outside the engine: recipient, asset and amount were matched on chain. Refused while a slot is alive.
    PaidElsewhere(&'a Proof),
}

impl Withdrawal {
    /// Hands it to a person. `slot_dead` says that the slot of its present transfer is proven dead, or never existed.
    ///
    /// # Errors
    /// [`Refusal`] from undecided and terminal states.
    pub fn needs_attention(self, code: &str, slot_dead: bool, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let (decision, last, slots_dead) = match &self.state {
            State::Approved(state) => (state.decision.clone(), None, true),
            State::Queued(state) => (state.decision.clone(), None, true),
            State::Assigned(state) => {
                (state.decision.clone(), Some((state.transfer, state.wallet)), slot_dead)
            }
            State::Requested
            | State::Held(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("ask a person about")),
        };
        let attention = NeedsAttention { decision, code: code.into(), since: at, last, slots_dead };
        Ok(self.moved(State::NeedsAttention(attention)))
    }

    /// The slot of its last transfer has been proven dead while a person was awaited.
    ///
    /// # Errors
    /// [`Refusal`] unless a person is awaited and the proof is of that transfer.
    pub fn slot_died(self, proof: &Proof) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::NeedsAttention(attention) => {
                let of_last = attention.last.is_some_and(|(transfer, _)| proof.transfer == Some(transfer));
                if !of_last || !proof.proves_death() {
                    return Err(Refusal::Evidence {
                        transition: "note the death of a slot of",
                        why: "the proof does not establish that its slot is dead",
                    });
                }
                let mut attention = NeedsAttention { slots_dead: true, ..attention.clone() };
                // What a restored store has lost stays lost, whoever took the slot (M17).
                if proof.by_a_stranger() && !attention.paid_before_restore() {
                    attention.code = SLOT_CONSUMED_BY_STRANGER.into();
                }
                Ok(self.moved(State::NeedsAttention(attention)))
            }
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("note the death of a slot of")),
        }
    }

    /// A person's way out.
    ///
    /// # Errors
    /// [`Refusal`] unless a person is awaited; [`Refusal::Evidence`] when a slot is alive, or the proof shows no payment.
    pub fn resolve(self, resolution: Resolution<'_>, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let attention = match &self.state {
            State::NeedsAttention(attention) => attention.clone(),
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("resolve")),
        };
        match resolution {
            // Its slot is in the signer's journal alone, so nothing here can show that it is dead (M17).
            Resolution::Redrive if attention.paid_before_restore() => Err(Refusal::Evidence {
                transition: "redrive",
                why: "it was signed before the store was restored; resolve it with that transaction",
            }),
            Resolution::Redrive if !attention.slots_dead => {
                Err(Refusal::Evidence { transition: "redrive", why: "a slot of it is not proven dead" })
            }
            Resolution::Redrive => Ok(self.changed(|withdrawal| {
                withdrawal.retries = 0;
                withdrawal.state = State::Queued(Queued {
                    decision: attention.decision,
                    why: "redriven".into(),
                    last: attention.last,
                    since: at,
                    not_before: at,
                });
            })),
            Resolution::PaidElsewhere(proof) => {
                let Verdict::PaidElsewhere { txid, block, .. } = proof.verdict else {
                    return Err(Refusal::Evidence {
                        transition: "resolve",
                        why: "the proof is not of a payment outside the engine",
                    });
                };
                // A slot that may still pay would pay a second time, after `completed` was said.
                if !attention.slots_dead {
                    return Err(Refusal::Evidence {
                        transition: "resolve",
                        why: "a slot of it is not proven dead",
                    });
                }
                if proof.transfer != attention.last.map(|(transfer, _)| transfer) {
                    return Err(Refusal::Evidence {
                        transition: "resolve",
                        why: "the proof is of another transfer",
                    });
                }
                Ok(self.moved(State::Paid(Paid {
                    decision: attention.decision,
                    by: attention.last,
                    proof: proof.id,
                    txid,
                    block,
                    at,
                })))
            }
        }
    }
}
