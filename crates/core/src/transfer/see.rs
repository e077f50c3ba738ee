//! `signed -> seen` when a block holds one of its attempts, and `seen -> signed` when that block leaves the chain.

use super::{Seen, State, Transfer};
use crate::moved::{Moved, Refusal};
use crate::proof::Inclusion;
use crate::time::Timestamp;

impl Transfer {
    /// One of its attempts is in a block. Progress, not an end: the block is not final.
    ///
    /// # Errors
    /// [`Refusal`] unless signed or already seen elsewhere.
    pub fn see(self, inclusion: Inclusion, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let signed = self.in_the_air("see")?;
        Ok(self.moved(State::Seen(Seen { signed, inclusion }), at))
    }

    /// The block it was seen in is no longer part of the chain. The stored bytes are sent again from `height` on.
    ///
    /// # Errors
    /// [`Refusal`] unless seen.
    pub fn unsee(self, height: u64, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Seen(seen) => {
                let mut signed = seen.signed.clone();
                signed.sent_at_height = height;
                Ok(self.moved(State::Signed(signed), at))
            }
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from("unsee")),
        }
    }
}
