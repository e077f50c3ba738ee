//! Attempts, their signatures, and what nodes said of them.

use std::collections::BTreeMap;

use sluice_core::attempt::Unsigned;
use sluice_core::id::TransferId;
use sluice_core::port::store::{Change, StoreError};

use super::{Context, Written, cause};
use crate::row::attempt::values;
use crate::row::cells::big;
use crate::sql::{Conn, SqlError};
use crate::{args, sql};

/// Notes kept of one attempt (M14).
const NOTES_MAX: i64 = 20;
/// Longest note, characters.
const NOTE_MAX: usize = 500;

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<Written, SqlError> {
    let hashes: BTreeMap<TransferId, String> = changes
        .iter()
        .flat_map(|change| &change.transfers)
        .map(|step| (step.after().id, hex::encode(step.after().payment_hash())))
        .collect();
    for attempt in changes.iter().flat_map(|change| &change.attempts) {
        insert(conn, attempt, &hashes).await?;
    }
    for signed in changes.iter().flat_map(|change| &change.signatures) {
        let text = sql!(
            "update attempt set raw = $2, txid = $3, journal_seq = $4, signed_at = $5
             where id = $1 and raw is null and digest = $6"
        );
        let digest = hex::encode(signed.unsigned.digest);
        let (id, txid) = (signed.unsigned.id.to_string(), hex::encode(signed.txid));
        let args = args![id, &signed.raw, txid, big(signed.journal_seq), signed.signed_at, digest];
        if conn.run(text, args).await? != 1 {
            return Ok(Written::Moved);
        }
    }
    for change in changes {
        note(conn, context, change).await?;
    }
    Ok(Written::Whole)
}

async fn insert(
    conn: &mut Conn<'_>,
    attempt: &Unsigned,
    hashes: &BTreeMap<TransferId, String>,
) -> Result<(), SqlError> {
    let payment_hash = match hashes.get(&attempt.transfer) {
        Some(hash) => hash.clone(),
        None => {
            let text = sql!("select payment_hash from transfer where id = $1 limit 1");
            let missing =
                || StoreError::Statement(format!("an attempt of {}, which is not there", attempt.transfer));
            let row = conn.row(text, args![attempt.transfer.to_string()]).await?.ok_or_else(missing)?;
            row.text("payment_hash")?.to_owned()
        }
    };
    let values = values(attempt, &payment_hash).map_err(|error| StoreError::Statement(error.to_string()))?;
    let text = sql!(
        "insert into attempt (id, transfer_id, serial, chain, slot, kind, payment_hash, evidence, bytes, digest, built_at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)"
    );
    // The hash was taken from the transfer itself, so what can be wrong is the slot.
    conn.run(text, &values).await.map_err(|error| error.foreign_key_is("m3_same_slot"))?;
    Ok(())
}

async fn note(conn: &mut Conn<'_>, context: &Context, change: &Change) -> Result<(), SqlError> {
    let at = cause(change, context).at;
    for (attempt, said) in &change.notes {
        let said: String = said.chars().take(NOTE_MAX).collect();
        let id = attempt.to_string();
        conn.run(sql!("insert into note (attempt_id, text, at) values ($1, $2, $3)"), args![&id, said, at])
            .await?;
        let forget = sql!(
            "delete from note where attempt_id = $1
               and id not in (select id from note where attempt_id = $1 order by id desc limit $2)"
        );
        conn.run(forget, args![&id, NOTES_MAX]).await?;
    }
    Ok(())
}
