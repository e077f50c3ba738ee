//! What vendors asked: their quotes, kept five minutes at a time.

use crate::amount::Cost;
use crate::chain::ChainId;
use crate::port::market::{Quote, VendorId};
use crate::time::Timestamp;

/// How long quotes are kept together, milliseconds.
pub const SPAN_MS: i64 = 300_000;
/// How long they are kept at all, days: 90 days of one vendor are 25,920 spans at most.
pub const KEPT_DAYS: i64 = 90;
/// Millionths in a sun.
const MICRO: u128 = 1_000_000;

/// One quote that was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heard {
    /// On which chain the energy is.
    pub chain: ChainId,
    /// Who asked it.
    pub vendor: VendorId,
    /// For so much energy.
    pub energy: u64,
    /// For so long, in seconds.
    pub duration_s: u64,
    /// For each energy, in millionths of a sun, rounded up.
    pub micro_sun: u64,
    /// When.
    pub at: Timestamp,
}

impl Heard {
    /// `None` for a quote of nothing, or at a price that no number holds: neither tells a price.
    pub fn of(chain: ChainId, quote: &Quote, at: Timestamp) -> Option<Self> {
        let micro_sun = each_micro_sun(quote.total_sun, quote.energy)?;
        let (vendor, energy) = (quote.vendor.clone(), quote.energy);
        Some(Self { chain, vendor, energy, duration_s: quote.duration_s, micro_sun, at })
    }

    /// When the span begins that it is kept in.
    pub fn span_at(&self) -> Timestamp {
        let span_us = SPAN_MS * 1_000;
        let at = self.at.micros();
        Timestamp::from_micros(at.saturating_sub(at.rem_euclid(span_us)))
    }
}

/// What each energy costs, in millionths of a sun, rounded up.
pub fn each_micro_sun(total: Cost, energy: u64) -> Option<u64> {
    let energy = u128::from(energy);
    let micro = total.0.checked_mul(MICRO)?.checked_add(energy.checked_sub(1)?)?;
    u64::try_from(micro.checked_div(energy)?).ok()
}

/// What so much energy costs at a price for each, in whole sun, rounded up.
pub fn total_sun(micro_sun: u64, energy: u64) -> Cost {
    Cost((u128::from(micro_sun) * u128::from(energy)).div_ceil(MICRO))
}

/// What a vendor asked within five minutes, in millionths of a sun for each energy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// On which chain.
    pub chain: ChainId,
    /// Who.
    pub vendor: VendorId,
    /// When it begins.
    pub from: Timestamp,
    /// The lowest.
    pub low_micro_sun: u64,
    /// The highest.
    pub high_micro_sun: u64,
    /// The last.
    pub last_micro_sun: u64,
    /// For so much energy, the last one.
    pub energy: u64,
    /// For so long, the last one, in seconds.
    pub duration_s: u64,
    /// How many quotes.
    pub quotes: u64,
    /// When the last one was heard.
    pub last_at: Timestamp,
}

/// The middle of what was asked last in each span: half of them asked less. `None` without one.
pub fn median_micro_sun(spans: &[Span]) -> Option<u64> {
    let mut prices: Vec<u64> = spans.iter().map(|span| span.last_micro_sun).collect();
    prices.sort_unstable();
    prices.get(prices.len().checked_sub(1)? / 2).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quote(total: u128, energy: u64) -> Quote {
        Quote {
            vendor: VendorId::parse("catfee").unwrap(),
            energy,
            duration_s: 3_600,
            total_sun: Cost(total),
            valid_until: Timestamp::default(),
        }
    }

    // 1.8 to 4 TRX for 65,000 energy are 27.7 to 61.5 sun for each, beside 100 that are burned.
    #[test]
    fn a_total_is_a_price_for_each_and_back() {
        let told = |total, energy| {
            Heard::of(ChainId::tron(1), &quote(total, energy), Timestamp::default()).map(|it| it.micro_sun)
        };
        assert_eq!((told(1_800_000, 65_000), told(4_000_000, 65_000)), (Some(27_692_308), Some(61_538_462)));
        assert_eq!((told(1, 0), told(u128::MAX, 1)), (None, None));
        assert_eq!(total_sun(27_692_308, 65_000), Cost(1_800_001), "rounded up twice, never down");
        assert_eq!(total_sun(100_000_000, 64_285), Cost(6_428_500));
    }

    #[test]
    fn quotes_of_five_minutes_are_kept_together() {
        let at = |ms: i64| Heard {
            at: Timestamp::from_micros(0).plus_ms(ms),
            ..Heard::of(ChainId::tron(1), &quote(1, 1), Timestamp::default()).unwrap()
        };
        let spans = [0, 299_999, 300_000, 599_999].map(|ms| at(ms).span_at().millis());
        assert_eq!(spans, [0, 0, 300_000, 300_000]);
    }

    #[test]
    fn the_middle_price_is_one_that_was_asked() {
        let heard = Heard::of(ChainId::tron(1), &quote(1, 1), Timestamp::default()).unwrap();
        let span = |last_micro_sun| Span {
            chain: heard.chain,
            vendor: heard.vendor.clone(),
            from: heard.span_at(),
            low_micro_sun: 1,
            high_micro_sun: 9,
            last_micro_sun,
            energy: 1,
            duration_s: 1,
            quotes: 1,
            last_at: heard.at,
        };
        let middle =
            |prices: &[u64]| median_micro_sun(&prices.iter().map(|it| span(*it)).collect::<Vec<_>>());
        assert_eq!([middle(&[5, 1, 9]), middle(&[5, 1, 9, 7]), middle(&[])], [Some(5), Some(5), None]);
    }
}
