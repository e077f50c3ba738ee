//! Treasury: how much each tier of a partner's wallets should hold of an asset, and what is proposed where it does not.
//!
//! Everything here is arithmetic on what was read: pure, in integers, and it moves nothing. A proposal is an object of its
//! own, so that a person can order what it says.

pub mod settings;

pub use settings::{Expected, Settings};

/// All of something, in basis points.
pub const WHOLE_BPS: u32 = 10_000;
