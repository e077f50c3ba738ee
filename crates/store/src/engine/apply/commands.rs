//! Steps of commands that take two persons. The second word is written by the commit that carries the command out, so a
//! command whose record has moved on takes everything else of its change with it.

use std::sync::LazyLock;

use sluice_core::event::of_command;
use sluice_core::moved::Moved;
use sluice_core::port::store::Change;

use super::{Happened, Written};
use crate::row::command::{CommandRow, MUTABLE, TABLE};
use crate::sql::{Conn, EachRow, SqlError};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));
static UPDATE: LazyLock<EachRow> = LazyLock::new(|| TABLE.update(MUTABLE, &["id", "was"], ""));

/// What ends is written before what begins: the one may make room for the other.
pub(super) async fn write(
    conn: &mut Conn<'_>,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    let (mut born, mut moved) = (Vec::new(), Vec::new());
    for (place, change) in changes.iter().enumerate() {
        for step in &change.commands {
            match step.before() {
                Some(before) => moved.push(CommandRow::of(step.after(), Some(before.version))),
                None => born.push(CommandRow::of(step.after(), None)),
            }
            happened.push((place, of_command(step)));
        }
    }
    if !moved.is_empty() && conn.run_each(&UPDATE, &moved).await? != moved.len() as u64 {
        return Ok(Written::Moved);
    }
    if !born.is_empty() {
        conn.run_each(&INSERT, &born).await?;
    }
    Ok(Written::Whole)
}

/// Writes one step for the registry, without its event; false when the command has moved on.
pub(crate) async fn step(
    conn: &mut Conn<'_>,
    step: &Moved<sluice_core::command::Command>,
) -> Result<bool, SqlError> {
    let row = CommandRow::of(step.after(), step.before().map(|before| before.version));
    let text: &EachRow = if step.before().is_some() { &UPDATE } else { &INSERT };
    Ok(conn.run_each(text, &[row]).await? == 1)
}
