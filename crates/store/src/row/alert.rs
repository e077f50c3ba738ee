//! Alerts.

use sluice_core::alert::{Alert, Code, Raise};
use sluice_core::id::{AlertId, PartnerId};

use super::Unread;
use super::cells::Cells;
use crate::sql::Row;

/// From a row of `alert`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Alert, Unread> {
    let cells = Cells::of("alert", "id", row);
    let raise = Raise {
        code: cells.parsed("code", |text| Code::parse(text).ok_or(()))?,
        subject: cells.text("subject")?.to_owned(),
        partner: cells.opt_parsed("partner_id", PartnerId::parse)?,
        detail: cells.text("detail")?.to_owned(),
    };
    Ok(Alert {
        id: cells.parsed("id", AlertId::parse)?,
        raise,
        since: cells.at("since")?,
        last_seen: cells.at("last_seen")?,
        count: cells.int("count")?,
        acknowledged_by: cells.opt_text("acknowledged_by")?.map(str::to_owned),
        acknowledged_at: cells.opt_at("acknowledged_at")?,
        resolved_at: cells.opt_at("resolved_at")?,
        delivered_at: cells.opt_at("delivered_at")?,
    })
}
