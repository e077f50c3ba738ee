//! Money is integer (M13).
//!
//! [`Amount`] is what partners order: i64 atoms at the asset's accounting precision. [`Units`] is what a chain says:
//! exact U256 atoms of the chain. [`Cost`] is what a network takes: wei or sun. The only place that scales between the
//! first two is `codec`.

use std::fmt;

/// Exact atoms of a chain; decimal text in the store.
pub type Units = ruint::aliases::U256;

/// The most digits after the point an asset may have in our books.
pub const PRECISION_MAX: u8 = 9;

/// A non-negative sum at its asset's accounting precision. The asset is named beside it, never inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Amount(i64);

/// Why a text is not an amount.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    /// Anything but digits with at most one point between them: signs, spaces, exponents, separators.
    #[error("an amount is digits with at most one decimal point, such as \"12.5\"")]
    Malformed,
    /// More digits after the point than the asset's books have.
    #[error("an amount of this asset has at most {precision} digits after the point")]
    TooPrecise {
        /// Digits allowed after the point.
        precision: u8,
    },
    /// More than our books can hold.
    #[error("the amount is larger than any the books can hold")]
    OutOfRange,
    /// Zero, where something must be paid.
    #[error("the amount must be more than zero")]
    NotPositive,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// From atoms; `None` when negative.
    pub const fn from_atoms(atoms: i64) -> Option<Self> {
        if atoms < 0 { None } else { Some(Self(atoms)) }
    }

    /// Atoms at the accounting precision.
    pub const fn atoms(self) -> i64 {
        self.0
    }

    /// Reads `"12.5"`. Leading zeros before a digit and a bare point are refused: one value has one spelling up to
    /// trailing zeros.
    ///
    /// # Errors
    /// [`AmountError`] names the rule that was broken. Zero is accepted here; see [`Amount::parse_positive`].
    pub fn parse(text: &str, precision: u8) -> Result<Self, AmountError> {
        let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
        let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !digits(whole) || !digits(fraction) || (whole.len() > 1 && whole.starts_with('0')) {
            return Err(AmountError::Malformed);
        }
        let fraction = fraction.trim_end_matches('0');
        if fraction.len() > usize::from(precision) {
            return Err(AmountError::TooPrecise { precision });
        }
        if whole.len() > 19 {
            return Err(AmountError::OutOfRange);
        }
        let zeros = usize::from(precision) - fraction.len();
        let atoms = whole
            .bytes()
            .chain(fraction.bytes())
            .chain(std::iter::repeat_n(b'0', zeros))
            .try_fold(0i64, |sum, digit| sum.checked_mul(10)?.checked_add(i64::from(digit - b'0')));
        atoms.map(Self).ok_or(AmountError::OutOfRange)
    }

    /// Like [`Amount::parse`], and refuses zero.
    ///
    /// # Errors
    /// [`AmountError`] names the rule that was broken.
    pub fn parse_positive(text: &str, precision: u8) -> Result<Self, AmountError> {
        match Self::parse(text, precision)? {
            Self::ZERO => Err(AmountError::NotPositive),
            amount => Ok(amount),
        }
    }

    /// Sum, or `None` past the largest amount.
    pub const fn checked_add(self, other: Self) -> Option<Self> {
        match self.0.checked_add(other.0) {
            Some(atoms) => Some(Self(atoms)),
            None => None,
        }
    }

    /// Sum, or the largest amount.
    #[must_use]
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// Difference, or `None` below zero.
    pub const fn checked_sub(self, other: Self) -> Option<Self> {
        match self.0.checked_sub(other.0) {
            Some(atoms) => Self::from_atoms(atoms),
            None => None,
        }
    }

    /// The decimal text of this amount at a precision, without trailing zeros: `12.5`.
    pub fn text(self, precision: u8) -> String {
        let scale = 10i64.pow(u32::from(precision.min(PRECISION_MAX)));
        let (whole, fraction) = (self.0 / scale, self.0 % scale);
        if fraction == 0 {
            return whole.to_string();
        }
        let width = usize::from(precision.min(PRECISION_MAX));
        format!("{whole}.{}", format!("{fraction:0width$}").trim_end_matches('0'))
    }
}

/// What a network takes, in wei or sun. Exact; rounded up where it enters ledgers and caps.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Cost(pub u128);

impl Cost {
    /// Nothing.
    pub const ZERO: Self = Self(0);

    /// Sum, or `None` past u128.
    pub fn checked_add(self, other: Self) -> Option<Self> {
        self.0.checked_add(other.0).map(Self)
    }

    /// `price * quantity`, or `None` past u128.
    pub fn of(price: u128, quantity: u64) -> Option<Self> {
        price.checked_mul(u128::from(quantity)).map(Self)
    }

    /// In ledger atoms of a native asset that has `decimals` on chain and `precision` in our books, rounded up:
    /// the books never claim that less was spent. `None` past the largest amount.
    pub fn book(self, decimals: u8, precision: u8) -> Option<Amount> {
        let divisor = 10u128.checked_pow(u32::from(decimals.checked_sub(precision)?))?;
        i64::try_from(self.0.div_ceil(divisor)).ok().and_then(Amount::from_atoms)
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_plain_decimal_text_is_an_amount() {
        assert_eq!(Amount::parse("12.5", 6), Ok(Amount(12_500_000)));
        assert_eq!(Amount::parse("0.000001", 6), Ok(Amount(1)));
        assert_eq!(
            Amount::parse("12.500000000", 6),
            Ok(Amount(12_500_000)),
            "trailing zeros say nothing new"
        );
        for text in
            ["", ".", "1.", ".5", "+1", "-1", " 1", "1 ", "1e3", "1E3", "1,000", "0x10", "01", "1.2.3", "١"]
        {
            assert_eq!(Amount::parse(text, 6), Err(AmountError::Malformed), "{text:?}");
        }
        assert_eq!(Amount::parse("0.0000001", 6), Err(AmountError::TooPrecise { precision: 6 }));
        assert_eq!(Amount::parse("9223372036854.775808", 6), Err(AmountError::OutOfRange));
        assert_eq!(Amount::parse("99999999999999999999", 6), Err(AmountError::OutOfRange));
        assert_eq!(Amount::parse_positive("0.0", 6), Err(AmountError::NotPositive));
    }

    #[test]
    fn a_cost_enters_the_books_rounded_up() {
        assert_eq!(Cost(1).book(18, 9), Some(Amount(1)));
        assert_eq!(Cost(1_000_000_000).book(18, 9), Some(Amount(1)));
        assert_eq!(Cost(1_000_000_001).book(18, 9), Some(Amount(2)));
        assert_eq!(Cost(u128::MAX).book(18, 9), None);
    }

    proptest! {
        #[test]
        fn text_and_atoms_are_the_same_amount(atoms in 0..=i64::MAX, precision in 0u8..=9) {
            let amount = Amount(atoms);
            prop_assert_eq!(Amount::parse(&amount.text(precision), precision), Ok(amount));
        }

        #[test]
        fn parsing_never_panics(text in ".{0,40}", precision in 0u8..=9) {
            let _outcome = Amount::parse(&text, precision);
        }
    }
}
