//! How a chain is set up.

use super::{super::address::Address, ClockKind};

/// How a chain is set up.
#[derive(Debug, Clone)]
pub(in crate::tron) struct Setup {
    pub(in crate::tron) chain_id: u32,
    pub(in crate::tron) seed: u64,
    pub(in crate::tron) accounts: Vec<Address>,
    /// Lends energy to whoever the control handle names.
    pub(in crate::tron) bank: Address,
    /// The token's contract, and who commands it.
    pub(in crate::tron) token: Address,
    pub(in crate::tron) token_owner: Address,
    /// The penalty on the token's energy, in ten-thousandths.
    pub(in crate::tron) factor: i64,
    /// Energy that others are taken to use of the token in each maintenance period.
    pub(in crate::tron) traffic: i64,
    pub(in crate::tron) energy_weight_trx: i64,
    pub(in crate::tron) bandwidth_weight_trx: i64,
    pub(in crate::tron) units_each: u128,
    /// How many blocks the solid one is behind the head.
    pub(in crate::tron) solid_lag: u64,
    pub(in crate::tron) pool_max: usize,
    pub(in crate::tron) block_bytes_max: i64,
    pub(in crate::tron) blocks_max: usize,
    pub(in crate::tron) transactions_max: usize,
    pub(in crate::tron) clock: ClockKind,
    /// A block is of the moment in which it is made, and not of the slot that has begun.
    pub(in crate::tron) between_slots: bool,
    /// When the genesis block is made, in milliseconds since 1970.
    pub(in crate::tron) genesis_ms: i64,
    /// A retry of anything that was once offered is called a duplicate.
    pub(in crate::tron) remembers_offers: bool,
}
