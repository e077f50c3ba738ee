//! Steps of transfers and the fates of their items.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use sluice_core::asset::{Asset, AssetId};
use sluice_core::id::TransferId;
use sluice_core::moved::Moved;
use sluice_core::port::store::{Change, StoreError};
use sluice_core::transfer::{Life, Phase, Transfer};

use super::Written;
use crate::row::transfer::item::{self, ItemRow};
use crate::row::transfer::{MUTABLE, TABLE, TransferRow, dropped};
use crate::sql::{Conn, EachRow, SqlError};
use crate::{args, sql};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));
static UPDATE: LazyLock<EachRow> = LazyLock::new(|| TABLE.update(MUTABLE, &["id", "was"], ""));
static INSERT_ITEMS: LazyLock<EachRow> = LazyLock::new(|| item::TABLE.insert(""));
static UPDATE_ITEMS: LazyLock<EachRow> =
    LazyLock::new(|| item::TABLE.update(item::MUTABLE, &["transfer_id", "withdrawal_id"], ""));

/// Phases before and after, of the transfers that are stepped.
pub(super) fn phases(changes: &[Change]) -> BTreeMap<TransferId, (Option<Phase>, Phase)> {
    let steps = changes.iter().flat_map(|change| &change.transfers);
    let phase = |transfer: &Transfer| transfer.phase();
    steps.map(|step| (step.after().id, (step.before().map(phase), phase(step.after())))).collect()
}

pub(super) async fn write(conn: &mut Conn<'_>, changes: &[Change]) -> Result<Written, SqlError> {
    let steps: Vec<&Moved<Transfer>> = changes.iter().flat_map(|change| &change.transfers).collect();
    let failed = |error: serde_json::Error| StoreError::Statement(error.to_string());
    let (mut born, mut moved, mut born_items) = (vec![], vec![], vec![]);
    let (mut ends, mut lives) = (vec![], vec![]);
    for step in &steps {
        let (after, was) = (step.after(), step.before().map(|before| before.version));
        let row = TransferRow::of(after, was).map_err(failed)?;
        if was.is_some() {
            moved.push(row)
        } else {
            born.push(row)
        }
        let is_dropped = dropped(&after.state);
        for (position, item) in after.items.iter().enumerate() {
            let same_fate = step.before().is_some_and(|before| {
                dropped(&before.state) == is_dropped
                    && before.items.get(position).is_some_and(|old| old.life == item.life)
            });
            if same_fate {
                continue;
            }
            let row = ItemRow::of(after.id, position, item, is_dropped).map_err(failed)?;
            match (was, item.life) {
                (None, _) => born_items.push(row),
                (Some(_), Life::Live) if !is_dropped => lives.push(row),
                (Some(_), _) => ends.push(row),
            }
        }
    }
    // What dies does so before what is born: a withdrawal may leave one slot and enter the next in one change.
    if !moved.is_empty() && conn.run_each(&UPDATE, &moved).await? != moved.len() as u64 {
        return Ok(Written::Moved);
    }
    // And before what lives again: `m1_one_live_slot` is judged row by row, in an order no database promises.
    for fates in [ends, lives].iter().filter(|fates| !fates.is_empty()) {
        if conn.run_each(&UPDATE_ITEMS, fates).await? != fates.len() as u64 {
            return Ok(Written::Moved);
        }
    }
    if !born.is_empty() {
        let moved: BTreeMap<AssetId, &Asset> = steps
            .iter()
            .filter(|step| step.before().is_none())
            .map(|step| (step.after().asset.id, &step.after().asset))
            .collect();
        for asset in moved.into_values() {
            know(conn, asset).await?;
        }
        conn.run_each(&INSERT, &born).await?;
    }
    if !born_items.is_empty() {
        conn.run_each(&INSERT_ITEMS, &born_items).await?;
    }
    Ok(Written::Whole)
}

/// The coin of a chain may move (gas, fills) before anybody has configured it as something to be paid.
async fn know(conn: &mut Conn<'_>, asset: &Asset) -> Result<(), SqlError> {
    let text = sql!(
        "insert into asset (id, chain, symbol, precision, decimals, freezable) values ($1, $2, $3, $4, $5, $6)
         on conflict do nothing"
    );
    let (precision, decimals) = (u32::from(asset.precision), u32::from(asset.decimals));
    let chain = asset.id.chain.to_string();
    conn.run(text, args![asset.id.to_string(), chain, &asset.symbol, precision, decimals, asset.freezable])
        .await?;
    Ok(())
}
