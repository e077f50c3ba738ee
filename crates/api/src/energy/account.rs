//! Accounts at vendors of energy, and what people say of them.

use serde::{Deserialize, Deserializer, Serialize};
use utoipa::ToSchema;

use crate::body::{Body, Field, Shape};
use crate::command::{REASON, VERSION};
use crate::problem::Code;
use crate::tag;
use crate::text::{Decimal, Time, named_decimal};

/// The most characters of a payment's reference.
pub const REFERENCE_CHARS_MAX: usize = 64;

/// An account at a vendor, by our books. For the platform, which pays vendors.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct EnergyAccount {
    /// Always `energy_account`.
    pub object: tag::EnergyAccount,
    /// The vendor's name.
    pub vendor: String,
    /// TRX that the account held when it was first asked.
    pub opening: Decimal,
    /// When that was.
    pub opened_at: Time,
    /// TRX that was paid in since, as it was booked.
    pub paid_in: Decimal,
    /// TRX that orders have cost of which nothing is open any more.
    pub spent: Decimal,
    /// TRX that open orders have cost, or may have cost, for which nothing came so far.
    pub unresolved: Decimal,
    /// TRX that open orders may cost at most whose cost is not known.
    pub at_risk: Decimal,
    /// Open orders whose cost is not known. While there is one, the account may hold less than is expected.
    pub unexplained: u32,
    /// TRX that the account should hold as far as costs are known; `null` where that would be less than nothing.
    pub expected: Option<Decimal>,
}

/// Books what was paid in at a vendor.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BookTopUp {
    /// What the payment is known by: no two payments to a vendor have the same. Visible ASCII without spaces.
    #[schema(min_length = 1, max_length = 64)]
    pub reference: String,
    /// TRX that the account showed more by it.
    #[serde(deserialize_with = "amount")]
    pub amount: Decimal,
    /// When the account showed it: after it was opened, and not later than now.
    pub paid_at: Time,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
}

impl Body for BookTopUp {
    const FIELDS: &'static [Field] = &[
        Field::required("reference", Shape::Name(REFERENCE_CHARS_MAX, Code::NameMalformed)),
        Field::required("amount", Shape::Amount),
        Field::required("paid_at", Shape::Time),
        REASON,
    ];
}

/// Says what a vendor has kept for an order, by its own statement.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ResolveEnergyOrder {
    /// TRX that the vendor has kept for it; `0` where it took nothing, or paid it all back.
    #[serde(deserialize_with = "kept")]
    pub kept: Decimal,
    /// Why; 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The version the decision was made on. When it is sent and the order has moved on, nothing is done and the answer
    /// is `version_conflict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl Body for ResolveEnergyOrder {
    const FIELDS: &'static [Field] = &[Field::required("kept", Shape::Amount), REASON, VERSION];
}

fn amount<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    named_decimal(from, "amount")
}

fn kept<'de, D: Deserializer<'de>>(from: D) -> Result<Decimal, D::Error> {
    named_decimal(from, "kept")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;

    #[test]
    fn a_payment_names_everything_and_its_money_is_text() {
        let text = r#"{"reference":"tx-81","amount":"500.25","paid_at":"2026-11-22T10:00:00Z","reason":"invoice 7"}"#;
        assert!(body::read::<BookTopUp>(text.as_bytes()).is_ok());
        for (from, to, code) in [
            ("\"500.25\"", "500.25", Code::AmountNotString),
            ("tx-81", "tx 81", Code::NameMalformed),
            ("\"reason\":\"invoice 7\"", "\"reason\":\"\"", Code::FieldRequired),
            ("\"paid_at\"", "\"at\"", Code::FieldRequired),
        ] {
            let read = body::read::<BookTopUp>(text.replace(from, to).as_bytes());
            assert_eq!(read.map_err(|refusal| refusal.faults()[0].code), Err(code), "{to}");
        }
    }

    #[test]
    fn an_order_is_resolved_by_a_figure() {
        let read = |text: &str| body::read::<ResolveEnergyOrder>(text.as_bytes()).map_err(|it| it.code);
        assert!(read(r#"{"kept":"0","reason":"statement of March","version":3}"#).is_ok());
        assert_eq!(read(r#"{"reason":"r"}"#), Err(Code::FieldRequired));
        assert_eq!(read(r#"{"kept":0,"reason":"r"}"#), Err(Code::AmountNotString));
    }
}
