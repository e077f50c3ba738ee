//! Attempts.

use serde::{Deserialize, Serialize};
use sluice_core::attempt::{Attempt, Durable, Fees, Kind, Signed, Unsigned};
use sluice_core::id::{AttemptId, TransferId};
use sluice_core::slot::Slot;

use super::Unread;
use super::cells::Cells;
use super::version::V;
use crate::sql::{Row, Value};

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FeesShape {
    v: V<1>,
    gas_limit: String,
    max_fee_wei: String,
    tip_wei: String,
}

/// The values of an insert, in this order: `id, transfer_id, serial, chain, slot, kind, payment_hash, evidence, bytes,
/// digest, built_at`. `payment_hash` is that of the transfer, and belongs to paying attempts alone.
pub(crate) fn values(attempt: &Unsigned, payment_hash: &str) -> Result<Vec<Value>, serde_json::Error> {
    let fees = FeesShape {
        v: V,
        gas_limit: attempt.fees.gas_limit.to_string(),
        max_fee_wei: attempt.fees.max_fee_wei.to_string(),
        tip_wei: attempt.fees.tip_wei.to_string(),
    };
    let payment_hash = match attempt.kind {
        Kind::Pay => Some(payment_hash),
        Kind::Void => None,
    };
    Ok(vec![
        attempt.id.to_string().into(),
        attempt.transfer.to_string().into(),
        attempt.serial.into(),
        attempt.slot.chain().to_string().into(),
        attempt.slot.to_string().into(),
        attempt.kind.as_str().into(),
        payment_hash.into(),
        serde_json::to_string(&fees)?.into(),
        attempt.bytes.as_slice().into(),
        hex::encode(attempt.digest).into(),
        attempt.built_at.into(),
    ])
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
