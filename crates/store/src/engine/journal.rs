//! What the store knows of what the signer's journal speaks of (M17).
//!
//! What is missing in an answer counts as forgotten, and shuts every lane. So nothing is left out because it does not
//! read: of a withdrawal the identity is enough, and anything else is an error.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::attempt::Kind;
use sluice_core::chain::ChainId;
use sluice_core::id::{AttemptId, TransferId, WithdrawalId};
use sluice_core::intent::PaymentKey;
use sluice_core::journal::{Known, LostPayment, LostSlot, LostTxid, Pending, Place, Unheld};
use sluice_core::port::chain;
use sluice_core::port::store::StoreError;
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::Withdrawal;

use super::facts::of_meta;
use super::unread::Found;
use super::{LIST_MAX, limit as size};
use crate::row::cells::Cells;
use crate::row::{self, Readable, Unread};
use crate::sql::{Conn, Row, SqlError, slice};
use crate::{args, sql, withdrawals};

pub(super) async fn known(
    conn: &mut Conn<'_>,
    attempts: &[AttemptId],
    payments: &[PaymentKey],
) -> Result<Found<Known>, SqlError> {
    let (ids, keys) = (slice(attempts), slice(payments));
    let text = sql!(
        lite "select id, transfer_id from attempt where id in (select value from json_each($1))
              union all
              select id, null as transfer_id from lost_attempt where id in (select value from json_each($1))
              limit $2",
        pg "select id, transfer_id from attempt where id in (select jsonb_array_elements_text($1::jsonb))
            union all
            select id, null as transfer_id from lost_attempt
            where id in (select jsonb_array_elements_text($1::jsonb))
            limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![ids, LIST_MAX]).await?;
    let attempts = whole(row::read(&rows, |row| {
        let cells = Cells::of("attempt", "id", row);
        let carrier = cells.opt_text("transfer_id")?.map(|_| cells.parsed("transfer_id", TransferId::parse));
        Ok((cells.parsed("id", AttemptId::parse)?, carrier.transpose()?))
    }))?;
    let text = withdrawals!(
        lite "where w.payment_key in (select value from json_each($1)) order by w.id limit $2",
        pg "where w.payment_key in (select jsonb_array_elements_text($1::jsonb)) order by w.id limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![keys, LIST_MAX]).await?;
    let key = |row: &Row| Ok(PaymentKey(Cells::of("withdrawal", "id", row).hash("payment_key")?));
    let payments = whole(row::read(&rows, key))?;
    let (withdrawals, unread) = row::read(&rows, row::withdrawal::read);
    let meta = sql!("select mark, journal_place, journal_hash from meta limit 1");
    let meta = conn.row(meta, args![]).await?;
    let known = Known {
        mark: of_meta(meta.as_ref(), "mark")?,
        place: place(meta.as_ref())?,
        back: pending(conn).await?,
        imported_at: imported_at(conn).await?,
        attempts: attempts.into_iter().collect(),
        payments: payments.into_iter().collect(),
        withdrawals: withdrawals.into_iter().map(|withdrawal| (withdrawal.key, withdrawal)).collect(),
    };
    Ok((known, unread))
}

/// The entry that store and journal were last compared up to.
fn place(meta: Option<&Row>) -> Result<Option<Place>, SqlError> {
    let seq = of_meta(meta, "journal_place")?;
    let cells = meta.map(|row| Cells::of("meta", "only_one", row));
    let read = |cells: &Cells<'_>| match cells.opt_text("journal_hash")? {
        Some(_) => Ok(Some(Place { seq, hash: cells.hash("journal_hash")? })),
        None => Ok(None),
    };
    let read: Result<_, Unread> = cells.as_ref().map_or(Ok(None), read);
    Ok(read.map_err(StoreError::from)?)
}

