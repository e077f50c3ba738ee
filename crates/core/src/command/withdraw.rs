//! `pending -> withdrawn`: taken back by whoever asked, or by somebody else who may give the command and says no. Taking
//! back does nothing to anything, so it needs one person only, and a wrong order blocks nobody for a day.

use super::{Command, Ended, State};
use crate::event::Cause;
use crate::moved::{Moved, Refusal};

impl Command {
    /// Takes it back.
    ///
    /// # Errors
    /// [`Refusal`] when it is over.
    pub fn withdraw(self, cause: &Cause) -> Result<Moved<Self>, Refusal> {
        self.must_be_open("withdraw")?;
        let by = Ended { by: cause.actor.clone(), reason: cause.reason.clone(), at: cause.at };
        Ok(self.ended(State::Withdrawn(by)))
    }
}
