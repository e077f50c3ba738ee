//! To stake or to buy: what an energy costs a day either way, in millionths of a sun.
//!
//! A stake is given back, so what it costs is what its TRX would have earned elsewhere meanwhile, also in the days in which the
//! chain holds it back at the end and it yields nothing. A purchase is gone. Comparing the stake itself with a price for each use
//! would say that buying is always cheaper.

use crate::amount::Cost;
use crate::resource::{Network, SUN};

/// Millionths in a sun.
pub const MICRO: u128 = 1_000_000;
/// All of something, in basis points.
const WHOLE_BPS: u128 = 10_000;
const YEAR_DAYS: u128 = 365;

/// What is assumed of stakes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Terms {
    /// What TRX would earn elsewhere in a year, basis points.
    pub yearly_bps: u32,
    /// How long the chain holds a stake back at its end, days.
    pub exit_days: u32,
    /// How long a stake is held before that, days.
    pub hold_days: u32,
    /// Share of a stake's energy that is used, per cent.
    pub used_percent: u8,
}

impl Terms {
    /// 5 % a year, 14 days to leave, held for a quarter of a year, all of it used.
    pub const fn usual() -> Self {
        Self { yearly_bps: 500, exit_days: 14, hold_days: 90, used_percent: 100 }
    }

    /// What a stake costs in a day while it is held, in millionths of a sun, with its share of the days at its end. `None` past
    /// what a number holds, or where it is held for no time.
    pub fn day_micro_sun(&self, stake: Cost) -> Option<u128> {
        let days = u128::from(self.hold_days) + u128::from(self.exit_days);
        let yearly =
            stake.0.checked_mul(MICRO)?.checked_mul(u128::from(self.yearly_bps))?.checked_mul(days)?;
        let span = WHOLE_BPS * YEAR_DAYS * u128::from(self.hold_days);
        yearly.checked_add(span.checked_sub(1)?)?.checked_div(span)
    }

    /// What each energy that is used of a stake costs, in millionths of a sun, rounded up. `None` where stakes yield nothing or
    /// nothing of them is used.
    pub fn energy_micro_sun(&self, network: &Network) -> Option<u64> {
        // Of a stake large enough that its yield and its cost have no fractions to speak of.
        let stake = Cost(SUN.checked_mul(MICRO)?);
        let day = self.day_micro_sun(stake)?.checked_mul(100)?;
        let used = u128::from(network.yields(stake)?).checked_mul(u128::from(self.used_percent))?;
        let cost = day.checked_add(used.checked_sub(1)?)?.checked_div(used)?;
        u64::try_from(cost).ok()
    }
}

/// What is advised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// A purchase costs less than 80 % of a stake.
    Buy,
    /// A purchase costs more than 120 % of a stake.
    Stake,
    /// Neither is clearly cheaper: some of both.
    Mixed,
}

impl Advice {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Buy => "buy",
            Self::Stake => "stake",
            Self::Mixed => "mixed",
        }
    }

    /// What the market asks for each energy, and what a stake costs for it; both in millionths of a sun.
    pub fn of(market_micro_sun: u64, stake_micro_sun: u64) -> Self {
        let (market, stake) = (u128::from(market_micro_sun) * 100, u128::from(stake_micro_sun));
        match () {
            () if market < stake * 80 => Self::Buy,
            () if market > stake * 120 => Self::Stake,
            () => Self::Mixed,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TODAY: Network = Network { energy: 180_000_000_000, stake_trx: 19_000_000_000 };

    // 1 TRX at 5 % a year: 136.98 sun a day. Held for 90 days and 14 more at the end: 158.29. It yields 9.4737 energy.
    #[test]
    fn a_stake_costs_what_its_trx_would_have_earned() {
        let terms = Terms::usual();
        assert_eq!(terms.day_micro_sun(Cost(SUN)), Some(158_295_282));
        assert_eq!(Terms { exit_days: 0, ..terms }.day_micro_sun(Cost(SUN)), Some(136_986_302));
        assert_eq!(terms.energy_micro_sun(&TODAY), Some(16_708_947));
        // Half of it used costs twice as much for each.
        assert_eq!(Terms { used_percent: 50, ..terms }.energy_micro_sun(&TODAY), Some(33_417_894));
        // Held for longer, the days at the end weigh less.
        assert!(Terms { hold_days: 365, ..terms }.energy_micro_sun(&TODAY) < Some(15_100_000));
    }

    // 6,785.64 TRX for one transfer a day to a holder cost 1.07 TRX a day, beside 1.8 to 4 TRX for rent and 6.43 burned. X25
    // compares 6,785.64 with 4, and buys for ever.
    #[test]
    fn the_principal_is_not_compared_with_a_price() {
        let stake = TODAY.stake_for(64_285).unwrap();
        let day_sun = Terms::usual().day_micro_sun(stake).unwrap() / MICRO;
        assert_eq!(day_sun, 1_074_134);
        let rent = |sun: u64| u64::try_from(u128::from(sun) * MICRO / 65_000).unwrap();
        let cost = Terms::usual().energy_micro_sun(&TODAY).unwrap();
        assert_eq!([1_800_000, 4_000_000].map(|sun| Advice::of(rent(sun), cost)), [Advice::Stake; 2]);
        let half = Terms { used_percent: 50, ..Terms::usual() }.energy_micro_sun(&TODAY).unwrap();
        assert_eq!(
            [1_700_000, 1_800_000, 4_000_000].map(|sun| Advice::of(rent(sun), half)),
            [Advice::Buy, Advice::Mixed, Advice::Stake]
        );
    }

    #[test]
    fn advice_turns_past_its_bounds() {
        let told =
            [79_999, 80_000, 100_000, 120_000, 120_001].map(|market| Advice::of(market, 100_000).as_str());
        assert_eq!(told, ["buy", "mixed", "mixed", "mixed", "stake"]);
    }

    #[test]
    fn what_cannot_be_told_is_none() {
        let usual = Terms::usual();
        assert_eq!(usual.energy_micro_sun(&Network::default()), None);
        assert_eq!(Terms { used_percent: 0, ..usual }.energy_micro_sun(&TODAY), None);
        assert_eq!(Terms { hold_days: 0, ..usual }.day_micro_sun(Cost(SUN)), None);
        assert_eq!(usual.day_micro_sun(Cost(u128::MAX)), None);
    }
}
