//! What the signer remembers: an append-only, dense, hash-chained journal in SQLite, and tables that repeat it for
//! looking up.
//!
//! `hash = sha256("sluice/signer-journal/v1" 0x00 prev seq at body)`, numbers as 8 bytes, big-endian. The first `prev`
//! is 32 zero bytes.
//!
//! # Invariants
//! - Every change is an entry, and [`project`](self::project) of that entry in the same transaction; nothing else
//!   writes. So the tables can be rebuilt from the entries, and `verify` compares the two.
//! - `synchronous=FULL`: what was committed survives a power cut. The file is locked exclusively: one signer, one
//!   journal.
//! - The tail cannot be missed by the chain alone. Every answer carries its place, the store keeps the highest (M17),
//!   and `verify` takes a head that was noted elsewhere.

mod fact;
mod project;
pub(crate) mod read;
mod told;
mod verify;

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, OptionalExtension, TransactionBehavior, params};
use sha2::{Digest, Sha256};
use sluice_core::time::Timestamp;

pub use fact::{Fact, Reserve, Tron};
pub(crate) use project::minute_of;
pub(crate) use read::{SlotRow, TicketRow, WalletRow};
pub use verify::Tampered;
pub(crate) use verify::Unverified;

const DOMAIN: &[u8] = b"sluice/signer-journal/v1\0";
/// Versions of the tables, in order; `user_version` counts how many a file has. Entries never change their shape.
const SCHEMA: [&str; 5] = [
    include_str!("journal/schema.sql"),
    include_str!("journal/schema_2.sql"),
    include_str!("journal/schema_3.sql"),
    include_str!("journal/schema_4.sql"),
    include_str!("journal/schema_5.sql"),
];
/// Written into the file's header, so that no other database is taken for a journal: "slsg".
const APPLICATION_ID: i32 = 0x736c_7367;
/// Pages kept in memory: payments arrive in no order of their keys.
const CACHE_KB: i64 = 16_000;
/// Most entries one export returns.
pub(crate) const EXPORT_MAX: usize = 1_000;

/// Where a journal lives.
#[derive(Clone, Debug)]
pub enum JournalAt {
    /// In a file, made when missing.
    File(PathBuf),
    /// In memory: for the simulator and for tests.
    Memory,
}

/// The journal cannot be used. No signature is given without it.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// SQLite says no.
    #[error("the journal cannot be read or written: {0}")]
    Sqlite(#[from] rusqlite::Error),
    /// Something in it is not what this program writes.
    #[error("the journal holds what it should not: {0}")]
    Malformed(String),
    /// Its numbers ran out.
    #[error("the journal is full")]
    Full,
}

impl From<serde_json::Error> for JournalError {
    fn from(error: serde_json::Error) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// The end of a journal. Note it somewhere else, and a cut journal is found (M17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Place of the last entry; 0 for an empty journal.
    pub seq: u64,
    /// Hash of the last entry; zeros for an empty journal.
    pub hash: [u8; 32],
}

/// One entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalEntry {
    /// Place, dense from 1.
    pub seq: u64,
    /// When it was written.
    pub at: Timestamp,
    /// JSON of a [`Fact`]: exactly the bytes that were hashed.
    pub body: String,
    /// Hash of the entry before; zeros for the first.
    pub prev: [u8; 32],
    /// Hash of this entry.
    pub hash: [u8; 32],
}

impl JournalEntry {
    /// What the hash of this entry must be.
    pub fn computed_hash(&self) -> [u8; 32] {
        hash_of(&self.prev, self.seq, self.at, &self.body)
    }

    /// What it says.
    ///
    /// # Errors
    /// [`JournalError::Malformed`] for an entry of a newer program.
    pub fn fact(&self) -> Result<Fact, JournalError> {
        Ok(serde_json::from_str(&self.body)?)
    }
}

fn hash_of(prev: &[u8; 32], seq: u64, at: Timestamp, body: &str) -> [u8; 32] {
    let mut hash = Sha256::new();
    hash.update(DOMAIN);
    hash.update(prev);
    hash.update(seq.to_be_bytes());
    hash.update(at.micros().to_be_bytes());
    hash.update(body.as_bytes());
    hash.finalize().into()
}

/// An open journal.
pub(crate) struct Journal {
    conn: Connection,
}

impl Journal {
    /// Opens it, or makes it.
    pub(crate) fn open(at: &JournalAt) -> Result<Self, JournalError> {
        let conn = match at {
            JournalAt::File(path) => {
                let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
                    | OpenFlags::SQLITE_OPEN_CREATE
                    | OpenFlags::SQLITE_OPEN_NO_MUTEX;
                // Made readable for its user alone. What fails here fails below, with why.
                let _there = OpenOptions::new().append(true).create(true).mode(0o600).open(path);
                Connection::open_with_flags(path, flags)?
            }
            JournalAt::Memory => Connection::open_in_memory()?,
        };
        conn.busy_timeout(Duration::from_secs(1))?;
        conn.set_prepared_statement_cache_capacity(64);
        // Exclusive before WAL: then no shared memory is used, and a second signer on this file fails to open it.
        conn.pragma_update(None, "locking_mode", "exclusive")?;
        let _mode: String = conn.pragma_update_and_check(None, "journal_mode", "wal", |row| row.get(0))?;
        conn.pragma_update(None, "synchronous", "full")?;
        conn.pragma_update(None, "foreign_keys", true)?;
        conn.pragma_update(None, "trusted_schema", false)?;
        // Triggers that may refuse make SQLite keep an undo log per statement: in memory, not in a temporary file.
        conn.pragma_update(None, "temp_store", "memory")?;
        conn.pragma_update(None, "cache_size", -CACHE_KB)?;
        let mut journal = Self { conn };
        journal.create_or_recognise()?;
        Ok(journal)
    }

