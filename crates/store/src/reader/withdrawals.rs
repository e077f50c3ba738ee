//! Withdrawals: one, a page, and those that need a person.

use sluice_core::id::{PartnerId, WithdrawalId};
use sluice_core::port::reader::{Filter, Position, WithdrawalView};
use sluice_core::port::store::StoreError;

use super::filter::{EVERY_PARTNER, narrow};
use super::query::Query;
use super::view;
use crate::engine::limit as size;
use crate::engine::unread::Found;
use crate::row::Unread;
use crate::sql::{Conn, Row, SqlError, Value};
use crate::withdrawals;

/// Rows in a row that do not read, before a list gives up rather than walk through the whole table.
const UNREAD_MAX: usize = 1_000;

/// Where a page ended.
pub(super) type Place = (i64, String);

pub(super) async fn one(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    id: WithdrawalId,
) -> Result<Found<Option<WithdrawalView>>, SqlError> {
    let query = Query::new(withdrawals!(text "where true")).with(" and w.id = ?", [id.to_string().into()]);
    only(conn, partner, query.tenant(" and w.partner_id = ?", partner)).await
}

pub(super) async fn by_external_id(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    external_id: &str,
) -> Result<Found<Option<WithdrawalView>>, SqlError> {
    let query = Query::new(withdrawals!(text "where true"));
    let query = query
        .tenant(" and w.partner_id = ?", Some(partner))
        .with(" and w.external_id = ?", [external_id.into()]);
    only(conn, Some(partner), query).await
}

pub(super) async fn only(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    query: Query,
) -> Result<Found<Option<WithdrawalView>>, SqlError> {
    let rows = query.rows(conn, 1).await?;
    let mut unread = Vec::new();
    Ok((view::complete(conn, partner, &rows, &mut unread).await?.pop(), unread))
}

/// Newest first.
pub(super) async fn list(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    filter: &Filter,
    after: Option<Position>,
    limit: usize,
) -> Result<Found<Vec<WithdrawalView>>, SqlError> {
    let after = after.map(|position| (position.accepted_at.micros(), position.id.to_string()));
    filled(conn, partner, after, limit, |after| listing(partner, filter, after)).await
}

fn listing(partner: Option<PartnerId>, filter: &Filter, after: Option<Place>) -> Query {
    // An index is entered at one upper bound, so only the lower of the two is in the text: with both, SQLite enters at
    // the end of the range for every page of it and walks down to the place.
    let to = filter.to.map(|to| to.micros());
    let (after, to) = match (after, to) {
        (Some(after), Some(to)) if after.0 >= to => (None, Some(to)),
        (Some(after), _) => (Some(after), None),
        (None, to) => (None, to),
    };
    let query = narrow(Query::new(withdrawals!(text "where true")), partner, filter);
    let query = query.maybe(" and w.accepted_at < ?", to);
    let query = match after {
        Some(after) => query.with(" and (w.accepted_at, w.id) < (?, ?)", place(after)),
        None => query,
    };
    query.and(" order by w.accepted_at desc, w.id desc")
}

/// Oldest first.
pub(super) async fn attention(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    limit: usize,
) -> Result<Found<Vec<WithdrawalView>>, SqlError> {
    filled(conn, partner, None, limit, |after| waiting(partner, after)).await
}

fn waiting(partner: Option<PartnerId>, after: Option<Place>) -> Query {
    let query = Query::new(withdrawals!(text "where true")).and(" and w.state = 'needs_attention'");
    let query = match partner {
        Some(_) => query.tenant(" and w.partner_id = ?", partner),
        None => query.and(EVERY_PARTNER),
    };
    let query = match after {
        Some(after) => query.with(" and (w.accepted_at, w.id) > (?, ?)", place(after)),
        None => query,
    };
    query.and(" order by w.accepted_at, w.id")
}

/// Fills a page. A row that does not read leaves a gap, and a short page means the end of the list to its reader: the
/// gap is filled from what follows.
pub(super) async fn filled(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    mut after: Option<Place>,
    limit: usize,
    page: impl Fn(Option<Place>) -> Query,
) -> Result<Found<Vec<WithdrawalView>>, SqlError> {
    let wanted = usize::try_from(size(limit)).unwrap_or_default();
    let (mut views, mut unread) = (Vec::new(), Vec::<Unread>::new());
    while views.len() < wanted {
        let missing = wanted.saturating_sub(views.len());
        let rows = page(after).rows(conn, size(missing)).await?;
        after = rows.last().map(position).transpose()?;
        views.append(&mut view::complete(conn, partner, &rows, &mut unread).await?);
        if rows.len() < missing {
            break;
        }
        if unread.len() > UNREAD_MAX {
            return Err(unread.swap_remove(0)).map_err(|first| StoreError::from(first).into());
        }
    }
    Ok((views, unread))
}

// From the columns, not from what they mean: the last row of a page may be one that does not read.
fn position(row: &Row) -> Result<Place, StoreError> {
    Ok((row.int("accepted_at")?, row.text("id")?.to_owned()))
}

pub(super) fn place((accepted_at, id): Place) -> [Value; 2] {
    [accepted_at.into(), id.into()]
}

#[cfg(test)]
mod tests;
