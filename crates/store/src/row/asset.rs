//! Assets.

use sluice_core::asset::{Asset, AssetId};

use super::Unread;
use super::cells::Cells;
use crate::sql::Row;

/// From a row of `asset`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Asset, Unread> {
    let cells = Cells::of("asset", "id", row);
    Ok(Asset {
        id: cells.parsed("id", AssetId::parse)?,
        symbol: cells.text("symbol")?.to_owned(),
        precision: cells.number("precision")?,
        decimals: cells.number("decimals")?,
        freezable: cells.flag("freezable")?,
    })
}

/// From the columns of a join: `asset`, `symbol`, `precision`, `decimals`, `freezable`.
pub(super) fn joined(cells: &Cells<'_>) -> Result<Asset, Unread> {
    Ok(Asset {
        id: cells.parsed("asset", AssetId::parse)?,
        symbol: cells.text("symbol")?.to_owned(),
        precision: cells.number("precision")?,
        decimals: cells.number("decimals")?,
        freezable: cells.flag("freezable")?,
    })
}

/// Without what nobody holds: an errand's asset has a row because its withdrawal refers to one.
pub(crate) fn held((mut assets, unread): (Vec<Asset>, Vec<Unread>)) -> (Vec<Asset>, Vec<Unread>) {
    assets.retain(Asset::is_held);
    (assets, unread)
}
