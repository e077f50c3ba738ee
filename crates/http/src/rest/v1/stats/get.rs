//! `GET /v1/stats`: counts and sums withdrawals created in a range, by status and by type; the last 24 hours when nothing
//! is said. Amounts of different assets are never added.

use std::collections::BTreeMap;

use sluice_api::problem::{Code, Fault};
use sluice_api::query::StatsQuery;
use sluice_api::stats::{AssetSum, Stats, StatusTally, Tally, TypeTally};
use sluice_api::status::{Status, WithdrawalType};
use sluice_api::tag;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::port::reader::StatRow;
use sluice_core::time::Timestamp;

use crate::call::{Answer, Call, ok, query_time};
use crate::problem::Reject;
use crate::wire::withdrawal::{wire_status, wire_type};
use crate::wire::{amount, count, time};

/// The range when nothing is said, milliseconds.
const DAY_MS: i64 = 86_400_000;
/// The longest range, days.
const DAYS_MAX: i64 = 366;

pub(crate) async fn run(call: Call) -> Answer {
    let query: StatsQuery = call.query()?;
    let (from, to) = range(&query, call.now)?;
    let unknown = |text: &String| Fault::new(Code::AssetUnknown, "?asset").with("asset", text);
    let only =
        query.asset.as_ref().map(|text| AssetId::parse(text).map_err(|_| unknown(text))).transpose()?;
    let mut rows = call.reader().stats(call.caller.sees(), from, to).await?;
    rows.retain(|row| only.is_none_or(|asset| row.asset == asset));
    let assets = call.reader().assets_of(call.caller.sees()).await?;
    ok(&stats(from, to, &rows, &assets))
}

fn range(query: &StatsQuery, now: Timestamp) -> Result<(Timestamp, Timestamp), Reject> {
    let to = query_time(query.to.as_ref(), "to")?.unwrap_or(now);
    let from = query_time(query.from.as_ref(), "from")?.unwrap_or_else(|| to.plus_ms(-DAY_MS));
    if from > to || to.since_ms(from) > DAYS_MAX * DAY_MS {
        let value = query.from.as_ref().map_or_else(|| from.to_string(), ToString::to_string);
        return Err(Reject::time("?from", "from", value, to.plus_ms(-DAYS_MAX * DAY_MS), Some(to)));
    }
    Ok((from, to))
}

/// A count, and sums by asset.
#[derive(Default)]
struct Sum {
    count: i64,
    amounts: BTreeMap<AssetId, Amount>,
}

impl Sum {
    fn add(&mut self, row: &StatRow) {
        self.count = self.count.saturating_add(row.count);
        let sum = self.amounts.entry(row.asset).or_default();
        *sum = sum.checked_add(row.amount).unwrap_or(*sum);
    }

    fn tally(&self, assets: &[Asset]) -> Tally {
        let sum = |(id, sum): (&AssetId, &Amount)| {
            let precision = assets.iter().find(|asset| asset.id == *id).map_or(0, |asset| asset.precision);
            AssetSum { asset: id.to_string(), amount: amount(*sum, precision), fee: amount(Amount::ZERO, 0) }
        };
        Tally { count: count(self.count), amounts: self.amounts.iter().map(sum).collect() }
    }
}

fn stats(from: Timestamp, to: Timestamp, rows: &[StatRow], assets: &[Asset]) -> Stats {
    let (mut total, mut by_status, mut by_type) = (Sum::default(), BTreeMap::new(), BTreeMap::new());
    for row in rows {
        total.add(row);
        by_status.entry(wire_status(row.status)).or_insert_with(Sum::default).add(row);
        by_type.entry(wire_type(row.kind)).or_insert_with(Sum::default).add(row);
    }
    let of_status =
        |(status, sum): (&Status, &Sum)| StatusTally { status: *status, tally: sum.tally(assets) };
    let of_type = |(kind, sum): (&WithdrawalType, &Sum)| TypeTally { kind: *kind, tally: sum.tally(assets) };
    Stats {
        object: tag::Stats::Is,
        from: time(from),
        to: time(to),
        total: total.tally(assets),
        by_status: by_status.iter().map(of_status).collect(),
        by_type: by_type.iter().map(of_type).collect(),
    }
}
