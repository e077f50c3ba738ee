//! When a wallet's own energy will not do for what comes. Energy that was used comes back evenly over the day after its last use
//! (<https://developers.tron.network/docs/resource-model>): each use counts what has not come back together with itself, and
//! starts the day anew.

use super::mode::Level;

/// Hours over which used energy comes back.
const RECOVERY_H: u64 = 24;
/// Hours that are looked ahead: a week.
pub const AHEAD_H: usize = 168;

/// When energy will not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depletion {
    /// There is no energy of its own: nothing runs out.
    Without,
    /// In this hour from now, `0` being the one that begins now, less is there than is used.
    In {
        /// Hours from now.
        hours: u32,
    },
    /// Not within the hours that were looked at.
    NotAhead,
}

/// Energy that is there after so many whole hours without a use.
pub fn recovered(level: Level, hours: u64) -> u64 {
    let used = Used { energy: level.most.saturating_sub(level.energy), age_h: hours };
    level.most.saturating_sub(used.now()).max(level.energy)
}

/// The first of the coming hours in which more is used than is there. Each hour's use falls on its beginning.
pub fn depletion(level: Level, needs: impl IntoIterator<Item = u64>) -> Depletion {
    if level.most == 0 {
        return Depletion::Without;
    }
    let mut used = Used { energy: level.most.saturating_sub(level.energy), age_h: 0 };
    for (hours, need) in (0u32..).zip(needs.into_iter().take(AHEAD_H)) {
        let not_back = used.now();
        if level.most.saturating_sub(not_back) < need {
            return Depletion::In { hours };
        }
        if need > 0 {
            used = Used { energy: not_back.saturating_add(need), age_h: 0 };
        }
        used.age_h += 1;
    }
    Depletion::NotAhead
}

struct Used {
    energy: u64,
    age_h: u64,
}

impl Used {
    /// What of it has not come back, rounded up.
    fn now(&self) -> u64 {
        let left_h = RECOVERY_H.saturating_sub(self.age_h);
        let left = (u128::from(self.energy) * u128::from(left_h)).div_ceil(u128::from(RECOVERY_H));
        u64::try_from(left).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // "Used energy recovers linearly over 24 h."
    #[test]
    fn used_energy_comes_back_evenly_over_a_day() {
        let level = Level { energy: 0, most: 240_000 };
        assert_eq!(
            [0, 1, 6, 12, 24, 48].map(|hours| recovered(level, hours)),
            [0, 10_000, 60_000, 120_000, 240_000, 240_000]
        );
        assert_eq!(recovered(Level { energy: 120_000, ..level }, 12), 180_000);
        // More than its own is there while something is rented.
        assert_eq!(recovered(Level { energy: 300_000, ..level }, 24), 300_000);
    }

    #[test]
    fn a_wallet_runs_out_in_the_first_hour_that_uses_more_than_is_there() {
        let full = Level { energy: 240_000, most: 240_000 };
        let told = |level, needs: &[u64]| depletion(level, needs.iter().copied());
        assert_eq!(told(full, &[240_001]), Depletion::In { hours: 0 });
        assert_eq!(told(full, &[240_000, 10_000]), Depletion::NotAhead, "an hour brings a 24th back");
        assert_eq!(told(full, &[240_000, 10_001]), Depletion::In { hours: 1 });
        // 100,000 an hour: an hour later 144,166 are there, and another hour later 52,325.
        assert_eq!(told(full, &[100_000; 9]), Depletion::In { hours: 2 });
        // An hour without a use goes on recovering from the last one: 240,000 in 24 hours, 120,000 in 12.
        let mut pause = vec![240_000];
        pause.extend([0; 11]);
        pause.push(120_000);
        assert_eq!(told(full, &pause), Depletion::NotAhead);
        *pause.last_mut().unwrap() = 120_001;
        assert_eq!(told(full, &pause), Depletion::In { hours: 12 });
    }

    #[test]
    fn what_comes_back_as_fast_as_it_is_used_never_runs_out() {
        let level = Level { energy: 240_000, most: 240_000 };
        assert_eq!(depletion(level, std::iter::repeat_n(9_000, 500)), Depletion::NotAhead);
        assert_eq!(
            depletion(Level::default(), [1]),
            Depletion::Without,
            "X24: nothing is divided by nothing"
        );
        assert_eq!(depletion(level, []), Depletion::NotAhead);
    }
}
