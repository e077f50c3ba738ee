//! What is expected to leave in a day and in a week, from what was ordered on each of the last 28 days.
//!
//! A week of payments has a shape: so the day is that of the coming weekdays, and the week is one of each. Days of which
//! nothing is known are said, never counted as zero.

use crate::amount::Amount;

/// Days of history that are looked at: four of each weekday.
pub const DAYS: usize = 28;
/// With fewer known days than this, one of each weekday, an expectation that somebody wrote down is taken instead.
pub const DAYS_ENOUGH: usize = 7;

/// Days of a week.
const WEEK: usize = 7;

/// What left on each of the last [`DAYS`] days, yesterday first; `None` for a day of which nothing is known, such as one
/// before the partner was there. The weekday of a place is told by its distance: places `n` and `n + 7` share one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct History(Vec<Option<Amount>>);

impl History {
    /// From yesterday back; what is beyond [`DAYS`] is not looked at.
    pub fn of(days: impl IntoIterator<Item = Option<Amount>>) -> Self {
        let mut days: Vec<_> = days.into_iter().take(DAYS).collect();
        days.resize(DAYS, None);
        Self(days)
    }

    fn known(&self) -> impl Iterator<Item = Amount> + '_ {
        self.0.iter().flatten().copied()
    }

    /// Mean of a weekday, rounded up: `0` is that of yesterday, `6` that of today, `5` that of tomorrow.
    fn weekday(&self, place: usize) -> Option<Amount> {
        mean(self.0.iter().skip(place).step_by(WEEK).flatten().copied())
    }
}

/// Where an expectation comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// Every weekday has a day of history.
    History,
    /// There is some history, and the weekdays that have none count as the mean of all days.
    Partial,
    /// Somebody wrote it down.
    Configured,
    /// Nothing tells: the expectation is zero, and no target means anything.
    Unknown,
}

impl Basis {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Partial => "partial",
            Self::Configured => "configured",
            Self::Unknown => "unknown",
        }
    }
}

/// What is expected to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outflow {
    /// In a day: the larger of what today's and tomorrow's weekday bring. What is proposed today pays tomorrow.
    pub day: Amount,
    /// In a week: one of each weekday.
    pub week: Amount,
    /// The largest day of the history; `None` without one.
    pub peak: Option<Amount>,
    /// Where it comes from.
    pub basis: Basis,
    /// Days of history that are known, of [`DAYS`].
    pub days_known: usize,
}

impl Outflow {
    /// Of a history, or of what somebody expects in a day where the history is too short. A sum that no amount holds is
    /// the largest amount: it asks for more than there is, and never for less than is needed.
    pub fn of(history: &History, configured: Option<Amount>) -> Self {
        let days_known = history.known().count();
        let peak = history.known().max();
        if let Some(daily) = configured.filter(|_| days_known < DAYS_ENOUGH) {
            let week = (0..WEEK).fold(Amount::ZERO, |sum, _| sum.saturating_add(daily));
            return Self { day: daily, week, peak, basis: Basis::Configured, days_known };
        }
        let Some(usual) = mean(history.known()) else {
            let (day, week) = (Amount::ZERO, Amount::ZERO);
            return Self { day, week, peak, basis: Basis::Unknown, days_known };
        };
        let brings = |place| history.weekday(place).unwrap_or(usual);
        let week = (0..WEEK).map(brings).fold(Amount::ZERO, Amount::saturating_add);
        let whole = (0..WEEK).all(|place| history.weekday(place).is_some());
        let basis = if whole { Basis::History } else { Basis::Partial };
        Self { day: brings(TODAY).max(brings(TOMORROW)), week, peak, basis, days_known }
    }

    /// Days of history of which nothing is known.
    pub const fn days_missing(&self) -> usize {
        DAYS.saturating_sub(self.days_known)
    }
}

/// Place of the weekday of today, counted back from yesterday's: it came round six days before yesterday.
const TODAY: usize = WEEK - 1;
/// Place of the weekday of tomorrow.
const TOMORROW: usize = WEEK - 2;

