//! `planned -> funded`: all of its amount is reserved in the hot wallet, or nothing.

use super::{Funded, State, Transfer};
use crate::chain::BlockRef;
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Transfer {
    /// Reserves its amount. `balance_at` is the block at which the wallet held enough beyond what others will take (M8).
    ///
    /// # Errors
    /// [`Refusal`] unless planned.
    pub fn fund(self, balance_at: BlockRef, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match self.state {
            State::Planned => Ok(self.moved(State::Funded(Funded { balance_at }), at)),
            State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from("fund")),
        }
    }
}
