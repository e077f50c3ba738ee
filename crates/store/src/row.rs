//! Rows and values of `core`: the only place that knows both shapes.
//!
//! A row type is a serde struct of its own, so that renaming a field of `core` never changes what is stored. Evidence
//! carries its version ([`version::V`]); amounts, wei and bytes are strings in it. A row that does not read is an
//! [`Unread`]: the caller leaves it out and reports it, because a slice must not fail for one row of a newer version.

pub mod actor;
pub mod alert;
pub mod asset;
pub mod attempt;
pub mod cells;
pub mod command;
pub mod energy;
pub mod event;
pub(crate) mod hand_out;
pub mod outlook;
pub mod partner;
pub mod proof;
pub mod reconciliation;
pub mod sighting;
pub mod stop;
pub(crate) mod table;
#[cfg(test)]
mod tests;
pub mod transfer;
pub mod version;
pub mod wallet;
pub mod withdrawal;

use sluice_core::moved::Reached;

use crate::sql::Row;

/// A row that this version cannot read, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unread {
    /// Table.
    pub table: &'static str,
    /// Key of the row.
    pub row: String,
    /// What is wrong.
    pub why: String,
}

impl From<Unread> for sluice_core::port::store::StoreError {
    fn from(unread: Unread) -> Self {
        Self::Inconsistent { table: unread.table, row: unread.row, why: unread.why }
    }
}

/// What a row of a state machine says: it was reached before it was stored.
#[expect(clippy::disallowed_methods, reason = "a row of the store is what the door is for")]
const fn kept<T>(record: T) -> Reached<T> {
    Reached::restored(record)
}

/// What came of reading rows: the values, and the rows that were left out.
pub type Readable<T> = (Vec<T>, Vec<Unread>);

/// Reads rows one by one; what does not read is left out and named.
pub fn read<T>(rows: &[Row], read: impl Fn(&Row) -> Result<T, Unread>) -> Readable<T> {
    let (mut values, mut unread) = (Vec::with_capacity(rows.len()), Vec::new());
    for row in rows {
        match read(row) {
            Ok(value) => values.push(value),
            Err(why) => unread.push(why),
        }
    }
    (values, unread)
}
