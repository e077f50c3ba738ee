//! What an entry means for the tables beside the journal. Called when an entry is written, and again by `verify`.

use rusqlite::{Connection, params};
use sluice_core::port::signer::Setter;
use sluice_core::slot::Slot;

use super::{Fact, JournalError, read};
use crate::journal::fact::Reserve;

/// The minute of an instant: windows are kept by minute.
pub(crate) const fn minute_of(at: i64) -> i64 {
    at.div_euclid(60_000_000)
}

pub(super) fn project(conn: &Connection, seq: u64, at: i64, fact: &Fact) -> Result<(), JournalError> {
    let seq = i64::try_from(seq).map_err(|_| JournalError::Full)?;
    let run = |sql: &str, values: &[&dyn rusqlite::ToSql]| -> Result<usize, JournalError> {
        Ok(conn.prepare_cached(sql)?.execute(values)?)
    };
    match fact {
        Fact::Genesis { deployment, v: _ } => {
            run("insert into deployment (one, name) values (1, ?1)", params![deployment])?;
        }
        Fact::Enrol { wallet, partner, chain, address } => {
            let sql = "insert into wallet (id, partner, chain, address, seq) values (?1, ?2, ?3, ?4, ?5)";
            run(sql, params![wallet, partner, chain, address, seq])?;
        }
        Fact::Epoch { wallet, epoch } => {
            run("update wallet set epoch = ?2 where id = ?1", params![wallet, epoch])?;
        }
        Fact::Ticket { payment_key, terms, partner, asset, atoms, wallet: _, payment: _ } => {
            let sql = "insert into ticket (payment_key, terms, partner, asset, atoms, seq, slots, minute)
                values (?1, ?2, ?3, ?4, ?5, ?6, 1, ?7)";
            let (key, terms) = (bytes(payment_key)?, bytes(terms)?);
            run(sql, params![key, terms, partner, asset, atoms, seq, minute_of(at)])?;
            count(conn, payment_key, at)?;
        }
        Fact::Recount { payment_key, slots } => {
            let sql = "update ticket set slots = ?2, minute = max(minute, ?3) where payment_key = ?1";
            run(sql, params![bytes(payment_key)?, slots, minute_of(at)])?;
            count(conn, payment_key, at)?;
        }
        Fact::Reserve(reserve) => reserved(conn, seq, at, reserve)?,
        Fact::Signature { attempt, slot, raw, txid, r } => {
            let sql = "update attempt set signed_by = ?2, raw = ?3, txid = ?4, r = ?5 where id = ?1";
            run(sql, params![attempt, seq, bytes(raw)?, bytes(txid)?, bytes(r)?])?;
            run("update slot set signed_at = ?2 where id = ?1", params![slot, at])?;
            reached(conn, slot, at)?;
        }
        Fact::Close { slot, wallet, why: _ } => {
            let sql = "insert into slot (id, wallet, closed_by) values (?1, ?2, ?3)
                on conflict (id) do update set closed_by = excluded.closed_by";
            run(sql, params![slot, wallet, seq])?;
        }
        Fact::Show { wallet, challenge, digest } => {
            let sql =
                "insert into shown (wallet, challenge, digest, minute, seq) values (?1, ?2, ?3, ?4, ?5)";
            run(sql, params![wallet, bytes(challenge)?, bytes(digest)?, minute_of(at), seq])?;
        }
        Fact::Shown { wallet, challenge, r } => {
            let sql = "update shown set r = ?3 where wallet = ?1 and challenge = ?2";
            run(sql, params![wallet, bytes(challenge)?, bytes(r)?])?;
        }
        Fact::Bar { wallet, reason } => {
            let sql = "insert into bar (wallet, reason, seq) values (?1, ?2, ?3)";
            run(sql, params![wallet, reason, seq])?;
        }
        Fact::Stop { scope, subject, reason, setter } => {
            let sql = "insert into stop (scope, subject, setter, reason, seq) values (?1, ?2, ?3, ?4, ?5)
                on conflict (scope, subject, setter) do update set reason = excluded.reason, seq = excluded.seq";
            let setter = setter.as_deref().unwrap_or(Setter::Console.as_str());
            run(sql, params![scope, subject, setter, reason, seq])?;
        }
        Fact::Mark { mark: _ } => {}
        Fact::Lift { scope, subject, reason: _, setter } => {
            let sql = "delete from stop where scope = ?1 and subject = ?2 and setter = coalesce(?3, setter)";
            run(sql, params![scope, subject, setter])?;
        }
    }
    Ok(())
}

/// Counts an admitted payment in the hour of this minute.
fn count(conn: &Connection, payment_key: &str, at: i64) -> Result<(), JournalError> {
    let sql = "insert into spent (partner, asset, minute, atoms)
        select partner, asset, ?2, atoms from ticket where payment_key = ?1
        on conflict (partner, asset, minute) do update set atoms = atoms + excluded.atoms";
    conn.prepare_cached(sql)?.execute(params![bytes(payment_key)?, minute_of(at)])?;
    Ok(())
}

