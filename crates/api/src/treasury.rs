//! How much each tier of a partner's wallets holds and should hold, and what is proposed. Nothing here is moved by itself.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tag;
use crate::text::{Decimal, Time};
use crate::wallet::WalletRole;
use crate::words::words;

words! {
    /// Where an expectation comes from.
    OutflowBasis {
        /// Every weekday has a day of history.
        History = "history",
        /// There is some history; weekdays without any count as the mean of all days.
        Partial = "partial",
        /// Somebody wrote it down: `treasury.expected` of the configuration.
        Configured = "configured",
        /// Nothing tells. No target means anything then.
        Unknown = "unknown",
    }
}

words! {
    /// What is proposed.
    ProposalKind {
        /// The tier it goes to holds less than its target.
        Refill = "refill",
        /// Hot wallets hold more than their target, by more than the threshold.
        Sweep = "sweep",
    }
}

/// The treasury of a partner.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Treasury {
    /// Always `treasury`.
    pub object: tag::Treasury,
    /// Whose.
    pub partner_id: String,
    /// What hot wallets should hold of the expected outflow of a day, basis points.
    pub hot_of_day_bps: u32,
    /// What warm wallets should hold of the expected outflow of a week, basis points.
    pub warm_of_week_bps: u32,
    /// What cold wallets should hold of everything, at least, basis points.
    pub cold_share_bps: u32,
    /// Above its target by more than this, a sweep of hot wallets is proposed; whole units of the asset.
    pub sweep_threshold: u64,
    /// One for each asset of a chain on which it has wallets.
    pub assets: Vec<TreasuryAsset>,
    /// When it was computed.
    pub at: Time,
}

/// One asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreasuryAsset {
    /// CAIP-2 id of its chain.
    pub chain: String,
    /// CAIP-19 id.
    pub asset: String,
    /// What people call it.
    pub symbol: String,
    /// What is expected to leave.
    pub outflow: ExpectedOutflow,
    /// Hot, warm, cold and safe, in this order.
    pub tiers: Vec<TreasuryTier>,
    /// Everything that hot, warm and cold wallets hold.
    pub total: Decimal,
    /// Share of it that is cold, basis points, rounded down; `null` where there is nothing.
    pub cold_share_bps: Option<u32>,
    /// Where the targets do not fit into what there is: both figures. The engine proposes nothing that takes cold wallets
    /// below their share, so a person decides which of the two rules gives way.
    pub conflict: Option<TargetConflict>,
    /// What is proposed. Nothing of it is done by itself.
    pub proposals: Vec<Proposal>,
    /// What the tiers lack or have too much that no proposal covers.
    pub uncovered: Uncovered,
    /// When the oldest of the balances was read; `null` where none was.
    pub as_of: Option<Time>,
    /// Wallets of which no balance was read yet: they count as empty.
    pub unread: Vec<String>,
}

/// What is expected to leave.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ExpectedOutflow {
    /// In a day: the larger of what today's and tomorrow's weekday bring.
    pub day: Decimal,
    /// In a week.
    pub week: Decimal,
    /// The largest day of the last 28; `null` without one.
    pub peak: Option<Decimal>,
    /// Where it comes from.
    pub basis: OutflowBasis,
    /// Days of the last 28 that are known.
    pub days_known: u32,
    /// Days of the last 28 of which nothing is known.
    pub days_missing: u32,
}

/// What a tier holds and should hold.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TreasuryTier {
    /// Which.
    pub role: WalletRole,
    /// What its wallets hold together.
    pub holds: Decimal,
    /// What of that is promised to nobody.
    pub free: Decimal,
    /// What it should hold; at least, where it is cold. `null` for safe wallets.
    pub target: Option<Decimal>,
    /// Its wallets.
    pub wallets: Vec<String>,
}

/// Hot and warm targets ask for more than the cold share leaves.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TargetConflict {
    /// What hot and warm wallets should hold together.
    pub online_wanted: Decimal,
    /// What the cold share leaves for them.
    pub online_allowed: Decimal,
}

/// A movement that a person may order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Proposal {
    /// What.
    pub kind: ProposalKind,
    /// Out of this wallet.
    pub from: String,
    /// Into this one.
    pub to: String,
    /// How much.
    pub amount: Decimal,
}

/// What no proposal covers: for want of a source or of a trusted destination, or until a first refill was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Uncovered {
    /// What hot wallets lack.
    pub hot: Decimal,
    /// What warm wallets lack.
    pub warm: Decimal,
    /// What hot wallets hold too much.
    pub sweep: Decimal,
}

/// What withdrawals that wait need.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Funding {
    /// Always `funding`.
    pub object: tag::Funding,
    /// Whose.
    pub partner_id: String,
    /// One for each asset of which something waits.
    pub requirements: Vec<FundingRequirement>,
    /// Whether anything is lacking: of an asset, or of what its chain takes.
    pub funding_required: bool,
    /// When it was computed.
    pub at: Time,
}

/// What is needed of an asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FundingRequirement {
    /// CAIP-19 id.
    pub asset: String,
    /// Withdrawals that wait.
    pub withdrawals: u64,
    /// What they pay together.
    pub needed: Decimal,
    /// What lanes hold that are not shut.
    pub current: Decimal,
    /// What of that is promised to others.
    pub reserved: Decimal,
    /// What is lacking; zero when nothing is.
    pub shortage: Decimal,
    /// What the chain takes for them; `null` while its price cannot be read.
    pub fuel: Option<FundingFuel>,
}

/// What a chain takes, at most, at what it asks now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FundingFuel {
    /// CAIP-19 id of the coin it is paid in.
    pub coin: String,
    /// Gas, or energy on TRON, for all of them.
    pub units: u64,
    /// What of it lanes have no staked or lent energy for; all of it on an EVM chain.
    pub units_short: u64,
    /// Coin for all of them.
    pub needed: Decimal,
    /// Coin that the lanes hold.
    pub current: Decimal,
    /// Coin that is lacking; zero when none is.
    pub shortage: Decimal,
}
