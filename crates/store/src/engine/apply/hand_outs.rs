//! Steps of what is handed out to people. They refer to transfers and attempts, which are written before.

use std::sync::LazyLock;

use sluice_core::hand_out::of_hand_out;
use sluice_core::port::store::Change;

use super::{Happened, Written};
use crate::row::hand_out::{HandOutRow, MUTABLE, TABLE};
use crate::sql::{Conn, EachRow, SqlError};

static INSERT: LazyLock<EachRow> = LazyLock::new(|| TABLE.insert(""));
static UPDATE: LazyLock<EachRow> = LazyLock::new(|| TABLE.update(MUTABLE, &["id", "was"], ""));

pub(super) async fn write(
    conn: &mut Conn<'_>,
    changes: &[Change],
    happened: &mut Happened,
) -> Result<Written, SqlError> {
    let (mut born, mut moved) = (vec![], vec![]);
    for (place, change) in changes.iter().enumerate() {
        for step in &change.hand_outs {
            match step.before() {
                Some(before) => moved.push(HandOutRow::of(step.after(), Some(before.version))),
                None => born.push(HandOutRow::of(step.after(), None)),
            }
            happened.push((place, of_hand_out(step)));
        }
    }
    // What ends is written before what begins: the one may make room for the other.
    for (text, rows) in [(&UPDATE, &moved), (&INSERT, &born)] {
        if !rows.is_empty() && conn.run_each(text, rows).await? != rows.len() as u64 {
            return Ok(Written::Moved);
        }
    }
    Ok(Written::Whole)
}
