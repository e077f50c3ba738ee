//! How many payouts come in each hour of a week, from those of the last four weeks; where they are too few to tell, by the
//! shape that payouts of an exchange usually have.
//!
//! A week is a figure, and two shapes spread it: one over its days, one over the hours of a day. Each shape comes from history
//! by itself. Counts are in thousandths of a payout, so that small installations have a forecast too.

/// Days of a week, Monday first.
pub const WEEK: usize = 7;
/// Hours of a day.
pub const HOURS: usize = 24;
/// Days of history that are looked at.
pub const DAYS: usize = 28;
/// Fewer payouts than this do not tell the hours of a day: seven for each.
pub const PAYOUTS_ENOUGH: u64 = 168;
/// Thousandths in a payout.
pub const MILLI: u64 = 1_000;

/// Usual share of each six hours of a day, per cent (requirement J-05).
const USUAL_HOURS: [u64; 4] = [15, 25, 35, 25];
/// Usual weight of each weekday, per cent of a Monday (requirement J-05).
const USUAL_DAYS: [u64; WEEK] = [100, 110, 120, 110, 130, 80, 70];

/// Payouts of each hour of known days.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct History {
    /// Known days of each weekday.
    days: [u64; WEEK],
    payouts: [[u64; HOURS]; WEEK],
}

impl History {
    /// A day is known, whatever came in it.
    pub fn know(&mut self, weekday: usize) {
        if let Some(days) = self.days.get_mut(weekday) {
            *days += 1;
        }
    }

    /// Payouts that came in an hour of a known day. What lies outside a week is left out.
    pub fn add(&mut self, weekday: usize, hour: usize, payouts: u64) {
        if let Some(count) = self.payouts.get_mut(weekday).and_then(|hours| hours.get_mut(hour)) {
            *count = count.saturating_add(payouts);
        }
    }

    /// Known days.
    pub fn days_known(&self) -> u64 {
        self.days.iter().sum()
    }

    /// Payouts of known days.
    pub fn payouts(&self) -> u64 {
        self.payouts.iter().flatten().fold(0, |sum, count| sum.saturating_add(*count))
    }
}

/// Where a shape comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Basis {
    /// What came.
    History,
    /// What usually comes.
    Usual,
    /// No day is known: nothing is expected, and the forecast says nothing.
    Unknown,
}

impl Basis {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::History => "history",
            Self::Usual => "usual",
            Self::Unknown => "unknown",
        }
    }
}

/// What is expected of a week.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forecast {
    /// Payouts in a week, thousandths.
    pub week_milli: u64,
    /// Where the shape of the week comes from.
    pub days: Basis,
    /// Where the shape of the day comes from.
    pub hours: Basis,
    /// Weights of the weekdays.
    day_weights: [u64; WEEK],
    /// Weights of the hours.
    hour_weights: [u64; HOURS],
}

impl Forecast {
    /// Of a history.
    pub fn of(history: &History) -> Self {
        let (day_weights, week_milli, days) = week(history);
        let enough = history.payouts() >= PAYOUTS_ENOUGH;
        let came = |hour: usize| {
            history
                .payouts
                .iter()
                .filter_map(|day| day.get(hour))
                .fold(0u64, |sum, it| sum.saturating_add(*it))
        };
        let usual = |hour: usize| USUAL_HOURS.get(hour / 6).copied().unwrap_or_default();
        let hour_weights = std::array::from_fn(|hour| if enough { came(hour) } else { usual(hour) });
        let hours = match (days, enough) {
            (Basis::Unknown, _) => Basis::Unknown,
            (_, true) => Basis::History,
            (_, false) => Basis::Usual,
        };
        Self { week_milli, days, hours, day_weights, hour_weights }
    }

    /// Payouts expected on a weekday, thousandths, rounded up.
    pub fn day_milli(&self, weekday: usize) -> u64 {
        share(self.week_milli, self.day_weights.get(weekday).copied(), &self.day_weights)
    }

    /// Payouts expected in an hour of a weekday, thousandths, rounded up.
    pub fn hour_milli(&self, weekday: usize, hour: usize) -> u64 {
        share(self.day_milli(weekday), self.hour_weights.get(hour).copied(), &self.hour_weights)
    }

    /// Payouts expected on the largest day, thousandths.
    pub fn largest_day_milli(&self) -> u64 {
        (0..WEEK).map(|weekday| self.day_milli(weekday)).max().unwrap_or_default()
    }

    /// Energy expected to be used in an hour where each payout takes so much, rounded up.
    pub fn hour_energy(&self, weekday: usize, hour: usize, each: u64) -> u64 {
        energy(self.hour_milli(weekday, hour), each)
    }

    /// The hours from one on: its weekday and hour, then those after it, for ever.
    pub fn hours_from(weekday: usize, hour: usize) -> impl Iterator<Item = (usize, usize)> {
        (0..).map(move |ahead: usize| {
            let hours = hour.saturating_add(ahead);
            (weekday.saturating_add(hours / HOURS) % WEEK, hours % HOURS)
        })
    }
}

/// Energy of so many thousandths of payouts, rounded up.
pub fn energy(payouts_milli: u64, each: u64) -> u64 {
    let energy = (u128::from(payouts_milli) * u128::from(each)).div_ceil(u128::from(MILLI));
    u64::try_from(energy).unwrap_or(u64::MAX)
}

