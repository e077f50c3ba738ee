//! When a stake should be given up, and in which steps: announced two weeks ahead, a fifth of it a week, and what is kept for
//! emergencies last. The chain holds each step back for two weeks more before its TRX can be used.

use super::advice::Advice;
use crate::amount::Cost;
use crate::time::Timestamp;

/// Months that have to be used little, one after another.
pub const MONTHS: usize = 3;
/// A month used less than this is used little, per cent of what its stake yielded.
pub const USED_LITTLE_BELOW: u8 = 50;
/// Payouts fallen by this are fewer for good, per cent.
pub const FALLEN_BY: u64 = 30;
/// Weeks in which they have to have fallen, one after another.
pub const WEEKS: usize = 4;
/// Between the decision and the first step, days.
pub const NOTICE_DAYS: i64 = 14;
/// Weeks in which everything but the reserve is given up: 20 % each.
pub const STEPS: u128 = 5;
const WEEK_DAYS: i64 = 7;
const DAY_MS: i64 = 86_400_000;

/// Why a stake should be given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Why {
    /// Three months used less than half of it.
    UsedLittle,
    /// Payouts have fallen by 30 % or more, for four weeks.
    VolumeFell,
    /// Energy on the market costs clearly less than the stake: TRX became dear beside it.
    MarketCheaper,
    /// No lane is in service any more.
    Shutdown,
}

impl Why {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UsedLittle => "used_little",
            Self::VolumeFell => "volume_fell",
            Self::MarketCheaper => "market_cheaper",
            Self::Shutdown => "shutdown",
        }
    }
}

/// What is known of a stake's use.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Facts {
    /// Share of the stake's energy that was used in each of the last months, per cent, the last one first; `None` for one of which
    /// too little is known.
    pub months_used: Vec<Option<u8>>,
    /// Payouts of each of the last weeks, the last one first; `None` for one of which too little is known.
    pub weeks: Vec<Option<u64>>,
    /// To stake or to buy, where a market price is known.
    pub advice: Option<Advice>,
    /// Lanes that are in service.
    pub lanes: usize,
}

/// Every reason there is; what is not known is none.
pub fn reasons(facts: &Facts) -> Vec<Why> {
    let mut found = Vec::new();
    let little = |used: &Option<u8>| used.is_some_and(|used| used < USED_LITTLE_BELOW);
    if facts.months_used.len() >= MONTHS && facts.months_used.iter().take(MONTHS).all(little) {
        found.push(Why::UsedLittle);
    }
    if fell(&facts.weeks) {
        found.push(Why::VolumeFell);
    }
    if facts.advice == Some(Advice::Buy) {
        found.push(Why::MarketCheaper);
    }
    if facts.lanes == 0 {
        found.push(Why::Shutdown);
    }
    found
}

/// Each of the last four weeks had fewer payouts by 30 % than the mean of the four before them.
fn fell(weeks: &[Option<u64>]) -> bool {
    let (Some(last), Some(before)) =
        (known(weeks.iter().take(WEEKS)), known(weeks.iter().skip(WEEKS).take(WEEKS)))
    else {
        return false;
    };
    let sum = before.iter().fold(0u128, |sum, it| sum + u128::from(*it));
    let is_low = |week: &u64| u128::from(*week) * 100 * WEEKS as u128 <= sum * u128::from(100 - FALLEN_BY);
    sum > 0 && last.iter().all(is_low)
}

/// All of them, when there are enough and each is known.
fn known<'a>(weeks: impl Iterator<Item = &'a Option<u64>>) -> Option<Vec<u64>> {
    let known: Option<Vec<u64>> = weeks.copied().collect();
    known.filter(|known| known.len() == WEEKS)
}

/// One step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// When it is taken.
    pub at: Timestamp,
    /// When its TRX can be used.
    pub usable_at: Timestamp,
    /// How much, in sun.
    pub stake: Cost,
    /// It is the reserve for emergencies.
    pub reserve: bool,
}

