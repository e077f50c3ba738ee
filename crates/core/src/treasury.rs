//! Treasury: how much each tier of a partner's wallets should hold of an asset, and what is proposed where it does not.
//!
//! Everything here is arithmetic on what was read: pure, in integers, and it moves nothing. A proposal is an object of its
//! own, so that a person can order what it says.

pub mod funding;
pub mod outflow;
pub mod proposal;
pub mod settings;
pub mod target;

pub use funding::{Fuel, Need, Requirement};
pub use outflow::{Basis, History, Outflow};
pub use proposal::{Plan, Proposal, Purse, Why};
pub use settings::{Expected, Settings};
pub use target::{Conflict, Held, Targets};

use crate::amount::Amount;

/// All of something, in basis points.
pub const WHOLE_BPS: u32 = 10_000;

/// A share of an amount, rounded up; the largest amount where the share is larger.
fn share_up(of: Amount, bps: u32) -> Amount {
    let product = i128::from(of.atoms()).saturating_mul(i128::from(bps));
    let up = product.saturating_add(i128::from(WHOLE_BPS) - 1) / i128::from(WHOLE_BPS);
    Amount::from_atoms(i64::try_from(up).unwrap_or(i64::MAX)).unwrap_or_default()
}
