//! What energy may cost, and how long a lane waits for it.

use super::unusual;
use crate::amount::Cost;

/// Most vendors that are looked after.
pub const VENDORS_MAX: usize = 8;

/// Bounds of the broker on one chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Policy {
    /// One order, in sun.
    pub order_max_sun: Cost,
    /// Each energy, in millionths of a sun.
    pub energy_max_micro_sun: u64,
    /// All orders of an hour, in sun.
    pub hour_max_sun: Cost,
    /// How long energy is rented, in seconds: payouts are signed, included and not retried within it.
    pub rent_s: u64,
    /// How long a lane waits for a source before it burns, in milliseconds.
    pub wait_ms: u64,
    /// How long a vendor may take from an order to its energy in a solid block, in milliseconds.
    pub deliver_ms: u64,
    /// When the use of an hour is told as unusual.
    pub unusual: unusual::Settings,
}

impl Policy {
    /// For mainnet prices of 2026: 100 sun are burned for each energy, vendors ask some 30 to 70.
    pub const fn usual() -> Self {
        Self {
            order_max_sun: Cost(500_000_000),
            energy_max_micro_sun: 95_000_000,
            hour_max_sun: Cost(5_000_000_000),
            rent_s: 3_600,
            wait_ms: 180_000,
            deliver_ms: 150_000,
            unusual: unusual::Settings::usual(),
        }
    }
}
