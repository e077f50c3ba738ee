//! Proving that a journal is whole: the chain, and that the tables say what the entries say.

use rusqlite::types::Value;
use rusqlite::{Connection, TransactionBehavior};

use super::{Head, Journal, JournalAt, JournalEntry, JournalError, project};

/// How a journal was changed behind its own back.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Tampered {
    /// A hole, or entries out of order.
    #[error("entry {seq} is missing")]
    Missing {
        /// The place that should be there.
        seq: u64,
    },
    /// Content and hash differ, or the link to the entry before is broken.
    #[error("entry {seq} was changed")]
    Changed {
        /// The first such entry.
        seq: u64,
    },
    /// The journal ends before, or differs at, a head that was noted elsewhere.
    #[error("the journal does not contain the head noted at {seq}")]
    Cut {
        /// Place of the head noted elsewhere.
        seq: u64,
    },
    /// A table does not say what the entries say.
    #[error("table {table} does not say what the entries say")]
    Table {
        /// The first such table.
        table: String,
    },
    /// An entry is none that this program writes.
    #[error("entry {seq} cannot be understood")]
    Strange {
        /// Its place.
        seq: u64,
    },
}

/// Why a journal could not be verified.
#[derive(Debug)]
pub(crate) enum Unverified {
    /// It was changed.
    Tampered(Tampered),
    /// It could not be read.
    Unreadable(JournalError),
}

impl<E: Into<JournalError>> From<E> for Unverified {
    fn from(error: E) -> Self {
        Self::Unreadable(error.into())
    }
}

const TABLES: [&str; 12] = [
    "deployment",
    "wallet",
    "ticket",
    "spent",
    "opened",
    "slot",
    "attempt",
    "stop",
    "shown",
    "bar",
    "burned",
    "reach",
];

impl Journal {
    /// Walks the whole chain, rebuilds every table from it in memory and compares.
    pub(crate) fn verify(&self, noted: Option<Head>) -> Result<Head, Unverified> {
        let rebuilt = Self::open(&JournalAt::Memory)?;
        let mut head = Head { seq: 0, hash: [0; 32] };
        let mut met = noted.is_none_or(|noted| noted == head);
        loop {
            let page = self.entries(head.seq.saturating_add(1), super::EXPORT_MAX)?;
            if page.is_empty() {
                break;
            }
            for entry in page {
                check(&entry, &head).map_err(Unverified::Tampered)?;
                // The tables refer to the entry; what it says is not looked at twice.
                replay(&rebuilt.conn, &entry, "")?;
                head = Head { seq: entry.seq, hash: entry.hash };
                met |= noted == Some(head);
            }
        }
        if let (Some(noted), false) = (noted, met) {
            return Err(Unverified::Tampered(Tampered::Cut { seq: noted.seq }));
        }
        for table in TABLES {
            if rows_of(&self.conn, table)? != rows_of(&rebuilt.conn, table)? {
                return Err(Unverified::Tampered(Tampered::Table { table: table.into() }));
            }
        }
        Ok(head)
    }
}

impl Journal {
    /// Writes every entry of another journal into this empty one, and what each means, in one commit.
    pub(crate) fn replay(&mut self, entries: impl Iterator<Item = JournalEntry>) -> Result<Head, Unverified> {
        let mut head = self.head()?;
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        for entry in entries {
            check(&entry, &head).map_err(Unverified::Tampered)?;
            replay(&tx, &entry, &entry.body)?;
            head = Head { seq: entry.seq, hash: entry.hash };
        }
        tx.commit()?;
        Ok(head)
    }
}

fn check(entry: &JournalEntry, before: &Head) -> Result<(), Tampered> {
    let expected = before.seq.saturating_add(1);
    if entry.seq != expected {
        return Err(Tampered::Missing { seq: expected });
    }
    if entry.prev != before.hash || entry.hash != entry.computed_hash() {
        return Err(Tampered::Changed { seq: entry.seq });
    }
    Ok(())
}

/// Writes an entry, and what it means for the tables.
fn replay(conn: &Connection, entry: &JournalEntry, body: &str) -> Result<(), Unverified> {
    let strange = |_| Unverified::Tampered(Tampered::Strange { seq: entry.seq });
    let fact = entry.fact().map_err(strange)?;
    let sql = "insert into entry (seq, at, body, prev, hash) values (?1, ?2, ?3, ?4, ?5)";
    let seq = i64::try_from(entry.seq).map_err(|_| JournalError::Full)?;
    let values = rusqlite::params![seq, entry.at.micros(), body, entry.prev, entry.hash];
    conn.prepare_cached(sql)?.execute(values)?;
    project::project(conn, entry.seq, entry.at.micros(), &fact).map_err(strange)
}

/// Every row of a table in the order of its key, as values.
fn rows_of(conn: &Connection, table: &str) -> Result<Vec<Vec<Value>>, JournalError> {
    let columns = conn.prepare(&format!("select * from {table}"))?.column_count();
    let order = (1..=columns).map(|column| column.to_string()).collect::<Vec<_>>().join(", ");
    let mut statement = conn.prepare(&format!("select * from {table} order by {order}"))?;
    let mut rows = statement.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push((0..columns).map(|column| row.get(column)).collect::<Result<_, _>>()?);
    }
    Ok(found)
}
