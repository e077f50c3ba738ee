//! `requested | held -> approved`.

use super::{Approved, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::policy::Passed;
use crate::time::Timestamp;

impl Withdrawal {
    /// Lets it pass. Needs a decision that passed every gate and met the verification floor (M11): [`Passed`] has no
    /// other source than `policy`.
    ///
    /// # Errors
    /// [`Refusal`] from every state but `requested` and `held`.
    pub fn approve(self, passed: Passed, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match self.state {
            State::Requested | State::Held(_) => {
                Ok(self.moved(State::Approved(Approved { decision: passed.into_decision(), at })))
            }
            State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("approve")),
        }
    }
}
