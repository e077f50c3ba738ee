//! From the domain's values to the words of the contract. Nothing here decides; what a word means is said in `core`.

pub(crate) mod command;
pub(crate) mod energy;
pub(crate) mod event;
pub(crate) mod key;
pub(crate) mod lane;
pub(crate) mod reconciliation;
pub(crate) mod signature;
pub(crate) mod stop;
pub(crate) mod treasury;
pub(crate) mod wallet;
pub(crate) mod withdrawal;

use sluice_api::problem::{Lang, Reason, ReasonCode};
use sluice_api::text::{Decimal, Time};
use sluice_api::withdrawal::Block;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::chain::{BlockRef, Family};
use sluice_core::time::Timestamp;

/// An instant.
pub(crate) fn time(at: Timestamp) -> Time {
    Time::new(at.to_string())
}

/// An amount in units of its asset.
pub(crate) fn amount(amount: Amount, precision: u8) -> Decimal {
    Decimal::new(amount.text(precision))
}

/// A signed sum of the books, in units of its asset.
pub(crate) fn atoms(atoms: i64, asset: &Asset) -> Decimal {
    let text = units(&atoms.unsigned_abs().to_string(), asset.precision);
    Decimal::new(if atoms < 0 { format!("-{text}") } else { text })
}

/// Puts a point into the digits of a whole number of smallest units.
pub(crate) fn units(digits: &str, decimals: u8) -> String {
    let decimals = usize::from(decimals);
    let padded = format!("{digits:0>width$}", width = decimals.saturating_add(1));
    let (whole, fraction) = padded.split_at(padded.len().saturating_sub(decimals));
    match fraction.trim_end_matches('0') {
        "" => whole.to_owned(),
        fraction => format!("{whole}.{fraction}"),
    }
}

/// Digits after the point of a chain's own coin.
pub(crate) const fn coin_decimals(family: Family) -> u8 {
    match family {
        Family::Evm => 18,
        Family::Tron => 6,
    }
}

/// A block.
pub(crate) fn block(block: BlockRef) -> Block {
    Block { number: block.number, hash: hex32(&block.hash) }
}

/// 32 bytes as explorers print them.
pub(crate) fn hex32(bytes: &[u8; 32]) -> String {
    format!("0x{}", hex::encode(bytes))
}

/// A count or version, which is never negative.
pub(crate) fn count(number: i64) -> u64 {
    u64::try_from(number).unwrap_or(0)
}

/// A reason in the caller's words. A code that the catalogue does not know is told as it is: better than nothing.
pub(crate) fn reason(code: &str, lang: Lang) -> Reason {
    match ReasonCode::parse(code) {
        Some(code) => Reason::new(code, lang),
        None => Reason { code: code.to_owned(), title: code.replace('_', " "), remedy: String::new() },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_put_where_it_belongs() {
        for (digits, decimals, text) in [
            ("0", 18, "0"),
            ("1", 18, "0.000000000000000001"),
            ("1500000", 6, "1.5"),
            ("21000000000000000000", 18, "21"),
            ("12", 0, "12"),
            (
                "115792089237316195423570985008687907853269984665640564039457584007913129639935",
                77,
                "1.15792089237316195423570985008687907853269984665640564039457584007913129639935",
            ),
        ] {
            assert_eq!(units(digits, decimals), text);
        }
    }

    #[test]
    fn every_failure_that_ends_a_withdrawal_or_asks_for_a_person_has_its_text() {
        use sluice_core::transfer::{Failure, Remedy};
        for failure in [Failure::RecipientBlacklisted, Failure::TransferReverts, Failure::SignerRefused] {
            assert!(matches!(failure.remedy(), Remedy::Fail | Remedy::Person(_)));
            assert!(ReasonCode::parse(failure.as_str()).is_some(), "{failure:?}");
        }
        let asked = sluice_core::withdrawal::AttentionCode::ALL.iter().map(|code| code.as_str());
        for code in asked.chain(["hold_expired", "gave_up", "limit_daily"]) {
            assert!(ReasonCode::parse(code).is_some(), "{code}");
        }
    }

    #[test]
    fn a_code_without_a_text_is_still_told() {
        assert_eq!(reason("gas_empty", Lang::Ko).title, Reason::new(ReasonCode::GasEmpty, Lang::Ko).title);
        assert_eq!(reason("brand_new", Lang::Ko).title, "brand new");
    }
}
