//! What energy costs now: a price that moves by itself, the same way for the same seed.

use crate::chaos::mix;

/// The price moves once in so many milliseconds.
const STEP_MS: i64 = 60_000;
/// How far it strays from its middle, in thousandths.
const STRAY_PERMILLE: u64 = 100;

/// The price of one vendor, in thousandths of a sun for each energy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Price {
    seed: u64,
    middle_milli_sun: u64,
}

impl Price {
    pub(super) const fn new(seed: u64, middle_milli_sun: u64) -> Self {
        Self { seed, middle_milli_sun }
    }

    pub(super) const fn set(&mut self, middle_milli_sun: u64) {
        self.middle_milli_sun = middle_milli_sun;
    }

    /// Within a tenth of its middle, and another one every minute.
    pub(super) fn at(&self, now_ms: i64) -> u64 {
        let minute = now_ms.div_euclid(STEP_MS).unsigned_abs();
        let span = self.middle_milli_sun * STRAY_PERMILLE / 1_000;
        let roll = mix(self.seed ^ mix(minute)) % (2 * span).max(1);
        (self.middle_milli_sun - span + roll).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_price_moves_and_stays_near_its_middle() {
        let price = Price::new(7, 60_000);
        let told: Vec<u64> = (0..200).map(|minute| price.at(minute * STEP_MS)).collect();
        assert!(told.iter().all(|it| (54_000..=66_000).contains(it)), "{told:?}");
        assert!(told.windows(2).filter(|pair| pair[0] != pair[1]).count() > 190);
        assert_eq!(price.at(STEP_MS), price.at(STEP_MS + 59_999), "within a minute it stands");
        assert_ne!(told, (0..200).map(|it| Price::new(8, 60_000).at(it * STEP_MS)).collect::<Vec<_>>());
    }
}