/// The steps in which `stake` is given up, of which `reserve` goes last. `exit_days` is how long the chain holds each back.
pub fn steps(stake: Cost, reserve: Cost, exit_days: u32, decided_at: Timestamp) -> Vec<Step> {
    let reserve = Cost(reserve.0.min(stake.0));
    let mut left = stake.0.saturating_sub(reserve.0);
    let weekly = left.div_ceil(STEPS);
    let mut steps = Vec::new();
    let mut day = NOTICE_DAYS;
    let mut push = |stake: u128, reserve: bool| {
        let at = decided_at.plus_ms(day * DAY_MS);
        let usable_at = at.plus_ms(i64::from(exit_days) * DAY_MS);
        steps.push(Step { at, usable_at, stake: Cost(stake), reserve });
        day += WEEK_DAYS;
    };
    while left > 0 {
        let step = weekly.min(left);
        push(step, false);
        left = left.saturating_sub(step);
    }
    if reserve.0 > 0 {
        push(reserve.0, true);
    }
    steps
}

#[cfg(test)]
mod tests {
    use super::*;

    const TRX: u128 = 1_000_000;

    fn facts() -> Facts {
        Facts { months_used: vec![], weeks: vec![], advice: None, lanes: 1 }
    }

    #[test]
    fn three_months_below_half_are_a_reason_and_two_are_none() {
        let used = |months: &[Option<u8>]| reasons(&Facts { months_used: months.to_vec(), ..facts() });
        assert_eq!(used(&[Some(49), Some(10), Some(0)]), [Why::UsedLittle]);
        for none in
            [&[Some(49), Some(10)][..], &[Some(49), Some(50), Some(0)], &[Some(1), None, Some(1)], &[]]
        {
            assert_eq!(used(none), [], "{none:?}");
        }
    }

    #[test]
    fn four_weeks_below_seventy_per_cent_are_a_reason() {
        let fell = |last: [u64; 4], before: [u64; 4]| {
            let weeks = last.into_iter().chain(before).map(Some).collect();
            !reasons(&Facts { weeks, ..facts() }).is_empty()
        };
        assert!(fell([70, 70, 60, 0], [100; 4]));
        assert!(!fell([71, 10, 10, 10], [100; 4]), "one week was not low");
        assert!(!fell([0; 4], [0; 4]), "nothing fell");
        let seven = vec![Some(1), Some(1), Some(1), Some(1), Some(100), Some(100), Some(100)];
        assert_eq!(reasons(&Facts { weeks: seven, ..facts() }), []);
        let gap = vec![Some(1), None, Some(1), Some(1), Some(100), Some(100), Some(100), Some(100)];
        assert_eq!(reasons(&Facts { weeks: gap, ..facts() }), [], "what is not known is no reason");
    }

    #[test]
    fn a_cheaper_market_and_the_end_of_service_are_reasons() {
        assert_eq!(reasons(&Facts { advice: Some(Advice::Buy), ..facts() }), [Why::MarketCheaper]);
        assert_eq!(reasons(&Facts { advice: Some(Advice::Mixed), ..facts() }), []);
        assert_eq!(reasons(&Facts { lanes: 0, ..facts() }), [Why::Shutdown]);
    }

    // J-09: 1,000 TRX, of which 100 are kept for emergencies: after 14 days 180 TRX a week, five times, and then the 100.
    #[test]
    fn a_fifth_a_week_after_two_weeks_and_the_reserve_last() {
        let at = Timestamp::from_micros(0);
        let told: Vec<_> = steps(Cost(1_000 * TRX), Cost(100 * TRX), 14, at)
            .into_iter()
            .map(|it| {
                (
                    it.at.since_ms(at) / DAY_MS,
                    it.usable_at.since_ms(at) / DAY_MS,
                    it.stake.0 / TRX,
                    it.reserve,
                )
            })
            .collect();
        assert_eq!(
            told,
            [
                (14, 28, 180, false),
                (21, 35, 180, false),
                (28, 42, 180, false),
                (35, 49, 180, false),
                (42, 56, 180, false),
                (49, 63, 100, true)
            ]
        );
    }

    #[test]
    fn steps_add_up_to_the_stake_and_are_few() {
        for (stake, reserve) in
            [(0, 0), (1, 0), (1, 5), (7, 3), (99, 10), (123_456_789, 12_345_678), (u128::MAX, 1)]
        {
            let all = steps(Cost(stake), Cost(reserve), 14, Timestamp::default());
            assert_eq!(all.iter().fold(0u128, |sum, it| sum + it.stake.0), stake);
            assert!(
                all.len() <= 6 && all.iter().all(|it| it.stake.0 > 0),
                "{stake} {reserve}: {}",
                all.len()
            );
        }
    }
}
