//! `requested | held -> rejected`.

use super::{Ended, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Withdrawal {
    /// Refuses it, for a reason with a stable code. It spends external id and idempotency key all the same.
    ///
    /// # Errors
    /// [`Refusal`] from every state but `requested` and `held`.
    pub fn reject(self, code: &str, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match self.state {
            State::Requested | State::Held(_) => {
                Ok(self.moved(State::Rejected(Ended { code: code.into(), proof: None, at })))
            }
            State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("reject")),
        }
    }
}
