//! Transactions of our wallets that nothing of ours explains.

use serde::Serialize;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::sighting::{Sighting, Word};

use super::Unread;
use super::cells::{Cells, big};
use super::table::Table;
use crate::sql::Row;

pub(crate) const TABLE: Table = Table {
    name: "sighting",
    texts: &["chain", "txid", "wallet_id", "partner_id", "what", "told_by", "word", "block_hash"],
    ints: &["nonce", "block_number", "seen_at"],
    blobs: &[],
};

/// A row of `sighting`.
#[derive(Debug, Serialize)]
pub(crate) struct SightingRow {
    chain: String,
    txid: String,
    wallet_id: String,
    partner_id: String,
    what: String,
    told_by: String,
    word: &'static str,
    block_hash: String,
    nonce: Option<i64>,
    block_number: i64,
    seen_at: i64,
}

impl SightingRow {
    pub(crate) fn of(sighting: &Sighting) -> Self {
        Self {
            chain: sighting.chain.to_string(),
            txid: hex::encode(sighting.txid),
            wallet_id: sighting.wallet.to_string(),
            partner_id: sighting.partner.to_string(),
            what: sighting.what.clone(),
            told_by: sighting.told_by.clone(),
            word: sighting.word.as_str(),
            block_hash: hex::encode(sighting.block.hash),
            nonce: sighting.nonce.map(big),
            block_number: big(sighting.block.number),
            seen_at: sighting.seen_at.micros(),
        }
    }
}

/// From a row of `sighting`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Sighting, Unread> {
    let cells = Cells::of("sighting", "txid", row);
    Ok(Sighting {
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        chain: cells.parsed("chain", ChainId::parse)?,
        txid: cells.hash("txid")?,
        block: cells.block("block_number", "block_hash")?,
        nonce: cells.opt_number("nonce")?,
        what: cells.text("what")?.to_owned(),
        told_by: cells.text("told_by")?.to_owned(),
        word: cells.parsed("word", |text| Word::parse(text).ok_or(()))?,
        seen_at: cells.at("seen_at")?,
    })
}
