//! Alerts on their way to the sinks. Raising and closing them is part of `apply`.

use sluice_core::alert::Alert;
use sluice_core::time::Timestamp;

use super::limit as size;
use super::unread::Found;
use crate::row;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

pub(super) async fn undelivered(conn: &mut Conn<'_>, limit: usize) -> Result<Found<Vec<Alert>>, SqlError> {
    let text = sql!("select * from alert where undelivered = 1 order by id limit $1");
    let rows = conn.rows(text, args![size(limit)]).await?;
    Ok(row::read(&rows, row::alert::read))
}

/// Notes what a sink has taken. An alert that was closed while its opening was on the way stays undelivered: the two
/// forms differ in whether it is resolved.
pub(super) async fn delivered(conn: &mut Conn<'_>, alerts: &[Alert], at: Timestamp) -> Result<(), SqlError> {
    let text = sql!(
        "update alert set delivered_at = $2,
            undelivered = case when (resolved_at is null) = ($3 = 0) then 0 else undelivered end
         where id = $1"
    );
    for alert in alerts {
        conn.run(text, args![alert.id.to_string(), at, alert.resolved_at.is_some()]).await?;
    }
    Ok(())
}
