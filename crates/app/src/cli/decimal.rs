//! Decimal texts for people: scaled, added and shown without a float (M13). Nothing here decides about money; what is
//! sent is judged by the server, and what is shown was computed by it.

use ruint::aliases::U256;
use sluice_api::text::Decimal;

/// Gwei to wei.
const GWEI_DECIMALS: u8 = 9;
/// The scale sums are made at. Coins of all our chains have 18 decimals at most.
const SUM_DECIMALS: u8 = 18;

/// The whole number of smallest units that a decimal text names at so many decimals; `None` when the text is not digits
/// with at most one point between them, or finer than that.
pub(super) fn scaled(text: &str, decimals: u8) -> Option<U256> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let zeros = usize::from(decimals).checked_sub(fraction.len())?;
    let number = format!("{whole}{fraction}{}", "0".repeat(zeros));
    U256::from_str_radix(&number, 10).ok()
}

/// The decimal text of smallest units, without trailing zeros.
pub(super) fn text(units: U256, decimals: u8) -> String {
    let digits = format!("{:0>1$}", units.to_string(), usize::from(decimals) + 1);
    let (whole, fraction) = digits.split_at(digits.len() - usize::from(decimals));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// The sum of decimal texts; `None` when one is no decimal or the sum has no room.
pub(super) fn sum<'a>(texts: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let add = |sum: U256, part: &str| sum.checked_add(scaled(part, SUM_DECIMALS)?);
    texts.into_iter().try_fold(U256::ZERO, add).map(|sum| text(sum, SUM_DECIMALS))
}

/// One decimal text less another, which may be more; `None` when one is no decimal.
pub(super) fn difference(from: &str, less: &str) -> Option<String> {
    let (from, less) = (scaled(from, SUM_DECIMALS)?, scaled(less, SUM_DECIMALS)?);
    let size = text(from.abs_diff(less), SUM_DECIMALS);
    Some(if from < less { format!("-{size}") } else { size })
}

/// Reads gwei as people write fees, and gives wei.
///
/// # Errors
/// One sentence, which clap puts behind the argument's name.
pub(super) fn gwei(text: &str) -> Result<Decimal, String> {
    match scaled(text, GWEI_DECIMALS) {
        Some(wei) if !wei.is_zero() => Ok(Decimal::new(wei.to_string())),
        Some(_) => Err("it must be more than zero · 0보다 커야 합니다".to_owned()),
        None => Err("write gwei as digits with at most nine after one point, such as 42.5 · gwei 값을 소수점 아래 9자리 이내의 숫자로 쓰세요(예: 42.5)".to_owned()),
    }
}

/// Wei as gwei, for people; as it came when it is no whole number.
pub(super) fn in_gwei(wei: &Decimal) -> String {
    scaled(wei.as_str(), 0)
        .map_or_else(|| wei.to_string(), |wei| format!("{} gwei", self::text(wei, GWEI_DECIMALS)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gwei_become_wei_exactly() {
        for (gwei_text, wei) in [
            ("30", "30000000000"),
            ("42.5", "42500000000"),
            ("0.000000001", "1"),
            ("1.100000000000", "1100000000"),
            ("0.07", "70000000"),
            ("123456789012345678901234567890", "123456789012345678901234567890000000000"),
        ] {
            assert_eq!(gwei(gwei_text), Ok(Decimal::new(wei)));
        }
        for wrong in
            ["", ".5", "5.", "-1", "+1", "1e3", "1,000", " 1", "0x1", "0.0000000001", "0", "0.0", "9e"]
        {
            assert!(gwei(wrong).is_err(), "{wrong:?}");
        }
        assert_eq!(in_gwei(&Decimal::new("42500000000")), "42.5 gwei");
    }

    #[test]
    fn what_is_scaled_is_shown_again() {
        for (shown, decimals) in [("0", 6), ("1", 0), ("0.000001", 6), ("12.5", 18), ("100", 6)] {
            assert_eq!(text(scaled(shown, decimals).unwrap(), decimals), shown);
        }
        assert_eq!(scaled("1.1234567", 6), None, "finer than the asset");
        assert_eq!(scaled(&"9".repeat(90), 6), None, "no room");
    }

    #[test]
    fn decimals_of_different_length_add_up() {
        assert_eq!(sum(["1.5", "0.25", "10"]).as_deref(), Some("11.75"));
        assert_eq!(sum([]).as_deref(), Some("0"));
        assert_eq!(sum(["1", "x"]), None);
        assert_eq!(difference("2.5", "0.75").as_deref(), Some("1.75"));
        assert_eq!(difference("0.75", "2.5").as_deref(), Some("-1.75"));
        assert_eq!(difference("1", "").as_deref(), None);
    }
}
