//! Requests to get energy ahead: those of a lane, of a chain, and of a partner.

use std::collections::BTreeMap;

use sluice_core::energy::{REQUEST_ITEMS_MAX, Request, RequestItem};
use sluice_core::id::EnergyRequestId;

use super::LIST_MAX;
use super::unread::{Found, keep};
use crate::row;
use crate::row::energy::{read_item, read_request};
use crate::sql::{Conn, Row, SqlError, slice};
use crate::{args, sql};

/// Requests of a lane that are read at once: those that have not ended, and so many that were served last.
const OF_LANE: i64 = 16;
/// Requests whose items are read at once.
const AT_ONCE: usize = 64;

/// What a lane is to get ahead and, where it is to get anything, what it got ahead last; oldest first.
pub(super) async fn of_lane(conn: &mut Conn<'_>, wallet: &str) -> Result<Found<Vec<Request>>, SqlError> {
    let text = sql!("select * from energy_request where wallet_id = $1 and ended = 0 order by id limit $2");
    let mut rows = conn.rows(text, args![wallet, OF_LANE]).await?;
    // What was served is of account to those that are not; a lane without any is asked nothing more.
    if rows.is_empty() {
        return Ok((vec![], vec![]));
    }
    let text = sql!(
        "select * from energy_request where wallet_id = $1 and state = 'served' order by changed_at desc limit $2"
    );
    rows.extend(conn.rows(text, args![wallet, OF_LANE]).await?);
    let (mut found, unread) = with_items(conn, &rows).await?;
    found.sort_unstable_by_key(|it| it.id);
    Ok((found, unread))
}

/// Those of a chain that have not ended, oldest first.
pub(super) async fn of_chain(conn: &mut Conn<'_>, chain: &str) -> Result<Found<Vec<Request>>, SqlError> {
    let text = sql!("select * from energy_request where chain = $1 and ended = 0 order by id limit $2");
    let rows = conn.rows(text, args![chain, LIST_MAX]).await?;
    with_items(conn, &rows).await
}

/// Requests from their rows, in that order.
pub(crate) async fn with_items(conn: &mut Conn<'_>, rows: &[Row]) -> Result<Found<Vec<Request>>, SqlError> {
    let ids = rows.iter().map(|row| row.text("id").map(str::to_owned)).collect::<Result<Vec<_>, _>>()?;
    let text = sql!(
        lite "select * from energy_request_item where request_id in (select value from json_each($1))
              order by request_id, withdrawal_id limit $2",
        pg "select * from energy_request_item where request_id in (select jsonb_array_elements_text($1::jsonb))
            order by request_id, withdrawal_id limit $2",
        because "each database reads JSON in its own way"
    );
    let mut unread = Vec::new();
    let mut items: BTreeMap<EnergyRequestId, Vec<RequestItem>> = BTreeMap::new();
    // All of what a request is for, or nothing of it: a list of items is never cut off.
    for some in ids.chunks(AT_ONCE) {
        let most = super::limit(some.len().saturating_mul(REQUEST_ITEMS_MAX));
        let found = conn.rows(text, args![slice(some), most]).await?;
        for (id, item) in keep(row::read(&found, read_item), &mut unread) {
            items.entry(id).or_default().push(item);
        }
    }
    let requests = keep(row::read(rows, |row| read_request(row, &items)), &mut unread);
    Ok((requests, unread))
}
