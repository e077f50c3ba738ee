//! Looking things up in the journal's tables.

use rusqlite::{Connection, OptionalExtension, Row, params};
use sluice_core::time::Timestamp;

use super::JournalError;
use crate::refusal::Code;

/// A wallet as the journal knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct WalletRow {
    pub partner: String,
    pub chain: String,
    pub address: String,
    pub epoch: i64,
    /// Where its key was barred.
    pub barred_by: Option<u64>,
}

/// A payment that was admitted.
#[derive(Clone, Debug)]
pub(crate) struct TicketRow {
    pub terms: [u8; 32],
    pub seq: u64,
    /// Slots it was counted for.
    pub slots: usize,
    /// Minute of the latest count.
    pub minute: i64,
}

impl TicketRow {
    /// Whether one more slot after `former` ones is counted, in a window that began at `since`.
    pub(crate) const fn covers(&self, former: usize, since: i64) -> bool {
        self.slots > former && self.minute >= since
    }
}

/// A slot that something was ever asked for.
#[derive(Clone, Debug)]
pub(crate) struct SlotRow {
    pub id: String,
    pub payment_hash: Option<[u8; 32]>,
    pub signed_at: Option<Timestamp>,
    pub voided: bool,
    pub closed_by: Option<u64>,
    pub released: bool,
    /// What its dearest attempt can cost, gwei, or sun on TRON.
    pub cost_gwei: i64,
    /// TRON: what was signed in it may be included until then.
    pub expires_at: Option<Timestamp>,
}

impl SlotRow {
    /// Why no payment is signed in it any more.
    pub(crate) fn shut(&self) -> Option<Code> {
        if self.closed_by.is_some() {
            Some(Code::Closed)
        } else if self.voided {
            Some(Code::Voided)
        } else if self.released {
            Some(Code::PaymentOtherSlot)
        } else {
            None
        }
    }
}

/// An attempt that was ever reserved.
#[derive(Clone, Debug)]
pub(crate) struct AttemptRow {
    pub id: String,
    pub slot: String,
    /// `pay` or `void`.
    pub kind: String,
    pub digest: [u8; 32],
    pub signed: Option<SignedRow>,
}

/// Its signature.
#[derive(Clone, Debug)]
pub(crate) struct SignedRow {
    pub seq: u64,
    pub raw: Vec<u8>,
    pub txid: [u8; 32],
}

/// A stop in force.
#[derive(Clone, Debug)]
pub(crate) struct StopRow {
    pub scope: String,
    pub subject: String,
    pub setter: String,
    pub reason: String,
    pub seq: u64,
}

const SLOT: &str =
    "select id, payment_hash, signed_at, voided_by, closed_by, released_by, cost_gwei, expires_at from slot";
const ATTEMPT: &str = "select id, slot, digest, signed_by, raw, txid, kind from attempt";

pub(crate) fn deployment(conn: &Connection) -> Result<Option<String>, JournalError> {
    Ok(conn.query_row("select name from deployment", [], |row| row.get(0)).optional()?)
}

pub(crate) fn last_at(conn: &Connection) -> Result<Option<Timestamp>, JournalError> {
    let sql = "select at from entry order by seq desc limit 1";
    let at = conn.prepare_cached(sql)?.query_row([], |row| row.get(0)).optional()?;
    Ok(at.map(Timestamp::from_micros))
}

pub(crate) fn wallet(conn: &Connection, id: &str) -> Result<Option<WalletRow>, JournalError> {
    let sql = "select w.partner, w.chain, w.address, w.epoch, b.seq
        from wallet as w left join bar as b on b.wallet = w.id where w.id = ?1";
    let row = conn.prepare_cached(sql)?.query_row([id], |row| {
        let barred_by = match row.get::<_, Option<i64>>(4)? {
            Some(_) => Some(place(row, 4)?),
            None => None,
        };
        let (partner, chain, address) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(WalletRow { partner, chain, address, epoch: row.get(3)?, barred_by })
    });
    Ok(row.optional()?)
}