/// The time that the store went back and has not imported what it lost.
pub(super) async fn pending(conn: &mut Conn<'_>) -> Result<Option<Pending>, SqlError> {
    let text = sql!("select evidence, shut_at from went_back where pending = 1 limit 1");
    let Some(row) = conn.row(text, args![]).await? else { return Ok(None) };
    let shut = row.opt_int("shut_at")?.is_some();
    Ok(Some(Pending { evidence: row.text("evidence")?.to_owned(), shut }))
}

/// When the store last had imported what it lost.
async fn imported_at(conn: &mut Conn<'_>) -> Result<Option<Timestamp>, SqlError> {
    let text = sql!("select imported_at from went_back where pending = 0 order by id desc limit 1");
    let row = conn.row(text, args![]).await?;
    Ok(match row {
        Some(row) => row.opt_int("imported_at")?.map(Timestamp::from_micros),
        None => None,
    })
}

/// Every row, or why one of them does not read.
fn whole<T>((values, unread): Readable<T>) -> Result<Vec<T>, SqlError> {
    match unread.into_iter().next() {
        None => Ok(values),
        Some(unread) => Err(StoreError::from(unread).into()),
    }
}

/// Which payments have lost attempts, with the slots of each and everything signed for them. What is left out of a slot
/// would be taken for a stranger's transaction there; no statement answers a part.
pub(super) async fn lost_payments(
    conn: &mut Conn<'_>,
    payments: &[PaymentKey],
) -> Result<Vec<LostPayment>, SqlError> {
    let text = sql!(
        lite "select distinct payment_key, slot from lost_attempt
              where payment_key in (select value from json_each($1)) order by payment_key, slot limit $2",
        pg "select distinct payment_key, slot from lost_attempt
            where payment_key in (select jsonb_array_elements_text($1::jsonb)) order by payment_key, slot limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![slice(payments), LIST_MAX]).await?;
    let slots: Vec<(PaymentKey, Slot)> = whole(row::read(&rows, |row| {
        let cells = Cells::of("lost_attempt", "payment_key", row);
        Ok((PaymentKey(cells.hash("payment_key")?), cells.parsed("slot", Slot::parse)?))
    }))?;
    if slots.is_empty() {
        return Ok(vec![]);
    }
    let text = sql!(
        lite "select slot, id, kind, txid, evidence from lost_attempt
              where (txid is not null or evidence is not null) and slot in (select value from json_each($1))
              union all
              select t.slot, a.id, a.kind, a.txid, null as evidence
              from transfer t join attempt a on a.transfer_id = t.id
              where a.txid is not null and t.slot in (select value from json_each($1))
              limit $2",
        pg "select slot, id, kind, txid, evidence from lost_attempt
            where (txid is not null or evidence is not null)
              and slot in (select jsonb_array_elements_text($1::jsonb))
            union all
            select t.slot, a.id, a.kind, a.txid, null as evidence
            from transfer t join attempt a on a.transfer_id = t.id
            where a.txid is not null and t.slot in (select jsonb_array_elements_text($1::jsonb))
            limit $2",
        because "each database reads JSON in its own way"
    );
    let asked = slice(slots.iter().map(|(_, slot)| slot));
    let rows = conn.rows(text, args![asked, LIST_MAX]).await?;
    let signed = whole(row::read(&rows, |row| {
        let cells = Cells::of("lost_attempt", "id", row);
        let kind = cells.parsed("kind", |text| match text {
            "pay" => Ok(Kind::Pay),
            "void" => Ok(Kind::Void),
            _ => Err("no kind of attempt"),
        })?;
        let attempt = cells.parsed("id", AttemptId::parse)?;
        let slot = cells.parsed("slot", Slot::parse)?;
        let (txid, tron) = match &slot {
            // Asked for is as good as signed here: the slot names the transaction, and only its time over is its death.
            Slot::TronTransaction { txid, .. } => (*txid, Some(row::attempt::lost_tron_terms(&cells)?)),
            Slot::EvmNonce { .. } | Slot::EvmAuthorization { .. } | Slot::VaultPayment { .. } => {
                (cells.hash("txid")?, None)
            }
        };
        Ok((slot, chain::Known { attempt, txid, kind, tron }))
    }))?;
    let mut found: BTreeMap<PaymentKey, LostPayment> = BTreeMap::new();
    for (key, slot) in slots {
        let attempts = signed.iter().filter(|it| it.0 == slot).map(|it| it.1.clone()).collect();
        let payment = found.entry(key).or_insert_with(|| LostPayment { key, slots: vec![] });
        payment.slots.push(LostSlot { slot, attempts });
    }
    Ok(found.into_values().collect())
}

