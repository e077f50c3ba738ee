//! Alerts on their way to the sinks. Raising and closing them is part of `apply`.

use sluice_core::alert::{Alert, Code};
use sluice_core::id::AlertId;
use sluice_core::port::store::Undelivered;
use sluice_core::time::Timestamp;

use super::limit as size;
use super::unread::Found;
use crate::row;
use crate::sql::{Conn, SqlError, slice};
use crate::{args, sql};

/// Open ones of these codes, by name, after one of them.
pub(super) async fn open(
    conn: &mut Conn<'_>,
    codes: &[Code],
    after: Option<AlertId>,
    limit: usize,
) -> Result<Found<Vec<Alert>>, SqlError> {
    let text = sql!(
        lite "select * from alert where resolved_at is null and id > $2
                and code in (select value from json_each($1)) order by id limit $3",
        pg "select * from alert where resolved_at is null and id > $2
              and code in (select jsonb_array_elements_text($1::jsonb)) order by id limit $3",
        because "each database reads JSON in its own way"
    );
    let codes = slice(codes.iter().map(|code| code.as_str()));
    let after = after.map_or_else(String::new, |id| id.to_string());
    let rows = conn.rows(text, args![codes, after, size(limit)]).await?;
    Ok(row::read(&rows, row::alert::read))
}

pub(super) async fn undelivered(
    conn: &mut Conn<'_>,
    which: Undelivered,
    limit: usize,
) -> Result<Found<Vec<Alert>>, SqlError> {
    let rows = match which {
        Undelivered::Newest => {
            let text = sql!("select * from alert where undelivered = 1 order by id desc limit $1");
            conn.rows(text, args![size(limit)]).await?
        }
        Undelivered::After(after) => {
            let text = sql!("select * from alert where undelivered = 1 and id > $1 order by id limit $2");
            let after = after.map_or_else(String::new, |id| id.to_string());
            conn.rows(text, args![after, size(limit)]).await?
        }
    };
    Ok(row::read(&rows, row::alert::read))
}

/// Notes what a sink has taken. An alert that was closed or taken while its opening was on the way stays undelivered: the
/// forms differ in whether it is resolved, and in whether somebody has it.
pub(super) async fn delivered(conn: &mut Conn<'_>, alerts: &[Alert], at: Timestamp) -> Result<(), SqlError> {
    let text = sql!(
        "update alert set delivered_at = $2,
            undelivered = case when (resolved_at is null) = ($3 = 0) and (acknowledged_by is null) = ($4 = 0)
                               then 0 else undelivered end
         where id = $1"
    );
    for alert in alerts {
        let (over, taken) = (alert.resolved_at.is_some(), alert.acknowledged_by.is_some());
        conn.run(text, args![alert.id.to_string(), at, over, taken]).await?;
    }
    Ok(())
}
