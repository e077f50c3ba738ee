//! What the store knows of what the signer's journal speaks of (M17).
//!
//! What is missing in an answer counts as forgotten, and shuts every lane. So nothing is left out because it does not
//! read: of a withdrawal the identity is enough, and anything else is an error.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::chain::ChainId;
use sluice_core::id::{AttemptId, TransferId, WithdrawalId};
use sluice_core::intent::PaymentKey;
use sluice_core::journal::{Known, LostPayment, Unheld};
use sluice_core::port::store::StoreError;
use sluice_core::slot::Slot;
use sluice_core::withdrawal::Withdrawal;

use super::facts::of_meta;
use super::unread::Found;
use super::{LIST_MAX, limit as size};
use crate::row::cells::Cells;
use crate::row::{self, Readable};
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
    let mark = conn.row(sql!("select mark from meta limit 1"), args![]).await?;
    let known = Known {
        mark: of_meta(mark.as_ref(), "mark")?,
        attempts: attempts.into_iter().collect(),
        payments: payments.into_iter().collect(),
        withdrawals: withdrawals.into_iter().map(|withdrawal| (withdrawal.key, withdrawal)).collect(),
    };
    Ok((known, unread))
}

/// Every row, or why one of them does not read.
fn whole<T>((values, unread): Readable<T>) -> Result<Vec<T>, SqlError> {
    match unread.into_iter().next() {
        None => Ok(values),
        Some(unread) => Err(StoreError::from(unread).into()),
    }
}

/// Which payments have lost attempts, with the hashes of those that were signed, and whether all their slots are void.
pub(super) async fn lost_payments(
    conn: &mut Conn<'_>,
    payments: &[PaymentKey],
) -> Result<Vec<LostPayment>, SqlError> {
    let text = sql!(
        lite "select l.payment_key, l.txid, exists (select 1 from transfer t join proof p on p.id = t.proof_id
                  where t.slot = l.slot and t.purpose = 'fill' and t.state = 'final' and p.verdict = 'dead'
                    and p.evidence like '%\"void_final\"%') as voided
              from lost_attempt l where l.payment_key in (select value from json_each($1))
              order by l.payment_key, l.journal_seq limit $2",
        pg "select l.payment_key, l.txid, (exists (select 1 from transfer t join proof p on p.id = t.proof_id
                where t.slot = l.slot and t.purpose = 'fill' and t.state = 'final' and p.verdict = 'dead'
                  and p.evidence like '%\"void_final\"%'))::int::bigint as voided
            from lost_attempt l where l.payment_key in (select jsonb_array_elements_text($1::jsonb))
            order by l.payment_key, l.journal_seq limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![slice(payments), LIST_MAX]).await?;
    let read = |row: &Row| {
        let cells = Cells::of("lost_attempt", "payment_key", row);
        let txid = cells.opt_text("txid")?.map(|_| cells.hash("txid")).transpose()?;
        Ok((PaymentKey(cells.hash("payment_key")?), txid, cells.flag("voided")?))
    };
    let mut found: BTreeMap<PaymentKey, LostPayment> = BTreeMap::new();
    for (key, txid, voided) in whole(row::read(&rows, read))? {
        let payment = found.entry(key).or_insert_with(|| LostPayment { key, txids: vec![], voided: true });
        payment.txids.extend(txid);
        payment.voided &= voided;
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
) -> Result<Vec<[u8; 32]>, SqlError> {
    let text = sql!(
        lite "select txid from lost_attempt where chain = $1 and txid in (select value from json_each($2))
              order by txid limit $3",
        pg "select txid from lost_attempt
            where chain = $1 and txid in (select jsonb_array_elements_text($2::jsonb)) order by txid limit $3",
        because "each database reads JSON in its own way"
    );
    let txids = slice(txids.iter().map(hex::encode));
    let rows = conn.rows(text, args![chain.to_string(), txids, LIST_MAX]).await?;
    whole(row::read(&rows, |row| Cells::of("lost_attempt", "txid", row).hash("txid")))
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
        lite "select slot, raw from lost_attempt
              where raw is not null and slot in (select value from json_each($1)) order by journal_seq limit $2",
        pg "select slot, raw from lost_attempt
            where raw is not null and slot in (select jsonb_array_elements_text($1::jsonb))
            order by journal_seq limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![asked, LIST_MAX]).await?;
    let lost = whole(row::read(&rows, |row| {
        let cells = Cells::of("lost_attempt", "slot", row);
        Ok((cells.parsed("slot", Slot::parse)?, cells.bytes("raw")?.to_vec()))
    }))?;
    let free = slots.into_iter().filter(|slot| !held.contains(slot));
    let signed = |slot: &Slot| lost.iter().filter(|it| it.0 == *slot).map(|it| it.1.clone()).collect();
    Ok(free.map(|slot| Unheld { signed: signed(&slot), slot }).collect())
}
