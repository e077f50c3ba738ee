//! Steps of wallets, and what the chain said they hold.

use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::event::of_wallet;
use sluice_core::moved::Moved;
use sluice_core::port::store::{Change, StoreError};
use sluice_core::wallet::Wallet;

use super::{Happened, Written, cause};
use crate::engine::Context;
use crate::row::cells::big;
use crate::row::table::Table;
use crate::row::wallet::{MUTABLE, TABLE, WalletRow};
use crate::sql::{Conn, EachRow, SqlError};
use crate::{args, sql};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));
static UPDATE: LazyLock<EachRow> = LazyLock::new(|| TABLE.update(MUTABLE, &["id", "was"], ""));

const BALANCES: Table = Table {
    name: "wallet_balance",
    texts: &["wallet_id", "asset", "units", "block_hash"],
    ints: &["block_number", "at"],
    blobs: &[],
};
// An older reading that arrives late does not replace a newer one.
static SET_BALANCE: LazyLock<EachRow> = LazyLock::new(|| {
    BALANCES.insert(
        "on conflict (wallet_id, asset) do update set units = excluded.units, block_hash = excluded.block_hash,
            block_number = excluded.block_number, at = excluded.at where excluded.at >= wallet_balance.at",
    )
});

#[derive(Serialize)]
struct BalanceRow {
    wallet_id: String,
    asset: String,
    units: String,
    block_hash: String,
    block_number: i64,
    at: i64,
}

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    let (mut born, mut moved) = (Vec::new(), Vec::new());
    for (place, change) in changes.iter().enumerate() {
        for step in &change.wallets {
            let was = step.before().map(|before| before.version);
            let row =
                WalletRow::of(step.after(), was).map_err(|error| StoreError::Statement(error.to_string()))?;
            if was.is_some() {
                moved.push(row)
            } else {
                born.push(row)
            }
            happened.extend(of_wallet(step).map(|event| (place, event)));
        }
    }
    if !moved.is_empty() && conn.run_each(&UPDATE, &moved).await? != moved.len() as u64 {
        return Ok(Written::Moved);
    }
    if !born.is_empty() {
        conn.run_each(&INSERT, &born).await?;
    }
    entered(conn, context, changes).await?;
    balances(conn, changes).await?;
    Ok(Written::Whole)
}

/// When a wallet came into the state it is in, and for what reason.
async fn entered(conn: &mut Conn<'_>, context: &Context, changes: &[Change]) -> Result<(), SqlError> {
    let note = sql!("update wallet set state_since = $2, state_cause = $3 where id = $1");
    let enters = |step: &Moved<Wallet>| {
        step.before().is_none_or(|before| before.state.as_str() != step.after().state.as_str())
    };
    for change in changes {
        for step in change.wallets.iter().filter(|step| enters(step)) {
            let cause = cause(change, context);
            conn.run(note, args![step.after().id.to_string(), cause.at, cause.reason]).await?;
        }
    }
    Ok(())
}

async fn balances(conn: &mut Conn<'_>, changes: &[Change]) -> Result<(), SqlError> {
    // PostgreSQL refuses to touch a row twice in one upsert.
    for change in changes {
        for balance in &change.balances {
            let row = BalanceRow {
                wallet_id: balance.wallet.to_string(),
                asset: balance.asset.to_string(),
                units: balance.units.to_string(),
                block_hash: hex::encode(balance.block.hash),
                block_number: big(balance.block.number),
                at: balance.at.micros(),
            };
            conn.run_each(&SET_BALANCE, &[row]).await?;
        }
    }
    Ok(())
}
