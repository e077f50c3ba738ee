//! `paid | queued -> assigned`: the block of the proof left the chain (M16). The same slot, never a new one. Where a person
//! is awaited on the strength of a death that is no longer proven, the slot counts as alive again.

use super::{Assigned, NeedsAttention, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::{Proof, Verdict};
use crate::time::Timestamp;
use crate::transfer::{Life, Transfer};

impl Withdrawal {
    /// Takes back a completion, or the death of a slot, whose proof is no longer on the chain. The transfer's stored bytes
    /// are sent again in the same slot.
    ///
    /// A withdrawal that was given back on the strength of that death belongs to that slot again, whichever of its
    /// transfers `carrier` was, as long as no newer slot of it may be alive.
    ///
    /// # Errors
    /// [`Refusal`] unless paid by a transfer of ours by exactly this proof, or back in the queue or waiting for a person
    /// with no slot alive, while `carrier` holds it as dead by this proof.
    pub fn reopen(self, proof: &Proof, carrier: &Transfer, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        // A tombstone stands in the signer's journal: no chain takes it back.
        let died_of_it = proof.proves_death()
            && proof.head.is_some()
            && proof.transfer == Some(carrier.id)
            && carrier
                .items
                .iter()
                .any(|item| item.withdrawal == self.id && item.life == Life::Dead(proof.id));
        match &self.state {
            State::Paid(paid) => {
                // A payment outside the engine has no slot of ours to go back to.
                let ours = paid.proof == proof.id && matches!(proof.verdict, Verdict::Paid(_));
                let by = paid.by.filter(|_| ours).zip(paid.decision.clone());
                let Some(((transfer, wallet), decision)) = by else {
                    return Err(Refusal::Evidence {
                        transition: "reopen",
                        why: "the proof is not the one it was completed by",
                    });
                };
                let assigned = Assigned { decision, transfer, wallet, last: None, since: at };
                Ok(self.moved(State::Assigned(assigned)))
            }
            State::NeedsAttention(attention) if attention.decision.is_none() => Err(Refusal::Evidence {
                transition: "reopen",
                why: "nobody has let it pass: it never had a slot",
            }),
            State::NeedsAttention(attention) => {
                let of_last = attention.last.is_some_and(|(transfer, _)| transfer == carrier.id);
                if !died_of_it || !(attention.slots_dead || of_last) {
                    return Err(Refusal::Evidence {
                        transition: "reopen",
                        why: "the proof is not the death of a slot of it, or a newer one may be alive",
                    });
                }
                let last = Some((carrier.id, carrier.wallet));
                let attention = NeedsAttention { slots_dead: false, last, ..attention.clone() };
                Ok(self.moved(State::NeedsAttention(attention)))
            }
            State::Queued(queued) => {
                if !died_of_it {
                    return Err(Refusal::Evidence {
                        transition: "reopen",
                        why: "the proof is not the death of a slot of it by the chain",
                    });
                }
                let (transfer, wallet) = (carrier.id, carrier.wallet);
                let assigned =
                    Assigned { decision: queued.decision.clone(), transfer, wallet, last: None, since: at };
                Ok(self.moved(State::Assigned(assigned)))
            }
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Assigned(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("reopen")),
        }
    }
}
