//! Amounts and times as text. They are carried here, not understood: `core` parses them.

use std::fmt;

use serde::de::{Deserializer, Error, Visitor};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The longest decimal text that is carried: a 256-bit number has 78 digits, beside a point and room to spare.
pub const DECIMAL_CHARS_MAX: usize = 96;

/// A decimal number as text, such as `12.5`. Unit and number of digits are said by the field that holds it. Never a JSON
/// number: those pass through binary floating point in most languages, and money must not (M13).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, pattern = r"^-?[0-9]+(\.[0-9]+)?$", max_length = 96, examples("12.5"))]
pub struct Decimal(String);

impl Decimal {
    /// Carries a text; whether it is a number is judged by whoever computes with it.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Decimal {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

struct DecimalVisitor(&'static str);

impl Visitor<'_> for DecimalVisitor {
    type Value = Decimal;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` as a JSON string of at most {DECIMAL_CHARS_MAX} characters, such as \"12.5\"", self.0)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Decimal, E> {
        if text.len() > DECIMAL_CHARS_MAX {
            return Err(E::invalid_length(text.len(), &self));
        }
        Ok(Decimal::new(text))
    }
}

impl<'de> Deserialize<'de> for Decimal {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        from.deserialize_str(DecimalVisitor("amount"))
    }
}

/// Reads a decimal and names `field` in the error. serde knows no field names, so the fields of requests say theirs.
pub(crate) fn named_decimal<'de, D: Deserializer<'de>>(
    from: D,
    field: &'static str,
) -> Result<Decimal, D::Error> {
    from.deserialize_str(DecimalVisitor(field))
}

/// An instant as RFC 3339 text in UTC with microseconds, such as `2026-11-21T01:02:03.000004Z`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, ToSchema)]
#[serde(transparent)]
#[schema(value_type = String, format = DateTime, examples("2026-11-21T01:02:03.000004Z"))]
pub struct Time(String);

impl Time {
    /// Carries a text; whether it is an instant is judged by `core`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<&str> for Time {
    fn from(text: &str) -> Self {
        Self::new(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_never_an_amount() {
        for text in ["5", "5.5", "-1", "1e3", "null", "true", "[\"5\"]"] {
            let error = serde_json::from_str::<Decimal>(text).expect_err(text).to_string();
            assert!(error.contains("as a JSON string"), "{text}: {error}");
        }
        assert_eq!(serde_json::from_str::<Decimal>("\"5.50\"").ok(), Some(Decimal::new("5.50")));
    }

    #[test]
    fn an_amount_keeps_its_spelling() {
        let there = serde_json::to_string(&Decimal::new("0012.500")).expect("strings serialise");
        assert_eq!(there, "\"0012.500\"");
    }

    #[test]
    fn an_endless_amount_is_refused() {
        let text = format!("\"{}\"", "9".repeat(DECIMAL_CHARS_MAX + 1));
        assert!(serde_json::from_str::<Decimal>(&text).is_err());
    }
}
