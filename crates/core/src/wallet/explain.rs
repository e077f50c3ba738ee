//! A foreign transaction of the wallet was explained: its nonce is past what a stranger used.

use super::{LaneState, Wallet};
use crate::moved::{Moved, Refusal};

impl Wallet {
    /// Notes an explanation. `final_nonce` is what a quorum counts at the final block: nothing below it is ever free.
    /// The state stays: opening a frozen lane is another order.
    ///
    /// # Errors
    /// [`Refusal`] from `retired`.
    pub fn explain(self, final_nonce: u64) -> Result<Moved<Self>, Refusal> {
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Frozen { .. } => {
                Ok(self.moved(|wallet| wallet.next_nonce = wallet.next_nonce.max(final_nonce)))
            }
            LaneState::Retired => Err(self.not_from("explain a transaction of")),
        }
    }
}
