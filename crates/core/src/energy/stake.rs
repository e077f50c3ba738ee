//! How much should be staked for what is expected of a day, and how it falls to the sources of energy.
//!
//! The base is stated once: energy of the largest day of the forecast. One margin goes on top of it. What is staked, leased and
//! bought are shares of that, and a reserve is a share of the stake; nothing is added to anything twice.

use crate::amount::Cost;
use crate::resource::Network;

/// How a plan is made. Shares in per cent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Above the largest day.
    pub margin_percent: u32,
    /// Of all energy: from own stakes.
    pub own_percent: u32,
    /// Of all energy: leased for months.
    pub lease_percent: u32,
    /// Of the stake: given up last.
    pub reserve_percent: u32,
}

impl Settings {
    /// 20 % above the largest day; 60 % staked, 25 % leased for months and the rest bought as it is needed; a tenth of the stake
    /// kept to the last (requirements J-02, J-08, J-11).
    pub const fn usual() -> Self {
        Self { margin_percent: 20, own_percent: 60, lease_percent: 25, reserve_percent: 10 }
    }
}

/// What should be there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Staking {
    /// Energy of the largest day of the forecast.
    pub day_energy: u64,
    /// The same with its margin: the base of everything below.
    pub wanted_energy: u64,
    /// Of that: from own stakes.
    pub own_energy: u64,
    /// Of that: leased for months.
    pub lease_energy: u64,
    /// Of that: bought as it is needed.
    pub spot_energy: u64,
    /// The stake for its own part.
    pub stake: Cost,
    /// What of the stake is given up last.
    pub reserve: Cost,
    /// What is staked now.
    pub staked: Cost,
}

impl Staking {
    /// For a day; `None` where stakes yield nothing, or past what a number holds.
    pub fn of(day_energy: u64, staked: Cost, network: &Network, settings: &Settings) -> Option<Self> {
        let wanted_energy = percent_up(day_energy, settings.margin_percent.saturating_add(100));
        let own_energy = percent_up(wanted_energy, settings.own_percent).min(wanted_energy);
        let rest = wanted_energy.saturating_sub(own_energy);
        let lease_energy = percent_up(wanted_energy, settings.lease_percent).min(rest);
        let stake = network.stake_for(own_energy)?;
        Some(Self {
            day_energy,
            wanted_energy,
            own_energy,
            lease_energy,
            spot_energy: rest.saturating_sub(lease_energy),
            stake,
            reserve: Cost(
                stake.0.checked_mul(u128::from(settings.reserve_percent))?.div_ceil(100).min(stake.0),
            ),
            staked,
        })
    }

    /// What is still to be staked.
    pub fn lacking(&self) -> Cost {
        Cost(self.stake.0.saturating_sub(self.staked.0))
    }

    /// What is staked beyond it.
    pub fn beyond(&self) -> Cost {
        Cost(self.staked.0.saturating_sub(self.stake.0))
    }
}

fn percent_up(of: u64, percent: u32) -> u64 {
    u64::try_from((u128::from(of) * u128::from(percent)).div_ceil(100)).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resource::SUN;

    const TODAY: Network = Network { energy: 180_000_000_000, stake_trx: 19_000_000_000 };

    // J-02: 100 transfers a day to holders, 20 % margin: 7,714,200 energy. 60 % of it staked: 4,628,520 energy, 488,566 TRX.
    #[test]
    fn the_margin_goes_on_the_base_once() {
        let plan = Staking::of(6_428_500, Cost(400_000 * SUN), &TODAY, &Settings::usual()).unwrap();
        assert_eq!((plan.day_energy, plan.wanted_energy), (6_428_500, 7_714_200));
        assert_eq!((plan.own_energy, plan.lease_energy, plan.spot_energy), (4_628_520, 1_928_550, 1_157_130));
        assert_eq!(
            plan.own_energy + plan.lease_energy + plan.spot_energy,
            plan.wanted_energy,
            "X27: 100 %, not 160 %"
        );
        assert_eq!((plan.stake, plan.reserve), (Cost(488_566_000_000), Cost(48_856_600_000)));
        assert_eq!((plan.lacking(), plan.beyond()), (Cost(88_566_000_000), Cost::ZERO));
        let rich = Staking { staked: Cost(500_000 * SUN), ..plan };
        assert_eq!((rich.lacking(), rich.beyond()), (Cost::ZERO, Cost(11_434_000_000)));
    }

    #[test]
    fn shares_that_are_more_than_all_are_all() {
        let greedy =
            Settings { own_percent: 80, lease_percent: 50, reserve_percent: 200, ..Settings::usual() };
        let plan = Staking::of(100_000, Cost::ZERO, &TODAY, &greedy).unwrap();
        assert_eq!((plan.own_energy, plan.lease_energy, plan.spot_energy), (96_000, 24_000, 0));
        assert_eq!(plan.reserve, plan.stake);
    }

    #[test]
    fn nothing_expected_wants_nothing_and_no_network_tells_nothing() {
        let idle = Staking::of(0, Cost(SUN), &TODAY, &Settings::usual()).unwrap();
        assert_eq!((idle.stake, idle.beyond()), (Cost::ZERO, Cost(SUN)));
        assert_eq!(Staking::of(1, Cost::ZERO, &Network::default(), &Settings::usual()), None);
    }
}