/// Rounded up; `None` of nothing.
fn mean(amounts: impl Iterator<Item = Amount>) -> Option<Amount> {
    let (sum, count) = amounts.fold((0i128, 0i128), |(sum, count), amount| {
        (sum.saturating_add(i128::from(amount.atoms())), count.saturating_add(1))
    });
    let up = sum.checked_add(count.checked_sub(1)?)?.checked_div(count)?;
    i64::try_from(up).ok().and_then(Amount::from_atoms)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn amount(atoms: i64) -> Amount {
        Amount::from_atoms(atoms).unwrap()
    }

    fn history(days: &[i64]) -> History {
        History::of(days.iter().map(|atoms| (*atoms >= 0).then(|| amount(*atoms))))
    }

    fn figures(outflow: Outflow) -> (i64, i64, Option<i64>, &'static str, usize) {
        let peak = outflow.peak.map(Amount::atoms);
        (outflow.day.atoms(), outflow.week.atoms(), peak, outflow.basis.as_str(), outflow.days_known)
    }

    /// Days from yesterday back, what somebody expects, and day, week, peak, basis and known days. -1 is an unknown day.
    #[test]
    fn worked_examples() {
        let even = [100; DAYS];
        // Four weeks alike: yesterday 10, before that 20, .. the weekday of tomorrow 60, of today 70.
        let shaped: Vec<i64> = (0..28).map(|place| (place % 7 + 1) * 10).collect();
        // One of four of today's weekday was large: 70, 70, 70, 470 -> 170.
        let mut peaked = shaped.clone();
        peaked[27] = 470;
        // 5 on each of three known days of 28: 5 counts for the weekdays that have none.
        let short = [5, 5, 5];
        type Case<'a> = (&'a [i64], Option<i64>, (i64, i64, Option<i64>, &'a str, usize));
        let cases: &[Case] = &[
            (&even, None, (100, 700, Some(100), "history", 28)),
            (&even, Some(9), (100, 700, Some(100), "history", 28)),
            (&shaped, None, (70, 280, Some(70), "history", 28)),
            (&peaked, None, (170, 380, Some(470), "history", 28)),
            (&short, None, (5, 35, Some(5), "partial", 3)),
            (&short, Some(40), (40, 280, Some(5), "configured", 3)),
            (&[], Some(40), (40, 280, None, "configured", 0)),
            (&[], None, (0, 0, None, "unknown", 0)),
            // A day without orders is known, and is zero.
            (&[0; DAYS], Some(40), (0, 0, Some(0), "history", 28)),
            // Seven known days, the weekday of today among the unknown ones: 10 + 20 over two weeks.
            (
                &[10, 20, -1, -1, -1, -1, -1, 10, 20, -1, -1, -1, -1, -1, 10, 20, -1, -1, -1, -1, -1, 10],
                None,
                (15, 105, Some(20), "partial", 7),
            ),
            // Means are rounded up: 1 and 2 are 2.
            (&[1, 1, 1, 1, 1, 1, 1, 2], None, (1, 8, Some(2), "history", 8)),
        ];
        for (days, configured, expected) in cases {
            let outflow = Outflow::of(&history(days), configured.map(amount));
            assert_eq!(figures(outflow), *expected, "{days:?} {configured:?}");
            assert_eq!(outflow.days_missing(), DAYS - expected.4);
        }
    }

    #[test]
    fn what_no_amount_holds_is_the_largest_one() {
        let huge = history(&[i64::MAX; DAYS]);
        assert_eq!(Outflow::of(&huge, None).week, amount(i64::MAX));
        assert_eq!(Outflow::of(&history(&[]), Some(amount(i64::MAX))).week, amount(i64::MAX));
    }

    #[test]
    fn days_beyond_the_history_are_not_looked_at() {
        let long = history(&[&[1; DAYS][..], &[900; 5][..]].concat());
        assert_eq!(Outflow::of(&long, None).peak, Some(amount(1)));
    }
}
