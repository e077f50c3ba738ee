//! `final -> signed`: the block of the proof left the chain (M16). The same slot, the same bytes.

use super::{Ended, Last, Life, Mode, State, Transfer};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Transfer {
    /// Takes back an end whose block is no longer on the chain. Items it had paid or killed are live again in this very
    /// slot. Where a withdrawal has moved on meanwhile, to a newer slot or to an end, the items stay dead and the slot is
    /// turned to void: its paying bytes must never be sent again (M3, M4). The caller raises the alarm.
    ///
    /// # Errors
    /// [`Refusal`] unless final by a block.
    pub fn reopen(self, height: u64, moved_on: bool, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Final(Ended { last: Last::Signed(signed), proof, .. }) => {
                let (mut signed, proof) = (signed.clone(), *proof);
                signed.sent_at_height = height;
                signed.taken_by = None;
                if moved_on && signed.mode == Mode::Pay {
                    // On TRON nothing voids it: it is not sent again, and expires.
                    signed.mode = Mode::Void { code: "reopened".into(), races: true };
                    // What a person has in hand stays known as that: it may be included until it expires.
                    signed.pending = signed.pending.filter(|_| signed.is_handed_out());
                    // Due at once.
                    signed.sent_at_height = 0;
                }
                Ok(self.changed(at, |transfer| {
                    for item in &mut transfer.items {
                        let by_this_proof = item.life == Life::Paid(proof) || item.life == Life::Dead(proof);
                        if by_this_proof && !moved_on {
                            item.life = Life::Live;
                        }
                    }
                    transfer.state = State::Signed(signed);
                }))
            }
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Seen(_)
            // No block ended it: the tombstone stands.
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from("reopen")),
        }
    }
}
