//! `GET /v1/energy/forecast`: what payouts are expected by hour and weekday, and the energy for them.

use sluice_api::energy::EnergyForecast;
use sluice_api::query::EnergyQuery;
use sluice_api::tag;
use sluice_core::energy::forecast::{Forecast, WEEK};
use sluice_core::resource::{ENERGY_HOLDER, ENERGY_NEW};
use sluice_core::time::Timestamp;

use super::{chain_of, forecast_of};
use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::rest::v1::treasury::whose;
use crate::wire::energy::outlook::{basis, hour, milli};
use crate::wire::time;

/// Hours that are told: two days.
const HOURS: usize = 48;
const HOUR_MS: i64 = 3_600_000;

pub(crate) async fn run(call: Call) -> Answer {
    let query: EnergyQuery = call.query()?;
    let partner = whose(&call, query.partner.as_deref()).await?;
    let chain = chain_of(&call, query.chain.as_deref(), "?chain")?;
    let (forecast, days_known) = forecast_of(&call, &partner, chain).await?;
    // The hour that has begun, in the partner's zone.
    let now =
        Timestamp::from_micros(0).plus_ms(call.now.millis().div_euclid(HOUR_MS).saturating_mul(HOUR_MS));
    let unknown = || Reject::internal("the zone of a partner is none");
    let (weekday, first) = now.weekday_and_hour_in(&partner.zone).ok_or_else(unknown)?;
    let hours = Forecast::hours_from(weekday, first).take(HOURS).enumerate();
    let next = hours.map(|(ahead, (weekday, of_day))| {
        let from = now.plus_ms(i64::try_from(ahead).unwrap_or(0).saturating_mul(HOUR_MS));
        hour(&forecast, from, weekday, of_day)
    });
    ok(&EnergyForecast {
        object: tag::EnergyForecast::Is,
        partner_id: partner.id.to_string(),
        chain: chain.to_string(),
        days_known,
        days: basis(forecast.days),
        hours: basis(forecast.hours),
        week_payouts: milli(forecast.week_milli),
        weekdays: (0..WEEK).map(|weekday| milli(forecast.day_milli(weekday))).collect(),
        energy_each_low: ENERGY_HOLDER,
        energy_each_high: ENERGY_NEW,
        next: next.collect(),
        at: time(call.now),
    })
}
