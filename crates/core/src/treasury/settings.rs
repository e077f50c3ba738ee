//! What an installation says of its treasury.

use crate::amount::Amount;
use crate::asset::AssetId;
use crate::id::PartnerId;

/// Shares, thresholds and waits. [`Settings::default`] is the general preset, [`Settings::kr`] the Korean one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// What hot wallets hold together, of the expected outflow of a day; basis points.
    pub hot_of_day_bps: u32,
    /// What warm wallets hold together, of the expected outflow of a week; basis points.
    pub warm_of_week_bps: u32,
    /// What cold wallets hold at least, of everything; basis points, at most all of it.
    pub cold_share_bps: u32,
    /// What hot wallets hold above their target is proposed to be swept once it is more than this; whole units of the asset.
    pub sweep_threshold: u64,
    /// How long nothing is sent to a wallet that was registered by its address, milliseconds.
    pub register_wait_ms: i64,
    /// What is expected to leave in a day, where there is no history to tell.
    pub expected: Vec<Expected>,
}

/// What somebody expects a partner to pay of an asset in a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Partner.
    pub partner: PartnerId,
    /// Asset.
    pub asset: AssetId,
    /// In a day.
    pub daily: Amount,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            hot_of_day_bps: 12_000,
            warm_of_week_bps: 5_000,
            cold_share_bps: 7_000,
            sweep_threshold: 1_000,
            register_wait_ms: 24 * 3_600_000,
            expected: vec![],
        }
    }
}

impl Settings {
    /// As Korean law asks of exchanges: at least 80 % by value stays offline (Act on the Protection of Virtual Asset Users,
    /// in force since 2024-07-19).
    pub fn kr() -> Self {
        Self { cold_share_bps: 8_000, ..Self::default() }
    }

    /// What a partner is expected to pay of an asset in a day, where somebody said so.
    pub fn expects(&self, partner: PartnerId, asset: AssetId) -> Option<Amount> {
        let said = |it: &&Expected| it.partner == partner && it.asset == asset;
        self.expected.iter().find(said).map(|expected| expected.daily)
    }
}
