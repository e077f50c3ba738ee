//! The test dollar's own figures: its owner, whether it is paused, its supply, and how dear its energy has become.

use super::{
    super::address::Address,
    params::{PRECISION, Param, Params},
};

/// What belongs to the token and to no holder.
#[derive(Debug, Clone, Default)]
pub(in crate::tron) struct Tether {
    pub(in crate::tron) contract: Option<Address>,
    pub(in crate::tron) owner: Option<Address>,
    pub(in crate::tron) paused: bool,
    pub(in crate::tron) supply: u128,
    /// The penalty on its energy, in ten-thousandths.
    pub(in crate::tron) factor: i64,
    /// Energy used in this maintenance period.
    pub(in crate::tron) used: i64,
    /// Energy that everybody else is taken to use in each maintenance period.
    pub(in crate::tron) traffic: i64,
    /// The maintenance period that the figures above are of.
    pub(in crate::tron) cycle: i64,
}

/// The penalty falls by a quarter of what it rises by.
const DECREASE_DIVISION: i128 = 4;
/// Periods without use that are counted one by one; after so many nothing is left of any penalty.
const CYCLES_MAX: i64 = 10_000;

impl Tether {
    /// Brings the penalty to this maintenance period: it rises after one of much use, and falls after quiet ones.
    pub(in crate::tron) fn catch_up(&mut self, cycle: i64, params: &Params) {
        if self.cycle == 0 {
            self.cycle = cycle;
        }
        let whole = i128::from(PRECISION);
        let step = i128::from(params.get(Param::DynamicEnergyIncreaseFactor));
        let busy = |used: i64| used > params.get(Param::DynamicEnergyThreshold);
        for _ in 0..CYCLES_MAX {
            if self.cycle >= cycle {
                return;
            }
            let factor = i128::from(self.factor).saturating_add(whole);
            self.factor = if busy(self.used.saturating_add(self.traffic)) {
                let raised = factor.saturating_mul(whole.saturating_add(step)) / whole - whole;
                i64::try_from(raised).unwrap_or(i64::MAX).min(params.get(Param::DynamicEnergyMaxFactor))
            } else {
                let kept = whole.saturating_sub(step / DECREASE_DIVISION);
                i64::try_from(factor.saturating_mul(kept) / whole - whole).unwrap_or(0).max(0)
            };
            self.used = 0;
            self.cycle = self.cycle.saturating_add(1);
        }
        self.cycle = cycle;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_penalty_rises_with_use_to_its_bound_and_falls_in_quiet() {
        let params = Params::default();
        let mut token = Tether { cycle: 1, factor: 0, used: 6_000_000_000, ..Tether::default() };
        token.catch_up(2, &params);
        assert_eq!((token.factor, token.used), (2_000, 0));
        token.traffic = 6_000_000_000;
        token.catch_up(30, &params);
        assert_eq!(token.factor, 34_000);
        token.traffic = 0;
        token.catch_up(31, &params);
        assert_eq!(token.factor, 31_800);
        token.catch_up(1_000_000, &params);
        assert_eq!((token.factor, token.cycle), (0, 1_000_000));
    }
}
