//! Needs and orders of energy, what vendors asked, and what was paid when.

use sluice_core::asset::AssetId;
use sluice_core::energy::price::Span;
use sluice_core::energy::{Need, Order};
use sluice_core::id::{EnergyOrderId, PartnerId, WalletId};
use sluice_core::port::reader::{By, PriceFilter};
use sluice_core::time::Timestamp;

use super::query::Query;
use super::stats::{DAY_US, HOUR_US};
use crate::engine::unread::Found;
use crate::engine::{LIST_MAX, limit as size};
use crate::row;
use crate::row::Unread;
use crate::row::cells::Cells;
use crate::sql::{Conn, Row, SqlError};

pub(super) async fn needs(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
) -> Result<Found<Vec<Need>>, SqlError> {
    let query = Query::select("*", "energy_need where state = 'open'").tenant(" and partner_id = ?", partner);
    let rows = query.and(" order by id").rows(conn, LIST_MAX).await?;
    Ok(row::read(&rows, row::energy::read_need))
}

/// Newest first: an id begins with its time.
pub(super) async fn orders(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    wallet: Option<WalletId>,
    before: Option<EnergyOrderId>,
    limit: usize,
) -> Result<Found<Vec<Order>>, SqlError> {
    let query = Query::select("o.*", "energy_order o join wallet w on w.id = o.wallet_id where true")
        .tenant(" and w.partner_id = ?", partner)
        .maybe(" and o.wallet_id = ?", wallet.map(|id| id.to_string()))
        .maybe(" and o.id < ?", before.map(|id| id.to_string()));
    let rows = query.and(" order by o.id desc").rows(conn, size(limit)).await?;
    Ok(row::read(&rows, row::energy::read_order))
}

/// Newest first, and in the order of the vendors' names.
pub(super) async fn prices(
    conn: &mut Conn<'_>,
    filter: &PriceFilter,
    limit: usize,
) -> Result<Found<Vec<Span>>, SqlError> {
    let mut query = Query::select("*", "energy_price where true")
        .with(" and chain = ?", [filter.chain.to_string().into()])
        .with(" and span_at >= ? and span_at < ?", [filter.from.micros().into(), filter.to.micros().into()])
        .maybe(" and vendor = ?", filter.vendor.as_ref().map(ToString::to_string));
    if let Some((at, vendor)) = &filter.after {
        let values = [at.micros().into(), at.micros().into(), vendor.to_string().into()];
        query = query.with(" and (span_at < ? or (span_at = ? and vendor > ?))", values);
    }
    let rows = query.and(" order by span_at desc, vendor").rows(conn, size(limit)).await?;
    Ok(row::read(&rows, row::outlook::read_price))
}

/// What has ended is counted as it ends, by hours and by days of acceptance.
pub(super) async fn paid_by(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    by: By,
    assets: &[AssetId],
    from: Timestamp,
    to: Timestamp,
) -> Result<Found<Vec<(Timestamp, u64)>>, SqlError> {
    let span = match by {
        By::Hour => HOUR_US,
        By::Day => DAY_US,
    };
    let rows = Query::select("start, cast(sum(count) as bigint) as n", "withdrawal_tally where true")
        .with(" and partner_id = ? and span = ?", [partner.to_string().into(), span.into()])
        .with(
            " and start >= ? and start < ? and status = 'completed'",
            [from.micros().into(), to.micros().into()],
        )
        .among(" and asset", assets)
        .and(" group by start having sum(count) > 0 order by start")
        .rows(conn, LIST_MAX)
        .await?;
    let read = |row: &Row| -> Result<(Timestamp, u64), Unread> {
        let cells = Cells::of("withdrawal_tally", "start", row);
        Ok((cells.at("start")?, cells.number("n")?))
    };
    Ok(row::read(&rows, read))
}
