//! Commands that take two persons, as people read them.

use sluice_core::command::Command;
use sluice_core::id::{CommandId, PartnerId};

use super::query::Query;
use crate::engine::limit as size;
use crate::engine::unread::Found;
use crate::row;
use crate::sql::{Conn, SqlError};

/// Newest first: an id begins with its time.
pub(super) async fn list(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    state: Option<&'static str>,
    before: Option<CommandId>,
    limit: usize,
) -> Result<Found<Vec<Command>>, SqlError> {
    let query = Query::select("*", "command where true")
        .tenant(" and partner_id = ?", partner)
        .maybe(" and state = ?", state)
        .maybe(" and id < ?", before.map(|id| id.to_string()));
    let rows = query.and(" order by id desc").rows(conn, size(limit)).await?;
    Ok(row::read(&rows, row::command::read))
}

pub(super) async fn one(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    id: CommandId,
) -> Result<Found<Option<Command>>, SqlError> {
    let query = Query::select("*", "command where true").with(" and id = ?", [id.to_string().into()]);
    let rows = query.tenant(" and partner_id = ?", partner).rows(conn, 1).await?;
    let (mut commands, unread) = row::read(&rows, row::command::read);
    Ok((commands.pop(), unread))
}
