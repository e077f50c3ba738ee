//! What is expected of payouts, and what should be staked for them.

use sluice_api::energy::{
    EnergyAdvice, ForecastBasis, ForecastHour, Staking as WireStaking, UnstakeReason, UnstakeStep, Unstaking,
};
use sluice_api::text::Decimal;
use sluice_core::amount::Cost;
use sluice_core::energy::advice::Advice;
use sluice_core::energy::forecast::{Basis, Forecast};
use sluice_core::energy::stake::Staking;
use sluice_core::energy::unstake::{Step, Why};
use sluice_core::resource::{ENERGY_HOLDER, ENERGY_NEW};
use sluice_core::time::Timestamp;

use super::super::{time, units};
use super::sun;

/// Thousandths of payouts.
pub(crate) fn milli(payouts_milli: u64) -> Decimal {
    Decimal::new(units(&payouts_milli.to_string(), 3))
}

/// Where a shape comes from.
pub(crate) const fn basis(basis: Basis) -> ForecastBasis {
    match basis {
        Basis::History => ForecastBasis::History,
        Basis::Usual => ForecastBasis::Usual,
        Basis::Unknown => ForecastBasis::Unknown,
    }
}

/// An hour of a weekday.
pub(crate) fn hour(forecast: &Forecast, from: Timestamp, weekday: usize, hour: usize) -> ForecastHour {
    ForecastHour {
        from: time(from),
        payouts: milli(forecast.hour_milli(weekday, hour)),
        energy_low: forecast.hour_energy(weekday, hour, ENERGY_HOLDER),
        energy_high: forecast.hour_energy(weekday, hour, ENERGY_NEW),
    }
}

/// To stake or to buy.
pub(crate) const fn advice(advice: Advice) -> EnergyAdvice {
    match advice {
        Advice::Buy => EnergyAdvice::Buy,
        Advice::Stake => EnergyAdvice::Stake,
        Advice::Mixed => EnergyAdvice::Mixed,
    }
}

/// What should be staked.
pub(crate) fn staking(plan: &Staking) -> WireStaking {
    WireStaking {
        day_energy: plan.day_energy,
        wanted_energy: plan.wanted_energy,
        own_energy: plan.own_energy,
        lease_energy: plan.lease_energy,
        spot_energy: plan.spot_energy,
        stake: sun(plan.stake),
        reserve: sun(plan.reserve),
        staked: sun(plan.staked),
        lacking: sun(plan.lacking()),
        beyond: sun(plan.beyond()),
    }
}

/// Whether a stake should be given up, and how.
pub(crate) fn unstaking(reasons: &[Why], steps: &[Step], told: impl Fn(Cost) -> Decimal) -> Unstaking {
    let reason = |why: &Why| match why {
        Why::UsedLittle => UnstakeReason::UsedLittle,
        Why::VolumeFell => UnstakeReason::VolumeFell,
        Why::MarketCheaper => UnstakeReason::MarketCheaper,
        Why::Shutdown => UnstakeReason::Shutdown,
    };
    let step = |step: &Step| UnstakeStep {
        at: time(step.at),
        usable_at: time(step.usable_at),
        stake: told(step.stake),
        reserve: step.reserve,
    };
    Unstaking { reasons: reasons.iter().map(reason).collect(), steps: steps.iter().map(step).collect() }
}
