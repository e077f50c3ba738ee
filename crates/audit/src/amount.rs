//! Amounts as people and contracts write them. Integers only; what does not fit is refused, never rounded.

use std::fmt;

use ruint::aliases::U256;

/// Most digits after the point that are read. No token has more.
const SCALE_MAX: usize = 77;

/// A decimal number without sign or exponent: `12.50`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    digits: U256,
    scale: u8,
}

impl Decimal {
    /// Reads plain decimal text. Zeros at the end of a fraction say nothing and are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (text, ""),
        };
        let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        let leading = whole.len() > 1 && whole.starts_with('0');
        if whole.is_empty() || leading || !plain(whole) || !plain(fraction) || fraction.len() > SCALE_MAX {
            return None;
        }
        let fraction = fraction.trim_end_matches('0');
        let digits = U256::from_str_radix(&format!("{whole}{fraction}"), 10).ok()?;
        Some(Self { digits, scale: u8::try_from(fraction.len()).ok()? })
    }

    /// In units of a contract with so many decimals; none when it is finer than they are, or too large.
    pub fn units(self, decimals: u8) -> Option<U256> {
        let up = decimals.checked_sub(self.scale)?;
        self.digits.checked_mul(U256::from(10).checked_pow(U256::from(up))?)
    }

    /// Whether it is nothing.
    pub fn is_zero(self) -> bool {
        self.digits.is_zero()
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(self.digits, self.scale))
    }
}

/// Units of a contract as people write them.
pub fn shown(units: U256, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let digits = format!("{units:0>width$}", width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimal_text_is_an_amount() {
        for (text, decimals, units) in
            [("12.50", 6, 12_500_000_u64), ("1", 0, 1), ("0.000001", 6, 1), ("7", 6, 7_000_000), ("0", 18, 0)]
        {
            assert_eq!(Decimal::parse(text).unwrap().units(decimals), Some(U256::from(units)), "{text}");
        }
        for wrong in ["", ".", "1.", ".5", "+1", "-1", "1e6", " 1", "01", "1,5", "0x1", "1.2.3", "\u{0661}"] {
            assert_eq!(Decimal::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn nothing_is_rounded_and_nothing_overflows() {
        assert_eq!(Decimal::parse("0.0000001").unwrap().units(6), None);
        let most = U256::MAX.to_string();
        assert_eq!(Decimal::parse(&most).unwrap().units(0), Some(U256::MAX));
        assert_eq!(Decimal::parse(&most).unwrap().units(1), None);
        assert_eq!(Decimal::parse(&format!("{most}0")), None);
        assert_eq!(Decimal::parse("1").unwrap().units(255), None);
    }

    #[test]
    fn equal_amounts_are_equal_however_they_are_written() {
        assert_eq!(Decimal::parse("1.50"), Decimal::parse("1.5"));
        assert_eq!(Decimal::parse("10"), Decimal::parse("10.00"));
        assert_ne!(Decimal::parse("1"), Decimal::parse("10"));
        for text in ["12.5", "0.000001", "3", "0"] {
            assert_eq!(Decimal::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(shown(U256::from(5), 6), "0.000005");
        assert_eq!(shown(U256::from(5), 0), "5");
    }
}
