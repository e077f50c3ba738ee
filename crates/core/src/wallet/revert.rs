//! A wallet's breaker: equal reverts in a row, and what ends the row.

use super::Wallet;
use crate::address::Address;
use crate::asset::AssetId;
use crate::moved::Moved;

/// Equal reverts in a row that open a wallet's breaker.
pub const REVERTS_MAX: usize = 3;

/// A payment that reverted on chain after it had passed simulation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Revert {
    /// What was paid: reverts of one asset are equal.
    pub asset: AssetId,
    /// To whom. One recipient counts once, however often: it may be a contract that somebody wrote to stop us.
    pub to: Address,
}

impl Wallet {
    /// Counts a revert, or starts again after a success (`None`). Another asset starts the row anew. `None` when nothing
    /// changes.
    pub fn reverted(self, revert: Option<Revert>) -> Option<Moved<Self>> {
        let Some(revert) = revert else {
            return (!self.reverts.is_empty()).then(|| self.moved(|wallet| wallet.reverts.clear()));
        };
        if self.reverts.contains(&revert) || self.reverts.len() >= REVERTS_MAX {
            return None;
        }
        Some(self.moved(|wallet| {
            wallet.reverts.retain(|it| it.asset == revert.asset);
            wallet.reverts.push(revert);
        }))
    }
}
