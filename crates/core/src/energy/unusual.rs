//! Use of energy that nobody expected: what the chain shows that a wallet used within an hour, beside what its payouts were
//! expected to take. Both a stranger with the key and a run of payouts that nobody meant show here first.

use std::collections::BTreeMap;

use crate::time::Timestamp;

/// Minutes in the hour that is looked at.
const HOUR_MINUTES: i64 = 60;
/// Readings so far apart say nothing of what was used between them within an hour, milliseconds.
const GAP_MS: i64 = 300_000;
/// What is told is over below this share of its bound, per cent.
const ENDS_PERCENT: u128 = 80;

/// When the use of an hour is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Above so much of what was expected, per cent.
    pub over_percent: u32,
    /// Never up to so much energy, however little was expected.
    pub floor_energy: u64,
}

impl Settings {
    /// Three times what was expected, and more than some dozen payouts to new holders take (requirement J-13).
    pub const fn usual() -> Self {
        Self { over_percent: 300, floor_energy: 1_600_000 }
    }

    /// What an hour may use where so much was expected.
    pub fn bound(&self, expected: u64) -> u64 {
        let over = u128::from(expected) * u128::from(self.over_percent) / 100;
        u64::try_from(over).unwrap_or(u64::MAX).max(self.floor_energy)
    }

    /// Whether a use is told. What is told already ends at four fifths of the bound.
    pub fn is_unusual(&self, used: u64, expected: u64, told: bool) -> bool {
        let percent = if told { ENDS_PERCENT } else { 100 };
        u128::from(used) * 100 > u128::from(self.bound(expected)) * percent
    }
}

/// What readings of a wallet show that it used within an hour, at least.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Meter {
    last: Option<Reading>,
    /// Energy used, by minute.
    minutes: BTreeMap<i64, u64>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    energy: u64,
    used: u64,
    at: Timestamp,
}

impl Meter {
    /// A wallet has so much energy of so much that it could have. Energy comes back all the time and lent energy comes and goes, so
    /// what is counted is what was used at least: a reading that shows less used than before counts for nothing, and where
    /// nothing was left the chain no longer tells how much is used.
    pub fn read(&mut self, energy: u64, most: u64, at: Timestamp) {
        let used = most.saturating_sub(energy);
        let tells = |last: &Reading| last.energy > 0 && (0..=GAP_MS).contains(&at.since_ms(last.at));
        if let Some(last) = self.last.filter(tells) {
            let more = used.saturating_sub(last.used);
            if more > 0 {
                let sum = self.minutes.entry(minute(at)).or_default();
                *sum = sum.saturating_add(more);
            }
        }
        self.last = Some(Reading { energy, used, at });
        self.minutes.retain(|then, _| *then > minute(at) - HOUR_MINUTES);
    }

    /// Energy used within the hour before the last reading.
    pub fn used(&self) -> u64 {
        self.minutes.values().fold(0, |sum, used| sum.saturating_add(*used))
    }
}

const fn minute(at: Timestamp) -> i64 {
    at.micros().div_euclid(60_000_000)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(1_795_000_020_000_000).plus_ms(seconds * 1_000)
    }

    #[test]
    fn use_is_told_above_its_bound_and_over_at_four_fifths_of_it() {
        let settings = Settings { over_percent: 300, floor_energy: 1_000 };
        assert_eq!((settings.bound(0), settings.bound(333), settings.bound(400)), (1_000, 1_000, 1_200));
        assert_eq!(settings.bound(u64::MAX), u64::MAX);
        let told = |used, known| settings.is_unusual(used, 400, known);
        assert_eq!((told(1_200, false), told(1_201, false)), (false, true));
        assert_eq!((told(961, true), told(960, true)), (true, false));
    }

    #[test]
    fn what_was_used_within_an_hour_is_summed_and_forgotten() {
        let mut meter = Meter::default();
        meter.read(900, 1_000, at(0));
        assert_eq!(meter.used(), 0, "what was used before anybody looked");
        meter.read(700, 1_000, at(15));
        meter.read(710, 1_000, at(30));
        assert_eq!(meter.used(), 200, "what comes back was not used");
        meter.read(600, 1_000, at(90));
        assert_eq!(meter.used(), 310);
        for later in 1..=12 {
            meter.read(600, 1_000, at(90 + later * 290));
        }
        assert_eq!(meter.used(), 310, "58 minutes later");
        meter.read(600, 1_000, at(3_600));
        assert_eq!(meter.used(), 110, "the first minute is over");
        meter.read(600, 1_000, at(3_700));
        assert_eq!(meter.used(), 0);
    }

    #[test]
    fn energy_that_comes_and_goes_was_not_used() {
        let mut meter = Meter::default();
        meter.read(500, 1_000, at(0));
        meter.read(260_500, 261_000, at(15));
        meter.read(500, 1_000, at(30));
        assert_eq!(meter.used(), 0);
        // Nothing was left: what is used beyond is not told, and shows when energy comes.
        meter.read(0, 0, at(45));
        meter.read(0, 0, at(60));
        meter.read(100, 900, at(75));
        assert_eq!(meter.used(), 0);
        // Nobody looked for longer than five minutes.
        meter.read(100, 2_000, at(75 + 301));
        assert_eq!(meter.used(), 0);
        meter.read(50, 2_000, at(75 + 302));
        assert_eq!(meter.used(), 50);
    }
}
