//! `paid | queued -> assigned`: the block of the proof left the chain (M16). The same slot, never a new one. Where a person is
//! awaited on the strength of a death that is no longer proven, the slot counts as alive again.

use super::{Assigned, NeedsAttention, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::{Proof, Verdict};
use crate::time::Timestamp;

impl Withdrawal {
    /// Takes back a completion, or the death of a slot, whose proof is no longer on the chain. The transfer's stored bytes
    /// are sent again in the same slot.
    ///
    /// A withdrawal that was given back on the strength of that death, and has no newer slot, belongs to that slot again.
    ///
    /// # Errors
    /// [`Refusal`] unless paid by a transfer of ours by exactly this proof, or back in the queue or waiting for a person
    /// with this proof of its last transfer's death.
    pub fn reopen(self, proof: &Proof, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Paid(paid) => {
                // A payment outside the engine has no slot of ours to go back to.
                let ours = paid.proof == proof.id && matches!(proof.verdict, Verdict::Paid(_));
                let Some((transfer, wallet)) = paid.by.filter(|_| ours) else {
                    return Err(Refusal::Evidence {
                        transition: "reopen",
                        why: "the proof is not the one it was completed by",
                    });
                };
                let assigned = Assigned { decision: paid.decision.clone(), transfer, wallet, since: at };
                Ok(self.moved(State::Assigned(assigned)))
            }
            State::NeedsAttention(attention) => {
                let of_last = attention.last.is_some_and(|(transfer, _)| proof.transfer == Some(transfer));
                // A tombstone stands in the signer's journal: no chain takes it back.
                if !of_last || !proof.proves_death() || proof.head.is_none() {
                    return Err(Refusal::Evidence {
                        transition: "reopen",
                        why: "the proof is not the death of its last slot",
                    });
                }
                let attention = NeedsAttention { slots_dead: false, ..attention.clone() };
                Ok(self.moved(State::NeedsAttention(attention)))
            }
            State::Queued(queued) => {
                // A tombstone stands in the signer's journal: no chain takes it back.
                let by_the_chain = proof.proves_death() && proof.head.is_some();
                let of_last = queued.last.filter(|(last, _)| by_the_chain && proof.transfer == Some(*last));
                let Some((transfer, wallet)) = of_last else {
                    return Err(Refusal::Evidence {
                        transition: "reopen",
                        why: "the proof is not the death of its last slot by the chain",
                    });
                };
                let assigned = Assigned { decision: queued.decision.clone(), transfer, wallet, since: at };
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