/// Leaving one out would leave it payable.
pub(super) async fn unended(
    conn: &mut Conn<'_>,
    after: Option<WithdrawalId>,
    limit: usize,
) -> Result<Vec<Withdrawal>, SqlError> {
    let text = withdrawals!(
        "where w.state in ('requested', 'held', 'approved', 'queued', 'assigned', 'needs_attention')
           and w.id > coalesce($1, '') order by w.id limit $2"
    );
    let rows = conn.rows(text, args![after.map(|id| id.to_string()), size(limit)]).await?;
    whole(row::read(&rows, row::withdrawal::read))
}

pub(super) async fn lost_txids(
    conn: &mut Conn<'_>,
    chain: ChainId,
    txids: &[[u8; 32]],
) -> Result<Vec<LostTxid>, SqlError> {
    let text = sql!(
        lite "select l.txid, e.withdrawal_id from lost_attempt l left join lost_ended e on e.id = l.id
              where l.chain = $1 and l.txid in (select value from json_each($2)) order by l.txid limit $3",
        pg "select l.txid, e.withdrawal_id from lost_attempt l left join lost_ended e on e.id = l.id
            where l.chain = $1 and l.txid in (select jsonb_array_elements_text($2::jsonb))
            order by l.txid limit $3",
        because "each database reads JSON in its own way"
    );
    let txids = slice(txids.iter().map(hex::encode));
    let rows = conn.rows(text, args![chain.to_string(), txids, LIST_MAX]).await?;
    whole(row::read(&rows, |row| {
        let cells = Cells::of("lost_attempt", "txid", row);
        let ended = cells.opt_text("withdrawal_id")?;
        let ended = ended.map(|_| cells.parsed("withdrawal_id", WithdrawalId::parse)).transpose()?;
        Ok(LostTxid { txid: cells.hash("txid")?, ended })
    }))
}

pub(super) async fn unheld(conn: &mut Conn<'_>, slots: Vec<Slot>) -> Result<Vec<Unheld>, SqlError> {
    let asked = slice(&slots);
    let text = sql!(
        lite "select slot from transfer where slot in (select value from json_each($1)) limit $2",
        pg "select slot from transfer where slot in (select jsonb_array_elements_text($1::jsonb)) limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![&asked, LIST_MAX]).await?;
    let slot = |row: &Row| Cells::of("transfer", "slot", row).parsed("slot", Slot::parse);
    let held: BTreeSet<Slot> = whole(row::read(&rows, slot))?.into_iter().collect();
    let text = sql!(
        lite "select slot, id, raw from lost_attempt
              where slot in (select value from json_each($1)) order by journal_seq limit $2",
        pg "select slot, id, raw from lost_attempt
            where slot in (select jsonb_array_elements_text($1::jsonb)) order by journal_seq limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![asked, LIST_MAX]).await?;
    let lost = whole(row::read(&rows, |row| {
        let cells = Cells::of("lost_attempt", "id", row);
        Ok((cells.parsed("slot", Slot::parse)?, cells.opt_bytes("raw")?.map(<[u8]>::to_vec)))
    }))?;
    let free = slots.into_iter().filter(|slot| !held.contains(slot));
    let hole = |slot: Slot| {
        let here = lost.iter().filter(|it| it.0 == slot);
        let taken = here.clone().next().is_some();
        Unheld { signed: here.filter_map(|it| it.1.clone()).collect(), taken, slot }
    };
    Ok(free.map(hole).collect())
}
