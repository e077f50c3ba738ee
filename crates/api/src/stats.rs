//! How many and how much over a range of time.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::status::{Status, WithdrawalType};
use crate::tag;
use crate::text::{Decimal, Time};

/// Withdrawals created in a range, counted and summed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Stats {
    /// Always `stats`.
    pub object: tag::Stats,
    /// Start of the range, included.
    pub from: Time,
    /// End of the range, excluded.
    pub to: Time,
    /// All of them.
    pub total: Tally,
    /// By where they stand now; a status without withdrawals is left out.
    pub by_status: Vec<StatusTally>,
    /// By how soon they were due.
    pub by_type: Vec<TypeTally>,
}

/// A count, and a sum for each asset: amounts of different assets are never added.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Tally {
    /// How many.
    pub count: u64,
    /// How much of what, in the order of the assets' ids.
    pub amounts: Vec<AssetSum>,
}

/// A sum of one asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct AssetSum {
    /// CAIP-19 id.
    pub asset: String,
    /// Sum of what recipients get.
    pub amount: Decimal,
    /// Sum of what is charged for it.
    pub fee: Decimal,
}

/// Withdrawals of one status.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct StatusTally {
    /// The status.
    pub status: Status,
    /// How many and how much.
    pub tally: Tally,
}

/// Withdrawals of one type.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct TypeTally {
    /// The type.
    #[serde(rename = "type")]
    pub kind: WithdrawalType,
    /// How many and how much.
    pub tally: Tally,
}
