//! `assigned | needs_attention -> paid`: the chain has said so, with finality.

use super::{Paid, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::{Effect, Proof, Verdict};
use crate::time::Timestamp;

impl Withdrawal {
    /// Completes it on a proof of payment by its own transfer.
    ///
    /// # Errors
    /// [`Refusal::NotFrom`] from other states; [`Refusal::Evidence`] when the proof is of another transfer or does not
    /// prove a payment.
    pub fn pay(self, proof: &Proof, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let (decision, by) = match &self.state {
            State::Assigned(assigned) => {
                (assigned.decision.clone(), Some((assigned.transfer, assigned.wallet)))
            }
            State::NeedsAttention(attention) => (attention.decision.clone(), attention.last),
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("complete")),
        };
        let inclusion = match &proof.verdict {
            Verdict::Paid(inclusion)
                if proof.transfer == by.map(|(transfer, _)| transfer)
                    && by.is_some()
                    && matches!(inclusion.effect, Effect::Paid { .. }) =>
            {
                *inclusion
            }
            Verdict::Paid(_) | Verdict::Dead(_) | Verdict::PaidElsewhere { .. } => {
                return Err(Refusal::Evidence {
                    transition: "complete",
                    why: "the proof does not show a payment by this withdrawal's transfer",
                });
            }
        };
        Ok(self.moved(State::Paid(Paid {
            decision,
            by,
            proof: proof.id,
            txid: inclusion.txid,
            block: inclusion.block,
            at,
        })))
    }
}
