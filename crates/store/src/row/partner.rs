//! Partners and their limits.

use sluice_core::asset::AssetId;
use sluice_core::id::PartnerId;
use sluice_core::partner::{Limit, Partner};

use super::Unread;
use super::cells::Cells;
use crate::sql::Row;

/// From a row of `partner`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Partner, Unread> {
    let cells = Cells::of("partner", "id", row);
    Ok(Partner {
        id: cells.parsed("id", PartnerId::parse)?,
        name: cells.text("name")?.to_owned(),
        zone: cells.text("zone")?.to_owned(),
        test_mode: cells.flag("test_mode")?,
        created_at: cells.at("created_at")?,
    })
}

/// From a row of `partner_limit`.
///
/// # Errors
/// [`Unread`].
pub fn read_limit(row: &Row) -> Result<Limit, Unread> {
    let cells = Cells::of("partner_limit", "asset", row);
    Ok(Limit {
        asset: cells.parsed("asset", AssetId::parse)?,
        per_transaction: cells.amount("per_transaction")?,
        daily: cells.amount("daily")?,
        version: cells.int("version")?,
    })
}
