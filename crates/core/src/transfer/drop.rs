//! `planned | funded | fuelling | fuelled -> dropped`: given back before it had a slot.

use super::{State, Transfer};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Transfer {
    /// Gives it back. Impossible once a slot was written: from then on only the chain ends it.
    ///
    /// # Errors
    /// [`Refusal`] from `built` on.
    pub fn drop_unslotted(self, code: &str, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match self.state {
            State::Planned | State::Funded(_) | State::Fuelling(_) | State::Fuelled(_) => {
                Ok(self.moved(State::Dropped { code: code.into() }, at))
            }
            State::Built(_) | State::Signed(_) | State::Seen(_) | State::Final(_) | State::Dropped { .. } => {
                Err(self.not_from("drop"))
            }
        }
    }
}
