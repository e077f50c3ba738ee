//! What comparisons of books and chain found, as people read it.

use sluice_core::id::{PartnerId, ReconciliationId};
use sluice_core::port::reader::ReconciliationFilter;
use sluice_core::reconciliation::Reconciliation;

use super::query::Query;
use crate::engine::limit as size;
use crate::engine::unread::Found;
use crate::row;
use crate::sql::{Conn, SqlError};

/// Newest first: an id begins with its time.
pub(super) async fn list(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    filter: ReconciliationFilter,
    before: Option<ReconciliationId>,
    limit: usize,
) -> Result<Found<Vec<Reconciliation>>, SqlError> {
    let query = Query::select("*", "reconciliation where true")
        .tenant(" and partner_id = ?", partner)
        .maybe(" and wallet_id = ?", filter.wallet.map(|id| id.to_string()))
        .maybe(" and outcome = ?", filter.outcome.map(sluice_core::reconciliation::Outcome::as_str))
        .maybe(" and id < ?", before.map(|id| id.to_string()));
    let rows = query.and(" order by id desc").rows(conn, size(limit)).await?;
    Ok(row::read(&rows, row::reconciliation::read))
}
