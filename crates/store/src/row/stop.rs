//! Stops.

use sluice_core::id::PartnerId;
use sluice_core::stop::{Scope, Stop};

use super::cells::Cells;
use super::{Unread, actor};
use crate::sql::Row;

/// From a row of `stop`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Stop, Unread> {
    let cells = Cells::of("stop", "kind", row);
    let (kind, subject) = (cells.text("kind")?, cells.text("subject")?);
    let scope = Scope::from_parts(kind, subject);
    Ok(Stop {
        scope: scope.ok_or_else(|| cells.unread(format!("a stop of kind {kind:?} on {subject:?}")))?,
        holder: cells.parsed("holder", PartnerId::parse)?,
        actor: cells.parsed("actor", |text| actor::parse(text).ok_or(()))?,
        reason: cells.text("reason")?.to_owned(),
        at: cells.at("at")?,
    })
}
