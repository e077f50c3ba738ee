//! Attempts, their signatures, and what nodes said of them.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde::Serialize;
use sluice_core::id::TransferId;
use sluice_core::port::store::{Change, StoreError};

use super::{Context, Written, cause};
use crate::row::attempt::{AttemptRow, SIGNED, SIGNS, SignedRow, TABLE};
use crate::row::table::Table;
use crate::sql::{Conn, EachRow, SqlError, slice};
use crate::{args, sql};

const NOTES: Table = Table { name: "note", texts: &["attempt_id", "text"], ints: &["at"], blobs: &[] };

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));
static SIGN: LazyLock<EachRow> =
    LazyLock::new(|| SIGNED.update(SIGNS, &["id", "digest"], "and attempt.raw is null"));
static NOTE: LazyLock<EachRow> = LazyLock::new(|| NOTES.insert(""));

/// Notes kept of one attempt (M14).
const NOTES_MAX: i64 = 20;
/// Longest note, characters.
const NOTE_MAX: usize = 500;

pub(super) async fn write(
    conn: &mut Conn<'_>,
    context: &Context,
    changes: &[Change],
) -> Result<Written, SqlError> {
    let built: BTreeSet<TransferId> =
        changes.iter().flat_map(|change| &change.attempts).map(|attempt| attempt.transfer).collect();
    let hashes: BTreeMap<TransferId, String> = changes
        .iter()
        .flat_map(|change| &change.transfers)
        .filter(|step| built.contains(&step.after().id))
        .map(|step| (step.after().id, hex::encode(step.after().payment_hash())))
        .collect();
    let drawn: Vec<AttemptRow<'_>> = changes
        .iter()
        .flat_map(|change| &change.attempts)
        .map(|attempt| {
            let alone =
                || StoreError::Statement(format!("an attempt without a step of {}", attempt.transfer));
            let payment_hash = hashes.get(&attempt.transfer).ok_or_else(alone)?;
            AttemptRow::of(attempt, payment_hash).map_err(|error| StoreError::Statement(error.to_string()))
        })
        .collect::<Result<_, _>>()?;
    if !drawn.is_empty() {
        // The hash was taken from the transfer itself, so what can be wrong is the slot.
        let inserted = conn.run_each(&INSERT, &drawn).await;
        inserted.map_err(|error| error.foreign_key_is("m3_same_slot"))?;
    }
    let signed: Vec<SignedRow> =
        changes.iter().flat_map(|change| &change.signatures).map(SignedRow::of).collect();
    if !signed.is_empty() && conn.run_each(&SIGN, &signed).await? != signed.len() as u64 {
        return Ok(Written::Moved);
    }
    note(conn, context, changes).await?;
    Ok(Written::Whole)
}

#[derive(Serialize)]
struct NoteRow {
    attempt_id: String,
    text: String,
    at: i64,
}

async fn note(conn: &mut Conn<'_>, context: &Context, changes: &[Change]) -> Result<(), SqlError> {
    let mut notes = Vec::new();
    for change in changes {
        let at = cause(change, context).at.micros();
        notes.extend(change.notes.iter().map(|(attempt, said)| NoteRow {
            attempt_id: attempt.to_string(),
            text: said.chars().take(NOTE_MAX).collect(),
            at,
        }));
    }
    if notes.is_empty() {
        return Ok(());
    }
    conn.run_each(&NOTE, &notes).await?;
    let forget = sql!(
        lite "delete from note where id in (
                select id from (select id, row_number() over (partition by attempt_id order by id desc) as place
                                from note where attempt_id in (select value from json_each($1)))
                where place > $2)",
        pg "delete from note where id in (
              select id from (select id, row_number() over (partition by attempt_id order by id desc) as place
                              from note where attempt_id in (select jsonb_array_elements_text($1::jsonb))) as ranked
              where place > $2)",
        because "each database reads JSON in its own way"
    );
    conn.run(forget, args![slice(notes.iter().map(|note| &note.attempt_id)), NOTES_MAX]).await?;
    Ok(())
}
