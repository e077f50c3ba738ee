//! `assigned | needs_attention -> paid`: the chain has said so, with finality. `queued -> paid` too, when what paid was a
//! slot whose proof of death a reorganisation took back.

use super::{Paid, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::{Effect, Proof, Verdict};
use crate::time::Timestamp;
use crate::transfer::{Life, Transfer};

impl Withdrawal {
    /// Completes it on a proof of payment by its own transfer.
    ///
    /// # Errors
    /// [`Refusal::NotFrom`] from other states; [`Refusal::Evidence`] when the proof is of another transfer or does not
    /// prove a payment.
    pub fn pay(self, proof: &Proof, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let (decision, by) = match &self.state {
            State::Assigned(assigned) => {
                (Some(assigned.decision.clone()), Some((assigned.transfer, assigned.wallet)))
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

    /// Completes it on a proof of payment by an earlier transfer of it that had been given up: a reorganisation took the
    /// proof of its death back (M16), and its payment landed after all. No slot of it may be alive: the caller ends or
    /// drops its present transfer in the same change.
    ///
    /// # Errors
    /// [`Refusal::NotFrom`] from undecided and terminal states; [`Refusal::Evidence`] when `carrier` does not hold it as
    /// given up, or the proof does not show a payment by `carrier`.
    pub fn pay_late(self, proof: &Proof, carrier: &Transfer, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let decision = match &self.state {
            State::Queued(queued) => Some(queued.decision.clone()),
            State::Assigned(assigned) => Some(assigned.decision.clone()),
            State::NeedsAttention(attention) => attention.decision.clone(),
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("complete late")),
        };
        let given_up =
            carrier.items.iter().any(|it| it.withdrawal == self.id && matches!(it.life, Life::Dead(_)));
        let inclusion = match &proof.verdict {
            Verdict::Paid(inclusion)
                if given_up
                    && proof.transfer == Some(carrier.id)
                    && matches!(inclusion.effect, Effect::Paid { .. }) =>
            {
                *inclusion
            }
            Verdict::Paid(_) | Verdict::Dead(_) | Verdict::PaidElsewhere { .. } => {
                return Err(Refusal::Evidence {
                    transition: "complete late",
                    why: "the proof does not show a payment by a transfer of it that was given up",
                });
            }
        };
        Ok(self.moved(State::Paid(Paid {
            decision,
            by: Some((carrier.id, carrier.wallet)),
            proof: proof.id,
            txid: inclusion.txid,
            block: inclusion.block,
            at,
        })))
    }
}
