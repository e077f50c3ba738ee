//! Transfers with their items.

pub(crate) mod evidence;
pub(crate) mod item;

use std::collections::BTreeMap;

use serde::Serialize;
use sluice_core::id::{PartnerId, ProofId, TransferId, WalletId};
use sluice_core::slot::Slot;
use sluice_core::transfer::{Item, Phase, Purpose, Record, State, Transfer};

use self::evidence::Links;
use super::cells::{Cells, big};
use super::table::Table;
use super::{Readable, Unread, asset, kept};
use crate::sql::Row;

/// `transfers!("where ..")`: a statement that answers what [`read`] reads. The table is `t`, its asset `a`.
#[macro_export]
macro_rules! transfers {
    ($tail:literal) => {
        &$crate::sql::Sql::one($crate::transfers!(text $tail))
    };
    (lite $lite:literal, pg $pg:literal, because $why:literal) => {
        &$crate::sql::Sql::two($crate::transfers!(text $lite), $crate::transfers!(text $pg), $why)
    };
    (text $tail:literal) => {
        concat!(
            "select t.*, a.symbol, a.precision, a.decimals, a.freezable from transfer t join asset a on a.id = t.asset ",
            $tail
        )
    };
}

pub(crate) const TABLE: Table = Table {
    name: "transfer",
    texts: &[
        "id",
        "partner_id",
        "wallet_id",
        "chain",
        "asset",
        "purpose",
        "payment_hash",
        "state",
        "slot",
        "block_hash",
        "proof_id",
        "evidence",
    ],
    ints: &["asked", "nonce", "block_number", "planned_at", "changed_at", "version"],
    blobs: &[],
};

/// What a step may change.
pub(crate) const MUTABLE: &[&str] = &[
    "state",
    "asked",
    "slot",
    "nonce",
    "block_number",
    "block_hash",
    "proof_id",
    "evidence",
    "changed_at",
    "version",
];

/// A row of `transfer`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct TransferRow {
    id: String,
    partner_id: String,
    wallet_id: String,
    chain: String,
    asset: String,
    purpose: &'static str,
    payment_hash: Option<String>,
    state: &'static str,
    asked: u32,
    slot: Option<String>,
    nonce: Option<i64>,
    block_number: Option<i64>,
    block_hash: Option<String>,
    proof_id: Option<String>,
    evidence: String,
    planned_at: i64,
    changed_at: i64,
    version: i64,
    was: Option<i64>,
}

impl TransferRow {
    pub(crate) fn of(transfer: &Transfer, was: Option<i64>) -> Result<Self, serde_json::Error> {
        let (evidence, links) = evidence::write(&transfer.state)?;
        Ok(Self {
            id: transfer.id.to_string(),
            partner_id: transfer.partner.to_string(),
            wallet_id: transfer.wallet.to_string(),
            chain: transfer.asset.id.chain.to_string(),
            asset: transfer.asset.id.to_string(),
            purpose: transfer.purpose.as_str(),
            // It never changes: a step of a row that is there does not write it again.
            payment_hash: was.is_none().then(|| hex::encode(transfer.payment_hash())),
            state: transfer.state.as_str(),
            asked: u32::from(links.asked),
            slot: links.slot.as_ref().map(Slot::to_string),
            nonce: links.slot.as_ref().and_then(Slot::nonce).map(big),
            block_number: links.block.map(|block| big(block.number)),
            block_hash: links.block.map(|block| hex::encode(block.hash)),
            proof_id: links.proof.map(|id| id.to_string()),
            evidence,
            planned_at: transfer.planned_at.micros(),
            changed_at: transfer.changed_at.micros(),
            version: transfer.version,
            was,
        })
    }
}

/// From a row of `transfer` joined with its asset, with the items read before.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row, items: Vec<Item>) -> Result<Transfer, Unread> {
    let cells = Cells::of("transfer", "id", row);
    let links = Links {
        asked: cells.flag("asked")?,
        slot: cells.opt_parsed("slot", Slot::parse)?,
        block: cells.opt_block("block_number", "block_hash")?,
        proof: cells.opt_parsed("proof_id", ProofId::parse)?,
    };
    let state = evidence::read(cells.text("state")?, cells.text("evidence")?, &links);
    let transfer = kept(Record {
        id: cells.parsed("id", TransferId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        asset: asset::joined(&cells)?,
        purpose: match cells.text("purpose")? {
            "payout" => Purpose::Payout,
            "fill" => Purpose::Fill,
            other => return Err(cells.unread(format!("purpose {other:?}"))),
        },
        items,
        planned_at: cells.at("planned_at")?,
        changed_at: cells.at("changed_at")?,
        version: cells.int("version")?,
        state: state.map_err(|why| cells.unread(why))?,
    });
    // An item that did not read would change what the transfer pays.
    if hex::encode(transfer.payment_hash()) != cells.text("payment_hash")? {
        return Err(cells.unread("its items are not those it was planned with"));
    }
    Ok(transfer)
}

/// Joins rows of `transfer` with rows of `transfer_item` (in order of position); what does not read is left out.
pub fn read_all(transfers: &[Row], items: &[Row]) -> Readable<Transfer> {
    let mut unread = Vec::new();
    let mut of_transfer: BTreeMap<&str, Vec<Item>> = BTreeMap::new();
    for row in items {
        match (row.text("transfer_id"), item::read(row)) {
            (Ok(transfer), Ok(item)) => of_transfer.entry(transfer).or_default().push(item),
            (_, Err(why)) => unread.push(why),
            (Err(why), Ok(_)) => {
                unread.push(Unread { table: "transfer_item", row: String::new(), why: why.to_string() });
            }
        }
    }
    let mut values = Vec::with_capacity(transfers.len());
    for row in transfers {
        let items = row.text("id").ok().and_then(|id| of_transfer.remove(id)).unwrap_or_default();
        match read(row, items) {
            Ok(transfer) => values.push(transfer),
            Err(why) => unread.push(why),
        }
    }
    (values, unread)
}

/// The phase from the columns `state` and `asked` alone.
///
/// # Errors
/// [`Unread`].
pub fn read_phase(row: &Row) -> Result<Phase, Unread> {
    let cells = Cells::of("transfer", "id", row);
    // EVM passes over the energy states.
    let evm = cells.text("chain")?.starts_with("eip155:");
    Ok(match (cells.text("state")?, cells.flag("asked")?) {
        ("fuelling" | "fuelled", _) if evm => Phase::Funded,
        ("planned", _) => Phase::Planned,
        ("funded", _) => Phase::Funded,
        ("fuelling", _) => Phase::Fuelling,
        ("fuelled", _) => Phase::Fuelled,
        ("built", false) => Phase::Built,
        ("built", true) => Phase::Signing,
        ("signed", false) => Phase::Signed,
        // A person has it to sign.
        ("signed", true) => Phase::Signing,
        ("seen", _) => Phase::Seen,
        ("final", _) => Phase::Final,
        ("dropped", _) => Phase::Dropped,
        (other, _) => return Err(cells.unread(format!("state {other:?}"))),
    })
}

/// Whether the items of a transfer count as dropped: it never had a slot and was given back.
pub(crate) const fn dropped(state: &State) -> bool {
    matches!(state, State::Dropped { .. })
}
