//! `-> cancelled`, at once where no slot exists, otherwise as a wish that the chain answers.

use super::{CancelRequest, Ended, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::proof::Proof;
use crate::time::Timestamp;

/// What a cancel command did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CancelEffect {
    /// It is cancelled.
    Now(Box<Moved<Withdrawal>>),
    /// A slot may exist: the wish is recorded; status and reservations stay until the slot's outcome is known.
    Requested(Box<Moved<Withdrawal>>),
    /// The wish was recorded before.
    Already,
}

impl Withdrawal {
    /// Asks to cancel.
    ///
    /// # Errors
    /// [`Refusal`] from terminal states and from `needs_attention`, where a person decides.
    pub fn cancel(self, request: CancelRequest) -> Result<CancelEffect, Refusal> {
        match &self.state {
            State::Requested | State::Held(_) | State::Approved(_) | State::Queued(_) => {
                let ended = Ended { code: code_of(&request), proof: None, at: request.at };
                Ok(CancelEffect::Now(Box::new(self.changed(|withdrawal| {
                    withdrawal.cancel_requested = Some(request);
                    withdrawal.state = State::Cancelled(ended);
                }))))
            }
            State::Assigned(_) if self.cancel_requested.is_some() => Ok(CancelEffect::Already),
            State::Assigned(_) => Ok(CancelEffect::Requested(Box::new(
                self.changed(|withdrawal| withdrawal.cancel_requested = Some(request)),
            ))),
            State::NeedsAttention(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("cancel")),
        }
    }

    /// Completes a recorded wish: its transfer never had a slot (`proof` absent), or the slot is proven dead.
    ///
    /// # Errors
    /// [`Refusal::NotFrom`] unless assigned; [`Refusal::Evidence`] without a recorded wish, or when the proof is of
    /// another transfer, proves no death, or is a stranger's: who consumed the slot may have paid the recipient.
    pub fn cancelled(self, proof: Option<&Proof>, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let assigned = match &self.state {
            State::Assigned(assigned) => assigned.clone(),
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("cancel")),
        };
        let Some(request) = &self.cancel_requested else {
            return Err(Refusal::Evidence { transition: "cancel", why: "nobody asked for it" });
        };
        let unfit = |proof: &Proof| {
            proof.transfer != Some(assigned.transfer) || !proof.proves_death() || proof.by_a_stranger()
        };
        if proof.is_some_and(unfit) {
            return Err(Refusal::Evidence {
                transition: "cancel",
                why: "the proof does not establish that this transfer's slot is dead",
            });
        }
        let ended = Ended { code: code_of(request), proof: proof.map(|proof| proof.id), at };
        Ok(self.moved(State::Cancelled(ended)))
    }
}

fn code_of(request: &CancelRequest) -> String {
    use crate::access::Actor;
    match request.by {
        Actor::Key(_) => "cancelled_by_partner".into(),
        Actor::System(_) | Actor::Operator(_) | Actor::Console => "cancelled_by_operator".into(),
    }
}