    fn create_or_recognise(&mut self) -> Result<(), JournalError> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Exclusive)?;
        let id: i32 = tx.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let tables: i64 = tx.query_row("select count(*) from sqlite_schema", [], |row| row.get(0))?;
        let version: u32 = tx.pragma_query_value(None, "user_version", |row| row.get(0))?;
        let has = match (id, tables) {
            // The first journals did not count.
            (APPLICATION_ID, _) => version.max(1) as usize,
            (0, 0) => 0,
            _ => return Err(JournalError::Malformed("this database is no signer journal".into())),
        };
        if has > SCHEMA.len() {
            return Err(JournalError::Malformed("this journal is of a newer program".into()));
        }
        for schema in SCHEMA.iter().skip(has) {
            tx.execute_batch(schema)?;
        }
        tx.pragma_update(None, "application_id", APPLICATION_ID)?;
        tx.pragma_update(None, "user_version", i64::try_from(SCHEMA.len()).unwrap_or(i64::MAX))?;
        tx.commit()?;
        Ok(())
    }

    /// One transaction: all of it is durable when [`Tx::commit`] returns, or none of it.
    pub(crate) fn begin(&mut self, at: Timestamp) -> Result<Tx<'_>, JournalError> {
        let tx = self.conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let head = head_of(&tx)?;
        let last_at = read::last_at(&tx)?;
        Ok(Tx { tx, head, at, last_at })
    }

    /// The end of it.
    pub(crate) fn head(&self) -> Result<Head, JournalError> {
        head_of(&self.conn)
    }

    /// Up to `limit` entries from a place on.
    pub(crate) fn entries(&self, from: u64, limit: usize) -> Result<Vec<JournalEntry>, JournalError> {
        let sql = "select seq, at, body, prev, hash from entry where seq >= ?1 order by seq limit ?2";
        let mut statement = self.conn.prepare_cached(sql)?;
        let limit = i64::try_from(limit.min(EXPORT_MAX)).unwrap_or(0);
        let from = i64::try_from(from).unwrap_or(i64::MAX);
        let rows = statement.query_map(params![from, limit], entry_of)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// For questions that need no transaction.
    pub(crate) fn conn(&self) -> &Connection {
        &self.conn
    }
}

/// An open transaction. Dropped without a commit, it never was.
pub(crate) struct Tx<'a> {
    tx: rusqlite::Transaction<'a>,
    head: Head,
    at: Timestamp,
    last_at: Option<Timestamp>,
}

impl Tx<'_> {
    /// When the last entry before this transaction was written.
    pub(crate) const fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// The end of the journal as this transaction sees it.
    pub(crate) const fn head(&self) -> Head {
        self.head
    }

    /// Writes a fact and what it means; returns its place.
    pub(crate) fn append(&mut self, fact: &Fact) -> Result<u64, JournalError> {
        let seq = self.head.seq.checked_add(1).ok_or(JournalError::Full)?;
        let body = serde_json::to_string(fact)?;
        let hash = hash_of(&self.head.hash, seq, self.at, &body);
        let sql = "insert into entry (seq, at, body, prev, hash) values (?1, ?2, ?3, ?4, ?5)";
        let place = i64::try_from(seq).map_err(|_| JournalError::Full)?;
        let values = params![place, self.at.micros(), body, self.head.hash, hash];
        self.tx.prepare_cached(sql)?.execute(values)?;
        project::project(&self.tx, seq, self.at.micros(), fact)?;
        self.head = Head { seq, hash };
        Ok(seq)
    }

    /// Makes it durable.
    pub(crate) fn commit(self) -> Result<(), JournalError> {
        Ok(self.tx.commit()?)
    }

    /// For looking up inside the transaction.
    pub(crate) fn conn(&self) -> &Connection {
        &self.tx
    }
}

fn head_of(conn: &Connection) -> Result<Head, JournalError> {
    let sql = "select seq, hash from entry order by seq desc limit 1";
    let head = conn
        .prepare_cached(sql)?
        .query_row([], |row| Ok(Head { seq: read::place(row, 0)?, hash: row.get(1)? }))
        .optional()?;
    Ok(head.unwrap_or(Head { seq: 0, hash: [0; 32] }))
}

fn entry_of(row: &rusqlite::Row<'_>) -> rusqlite::Result<JournalEntry> {
    Ok(JournalEntry {
        seq: read::place(row, 0)?,
        at: Timestamp::from_micros(row.get(1)?),
        body: row.get(2)?,
        prev: row.get(3)?,
        hash: row.get(4)?,
    })
}
