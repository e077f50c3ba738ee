//! `requested | approved | queued -> held`: any state without a slot may go back to waiting for something named.

use super::{Held, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Withdrawal {
    /// Makes it wait for something named, until `expires_at`, when it is rejected as `hold_expired`.
    /// The minimal policy holds nothing; what ends a hold is driven all the same.
    ///
    /// # Errors
    /// [`Refusal`] once a transfer exists, and from terminal states.
    pub fn hold(self, code: &str, at: Timestamp, expires_at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match self.state {
            State::Requested | State::Approved(_) | State::Queued(_) | State::Held(_) => {
                Ok(self.moved(State::Held(Held { code: code.into(), since: at, expires_at })))
            }
            State::Assigned(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("hold")),
        }
    }
}
