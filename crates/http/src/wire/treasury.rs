//! Treasuries, and what withdrawals that wait need.

use sluice_api::text::Decimal;
use sluice_api::treasury::{
    ExpectedOutflow, FundingFuel, FundingRequirement, OutflowBasis, Proposal as WireProposal, ProposalKind,
    TargetConflict, TreasuryAsset, TreasuryTier, Uncovered,
};
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::treasury::{Basis, Fuel, Outflow, Proposal, Purse, Requirement, WHOLE_BPS, Why};
use sluice_core::wallet::Tier;
use sluice_flow::treasury::Overview;

use super::wallet::role;
use super::{amount, coin_decimals, time, units};

/// One asset of a treasury.
pub(crate) fn asset(of: &Overview) -> TreasuryAsset {
    let told = |sum: Amount| amount(sum, of.asset.precision);
    let total = of.held.total();
    TreasuryAsset {
        chain: of.asset.id.chain.to_string(),
        asset: of.asset.id.to_string(),
        symbol: of.asset.symbol.clone(),
        outflow: outflow(&of.outflow, &told),
        tiers: Tier::ALL.iter().map(|it| tier(*it, of, &told)).collect(),
        total: told(total),
        cold_share_bps: share_bps(of.held.cold, total),
        conflict: of.conflict.map(|it| TargetConflict {
            online_wanted: told(it.online_wanted),
            online_allowed: told(it.online_allowed),
        }),
        proposals: of.plan.proposals.iter().map(|it| proposal(it, &told)).collect(),
        uncovered: Uncovered {
            hot: told(of.plan.hot_uncovered),
            warm: told(of.plan.warm_uncovered),
            sweep: told(of.plan.sweep_uncovered),
        },
        as_of: of.as_of.map(time),
        unread: of.unread.iter().map(ToString::to_string).collect(),
    }
}

fn outflow(of: &Outflow, told: &impl Fn(Amount) -> Decimal) -> ExpectedOutflow {
    let days = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    ExpectedOutflow {
        day: told(of.day),
        week: told(of.week),
        peak: of.peak.map(told),
        basis: match of.basis {
            Basis::History => OutflowBasis::History,
            Basis::Partial => OutflowBasis::Partial,
            Basis::Configured => OutflowBasis::Configured,
            Basis::Unknown => OutflowBasis::Unknown,
        },
        days_known: days(of.days_known),
        days_missing: days(of.days_missing()),
    }
}

fn tier(tier: Tier, of: &Overview, told: &impl Fn(Amount) -> Decimal) -> TreasuryTier {
    let purses = || of.purses.iter().filter(|purse| purse.tier == tier);
    let sum = |of: fn(&Purse) -> Amount| told(purses().map(of).fold(Amount::ZERO, Amount::saturating_add));
    TreasuryTier {
        role: role(tier),
        holds: sum(|purse| purse.holds),
        free: sum(|purse| purse.free),
        target: match tier {
            Tier::Hot => Some(told(of.targets.hot)),
            Tier::Warm => Some(told(of.targets.warm)),
            Tier::Cold => Some(told(of.targets.cold_min)),
            Tier::Safe => None,
        },
        wallets: purses().map(|purse| purse.wallet.to_string()).collect(),
    }
}

fn proposal(of: &Proposal, told: &impl Fn(Amount) -> Decimal) -> WireProposal {
    WireProposal {
        kind: match of.why {
            Why::BelowTarget => ProposalKind::Refill,
            Why::AboveTarget => ProposalKind::Sweep,
        },
        from: of.from.to_string(),
        to: of.to.to_string(),
        amount: told(of.amount),
    }
}

/// Rounded down: a share that is a little too small is never told as enough.
fn share_bps(part: Amount, whole: Amount) -> Option<u32> {
    let bps = i128::from(part.atoms()).saturating_mul(i128::from(WHOLE_BPS));
    bps.checked_div(i128::from(whole.atoms())).and_then(|bps| u32::try_from(bps).ok())
}

/// What is needed of an asset.
pub(crate) fn funding(
    asset: &Asset,
    withdrawals: u64,
    found: &Requirement,
    fuel: Option<&Fuel>,
) -> FundingRequirement {
    let told = |sum: Amount| amount(sum, asset.precision);
    FundingRequirement {
        asset: asset.id.to_string(),
        withdrawals,
        needed: told(found.need.needed),
        current: told(found.need.current),
        reserved: told(found.need.reserved),
        shortage: told(found.shortage),
        fuel: fuel.and_then(|fuel| of_fuel(asset, fuel)),
    }
}

fn of_fuel(asset: &Asset, fuel: &Fuel) -> Option<FundingFuel> {
    let chain = asset.id.chain;
    let coin = sluice_core::chain::ChainProfile::known(chain).map(|profile| Asset::native(&profile))?;
    let told = |cost: u128| Decimal::new(units(&cost.to_string(), coin_decimals(chain.family)));
    Some(FundingFuel {
        coin: coin.id.to_string(),
        units: fuel.units(),
        units_short: fuel.units_short(),
        needed: told(fuel.cost().0),
        current: told(fuel.coin),
        shortage: told(fuel.shortage().0),
    })
}
