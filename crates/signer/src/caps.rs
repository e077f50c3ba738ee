//! What this signer will sign for, and how much. Its own configuration, on its own host: the engine cannot raise it.

use std::collections::BTreeMap;

use sluice_core::amount::{Amount, Cost};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::fee::RAISED_TIMES_MAX;

/// Everything that bounds a signature.
#[derive(Clone, Debug)]
pub struct Caps {
    /// Chains, with the absolute fee caps of each.
    pub chains: Vec<ChainCaps>,
    /// Assets, with decimals pinned here and the caps of each.
    pub assets: Vec<AssetCaps>,
    /// Ed25519 public keys of people who may approve payments, by the name an approval carries.
    pub approvers: BTreeMap<String, [u8; 32]>,
    /// New slots of one wallet in a rolling hour, for payments and for voids.
    pub slots_hourly_max: u32,
    /// Slots a payment may take after its first, in its life, when a former one had a signature.
    pub reslots_max: u32,
    /// How old the last signature of a former slot must be before the payment may take another. Shorter than the
    /// chain's proof of death, longer than any bug needs to ask twice.
    pub reslot_after_ms: i64,
    /// TRON: how long after its expiration, by our clock, a former transaction is past. A block's time is what counts, and
    /// that is its producer's.
    pub expired_after_ms: i64,
    /// How long a wallet must not have signed before the engine may have its key barred. A wallet in use is not
    /// retired; one that is retired has waited for its last payment to settle.
    pub bar_after_ms: i64,
    /// Most that a caller's clock and ours may differ, and that our clock may fall behind the journal.
    pub skew_max_ms: i64,
}

/// Absolute fee caps of a chain.
#[derive(Clone, Copy, Debug)]
pub struct ChainCaps {
    /// The chain.
    pub chain: ChainId,
    /// Highest fee per gas, wei. On TRON nothing is offered per unit, and nothing is asked here.
    pub max_fee_wei: u128,
    /// Most that one attempt can cost in all, wei or sun.
    pub cost_max: Cost,
    /// Most that one wallet's slots of a rolling hour can cost, wei or sun. A slot counts once, at its dearest attempt, and
    /// a void like a payment.
    pub cost_hourly_max: Cost,
    /// How far above a wallet's highest signed nonce another may be. Everything the engine has open fits in.
    pub nonce_ahead_max: u64,
}

/// Caps of an asset.
#[derive(Clone, Debug)]
pub struct AssetCaps {
    /// The asset. Its decimals are believed here and nowhere else.
    pub asset: Asset,
    /// Most that one payment may be.
    pub payment_max: Amount,
    /// Most that one partner's payments may be in a rolling hour. A payment counts once for each of its slots, from its
    /// admission and then from its first signature on, and never for an attempt.
    pub hourly_max: Amount,
    /// Up to here policy alone may approve; above it, people.
    pub unapproved_max: Amount,
    /// How many distinct approvers a payment above that needs.
    pub approvals_min: u8,
}

/// Clocks may differ by ten minutes (DESIGN M10: "a clock out of bounds").
const SKEW_MAX_MS: i64 = 600_000;
/// An hour of network cost, in dearest attempts: an ordinary one costs a small part of that.
const COSTS_HOURLY_MAX: u128 = 256;
/// Longer than any chain of the table takes to settle.
const BAR_AFTER_MS: i64 = 3_600_000;
/// Five blocks.
const EXPIRED_AFTER_MS: i64 = 15_000;
/// Hot wallets sign thousands an hour, not millions.
const SLOTS_HOURLY_MAX: u32 = 1_000_000;

impl Caps {
    /// Caps for these chains and assets, with the usual figures for the rest. The fee cap lies above the engine's own
    /// ([`RAISED_TIMES_MAX`]), because an operator may raise that for a time; what one attempt may cost in all stays
    /// the engine's.
    pub fn of(profiles: &[ChainProfile], assets: Vec<AssetCaps>) -> Self {
        let chains = profiles
            .iter()
            .map(|profile| ChainCaps {
                chain: profile.id,
                max_fee_wei: profile
                    .evm()
                    .map_or(0, |rules| rules.max_fee_cap_wei.saturating_mul(RAISED_TIMES_MAX)),
                cost_max: profile.transfer_cost_cap(),
                cost_hourly_max: Cost(profile.transfer_cost_cap().0.saturating_mul(COSTS_HOURLY_MAX)),
                nonce_ahead_max: u64::from(profile.window).saturating_add(u64::from(profile.unsettled_max)),
            })
            .collect();
        Self {
            chains,
            assets,
            approvers: BTreeMap::new(),
            slots_hourly_max: SLOTS_HOURLY_MAX,
            reslots_max: 3,
            reslot_after_ms: 5_000,
            expired_after_ms: EXPIRED_AFTER_MS,
            bar_after_ms: BAR_AFTER_MS,
            skew_max_ms: SKEW_MAX_MS,
        }
    }

    pub(crate) fn chain(&self, id: ChainId) -> Option<&ChainCaps> {
        self.chains.iter().find(|caps| caps.chain == id)
    }

    pub(crate) fn asset(&self, id: AssetId) -> Option<&AssetCaps> {
        self.assets.iter().find(|caps| caps.asset.id == id)
    }
}

impl AssetCaps {
    /// Caps that people need not consent to: everything up to `payment_max` is policy's.
    pub const fn without_people(asset: Asset, payment_max: Amount, hourly_max: Amount) -> Self {
        Self { asset, payment_max, hourly_max, unapproved_max: payment_max, approvals_min: 0 }
    }
}