/// A signature was made in this slot.
fn reached(conn: &Connection, slot: &str, at: i64) -> Result<(), JournalError> {
    let Ok(parsed) = Slot::parse(slot) else { return Ok(()) };
    // A transaction id has no nonce; that the wallet signed is noted all the same.
    let nonce = i64::try_from(parsed.nonce().unwrap_or(0)).unwrap_or(i64::MAX);
    let sql = "insert into reach (wallet, nonce, signed_at) select wallet, ?2, ?3 from slot where id = ?1
        on conflict (wallet) do update
        set nonce = max(nonce, excluded.nonce), signed_at = max(signed_at, excluded.signed_at)";
    conn.prepare_cached(sql)?.execute(params![slot, nonce, at])?;
    Ok(())
}

/// A counted payment is about to be signed for the first time in a slot: its hour begins now, not when it was admitted.
fn spent_now(conn: &Connection, key: &[u8], at: i64) -> Result<(), JournalError> {
    let minute = minute_of(at);
    let sql = "select partner, asset, atoms, minute from ticket where payment_key = ?1";
    let (partner, asset, atoms, counted): (String, String, i64, i64) = conn
        .prepare_cached(sql)?
        .query_row([key], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)))?;
    if counted >= minute {
        return Ok(());
    }
    let gone = "delete from spent where partner = ?1 and asset = ?2 and minute = ?3 and atoms <= ?4";
    let less = "update spent set atoms = atoms - ?4 where partner = ?1 and asset = ?2 and minute = ?3";
    if conn.prepare_cached(gone)?.execute(params![partner, asset, counted, atoms])? == 0 {
        conn.prepare_cached(less)?.execute(params![partner, asset, counted, atoms])?;
    }
    let more = "insert into spent (partner, asset, minute, atoms) values (?1, ?2, ?3, ?4)
        on conflict (partner, asset, minute) do update set atoms = atoms + excluded.atoms";
    conn.prepare_cached(more)?.execute(params![partner, asset, minute, atoms])?;
    conn.prepare_cached("update ticket set minute = ?2 where payment_key = ?1")?
        .execute(params![key, minute])?;
    Ok(())
}

/// The slot's dearest attempt counts, once: a dearer one adds what it is dearer.
fn burned(conn: &Connection, reserve: &Reserve, cost_gwei: i64, at: i64) -> Result<(), JournalError> {
    let sql = "select cost_gwei from slot where id = ?1";
    let known: i64 = conn.prepare_cached(sql)?.query_row([&reserve.slot], |row| row.get(0))?;
    let more = cost_gwei.saturating_sub(known);
    if more <= 0 {
        return Ok(());
    }
    let sql = "insert into burned (wallet, minute, gwei) values (?1, ?2, ?3)
        on conflict (wallet, minute) do update set gwei = gwei + excluded.gwei";
    conn.prepare_cached(sql)?.execute(params![reserve.wallet, minute_of(at), more])?;
    conn.prepare_cached("update slot set cost_gwei = ?2 where id = ?1")?
        .execute(params![reserve.slot, cost_gwei])?;
    Ok(())
}

fn reserved(conn: &Connection, seq: i64, at: i64, reserve: &Reserve) -> Result<(), JournalError> {
    let Reserve { attempt, kind, wallet, slot, payment_key, payment_hash, digest, .. } = reserve;
    let (key, hash) = (bytes_of(payment_key.as_ref())?, bytes_of(payment_hash.as_ref())?);
    if let Some(key) = &key {
        // The payment moves here: its former slot, if it was not closed, never pays again as far as we can help it.
        let sql = "update slot set released_by = ?3
            where payment_key = ?1 and id <> ?2 and closed_by is null and released_by is null";
        conn.prepare_cached(sql)?.execute(params![key, slot, seq])?;
    }
    let expires_at = reserve.tron.as_ref().map(|tron| tron.expires_at_ms.saturating_mul(1_000));
    let sql =
        "insert into slot (id, wallet, payment_key, payment_hash, expires_at) values (?1, ?2, ?3, ?4, ?5)
        on conflict (id) do nothing";
    let new = conn.prepare_cached(sql)?.execute(params![slot, wallet, key, hash, expires_at])? == 1;
    // Opened by its first attempt. Before costs were counted, a slot that was closed first was not.
    let first = match reserve.cost_gwei {
        Some(_) => new || !read::was_asked_for(conn, slot)?,
        None => new,
    };
    if first {
        let sql = "insert into opened (wallet, minute, slots) values (?1, ?2, 1)
            on conflict (wallet, minute) do update set slots = slots + 1";
        conn.prepare_cached(sql)?.execute(params![wallet, minute_of(at)])?;
    }
    if let Some(cost_gwei) = reserve.cost_gwei {
        burned(conn, reserve, cost_gwei, at)?;
        if let Some(key) = &key
            && new
        {
            spent_now(conn, key, at)?;
        }
    }
    if kind == "void" {
        let sql = "update slot set voided_by = ?2 where id = ?1 and voided_by is null";
        conn.prepare_cached(sql)?.execute(params![slot, seq])?;
    }
    let sql = "insert into attempt (id, slot, kind, digest, reserved_by) values (?1, ?2, ?3, ?4, ?5)";
    conn.prepare_cached(sql)?.execute(params![attempt, slot, kind, bytes(digest)?, seq])?;
    Ok(())
}

fn bytes(hex: &str) -> Result<Vec<u8>, JournalError> {
    hex::decode(hex).map_err(|_| JournalError::Malformed("hex".into()))
}

fn bytes_of(hex: Option<&String>) -> Result<Option<Vec<u8>>, JournalError> {
    hex.map(|hex| bytes(hex)).transpose()
}
