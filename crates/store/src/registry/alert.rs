//! Alerts that somebody takes.

use sluice_core::alert::{Code, Ends};
use sluice_core::canonical::Canonical;
use sluice_core::event::Cause;
use sluice_core::id::{AlertId, PartnerId};
use sluice_core::partner::PLATFORM;
use sluice_core::port::store::StoreError;

use super::told::{Told, tell};
use crate::engine::Context;
use crate::row::cells::Cells;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Whoever takes it first has it; taking it again changes nothing. Sinks are told who has it. What tells of something
/// that happened, and has no present that could end it, ends here.
pub(super) async fn acknowledge(
    conn: &mut Conn<'_>,
    context: &Context,
    partner: Option<PartnerId>,
    id: AlertId,
    cause: &Cause,
) -> Result<bool, SqlError> {
    // Without a tenant the platform asks, which sees all.
    let tenant = partner.map(|partner| partner.to_string());
    let text = sql!(
        "update alert set acknowledged_by = $2, acknowledged_at = $5, undelivered = 1
         where id = $1 and acknowledged_by is null and (partner_id = $3 or $4 = 1)
         returning code, subject, partner_id"
    );
    let (id_text, all) = (id.to_string(), partner.is_none());
    let by = cause.actor.to_string();
    let Some(row) = conn.row(text, args![&id_text, by, tenant.clone(), all, cause.at]).await? else {
        let text = sql!("select id from alert where id = $1 and (partner_id = $2 or $3 = 1) limit 1");
        return Ok(conn.row(text, args![&id_text, tenant, all]).await?.is_some());
    };
    let cells = Cells::of("alert", "subject", &row);
    let text = |name| cells.text(name).map(Canonical::text).map_err(StoreError::from);
    let data = Canonical::map([
        ("alert", Some(Canonical::text(id))),
        ("code", Some(text("code")?)),
        ("subject", Some(text("subject")?)),
    ]);
    let ends = cells.parsed("code", |text| Code::parse(text).ok_or(())).map_err(StoreError::from)?.ends();
    if ends == Ends::Acknowledged {
        let over = sql!("update alert set resolved_at = $2 where id = $1 and resolved_at is null");
        conn.run(over, args![&id_text, cause.at]).await?;
    }
    let owner = cells.opt_parsed("partner_id", PartnerId::parse).map_err(StoreError::from)?;
    tell(conn, context, Told::new("alert.acknowledged", owner.unwrap_or(PLATFORM), data), cause).await?;
    Ok(true)
}
