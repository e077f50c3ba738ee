//! Counts and sums.

use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::id::PartnerId;
use sluice_core::port::reader::StatRow;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Status, Type};

use super::query::Query;
use crate::engine::LIST_MAX;
use crate::engine::unread::Found;
use crate::row;
use crate::row::Unread;
use crate::row::cells::Cells;
use crate::sql::{Conn, Row, SqlError};

/// Amounts are summed in two halves. A refused request may name any amount, so the sum of two can be more than a BIGINT
/// holds: SQLite would fail and PostgreSQL answer a type that the seam does not carry.
const HALF: i64 = 1_000_000_000;

pub(super) async fn of(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    from: Timestamp,
    to: Timestamp,
) -> Result<Found<Vec<StatRow>>, SqlError> {
    let columns = "status, type, asset, count(*) as n, cast(sum(amount / 1000000000) as bigint) as high,
        cast(sum(amount % 1000000000) as bigint) as low";
    let rows = Query::select(columns, "withdrawal where true")
        .with(" and accepted_at >= ? and accepted_at < ?", [from.into(), to.into()])
        .tenant(" and partner_id = ?", partner)
        .and(" group by status, type, asset order by status, type, asset")
        .rows(conn, LIST_MAX)
        .await?;
    Ok(row::read(&rows, read))
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
