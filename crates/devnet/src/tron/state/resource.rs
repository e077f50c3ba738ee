//! Bandwidth and energy: what is used up comes back in a straight line over its window, 24 hours at most.
//!
//! The chain does this with doubles; here the same is done with integers, rounded where the chain rounds. The two
//! differ by one unit at most, and only where a double has no room for the product.

/// Slots of 24 hours.
pub(in crate::tron) const DAY_SLOTS: i64 = 28_800;
/// A usage is an average over its window with six places.
const AVERAGE: i128 = 1_000_000;
/// A window's length has three places.
const WINDOW: i64 = 1_000;

/// What a stake yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Resource {
    /// Bytes of transactions.
    Bandwidth,
    /// Work of contracts.
    Energy,
}

impl Resource {
    /// By the number of the wire.
    pub(in crate::tron) const fn of_wire(number: i64) -> Option<Self> {
        match number {
            0 => Some(Self::Bandwidth),
            1 => Some(Self::Energy),
            _ => None,
        }
    }

    /// Its name in JSON.
    pub(in crate::tron) const fn name(self) -> &'static str {
        match self {
            Self::Bandwidth => "BANDWIDTH",
            Self::Energy => "ENERGY",
        }
    }
}

/// How much of a resource an account has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::tron) struct Usage {
    /// What was still used up at `slot`.
    pub(in crate::tron) used: i64,
    /// When that was.
    pub(in crate::tron) slot: i64,
    /// How long it takes to come back from there, in thousandths of a slot.
    pub(in crate::tron) window: i64,
}

impl Default for Usage {
    fn default() -> Self {
        Self { used: 0, slot: 0, window: DAY_SLOTS * WINDOW }
    }
}

impl Usage {
    /// What is still used up now.
    pub(in crate::tron) fn now(&self, slot: i64) -> i64 {
        let window = self.window_slots();
        narrow(average_now(self, window, slot).saturating_mul(i128::from(window)) / AVERAGE)
    }

    /// The same with `more` used now. The window grows towards 24 hours by what is new.
    pub(in crate::tron) fn with(&self, more: i64, slot: i64) -> Self {
        let window = self.window_slots();
        let kept_average = average_now(self, window, slot);
        let new_average = ceil(i128::from(more).saturating_mul(AVERAGE), i128::from(DAY_SLOTS));
        let kept = narrow(kept_average.saturating_mul(i128::from(window)) / AVERAGE);
        let used = narrow(
            (kept_average
                .saturating_mul(i128::from(window))
                .saturating_add(new_average.saturating_mul(i128::from(DAY_SLOTS))))
                / AVERAGE,
        );
        if kept == 0 {
            return Self { used, slot, window: DAY_SLOTS * WINDOW };
        }
        let passed = slot.saturating_sub(self.slot).saturating_mul(WINDOW);
        let left = i128::from(self.window.saturating_sub(passed).max(0));
        let weighed = i128::from(kept)
            .saturating_mul(left)
            .saturating_add(i128::from(more).saturating_mul(i128::from(DAY_SLOTS * WINDOW)));
        let window = narrow(ceil(weighed, i128::from(used.max(1)))).min(DAY_SLOTS * WINDOW);
        Self { used, slot, window }
    }

    /// The same of the bytes that everybody has free: whatever is used up then takes a whole day to come back.
    pub(in crate::tron) fn with_a_fresh_day(&self, more: i64, slot: i64) -> Self {
        let day = i128::from(DAY_SLOTS);
        let average = |used: i64| ceil(i128::from(used).saturating_mul(AVERAGE), day);
        let sum = average(self.now(slot)).saturating_add(average(more));
        Self { used: narrow(sum.saturating_mul(day) / AVERAGE), slot, window: DAY_SLOTS * WINDOW }
    }

    /// Takes over what another account had used with a resource that comes back to this one.
    pub(in crate::tron) fn taking_over(&self, more: i64, their_window: i64, slot: i64) -> Self {
        let own = self.with(0, slot);
        let used = own.used.saturating_add(more);
        if used == 0 {
            return Self { used, slot, window: DAY_SLOTS * WINDOW };
        }
        let weighed = i128::from(own.used)
            .saturating_mul(i128::from(own.window.max(0)))
            .saturating_add(i128::from(more).saturating_mul(i128::from(their_window.max(0))));
        Self { used, slot, window: narrow(ceil(weighed, i128::from(used))).min(DAY_SLOTS * WINDOW) }
    }

