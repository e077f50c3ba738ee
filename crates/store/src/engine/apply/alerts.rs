//! Raising and closing alerts: one open alert per code and subject.

use sluice_core::alert::{Code, Raise};
use sluice_core::id::AlertId;
use sluice_core::time::Timestamp;

use crate::engine::Context;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// A second raise of an open alert counts it and refreshes what it says; sinks are not told again.
pub(in crate::engine) async fn raise(
    conn: &mut Conn<'_>,
    context: &Context,
    said: &Raise,
    at: Timestamp,
) -> Result<(), SqlError> {
    let text = sql!(
        "insert into alert (id, code, subject, partner_id, detail, since, last_seen, count, undelivered)
         values ($1, $2, $3, $4, $5, $6, $6, 1, 1)
         on conflict (code, subject) where resolved_at is null
         do update set last_seen = excluded.last_seen, detail = excluded.detail, count = alert.count + 1"
    );
    let id = AlertId::new(context.ulid()).to_string();
    let partner = said.partner.map(|partner| partner.to_string());
    conn.run(text, args![id, said.code.as_str(), &said.subject, partner, &said.detail, at]).await?;
    Ok(())
}

pub(super) async fn close(
    conn: &mut Conn<'_>,
    code: Code,
    subject: &str,
    at: Timestamp,
) -> Result<(), SqlError> {
    let text = sql!(
        "update alert set resolved_at = $3, undelivered = 1
         where code = $1 and subject = $2 and resolved_at is null"
    );
    conn.run(text, args![code.as_str(), subject, at]).await?;
    Ok(())
}
