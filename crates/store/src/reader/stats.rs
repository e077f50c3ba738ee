//! Counts and sums. What has ended is counted as it ends (`engine/tally.rs`), an hour and a day of acceptance at a time:
//! a range costs what of it is open, what its first and last hour hold, and the tallies between, however long the history.

use std::ops::Range;

use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::id::PartnerId;
use sluice_core::port::reader::StatRow;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Status, Type};

use super::filter::EVERY_PARTNER;
use super::query::Query;
use crate::engine::LIST_MAX;
use crate::engine::unread::Found;
use crate::row;
use crate::row::Unread;
use crate::row::cells::Cells;
use crate::sql::{Conn, Row, SqlError};

/// Amounts are summed in two halves. A refused request may name any amount, so the sum of two can be more than a BIGINT
/// holds: SQLite would fail and PostgreSQL answer a type that the seam does not carry.
pub(crate) const HALF: i64 = 1_000_000_000;
/// The spans of tallies, microseconds.
pub(crate) const HOUR_US: i64 = 3_600_000_000;
pub(crate) const DAY_US: i64 = 24 * HOUR_US;

pub(super) async fn of(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Found<Vec<StatRow>>, SqlError> {
    let rows = counted(partner, from, to).rows(conn, LIST_MAX).await?;
    Ok(row::read(&rows, read))
}

pub(super) fn counted(partner: Option<PartnerId>, from: Timestamp, to: Timestamp) -> Query {
    let parts = Parts::of(from.micros(), to.micros());
    let columns = "status, type, asset, cast(sum(n) as bigint) as n, cast(sum(high) as bigint) as high,
        cast(sum(low) as bigint) as low";
    let mut query = Query::new("select ").and(columns).and(
        " from (select null as status, null as type,
        null as asset, 0 as n, 0 as high, 0 as low where false",
    );
    let of_withdrawals = " union all select status, type, asset, 1, amount / 1000000000, amount % 1000000000
        from withdrawal w where w.pinned_to is null and w.accepted_at >= ? and w.accepted_at < ?";
    for edge in parts.edges {
        query = query.with(of_withdrawals, [edge.start.into(), edge.end.into()]);
        query = query.tenant(" and w.partner_id = ?", partner);
    }
    if !parts.whole.is_empty() {
        query = query.with(of_withdrawals, [parts.whole.start.into(), parts.whole.end.into()]);
        query = whose(query.and(" and w.ended_at is null"), partner);
    }
    for (span, starts) in parts.spans {
        let of_tallies = " union all select status, type, asset, count, high, low
            from withdrawal_tally w where w.span = ? and w.start >= ? and w.start < ?";
        query = whose(query.with(of_tallies, [span.into(), starts.start.into(), starts.end.into()]), partner);
    }
    // What was opened again leaves a tally of none behind.
    query.and(") counted group by status, type, asset having sum(n) <> 0 order by status, type, asset")
}

/// Narrows to a tenant by an index that begins with one.
fn whose(query: Query, partner: Option<PartnerId>) -> Query {
    match partner {
        Some(_) => query.tenant(" and w.partner_id = ?", partner),
        None => query.and(EVERY_PARTNER),
    }
}

/// A range, cut into what is counted by itself and what has been counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Parts {
    /// Before its first whole hour and behind its last one.
    edges: Vec<Range<i64>>,
    /// Its whole hours.
    whole: Range<i64>,
    /// The same, by days where they are whole, and by hours.
    spans: Vec<(i64, Range<i64>)>,
}

impl Parts {
    fn of(from: i64, to: i64) -> Self {
        let whole = up(from, HOUR_US)..down(to, HOUR_US);
        if whole.is_empty() {
            return Self { edges: some([from..to, to..to]), ..Self::default() };
        }
        let edges = some([from..whole.start, whole.end..to]);
        let days = up(whole.start, DAY_US)..down(whole.end, DAY_US);
        let (hours, days) = match days.is_empty() {
            true => (some([whole.clone()]), vec![]),
            false => (some([whole.start..days.start, days.end..whole.end]), vec![(DAY_US, days)]),
        };
        let spans = days.into_iter().chain(hours.into_iter().map(|range| (HOUR_US, range))).collect();
        Self { edges, whole, spans }
    }
}

fn some<const N: usize>(ranges: [Range<i64>; N]) -> Vec<Range<i64>> {
    ranges.into_iter().filter(|range| !range.is_empty()).collect()
}

/// The last whole one at or before a time.
const fn down(at: i64, span: i64) -> i64 {
    at.saturating_sub(at.rem_euclid(span))
}

/// The first whole one at or after a time.
const fn up(at: i64, span: i64) -> i64 {
    let before = down(at, span);
    if before == at { at } else { before.saturating_add(span) }
}

fn read(row: &Row) -> Result<StatRow, Unread> {
    let cells = Cells::of("withdrawal", "asset", row);
    Ok(StatRow {
        status: cells.parsed("status", |text| Status::parse(text).ok_or(()))?,
        kind: cells.parsed("type", |text| Type::parse(text).ok_or(()))?,
        asset: cells.parsed("asset", AssetId::parse)?,
        count: cells.int("n")?,
        amount: total(cells.int("high")?, cells.int("low")?),
    })
}

/// The largest amount when the sum is larger: figures for people, and no reason to answer none of them.
fn total(high: i64, low: i64) -> Amount {
    let most = Amount::from_atoms(i64::MAX).unwrap_or_default();
    let atoms = high.checked_mul(HALF).and_then(|high| high.checked_add(low));
    atoms.and_then(Amount::from_atoms).unwrap_or(most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_range_hold_each_moment_once() {
        let (hour, day) = (HOUR_US, DAY_US);
        for (from, to) in [
            (0, 0),
            (5, 3),
            (0, day),
            (1, hour),
            (1, 2 * hour),
            (1, 2 * hour + 1),
            (hour, 3 * day),
            (day - 1, day + 1),
            (day - hour, 2 * day + hour + 7),
            (day + 1, 2 * day - 1),
            (-3 * hour - 1, 40 * day + 5),
        ] {
            let parts = Parts::of(from, to);
            let mut all: Vec<Range<i64>> = parts.edges.clone();
            all.extend(parts.spans.iter().map(|(_, range)| range.clone()));
            all.sort_by_key(|range| range.start);
            let mut at = from;
            for range in &all {
                assert_eq!(range.start, at, "{from}..{to}: {parts:?}");
                at = range.end;
            }
            assert_eq!(at, to.max(from), "{from}..{to}: {parts:?}");
            for (span, range) in &parts.spans {
                assert_eq!((range.start.rem_euclid(*span), range.end.rem_euclid(*span)), (0, 0), "{parts:?}");
            }
            let spans: i64 = parts.spans.iter().map(|(_, range)| range.end - range.start).sum();
            assert_eq!(spans, parts.whole.end - parts.whole.start, "{parts:?}");
            assert!(parts.edges.iter().all(|edge| edge.end - edge.start < 2 * hour), "{parts:?}");
        }
    }
}