    /// The window in whole slots.
    pub(in crate::tron) fn window_slots(&self) -> i64 {
        self.window / WINDOW
    }
}

/// The average that is left of a usage, with six places.
fn average_now(usage: &Usage, window: i64, slot: i64) -> i128 {
    if window <= 0 {
        return 0;
    }
    let average = ceil(i128::from(usage.used).saturating_mul(AVERAGE), i128::from(window));
    let passed = slot.saturating_sub(usage.slot);
    match passed {
        ..=0 => average,
        _ if passed >= window => 0,
        _ => rounded(average.saturating_mul(i128::from(window - passed)), i128::from(window)),
    }
}

/// What a stake yields a day: its share of all stakes.
pub(in crate::tron) fn limit(stake_sun: i64, total_limit: i64, total_weight_trx: i64) -> i64 {
    scaled(stake_sun, total_limit, total_weight_trx.saturating_mul(super::SUN))
}

/// `value * numerator / denominator`, rounded down; 0 where nothing is to be divided by.
pub(in crate::tron) fn scaled(value: i64, numerator: i64, denominator: i64) -> i64 {
    if denominator <= 0 {
        return 0;
    }
    narrow(i128::from(value).saturating_mul(i128::from(numerator)) / i128::from(denominator))
}

fn ceil(numerator: i128, denominator: i128) -> i128 {
    if denominator == 0 {
        return 0;
    }
    numerator / denominator + i128::from(numerator % denominator > 0)
}

fn rounded(numerator: i128, denominator: i128) -> i128 {
    if denominator == 0 {
        return 0;
    }
    numerator.saturating_mul(2).saturating_add(denominator) / denominator.saturating_mul(2)
}

fn narrow(value: i128) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_used_comes_back_in_a_straight_line_over_a_day() {
        let used = Usage::default().with(28_800, 100);
        assert_eq!(used, Usage { used: 28_800, slot: 100, window: DAY_SLOTS * WINDOW });
        for (passed, left) in
            [(0, 28_800), (7_200, 21_600), (14_400, 14_400), (28_799, 1), (28_800, 0), (99_999, 0)]
        {
            assert_eq!(used.now(100 + passed), left, "after {passed}");
        }
    }

    #[test]
    fn a_second_use_stretches_what_is_left_of_the_first() {
        let first = Usage::default().with(1_000, 0);
        let half_a_day = first.with(1_000, 14_400);
        assert_eq!(half_a_day.used, 1_500);
        // 500 come back over 12 hours and 1,000 over 24: 20 hours for both.
        assert_eq!(half_a_day.window_slots(), 24_000);
        assert_eq!(half_a_day.now(14_400 + 24_000), 0);
        assert_eq!(half_a_day.now(14_400 + 12_000), 750);
    }

    #[test]
    fn free_bytes_take_a_whole_day_from_their_last_use() {
        let half_a_day = Usage::default().with_a_fresh_day(345, 0).with_a_fresh_day(345, 14_400);
        assert_eq!((half_a_day.used, half_a_day.window_slots()), (517, 28_800));
        assert_eq!((half_a_day.now(14_400 + 14_400), half_a_day.now(14_400 + 28_800)), (258, 0));
    }

    #[test]
    fn a_reclaimed_usage_keeps_its_own_pace() {
        let owner = Usage::default();
        let taken = owner.taking_over(600, 14_400 * WINDOW, 50);
        assert_eq!((taken.used, taken.window_slots()), (600, 14_400));
        let both = Usage::default().with(600, 50).taking_over(600, 14_400 * WINDOW, 50);
        assert_eq!((both.used, both.window_slots()), (1_200, 21_600));
        assert_eq!(owner.taking_over(0, 5, 50).used, 0);
    }

    #[test]
    fn a_stake_yields_its_share() {
        assert_eq!(limit(6_000 * super::super::SUN, 180_000_000_000, 19_000_000_000), 56_842);
        assert_eq!(limit(1, 180_000_000_000, 0), 0);
        assert_eq!(limit(i64::MAX, i64::MAX, 1), i64::MAX);
    }
}
