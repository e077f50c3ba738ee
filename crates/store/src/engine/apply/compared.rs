//! What was found of wallets: energy and bandwidth, and what comparisons of their books with the chain came to.

use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::port::store::{Change, StoreError};

use crate::row::cells::big;
use crate::row::reconciliation::{ReconciliationRow, TABLE};
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));

const RESOURCES: Table = Table {
    name: "wallet_resource",
    texts: &["wallet_id", "block_hash"],
    ints: &[
        "energy",
        "bandwidth",
        "free_bandwidth",
        "energy_most",
        "bandwidth_most",
        "network_energy",
        "network_stake_trx",
        "block_number",
        "at",
    ],
    blobs: &[],
};
// An older reading that arrives late does not replace a newer one.
static SET_RESOURCES: LazyLock<EachRow> = LazyLock::new(|| {
    RESOURCES.insert(
        "on conflict (wallet_id) do update set energy = excluded.energy, bandwidth = excluded.bandwidth,
         free_bandwidth = excluded.free_bandwidth, energy_most = excluded.energy_most,
         bandwidth_most = excluded.bandwidth_most, network_energy = excluded.network_energy,
         network_stake_trx = excluded.network_stake_trx, block_number = excluded.block_number,
         block_hash = excluded.block_hash, at = excluded.at
         where wallet_resource.block_number <= excluded.block_number",
    )
});

#[derive(Serialize)]
struct ResourceRow {
    wallet_id: String,
    block_hash: String,
    energy: i64,
    bandwidth: i64,
    free_bandwidth: i64,
    energy_most: i64,
    bandwidth_most: i64,
    network_energy: i64,
    network_stake_trx: i64,
    block_number: i64,
    at: i64,
}

pub(super) async fn write(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    for change in changes {
        for power in &change.powers {
            let row = ResourceRow {
                wallet_id: power.wallet.to_string(),
                block_hash: hex::encode(power.block.hash),
                energy: big(power.resources.energy),
                bandwidth: big(power.resources.bandwidth),
                free_bandwidth: big(power.resources.free_bandwidth),
                energy_most: big(power.resources.energy_most),
                bandwidth_most: big(power.resources.bandwidth_most),
                network_energy: big(power.resources.network.energy),
                network_stake_trx: big(power.resources.network.stake_trx),
                block_number: big(power.block.number),
                at: power.at.micros(),
            };
            conn.run_each(&SET_RESOURCES, &[row]).await?;
        }
        let rows = change.reconciled.iter().map(ReconciliationRow::of).collect::<Result<Vec<_>, _>>();
        let rows = rows.map_err(|error| StoreError::Statement(error.to_string()))?;
        if !rows.is_empty() {
            conn.run_each(&INSERT, &rows).await?;
        }
    }
    Ok(())
}