/// Weights of the weekdays, payouts of a week in thousandths, and where they come from. Where a weekday has no known day, the
/// usual shape says how much of a week the known ones are.
fn week(history: &History) -> ([u64; WEEK], u64, Basis) {
    let milli = |payouts: u64| payouts.saturating_mul(MILLI);
    if history.days_known() == 0 {
        return (USUAL_DAYS, 0, Basis::Unknown);
    }
    let each = |weekday: usize| history.days.get(weekday).copied().unwrap_or_default();
    if (0..WEEK).all(|weekday| each(weekday) > 0) && history.payouts() > 0 {
        let came = |weekday: usize| {
            history
                .payouts
                .get(weekday)
                .map_or(0, |hours| hours.iter().fold(0u64, |sum, it| sum.saturating_add(*it)))
        };
        let mean = |weekday: usize| milli(came(weekday)).div_ceil(each(weekday).max(1));
        let weights: [u64; WEEK] = std::array::from_fn(mean);
        let sum = weights.iter().fold(0u64, |sum, it| sum.saturating_add(*it));
        return (weights, sum, Basis::History);
    }
    let known: u64 =
        (0..WEEK).map(|weekday| each(weekday) * USUAL_DAYS.get(weekday).copied().unwrap_or_default()).sum();
    let whole: u64 = USUAL_DAYS.iter().sum();
    let week = (u128::from(milli(history.payouts())) * u128::from(whole)).div_ceil(u128::from(known.max(1)));
    (USUAL_DAYS, u64::try_from(week).unwrap_or(u64::MAX), Basis::Usual)
}

/// A weight's share, rounded up; nothing where nothing weighs.
fn share(of: u64, weight: Option<u64>, weights: &[u64]) -> u64 {
    let whole = weights.iter().fold(0u128, |sum, it| sum + u128::from(*it));
    let part = u128::from(of) * u128::from(weight.unwrap_or_default());
    let up = part.checked_add(whole.saturating_sub(1)).and_then(|part| part.checked_div(whole));
    up.map_or(0, |part| u64::try_from(part).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    const MON: usize = 0;
    const FRI: usize = 4;

    /// J-05: of a week of 720 payouts 100 come on a Monday and 130 on a Friday; 15 % of a day before six o'clock, 35 % from
    /// twelve to six.
    #[test]
    fn without_enough_history_the_usual_shape_spreads_what_came() {
        let mut history = History::default();
        history.know(MON);
        history.add(MON, 9, 100);
        let forecast = Forecast::of(&history);
        assert_eq!((forecast.days, forecast.hours), (Basis::Usual, Basis::Usual));
        assert_eq!(forecast.week_milli, 720_000);
        let days: Vec<u64> = (0..WEEK).map(|day| forecast.day_milli(day)).collect();
        assert_eq!(days, [100_000, 110_000, 120_000, 110_000, 130_000, 80_000, 70_000]);
        assert_eq!(forecast.largest_day_milli(), 130_000);
        let quarter = |from: usize| (from..from + 6).map(|hour| forecast.hour_milli(MON, hour)).sum::<u64>();
        let quarters = [0, 6, 12, 18].map(quarter);
        // 15, 25, 35 and 25 of 100 payouts; each hour is rounded up by less than a thousandth.
        assert_eq!(quarters, [15_000, 25_002, 35_004, 25_002]);
        assert_eq!(forecast.hour_energy(MON, 0, 64_285), 160_713, "2.5 payouts of 64,285, rounded up");
    }

    #[test]
    fn with_enough_history_its_own_shape_counts() {
        let mut history = History::default();
        for weekday in 0..WEEK {
            history.know(weekday);
            history.know(weekday);
        }
        history.add(FRI, 10, 300);
        history.add(MON, 22, 100);
        let forecast = Forecast::of(&history);
        assert_eq!((forecast.days, forecast.hours), (Basis::History, Basis::History));
        assert_eq!(
            (forecast.week_milli, forecast.day_milli(FRI), forecast.day_milli(MON)),
            (200_000, 150_000, 50_000)
        );
        assert_eq!((forecast.hour_milli(FRI, 10), forecast.hour_milli(FRI, 22)), (112_500, 37_500));
        assert_eq!(forecast.hour_milli(FRI, 3), 0);
        // A day on which nothing came is known, and is none.
        assert_eq!(forecast.day_milli(1), 0);
    }

    #[test]
    fn nothing_known_expects_nothing_and_says_so() {
        let forecast = Forecast::of(&History::default());
        assert_eq!((forecast.days, forecast.hours, forecast.week_milli), (Basis::Unknown, Basis::Unknown, 0));
        assert_eq!(forecast.hour_milli(FRI, 12), 0);
        // Days are known and nothing came: nothing is expected, and the shape is the usual one.
        let mut quiet = History::default();
        (0..WEEK).for_each(|weekday| quiet.know(weekday));
        let forecast = Forecast::of(&quiet);
        assert_eq!((forecast.days, forecast.week_milli), (Basis::Usual, 0));
    }

    #[test]
    fn hours_go_round_the_week() {
        let next: Vec<_> = Forecast::hours_from(6, 22).take(4).collect();
        assert_eq!(next, [(6, 22), (6, 23), (0, 0), (0, 1)]);
        assert_eq!(Forecast::hours_from(6, 22).nth(168), Some((6, 22)));
    }

    #[test]
    fn what_lies_outside_a_week_is_left_out_and_nothing_overflows() {
        let mut history = History::default();
        history.know(7);
        history.add(7, 0, 1);
        history.add(0, 24, 1);
        assert_eq!((history.days_known(), history.payouts()), (0, 0));
        (0..WEEK).for_each(|weekday| history.know(weekday));
        history.add(0, 0, u64::MAX);
        assert!(Forecast::of(&history).hour_energy(0, 0, u64::MAX) == u64::MAX);
    }
}