pub(crate) fn account_is_taken(conn: &Connection, chain: &str, address: &str) -> Result<bool, JournalError> {
    let sql = "select exists (select 1 from wallet where chain = ?1 and address = ?2)";
    Ok(conn.prepare_cached(sql)?.query_row([chain, address], |row| row.get(0))?)
}

pub(crate) fn ticket(conn: &Connection, key: &[u8; 32]) -> Result<Option<TicketRow>, JournalError> {
    let sql = "select terms, seq, slots, minute from ticket where payment_key = ?1";
    let row = conn.prepare_cached(sql)?.query_row([key], |row| {
        let slots: u32 = row.get(2)?;
        let slots = usize::try_from(slots).unwrap_or(usize::MAX);
        Ok(TicketRow { terms: row.get(0)?, seq: place(row, 1)?, slots, minute: row.get(3)? })
    });
    Ok(row.optional()?)
}

/// Atoms admitted for a partner and asset from a minute on. Later minutes count too: a clock that fell back gives no
/// room.
pub(crate) fn spent(conn: &Connection, partner: &str, asset: &str, minute: i64) -> Result<i64, JournalError> {
    let sql = "select coalesce(sum(atoms), 0) from spent where partner = ?1 and asset = ?2 and minute >= ?3";
    Ok(conn.prepare_cached(sql)?.query_row(params![partner, asset, minute], |row| row.get(0))?)
}

/// Slots opened for a wallet from a minute on.
pub(crate) fn opened(conn: &Connection, wallet: &str, minute: i64) -> Result<i64, JournalError> {
    let sql = "select coalesce(sum(slots), 0) from opened where wallet = ?1 and minute >= ?2";
    Ok(conn.prepare_cached(sql)?.query_row(params![wallet, minute], |row| row.get(0))?)
}

