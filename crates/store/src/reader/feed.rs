//! The feed: sealed events, per partner and per withdrawal.

use sluice_core::id::{FeedId, NotAnId, PartnerId, WithdrawalId};
use sluice_core::port::reader::FeedEvent;
use sluice_core::port::store::StoreError;

use super::query::Query;
use crate::engine::limit as size;
use crate::engine::unread::Found;
use crate::row;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Most events of one withdrawal; of more, the latest are shown.
const TIMELINE_MAX: i64 = 1_000;

/// What is sealed has a number, and numbers are given in the order of the commits: below the highest one nothing is
/// ever added, so a reader that has seen a number has seen all before it.
pub(super) async fn after(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    after: i64,
    limit: usize,
) -> Result<Found<Vec<FeedEvent>>, SqlError> {
    let text = sql!(
        "select id, (select feed_id from meta) as feed_id, number, partner_id, kind, withdrawal_id, actor, reason, at, data
         from event where partner_id = $1 and number > $2 order by number limit $3"
    );
    let rows = conn.rows(text, args![partner.to_string(), after, size(limit)]).await?;
    Ok(row::read(&rows, row::event::read))
}

/// The life of the feed that numbers are given out in now.
pub(super) async fn id(conn: &mut Conn<'_>) -> Result<FeedId, SqlError> {
    let row = conn.row(sql!("select feed_id from meta limit 1"), args![]).await?;
    let id = row.map(|row| row.text("feed_id").map(str::to_owned)).transpose()?.unwrap_or_default();
    let unread =
        |error: NotAnId| StoreError::Inconsistent { table: "meta", row: id.clone(), why: error.to_string() };
    Ok(FeedId::parse(&id).map_err(unread)?)
}

pub(super) async fn timeline(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    id: WithdrawalId,
) -> Result<Found<Vec<FeedEvent>>, SqlError> {
    let columns = "id, (select feed_id from meta) as feed_id, number, partner_id, kind, withdrawal_id, actor, reason, at,
                   data";
    let mut rows = Query::select(columns, "event where number is not null")
        .with(" and withdrawal_id = ?", [id.to_string().into()])
        .tenant(" and partner_id = ?", partner)
        .and(" order by number desc")
        .rows(conn, TIMELINE_MAX)
        .await?;
    rows.reverse();
    Ok(row::read(&rows, row::event::read))
}

/// Events without a number; no more than `limit` are counted.
pub(super) async fn unsealed(conn: &mut Conn<'_>, limit: usize) -> Result<usize, SqlError> {
    let text = sql!(
        "select count(*) as n from (select rowseq from event where number is null order by rowseq limit $1) waiting
         limit 1"
    );
    let row = conn.row(text, args![size(limit)]).await?;
    let count = row.map(|row| row.int("n")).transpose()?.unwrap_or_default();
    Ok(usize::try_from(count).unwrap_or_default())
}
