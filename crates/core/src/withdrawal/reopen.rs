//! `paid -> assigned`: the block of the proof left the chain (M16). The same slot, never a new one.

use super::{Assigned, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::Proof;
use crate::time::Timestamp;

impl Withdrawal {
    /// Takes back a completion whose proof is no longer on the chain. The transfer's stored bytes are sent again in the
    /// same slot.
    ///
    /// # Errors
    /// [`Refusal`] unless paid by a transfer of ours, by exactly this proof.
    pub fn reopen(self, proof: &Proof, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Paid(paid) => {
                let Some((transfer, wallet)) = paid.by.filter(|_| paid.proof == proof.id) else {
                    return Err(Refusal::Evidence {
                        transition: "reopen",
                        why: "the proof is not the one it was completed by",
                    });
                };
                let assigned = Assigned { decision: paid.decision.clone(), transfer, wallet, since: at };
                Ok(self.moved(State::Assigned(assigned)))
            }
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("reopen")),
        }
    }
}
