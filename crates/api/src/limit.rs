//! How much may leave, and how much of that is used.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::tag;
use crate::text::{Decimal, Time};
use crate::words::words;

words! {
    /// Whose use is counted.
    LimitScope {
        /// The whole partner.
        Partner = "partner",
        /// One user.
        User = "user",
        /// One wallet.
        Wallet = "wallet",
        /// One recipient's address.
        Address = "address",
    }
}

words! {
    /// Over which time use is counted.
    LimitWindow {
        /// One withdrawal by itself.
        Transaction = "transaction",
        /// A calendar day in the partner's time zone.
        Day = "day",
        /// A calendar month in the partner's time zone.
        Month = "month",
    }
}

/// A limit and its use. Reservations count as use: they are released when a withdrawal ends unpaid (M8).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Limit {
    /// Always `limit`.
    pub object: tag::Limit,
    /// Whose use is counted.
    pub scope: LimitScope,
    /// The partner, user, wallet or address.
    pub subject: String,
    /// What is counted: a CAIP-19 id, or the reference currency such as `KRW` for limits across assets.
    pub unit: String,
    /// Over which time.
    pub window: LimitWindow,
    /// The most, in the unit.
    pub limit: Decimal,
    /// Used in the current window, reservations included; zero for `transaction`.
    pub used: Decimal,
    /// What is left in the current window.
    pub remaining: Decimal,
    /// When the current window ends; `null` for `transaction`.
    pub resets_at: Option<Time>,
}
