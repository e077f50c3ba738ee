//! In: what was paid, what was read of lanes, and what vendors asked. Out: what is expected of a partner's payouts on a chain of
//! TRON, when a lane's energy runs out, and what payouts would take. Nothing is ordered; a price that was asked for is kept.

use futures_util::future::join_all;
use sluice_core::access::Actor;
use sluice_core::amount::Cost;
use sluice_core::chain::ChainId;
use sluice_core::energy::depletion::{Depletion, depletion};
use sluice_core::energy::forecast::{DAYS, Forecast, History, MILLI};
use sluice_core::energy::mode::Level;
use sluice_core::energy::price::{Heard, Span, total_sun};
use sluice_core::event::Cause;
use sluice_core::partner::Partner;
use sluice_core::port::Ports;
use sluice_core::port::chain::{ChainError, Preflight, Trial};
use sluice_core::port::market::{QuoteRequest, VendorId};
use sluice_core::port::store::{Change, StoreError};
use sluice_core::resource::ENERGY_NEW;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Wallet;

/// A price that was heard so long ago is asked for again, milliseconds.
pub const FRESH_MS: i64 = 300_000;
const HOUR_MS: i64 = 3_600_000;

/// The hours of a partner's last days: those that are known whole, and what came in them. `None` for an unknown zone.
pub fn history(partner: &Partner, paid: &[(Timestamp, u64)], now: Timestamp) -> Option<History> {
    let zone = partner.zone.as_str();
    let start = |at: Timestamp| Timestamp::start_of(&at.day_in(zone)?, zone);
    let today = start(now)?;
    let mut history = History::default();
    let mut end = today;
    for _ in 0..DAYS {
        let from = start(end.plus_ms(-1))?;
        if from < partner.created_at {
            break;
        }
        history.know(from.weekday_and_hour_in(zone)?.0);
        end = from;
    }
    // `end` is where the known days begin.
    for (at, payouts) in paid.iter().filter(|(at, _)| (end..today).contains(at)) {
        let (weekday, hour) = at.weekday_and_hour_in(zone)?;
        history.add(weekday, hour, *payouts);
    }
    Some(history)
}

/// From when on payouts are looked at for [`history`]: somewhat before the first day, whatever the zone.
pub fn history_from(now: Timestamp) -> Timestamp {
    let days = i64::try_from(DAYS).unwrap_or(i64::MAX).saturating_add(2);
    now.plus_ms(days.saturating_mul(-24 * HOUR_MS))
}

/// When a lane's own energy will not do, where `lanes` share what is expected evenly. `None` where it will for a week, it has none
/// of its own, or the zone is unknown.
pub fn depletes_at(
    forecast: &Forecast,
    level: Level,
    lanes: usize,
    zone: &str,
    now: Timestamp,
) -> Option<Timestamp> {
    let (weekday, hour) = now.weekday_and_hour_in(zone)?;
    let lanes = u64::try_from(lanes.max(1)).unwrap_or(u64::MAX);
    let needs = Forecast::hours_from(weekday, hour)
        .map(|(weekday, hour)| forecast.hour_energy(weekday, hour, ENERGY_NEW).div_ceil(lanes));
    match depletion(level, needs) {
        Depletion::In { hours } => Some(now.plus_ms(i64::from(hours).saturating_mul(HOUR_MS))),
        Depletion::Without | Depletion::NotAhead => None,
    }
}

/// Thousandths as whole payouts, rounded up.
pub const fn whole(payouts_milli: u64) -> u64 {
    payouts_milli.div_ceil(MILLI)
}

/// Energy of payouts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Taken {
    /// Payouts.
    pub payouts: u64,
    /// What of them was simulated.
    pub simulated: u64,
    /// Energy for all.
    pub energy: u64,
}

impl Taken {
    /// So many payments of a token, each to an account that holds none of it.
    pub const fn of(payouts: u64) -> Self {
        Self { payouts, simulated: 0, energy: payouts.saturating_mul(ENERGY_NEW) }
    }
}

