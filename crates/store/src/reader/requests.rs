//! Requests to get energy ahead, as people list them.

use sluice_core::energy::Request;
use sluice_core::id::{EnergyRequestId, PartnerId};
use sluice_core::port::reader::RequestFilter;

use super::query::Query;
use crate::engine::limit as size;
use crate::engine::requests::with_items;
use crate::engine::unread::Found;
use crate::sql::{Conn, SqlError};

/// Newest first: an id begins with its time.
pub(super) async fn list(
    conn: &mut Conn<'_>,
    filter: &RequestFilter,
    before: Option<EnergyRequestId>,
    limit: usize,
) -> Result<Found<Vec<Request>>, SqlError> {
    let query = Query::select("r.*", "energy_request r where true")
        .tenant(" and r.partner_id = ?", filter.partner)
        .maybe(" and r.wallet_id = ?", filter.wallet.map(|id| id.to_string()))
        .maybe(" and r.external_id = ?", filter.external_id.clone())
        .maybe(
            " and r.id in (select request_id from energy_request_item where open = 1 and withdrawal_id = ?)",
            filter.withdrawal.map(|id| id.to_string()),
        )
        .maybe(" and r.id < ?", before.map(|id| id.to_string()));
    let rows = query.and(" order by r.id desc").rows(conn, size(limit)).await?;
    with_items(conn, &rows).await
}

pub(super) async fn one(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    id: EnergyRequestId,
) -> Result<Found<Option<Request>>, SqlError> {
    let query = Query::select("*", "energy_request where true")
        .tenant(" and partner_id = ?", partner)
        .with(" and id = ?", [id.to_string().into()]);
    let rows = query.rows(conn, 1).await?;
    let (mut found, unread) = with_items(conn, &rows).await?;
    Ok((found.pop(), unread))
}
