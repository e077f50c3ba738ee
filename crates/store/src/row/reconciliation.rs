//! What comparisons of books and chain found.

use serde::{Deserialize, Serialize};
use sluice_core::amount::Units;
use sluice_core::asset::AssetId;
use sluice_core::id::{PartnerId, ReconciliationId, WalletId};
use sluice_core::reconciliation::{Line, Reconciliation};

use super::Unread;
use super::cells::{Cells, big};
use super::table::Table;
use super::version::V;
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "reconciliation",
    texts: &["id", "partner_id", "wallet_id", "outcome", "asked_by", "block_hash", "evidence"],
    ints: &["block_number", "at"],
    blobs: &[],
};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Found {
    v: V<1>,
    lines: Vec<LineShape>,
    /// Counted by the chain, and given out; absent where they are the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    nonces: Option<(u64, u64)>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct LineShape {
    asset: String,
    units: String,
    on_chain: String,
    books: String,
}

impl LineShape {
    fn of(line: &Line) -> Self {
        let asset = line.asset.to_string();
        let (on_chain, books) = (line.on_chain.to_string(), line.books.to_string());
        Self { asset, units: line.units.to_string(), on_chain, books }
    }

    fn read(&self) -> Result<Line, String> {
        let number = |text: &str| text.parse().map_err(|_| format!("{text:?} is no number of atoms"));
        Ok(Line {
            asset: AssetId::parse(&self.asset).map_err(|error| error.to_string())?,
            units: Units::from_str_radix(&self.units, 10).map_err(|error| error.to_string())?,
            on_chain: number(&self.on_chain)?,
            books: number(&self.books)?,
        })
    }
}

/// A row of `reconciliation`.
#[derive(Debug, Serialize)]
pub(crate) struct ReconciliationRow {
    id: String,
    partner_id: String,
    wallet_id: String,
    outcome: &'static str,
    asked_by: String,
    block_hash: String,
    evidence: String,
    block_number: i64,
    at: i64,
}

impl ReconciliationRow {
    pub(crate) fn of(run: &Reconciliation) -> Result<Self, serde_json::Error> {
        let lines = run.lines.iter().map(LineShape::of).collect();
        Ok(Self {
            id: run.id.to_string(),
            partner_id: run.partner.to_string(),
            wallet_id: run.wallet.to_string(),
            outcome: run.outcome().as_str(),
            asked_by: run.asked_by.clone(),
            block_hash: hex::encode(run.block.hash),
            evidence: serde_json::to_string(&Found { v: V, lines, nonces: run.nonces })?,
            block_number: big(run.block.number),
            at: run.at.micros(),
        })
    }
}

/// From a row of `reconciliation`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Reconciliation, Unread> {
    let cells = Cells::of("reconciliation", "id", row);
    let found = cells.json::<Found>("evidence")?;
    let lines = found.lines.iter().map(LineShape::read).collect::<Result<_, _>>();
    Ok(Reconciliation {
        id: cells.parsed("id", ReconciliationId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        block: cells.block("block_number", "block_hash")?,
        lines: lines.map_err(|why| cells.unread(why))?,
        nonces: found.nonces,
        asked_by: cells.text("asked_by")?.to_owned(),
        at: cells.at("at")?,
    })
}