/// Simulates payouts. What would fail now counts as one to an account that holds none of the token.
///
/// # Errors
/// [`ChainError`]: nothing can be simulated now.
pub async fn simulated(ports: &Ports, chain: ChainId, trials: &[Trial]) -> Result<Taken, ChainError> {
    let port = ports.chains.get(&chain).ok_or_else(|| unknown(chain))?;
    let mut taken = Taken::default();
    for verdict in port.preflight(trials).await? {
        taken.payouts = taken.payouts.saturating_add(1);
        match verdict {
            Preflight::Passes { gas, .. } => {
                taken.simulated = taken.simulated.saturating_add(1);
                taken.energy = taken.energy.saturating_add(gas);
            }
            Preflight::Fails(_) => taken.energy = taken.energy.saturating_add(ENERGY_NEW),
        }
    }
    Ok(taken)
}

fn unknown(chain: ChainId) -> ChainError {
    ChainError::Down { chain: chain.to_string(), why: "it is not configured".into() }
}

/// What a vendor asks, as last heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub vendor: VendorId,
    /// For so much energy: what was asked about, or the least it sells.
    pub energy: u64,
    /// For each energy, in millionths of a sun.
    pub micro_sun: u64,
    /// For all of it, in sun.
    pub cost: Cost,
    /// When it was heard.
    pub at: Timestamp,
}

/// What each vendor asks for so much energy: as it was heard a while ago, or asked now and kept, so that vendors are not asked by
/// everybody who is curious. One that names no price is left out. The cheapest first.
///
/// # Errors
/// [`StoreError`]: what was asked could not be kept.
pub async fn asked(
    ports: &Ports,
    lane: &Wallet,
    energy: u64,
    heard: &[Span],
    now: Timestamp,
) -> Result<Vec<Asked>, StoreError> {
    let (Some(supply), Some(receiver)) = (ports.energy.get(&lane.chain), lane.address.tron()) else {
        return Ok(vec![]);
    };
    let market = &supply.market;
    let fresh = |vendor: &VendorId| {
        let of_vendor =
            heard.iter().filter(|span| span.vendor == *vendor && now.since_ms(span.last_at) < FRESH_MS);
        of_vendor.max_by_key(|span| span.last_at)
    };
    let asking = market.vendors().iter().filter(|facts| fresh(&facts.id).is_none()).map(|facts| async move {
        let request = QuoteRequest {
            receiver,
            energy: energy.clamp(facts.energy_min, facts.energy_max.max(facts.energy_min)),
            duration_s: facts.durations.at_least(supply.policy.rent_s).unwrap_or(supply.policy.rent_s),
        };
        market.quote(&facts.id, &request).await.ok().and_then(|quote| Heard::of(lane.chain, &quote, now))
    });
    let new: Vec<Heard> = join_all(asking).await.into_iter().flatten().collect();
    if !new.is_empty() {
        let cause = Cause { actor: Actor::System("outlook"), reason: "prices".into(), at: now };
        let change = Change { heard: new.clone(), cause: Some(cause), ..Change::default() };
        ports.store.apply(None, vec![change]).await?;
    }
    let price = |vendor: &VendorId| match new.iter().find(|heard| heard.vendor == *vendor) {
        Some(heard) => Some((heard.micro_sun, heard.at)),
        None => fresh(vendor).map(|span| (span.last_micro_sun, span.last_at)),
    };
    let mut told: Vec<Asked> = market
        .vendors()
        .iter()
        .filter_map(|facts| {
            let ((micro_sun, at), energy) = (price(&facts.id)?, energy.max(facts.energy_min));
            Some(Asked {
                vendor: facts.id.clone(),
                energy,
                micro_sun,
                cost: total_sun(micro_sun, energy),
                at,
            })
        })
        .collect();
    told.sort_by_key(|asked| asked.cost);
    Ok(told)
}
