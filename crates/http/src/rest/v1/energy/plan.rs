//! `GET /v1/energy/plan`: what should be staked, whether staking or buying is cheaper, and whether a stake should be given up.

use sluice_api::energy::EnergyPlan;
use sluice_api::query::EnergyQuery;
use sluice_api::tag;
use sluice_core::amount::Cost;
use sluice_core::chain::ChainId;
use sluice_core::energy::advice::{Advice, Terms};
use sluice_core::energy::forecast::{MILLI, energy};
use sluice_core::energy::price::median_micro_sun;
use sluice_core::energy::stake::{Settings, Staking};
use sluice_core::energy::unstake::{Facts, MONTHS, WEEKS, Why, reasons, steps};
use sluice_core::ledger::Account;
use sluice_core::partner::Partner;
use sluice_core::port::chain::ChainError;
use sluice_core::port::reader::{By, WalletView};
use sluice_core::resource::{ENERGY_NEW, Network};
use sluice_core::time::Timestamp;

use super::{chain_of, forecast_of, heard, lanes, tokens};
use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::rest::v1::treasury::whose;
use crate::wire::energy::outlook::{advice, staking, unstaking};
use crate::wire::energy::{micro_sun, sun};
use crate::wire::time;

const DAY_MS: i64 = 86_400_000;
const DAY_US: i64 = DAY_MS * 1_000;
/// Days of a month.
const MONTH_DAYS: usize = 30;
/// Days of a week.
const WEEK_DAYS: usize = 7;

pub(crate) async fn run(call: Call) -> Answer {
    let query: EnergyQuery = call.query()?;
    let partner = whose(&call, query.partner.as_deref()).await?;
    let chain = chain_of(&call, query.chain.as_deref(), "?chain")?;
    let views = call.reader().wallets_of(Some(partner.id)).await?;
    let read = views.iter().filter(|view| view.wallet.chain == chain).filter_map(|view| view.power);
    // What the network gives a stake is told to each account: as it was told last.
    let Some(read) = read.filter(|it| it.resources.network != Network::default()).max_by_key(|it| it.at)
    else {
        return Err(unread(chain, "no wallet's energy was read yet"));
    };
    let network = read.resources.network;
    let none = || unread(chain, "stakes of the network yield no energy");
    let (forecast, _) = forecast_of(&call, &partner, chain).await?;
    let day_energy = energy(forecast.largest_day_milli(), ENERGY_NEW);
    let plan =
        Staking::of(day_energy, staked(&views, chain), &network, &Settings::usual()).ok_or_else(none)?;
    let terms = Terms::usual();
    let stake_price = terms.energy_micro_sun(&network).ok_or_else(none)?;
    let market = median_micro_sun(&heard(&call, chain, call.now.plus_ms(-7 * DAY_MS)).await?);
    let advised = market.map(|market| Advice::of(market, stake_price));
    let port = call.ports().chains.get(&chain).ok_or_else(Reject::not_found)?;
    let burn_price = port.conditions().await?.energy_sun.saturating_mul(1_000_000);
    let days = days(&call, &partner, chain).await?;
    let facts = Facts {
        months_used: months_used(&days, network.yields(plan.staked)),
        weeks: sums(&days, WEEK_DAYS, 2 * WEEKS),
        advice: advised,
        lanes: lanes(&views, chain).filter(|view| view.wallet.takes_work()).count(),
    };
    let why = if plan.staked == Cost::ZERO { vec![] } else { reasons(&facts) };
    let given_up = match () {
        () if why.contains(&Why::Shutdown) => Some((plan.staked, Cost(plan.reserve.0.min(plan.staked.0)))),
        // What is needed stays, and with it what is kept to the last.
        () if !why.is_empty() => Some((plan.beyond(), Cost::ZERO)),
        () => None,
    };
    let steps = given_up.map_or(vec![], |(stake, last)| steps(stake, last, terms.exit_days, call.now));
    ok(&EnergyPlan {
        object: tag::EnergyPlan::Is,
        partner_id: partner.id.to_string(),
        chain: chain.to_string(),
        network_energy: network.energy,
        network_stake: sluice_api::text::Decimal::new(network.stake_trx.to_string()),
        staking: staking(&plan),
        stake_price: micro_sun(stake_price),
        market_price: market.map(micro_sun),
        burn_price: micro_sun(burn_price),
        advice: advised.map(advice),
        yearly_bps: terms.yearly_bps,
        exit_days: terms.exit_days,
        unstaking: unstaking(&why, &steps, sun),
        read_at: time(read.at),
        at: time(call.now),
    })
}

/// What the plan rests on is not known: a later try may find it.
fn unread(chain: ChainId, why: &str) -> Reject {
    ChainError::Down { chain: chain.to_string(), why: why.into() }.into()
}

/// TRX that the wallets of a chain have staked, by the books, lent or not.
fn staked(views: &[WalletView], chain: ChainId) -> Cost {
    let of_chain = views.iter().filter(|view| view.wallet.chain == chain).flat_map(|view| &view.books);
    let staked = of_chain.filter(|(_, account, _)| matches!(account, Account::Staked | Account::Lent));
    let atoms = staked.fold(0i128, |sum, (.., atoms)| sum.saturating_add(i128::from(*atoms)));
    // What was staked before a wallet was adopted is in no account.
    Cost(u128::try_from(atoms).unwrap_or_default())
}

/// Payouts of each whole day (UTC), yesterday first; `None` for one on which the partner was not there all the time.
async fn days(call: &Call, partner: &Partner, chain: ChainId) -> Result<Vec<Option<u64>>, Reject> {
    let count = (MONTHS * MONTH_DAYS).max(2 * WEEKS * WEEK_DAYS);
    let today =
        Timestamp::from_micros(call.now.micros().saturating_sub(call.now.micros().rem_euclid(DAY_US)));
    let day = |back: usize| today.plus_ms(i64::try_from(back).unwrap_or(i64::MAX).saturating_mul(-DAY_MS));
    let tokens = tokens(call, chain).await?;
    let paid = call.reader().paid_by(partner.id, By::Day, &tokens, day(count), today).await?;
    let came = |at: Timestamp| paid.iter().find(|(day, _)| *day == at).map_or(0, |(_, payouts)| *payouts);
    Ok((1..=count).map(day).map(|at| (at >= partner.created_at).then(|| came(at))).collect())
}

/// Payouts of so many days together, the last ones first; `None` for a span of which a day is unknown.
fn sums(days: &[Option<u64>], each: usize, count: usize) -> Vec<Option<u64>> {
    let sum =
        |span: &[Option<u64>]| span.iter().copied().try_fold(0u64, |sum, day| Some(sum.saturating_add(day?)));
    days.chunks_exact(each).take(count).map(sum).collect()
}

/// Share of what the stake yields that payouts used at most in each month, per cent.
fn months_used(days: &[Option<u64>], day_energy: Option<u64>) -> Vec<Option<u8>> {
    let month = day_energy.unwrap_or(0).saturating_mul(MONTH_DAYS as u64);
    let used = |payouts: u64| {
        let used = u128::from(energy(payouts.saturating_mul(MILLI), ENERGY_NEW)) * 100;
        let percent = used.checked_div(u128::from(month))?;
        Some(u8::try_from(percent.min(100)).unwrap_or(100))
    };
    sums(days, MONTH_DAYS, MONTHS).into_iter().map(|payouts| payouts.and_then(used)).collect()
}
