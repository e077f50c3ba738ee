//! Events of the changes, in their order. They wait for the sealer to be numbered.

use std::sync::LazyLock;

use sluice_core::event::Cause;

use super::Happened;
use crate::engine::Context;
use crate::row::event::{EventRow, TABLE};
use crate::sql::{Conn, EachRow, SqlError};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));

/// `causes` are those of the changes, by place.
pub(crate) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    mut happened: Happened,
    causes: &[Cause],
) -> Result<(), SqlError> {
    happened.sort_by_key(|(place, _)| *place);
    let rows: Vec<EventRow> = happened
        .iter()
        .filter_map(|(place, event)| Some(EventRow::of(context.event_id(), event, causes.get(*place)?)))
        .collect();
    if !rows.is_empty() {
        conn.run_each(&INSERT, &rows).await?;
    }
    Ok(())
}
