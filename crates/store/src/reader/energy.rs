//! Needs and orders of energy, accounts at vendors, what vendors asked, and what was paid when.

use std::collections::BTreeMap;

use sluice_core::amount::Cost;
use sluice_core::asset::AssetId;
use sluice_core::energy::price::Span;
use sluice_core::energy::{Need, Order, Reference, TopUp, VENDORS_MAX, VendorBooks};
use sluice_core::id::{EnergyOrderId, PartnerId, WalletId};
use sluice_core::port::market::VendorId;
use sluice_core::port::reader::{By, PriceFilter};
use sluice_core::time::Timestamp;

use super::query::Query;
use super::stats::{DAY_US, HOUR_US};
use crate::engine::energy::accounts;
use crate::engine::unread::{Found, keep};
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

pub(super) async fn order(conn: &mut Conn<'_>, id: EnergyOrderId) -> Result<Found<Option<Order>>, SqlError> {
    let query = Query::select("*", "energy_order where true").with(" and id = ?", [id.to_string().into()]);
    let rows = query.rows(conn, 1).await?;
    let (mut orders, unread) = row::read(&rows, row::energy::read_order);
    Ok((orders.pop(), unread))
}

/// By the vendors' names. An account without an opening balance is none yet.
pub(super) async fn vendor_books(conn: &mut Conn<'_>) -> Result<Found<Vec<VendorBooks>>, SqlError> {
    let (booked, mut unread) = accounts(conn).await?;
    let most = i64::try_from(VENDORS_MAX * 8).unwrap_or(LIST_MAX);
    let openings = Query::select("vendor, sun, at", "energy_credit where opening = 1");
    let openings = openings.and(" order by vendor").rows(conn, most).await?;
    let opening = |row: &Row| -> Result<_, Unread> {
        let cells = Cells::of("energy_credit", "vendor", row);
        Ok((cells.parsed("vendor", VendorId::parse)?, (Cost(cells.number("sun")?), cells.at("at")?)))
    };
    let openings: BTreeMap<_, _> = keep(row::read(&openings, opening), &mut unread).into_iter().collect();
    let open = Query::select("*", "energy_order where ended = 0").and(" order by id");
    let open = open.rows(conn, LIST_MAX).await?;
    let open = keep(row::read(&open, row::energy::read_order), &mut unread);
    let books = booked.into_iter().filter_map(|booked| {
        let (opening_sun, opened_at) = *openings.get(&booked.vendor)?;
        let open = open.iter().filter(|order| order.vendor == booked.vendor).cloned().collect();
        Some(VendorBooks { booked, opening_sun, opened_at, open })
    });
    Ok((books.collect(), unread))
}

pub(super) async fn top_up(
    conn: &mut Conn<'_>,
    vendor: &VendorId,
    reference: &Reference,
) -> Result<Found<Option<TopUp>>, SqlError> {
    let query = Query::select("sun, paid_at, vendor", "energy_credit where opening = 0")
        .with(" and vendor = ?", [vendor.to_string().into()])
        .with(" and reference = ?", [reference.to_string().into()]);
    let rows = query.rows(conn, 1).await?;
    let read = |row: &Row| -> Result<TopUp, Unread> {
        let cells = Cells::of("energy_credit", "vendor", row);
        Ok(TopUp {
            vendor: vendor.clone(),
            reference: reference.clone(),
            sun: Cost(cells.number("sun")?),
            paid_at: cells.at("paid_at")?,
        })
    };
    let (mut found, unread) = row::read(&rows, read);
    Ok((found.pop(), unread))
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
pub(crate) async fn paid_by(
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
