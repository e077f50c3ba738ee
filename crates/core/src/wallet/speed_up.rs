//! Offering more for a lane's oldest slot before its blocks are up: the order, and its end.

use super::{LaneState, Wallet};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

/// An order to raise the offer of one slot at the lane's next turn. It holds for one try: the lane forgets it when the
/// slot was raised, when the slot is no longer outside, and when the caps leave no room.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpeedUp {
    /// The slot: the oldest of the lane when the order was given.
    pub nonce: u64,
    /// Most that this try may offer per gas, wei; the lane's own cap when `None`. It never lifts a cap.
    pub max_fee_wei: Option<u128>,
    /// When it was given.
    pub at: Timestamp,
}

impl Wallet {
    /// Orders a dearer attempt for a slot. The lane's reason stays: its state does not change.
    ///
    /// # Errors
    /// [`Refusal`] from `frozen` and `retired`, and of what is no lane: nothing is raised there.
    pub fn speed_up(self, order: SpeedUp) -> Result<Moved<Self>, Refusal> {
        self.must_be_a_lane("speed up")?;
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining => {
                Ok(self.moved(|wallet| wallet.speed_up = Some(order)))
            }
            LaneState::Frozen { .. } | LaneState::Retired => Err(self.not_from("speed up")),
        }
    }

    /// The order is carried out, or has nothing left to do. `None` when there was none.
    pub fn sped_up(self) -> Option<Moved<Self>> {
        self.speed_up.is_some().then(|| self.moved(|wallet| wallet.speed_up = None))
    }
}
