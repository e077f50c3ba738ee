//! Transactions of our wallets that nothing of ours explains. The same one is one row, whatever becomes of it.

use std::sync::LazyLock;

use sluice_core::port::store::Change;

use super::Happened;
use crate::row::sighting::{SightingRow, TABLE};
use crate::sql::{Conn, EachRow, SqlError};

/// When it was first seen stays: a claim that is made again buys no more time.
static UPSERT: LazyLock<EachRow> = LazyLock::new(|| {
    TABLE.insert(
        "on conflict (chain, txid, wallet_id) do update set word = excluded.word, what = excluded.what,
         told_by = excluded.told_by, block_number = excluded.block_number, block_hash = excluded.block_hash",
    )
});

pub(super) async fn write(
    conn: &mut Conn<'_>,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<(), SqlError> {
    for (place, change) in changes.iter().enumerate() {
        if change.sighted.is_empty() {
            continue;
        }
        let rows: Vec<SightingRow> = change.sighted.iter().map(SightingRow::of).collect();
        conn.run_each(&UPSERT, &rows).await?;
        happened.extend(change.sighted.iter().map(|sighting| (place, sighting.event())));
    }
    Ok(())
}
