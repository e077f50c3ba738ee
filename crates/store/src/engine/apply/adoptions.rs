//! Foreign transactions that people explained. A second explanation of one is refused by the schema.

use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::adoption::Adopted;
use sluice_core::port::store::{Change, StoreError};

use super::{Context, Happened, cause};
use crate::row::cells::big;
use crate::row::table::Table;
use crate::row::version::V;
use crate::sql::{Conn, EachRow, SqlError};

const TABLE: Table = Table {
    name: "adoption",
    texts: &["chain", "txid", "wallet_id", "partner_id", "kind", "evidence", "block_hash"],
    ints: &["block_number", "at"],
    blobs: &[],
};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));

#[derive(Serialize)]
struct Row {
    chain: String,
    txid: String,
    wallet_id: String,
    partner_id: String,
    kind: &'static str,
    evidence: String,
    block_hash: String,
    block_number: i64,
    at: i64,
}

/// What it rests on, version 1.
#[derive(Serialize)]
struct Evidence {
    v: V<1>,
    nonce: Option<u64>,
    cost_wei: String,
    moved: Vec<(String, String)>,
    head_number: u64,
    head_hash: String,
    operators: Vec<String>,
}

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<(), SqlError> {
    let mut rows = Vec::new();
    for (place, change) in changes.iter().enumerate() {
        let at = cause(change, context).at.micros();
        for adopted in &change.adopted {
            rows.push(row(adopted, at).map_err(|error| StoreError::Statement(error.to_string()))?);
            happened.push((place, adopted.event()));
        }
    }
    if !rows.is_empty() {
        conn.run_each(&INSERT, &rows).await?;
    }
    Ok(())
}

fn row(adopted: &Adopted, at: i64) -> Result<Row, serde_json::Error> {
    let moved = adopted.moved.iter().map(|(asset, units)| (asset.to_string(), units.to_string()));
    let evidence = Evidence {
        v: V,
        nonce: adopted.nonce,
        cost_wei: adopted.cost.to_string(),
        moved: moved.collect(),
        head_number: adopted.head.number,
        head_hash: hex::encode(adopted.head.hash),
        operators: adopted.operators.clone(),
    };
    Ok(Row {
        chain: adopted.chain.to_string(),
        txid: hex::encode(adopted.txid),
        wallet_id: adopted.wallet.to_string(),
        partner_id: adopted.partner.to_string(),
        kind: adopted.kind.as_str(),
        evidence: serde_json::to_string(&evidence)?,
        block_hash: hex::encode(adopted.block.hash),
        block_number: big(adopted.block.number),
        at,
    })
}
