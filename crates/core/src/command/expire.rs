//! `pending -> expired`: its time went by, the key of whoever asked has ended (a word outlives its key no more than a
//! request does), or what it rested on has changed.

use super::{Command, Ended, Order, Person, State};
use crate::event::Cause;
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Command {
    /// Whether nobody can complete it any more.
    pub fn is_over(&self, first: &Person, now: Timestamp) -> bool {
        now >= self.expires_at || !first.in_force(now)
    }

    /// Whether it rests on other facts than the same order given now.
    pub fn is_outdated(&self, order: &Order) -> bool {
        self.order.facts != order.facts
    }

    /// Ends it undone. The caller has seen that it [is over](Self::is_over) or [outdated](Self::is_outdated).
    ///
    /// # Errors
    /// [`Refusal`] when it has ended already.
    pub fn expire(self, cause: &Cause) -> Result<Moved<Self>, Refusal> {
        self.must_be_open("expire")?;
        let by = Ended { by: cause.actor.clone(), reason: cause.reason.clone(), at: cause.at };
        Ok(self.ended(State::Expired(by)))
    }
}
