//! `GET /v1/treasury`: for each asset of a partner what its tiers hold and should hold, what is expected to leave, where the
//! targets are in conflict, and what is proposed. Nothing is moved.

use std::collections::BTreeMap;

use sluice_api::query::TreasuryQuery;
use sluice_api::tag;
use sluice_api::treasury::Treasury;
use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::partner::Partner;
use sluice_core::port::reader::StatRow;
use sluice_core::time::Timestamp;
use sluice_core::treasury::History;
use sluice_core::treasury::outflow::DAYS;
use sluice_core::withdrawal::Status;
use sluice_flow::treasury::Overview;

use super::whose;
use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::wire::time;
use crate::wire::treasury::asset;

pub(crate) async fn run(call: Call) -> Answer {
    let query: TreasuryQuery = call.query()?;
    let partner = whose(&call, query.partner.as_deref()).await?;
    let days = days(&call, &partner).await?;
    let views = call.reader().wallets_of(Some(partner.id)).await?;
    let stops = call.ports().store.stops().await?;
    let settings = &call.server.api.treasury;
    let mut assets = Vec::new();
    for known in call.reader().assets_of(Some(partner.id)).await? {
        let history = history(known.id, &days);
        assets.extend(Overview::of(known, &views, &stops, &history, settings, call.now));
    }
    ok(&Treasury {
        object: tag::Treasury::Is,
        partner_id: partner.id.to_string(),
        hot_of_day_bps: settings.hot_of_day_bps,
        warm_of_week_bps: settings.warm_of_week_bps,
        cold_share_bps: settings.cold_share_bps,
        sweep_threshold: settings.sweep_threshold,
        assets: assets.iter().map(asset).collect(),
        at: time(call.now),
    })
}

/// What was ordered on a day, by asset; `None` for a day on which the partner was not there all the time.
type Day = Option<BTreeMap<AssetId, Amount>>;

/// The last days in the partner's zone, yesterday first. Orders count on the day they were accepted; what was refused or
/// called off has not left.
async fn days(call: &Call, partner: &Partner) -> Result<Vec<Day>, Reject> {
    let unknown = || Reject::internal("the zone of a partner is none");
    let start = |at: Timestamp| Timestamp::start_of(&at.day_in(&partner.zone)?, &partner.zone);
    let mut end = start(call.now).ok_or_else(unknown)?;
    let mut days = Vec::with_capacity(DAYS);
    for _ in 0..DAYS {
        let from = start(end.plus_ms(-1)).ok_or_else(unknown)?;
        days.push(match from < partner.created_at {
            true => None,
            false => Some(left(&call.reader().stats(Some(partner.id), from, end).await?)),
        });
        end = from;
    }
    Ok(days)
}

fn left(rows: &[StatRow]) -> BTreeMap<AssetId, Amount> {
    let mut sums: BTreeMap<AssetId, Amount> = BTreeMap::new();
    let gone = |row: &&StatRow| match row.status {
        Status::Rejected | Status::Cancelled | Status::Failed => false,
        Status::Pending
        | Status::Held
        | Status::Approved
        | Status::Queued
        | Status::WalletFunded
        | Status::EnergyRequested
        | Status::EnergyReceived
        | Status::Processing
        | Status::Signing
        | Status::Broadcast
        | Status::Confirming
        | Status::Completed
        | Status::NeedsAttention => true,
    };
    for row in rows.iter().filter(gone) {
        let sum = sums.entry(row.asset).or_default();
        *sum = sum.saturating_add(row.amount);
    }
    sums
}

fn history(asset: AssetId, days: &[Day]) -> History {
    let of_asset = |day: &BTreeMap<AssetId, Amount>| day.get(&asset).copied().unwrap_or_default();
    History::of(days.iter().map(|day| day.as_ref().map(of_asset)))
}
