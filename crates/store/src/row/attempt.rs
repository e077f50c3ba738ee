//! Attempts.

use serde::{Deserialize, Serialize};
use sluice_core::attempt::{Attempt, Durable, Fees, Kind, Signed, Terms, TronTerms, Unsigned};
use sluice_core::chain::{BlockRef, Family};
use sluice_core::id::{AttemptId, TransferId};
use sluice_core::slot::Slot;

use super::Unread;
use super::cells::{Cells, big};
use super::table::Table;
use super::version::V;
use crate::sql::Row;

/// Terms of an attempt on TRON.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct TronShape {
    v: V<1>,
    reference_number: u64,
    reference_hash: String,
    expires_at_ms: i64,
    made_at_ms: i64,
    fee_limit_sun: String,
    permission: u8,
}

impl TronShape {
    fn of(terms: &TronTerms) -> Self {
        Self {
            v: V,
            reference_number: terms.reference.number,
            reference_hash: hex::encode(terms.reference.hash),
            expires_at_ms: terms.expires_at_ms,
            made_at_ms: terms.made_at_ms,
            fee_limit_sun: terms.fee_limit_sun.to_string(),
            permission: terms.permission,
        }
    }

    fn read(&self) -> Option<TronTerms> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&self.reference_hash, &mut hash).ok()?;
        Some(TronTerms {
            reference: BlockRef { number: self.reference_number, hash },
            expires_at_ms: self.expires_at_ms,
            made_at_ms: self.made_at_ms,
            fee_limit_sun: self.fee_limit_sun.parse().ok()?,
            permission: self.permission,
        })
    }
}

/// What an attempt on an EVM chain offers.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeesShape {
    v: V<1>,
    gas_limit: String,
    max_fee_wei: String,
    tip_wei: String,
}

impl FeesShape {
    fn of(fees: &Fees) -> Self {
        Self {
            v: V,
            gas_limit: fees.gas_limit.to_string(),
            max_fee_wei: fees.max_fee_wei.to_string(),
            tip_wei: fees.tip_wei.to_string(),
        }
    }

    fn read(&self) -> Option<Fees> {
        Some(Fees {
            gas_limit: self.gas_limit.parse().ok()?,
            max_fee_wei: self.max_fee_wei.parse().ok()?,
            tip_wei: self.tip_wei.parse().ok()?,
        })
    }
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
        let evidence = match &attempt.terms {
            Terms::Evm(fees) => serde_json::to_string(&FeesShape::of(fees))?,
            Terms::Tron(terms) => serde_json::to_string(&TronShape::of(terms))?,
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
            evidence,
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

/// Terms on TRON as a row of `lost_attempt` keeps them.
pub(crate) fn tron_terms(terms: &TronTerms) -> Result<String, serde_json::Error> {
    serde_json::to_string(&TronShape::of(terms))
}

/// From a row of `lost_attempt` whose slot is a transaction of TRON.
pub(crate) fn lost_tron_terms(cells: &Cells<'_>) -> Result<TronTerms, Unread> {
    let terms = cells.json::<TronShape>("evidence")?.read();
    terms.ok_or_else(|| cells.unread("terms that do not read"))
}

/// From a row of `attempt`.
///
/// # Errors
/// [`Unread`].
pub fn read(row: &Row) -> Result<Attempt, Unread> {
    let cells = Cells::of("attempt", "id", row);
    let slot = cells.parsed("slot", Slot::parse)?;
    let terms = match slot.chain().family {
        Family::Evm => cells.json::<FeesShape>("evidence")?.read().map(Terms::Evm),
        Family::Tron => cells.json::<TronShape>("evidence")?.read().map(Terms::Tron),
    };
    let unsigned = Unsigned {
        id: cells.parsed("id", AttemptId::parse)?,
        transfer: cells.parsed("transfer_id", TransferId::parse)?,
        serial: cells.number("serial")?,
        kind: match cells.text("kind")? {
            "pay" => Kind::Pay,
            "void" => Kind::Void,
            other => return Err(cells.unread(format!("kind {other:?}"))),
        },
        slot,
        terms: terms.ok_or_else(|| cells.unread("a fee that is no number"))?,
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
