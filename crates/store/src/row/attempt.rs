//! Attempts.

use serde::{Deserialize, Serialize};
use sluice_core::attempt::{Attempt, Durable, Fees, Kind, Signed, Unsigned};
use sluice_core::id::{AttemptId, TransferId};
use sluice_core::slot::Slot;

use super::Unread;
use super::cells::{Cells, big};
use super::table::Table;
use super::version::V;
use crate::sql::Row;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeesShape {
    v: V<1>,
    gas_limit: String,
    max_fee_wei: String,
    tip_wei: String,
}

pub(crate) const TABLE: Table = Table {
    name: "attempt",
    texts: &["id", "transfer_id", "chain", "slot", "kind", "payment_hash", "evidence", "digest"],
    ints: &["serial", "built_at"],
    blobs: &["bytes"],
};

/// A new row of `attempt`.
#[derive(Serialize)]
pub(crate) struct AttemptRow<'a> {
    id: String,
    transfer_id: String,
    serial: u32,
    chain: String,
    slot: String,
    kind: &'static str,
    payment_hash: Option<&'a str>,
    evidence: String,
    bytes: String,
    digest: String,
    built_at: i64,
}

impl<'a> AttemptRow<'a> {
    /// `payment_hash` is that of the transfer, and belongs to paying attempts alone.
    pub(crate) fn of(attempt: &Unsigned, payment_hash: &'a str) -> Result<Self, serde_json::Error> {
        let fees = FeesShape {
            v: V,
            gas_limit: attempt.fees.gas_limit.to_string(),
            max_fee_wei: attempt.fees.max_fee_wei.to_string(),
            tip_wei: attempt.fees.tip_wei.to_string(),
        };
        Ok(Self {
            id: attempt.id.to_string(),
            transfer_id: attempt.transfer.to_string(),
            serial: attempt.serial,
            chain: attempt.slot.chain().to_string(),
            slot: attempt.slot.to_string(),
            kind: attempt.kind.as_str(),
            payment_hash: match attempt.kind {
                Kind::Pay => Some(payment_hash),
                Kind::Void => None,
            },
            evidence: serde_json::to_string(&fees)?,
            bytes: hex::encode(&attempt.bytes),
            digest: hex::encode(attempt.digest),
            built_at: attempt.built_at.micros(),
        })
    }
}

/// What a signature adds to the row of its attempt.
pub(crate) const SIGNED: Table = Table {
    name: "attempt",
    texts: &["id", "txid", "digest"],
    ints: &["journal_seq", "signed_at"],
    blobs: &["raw"],
};

/// What of it is written; the rest says of which attempt.
pub(crate) const SIGNS: &[&str] = &["raw", "txid", "journal_seq", "signed_at"];

/// The signature of a row that waits for it.
#[derive(Serialize)]
pub(crate) struct SignedRow {
    id: String,
    digest: String,
    raw: String,
    txid: String,
    journal_seq: i64,
    signed_at: i64,
}

impl SignedRow {
    pub(crate) fn of(signed: &Signed) -> Self {
        Self {
            id: signed.unsigned.id.to_string(),
            digest: hex::encode(signed.unsigned.digest),
            raw: hex::encode(&signed.raw),
            txid: hex::encode(signed.txid),
            journal_seq: big(signed.journal_seq),
            signed_at: signed.signed_at.micros(),
        }
    }
}

/// From a row of `attempt`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Attempt, Unread> {
    let cells = Cells::of("attempt", "id", row);
    let fees: FeesShape = cells.json("evidence")?;
    let no_number = |_| cells.unread("a fee that is no number");
    let unsigned = Unsigned {
        id: cells.parsed("id", AttemptId::parse)?,
        transfer: cells.parsed("transfer_id", TransferId::parse)?,
        serial: cells.number("serial")?,
        kind: match cells.text("kind")? {
            "pay" => Kind::Pay,
            "void" => Kind::Void,
            other => return Err(cells.unread(format!("kind {other:?}"))),
        },
        slot: cells.parsed("slot", Slot::parse)?,
        fees: Fees {
            gas_limit: fees.gas_limit.parse().map_err(no_number)?,
            max_fee_wei: fees.max_fee_wei.parse().map_err(no_number)?,
            tip_wei: fees.tip_wei.parse().map_err(no_number)?,
        },
        bytes: cells.bytes("bytes")?.to_vec(),
        digest: cells.hash("digest")?,
        built_at: cells.at("built_at")?,
    };
    let Some(raw) = cells.opt_bytes("raw")? else { return Ok(Attempt::Unsigned(unsigned)) };
    Ok(Attempt::Signed(Signed {
        unsigned,
        raw: raw.to_vec(),
        txid: cells.hash("txid")?,
        journal_seq: cells.number("journal_seq")?,
        signed_at: cells.at("signed_at")?,
    }))
}

/// Like [`read`], as proof that it was read from here: what a signer or a node may be handed (M2).
///
/// # Errors
/// [`Unread`].
#[expect(clippy::disallowed_methods, reason = "a row of the store is what the proof is about")]
pub fn read_durable(row: &Row) -> Result<Durable<Attempt>, Unread> {
    read(row).map(Durable::stored)
}