pub(crate) fn slot(conn: &Connection, id: &str) -> Result<Option<SlotRow>, JournalError> {
    let sql = text(SLOT, " where id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([id], slot_of).optional()?)
}

/// Every slot a payment ever had, except those closed before anything was signed.
pub(crate) fn slots_of(conn: &Connection, key: &[u8; 32]) -> Result<Vec<SlotRow>, JournalError> {
    let sql = text(SLOT, " where payment_key = ?1 and closed_by is null order by id");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([key], slot_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

pub(crate) fn attempt(conn: &Connection, id: &str) -> Result<Option<AttemptRow>, JournalError> {
    let sql = text(ATTEMPT, " where id = ?1");
    Ok(conn.prepare_cached(&sql)?.query_row([id], attempt_of).optional()?)
}

/// Whether any attempt was ever reserved for a slot.
pub(crate) fn was_asked_for(conn: &Connection, slot: &str) -> Result<bool, JournalError> {
    let sql = "select exists (select 1 from attempt where slot = ?1)";
    Ok(conn.prepare_cached(sql)?.query_row([slot], |row| row.get(0))?)
}

/// How far a wallet has come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reach {
    /// Highest nonce with a signature.
    pub nonce: u64,
    /// Last signature.
    pub signed_at: Timestamp,
}

pub(crate) fn reach(conn: &Connection, wallet: &str) -> Result<Option<Reach>, JournalError> {
    let sql = "select nonce, signed_at from reach where wallet = ?1";
    let row = conn.prepare_cached(sql)?.query_row([wallet], |row| {
        Ok(Reach { nonce: place(row, 0)?, signed_at: Timestamp::from_micros(row.get(1)?) })
    });
    Ok(row.optional()?)
}

/// Network cost of a wallet from a minute on, gwei.
pub(crate) fn burned(conn: &Connection, wallet: &str, minute: i64) -> Result<i64, JournalError> {
    let sql = "select coalesce(sum(gwei), 0) from burned where wallet = ?1 and minute >= ?2";
    Ok(conn.prepare_cached(sql)?.query_row(params![wallet, minute], |row| row.get(0))?)
}

/// The signed attempts of a slot, oldest signature first.
pub(crate) fn signed_of(conn: &Connection, slot: &str) -> Result<Vec<AttemptRow>, JournalError> {
    let sql = text(ATTEMPT, " where slot = ?1 and signed_by is not null order by signed_by");
    let mut statement = conn.prepare_cached(&sql)?;
    let rows = statement.query_map([slot], attempt_of)?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Whether an `r` was ever used over another digest.
pub(crate) fn r_is_reused(conn: &Connection, r: &[u8; 32], digest: &[u8; 32]) -> Result<bool, JournalError> {
    let sql = "select exists (select 1 from attempt where r = ?1 and digest <> ?2)
        or exists (select 1 from shown where r = ?1 and digest <> ?2)";
    Ok(conn.prepare_cached(sql)?.query_row(params![r, digest], |row| row.get(0))?)
}

/// Whether the signature over a challenge was made; `None` when it was never asked for.
pub(crate) fn shown(
    conn: &Connection,
    wallet: &str,
    challenge: &[u8; 32],
) -> Result<Option<bool>, JournalError> {
    let sql = "select r is not null from shown where wallet = ?1 and challenge = ?2";
    Ok(conn.prepare_cached(sql)?.query_row(params![wallet, challenge], |row| row.get(0)).optional()?)
}

/// Proofs of a wallet's key that were asked for from a minute on.
pub(crate) fn shown_since(conn: &Connection, wallet: &str, minute: i64) -> Result<i64, JournalError> {
    let sql = "select count(*) from shown where wallet = ?1 and minute >= ?2";
    Ok(conn.prepare_cached(sql)?.query_row(params![wallet, minute], |row| row.get(0))?)
}

pub(crate) fn stops(conn: &Connection) -> Result<Vec<StopRow>, JournalError> {
    let mut statement = conn.prepare_cached(
        "select scope, subject, setter, reason, seq from stop order by scope, subject, setter",
    )?;
    let rows = statement.query_map([], |row| {
        let (scope, subject, setter) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(StopRow { scope, subject, setter, reason: row.get(3)?, seq: place(row, 4)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn text(select: &str, rest: &str) -> String {
    [select, rest].concat()
}

/// A place in the journal: SQLite counts in i64, and no place is negative.
pub(super) fn place(row: &Row<'_>, column: usize) -> rusqlite::Result<u64> {
    let place: i64 = row.get(column)?;
    u64::try_from(place).map_err(|_| rusqlite::Error::IntegralValueOutOfRange(column, place))
}

fn slot_of(row: &Row<'_>) -> rusqlite::Result<SlotRow> {
    Ok(SlotRow {
        id: row.get(0)?,
        payment_hash: row.get(1)?,
        signed_at: row.get::<_, Option<i64>>(2)?.map(Timestamp::from_micros),
        voided: row.get::<_, Option<i64>>(3)?.is_some(),
        closed_by: match row.get::<_, Option<i64>>(4)? {
            Some(_) => Some(place(row, 4)?),
            None => None,
        },
        released: row.get::<_, Option<i64>>(5)?.is_some(),
        cost_gwei: row.get(6)?,
        expires_at: row.get::<_, Option<i64>>(7)?.map(Timestamp::from_micros),
    })
}

fn attempt_of(row: &Row<'_>) -> rusqlite::Result<AttemptRow> {
    let signed = match row.get::<_, Option<i64>>(3)? {
        Some(_) => Some(SignedRow { seq: place(row, 3)?, raw: row.get(4)?, txid: row.get(5)? }),
        None => None,
    };
    Ok(AttemptRow { id: row.get(0)?, slot: row.get(1)?, kind: row.get(6)?, digest: row.get(2)?, signed })
}
