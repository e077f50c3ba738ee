//! How much may leave, and how much of that is used.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::REASON;
use crate::tag;
use crate::text::{Decimal, Time, named_decimal};
use crate::words::words;

/// The most characters of an asset's id.
const ASSET_CHARS_MAX: usize = 160;
/// The most characters of a partner's id.
const PARTNER_CHARS_MAX: usize = 64;

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

/// Sets how much of an asset a partner may be paid. Without a limit for an asset nothing of it is approved.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct SetLimit {
    /// Whose limit: `pt_...`
    #[schema(max_length = 64)]
    pub partner_id: String,
    /// Of which asset, as its CAIP-19 id.
    #[schema(max_length = 160)]
    pub asset: String,
    /// The most in one withdrawal, in units of the asset.
    #[serde(deserialize_with = "per_transaction")]
    pub per_transaction: Decimal,
    /// The most in one day of the partner's time zone, in units of the asset.
    #[serde(deserialize_with = "daily")]
    pub daily: Decimal,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for SetLimit {
    const FIELDS: &'static [Field] = &[
        Field::required("partner_id", Shape::Text(PARTNER_CHARS_MAX)),
        Field::required("asset", Shape::Text(ASSET_CHARS_MAX)),
        Field::required("per_transaction", Shape::Amount),
        Field::required("daily", Shape::Amount),
        REASON,
    ];
}

fn per_transaction<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    named_decimal(from, "per_transaction")
}

fn daily<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    named_decimal(from, "daily")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;
    use crate::problem::Code;

    #[test]
    fn a_limit_is_text_and_names_everything() {
        let text = r#"{"partner_id":"pt_1","asset":"a","per_transaction":"10","daily":100,"reason":"r"}"#;
        let refusal = body::read::<SetLimit>(text.as_bytes()).expect_err("a number");
        assert_eq!((refusal.code, refusal.faults()[0].pointer.as_str()), (Code::AmountNotString, "/daily"));
        let missing =
            body::read::<SetLimit>(br#"{"partner_id":"pt_1","asset":"a","daily":"1","reason":"r"}"#);
        assert_eq!(missing.map_err(|refusal| refusal.code), Err(Code::FieldRequired));
    }
}
