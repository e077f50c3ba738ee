//! Withdrawals, and transfers with items and attempts, by id.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::id::{TransferId, WithdrawalId};
use sluice_core::transfer::Transfer;
use sluice_core::withdrawal::Withdrawal;

use super::unread::{Found, keep};
use super::{Attempts, LIST_MAX};
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError, slice};
use crate::{args, sql, transfers, withdrawals};

/// Attempts read at once.
const PAGE: usize = 5_000;

/// In order of id, so that a slice is the same whatever order it was asked in.
pub(super) async fn withdrawals(
    conn: &mut Conn<'_>,
    ids: &[WithdrawalId],
) -> Result<Found<Vec<Withdrawal>>, SqlError> {
    let text = withdrawals!(
        lite "where w.id in (select value from json_each($1)) order by w.id limit $2",
        pg "where w.id in (select jsonb_array_elements_text($1::jsonb)) order by w.id limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![slice(ids), LIST_MAX]).await?;
    Ok(row::read(&rows, row::withdrawal::read))
}

pub(super) async fn transfers(
    conn: &mut Conn<'_>,
    ids: &[TransferId],
) -> Result<Found<Vec<(Transfer, Attempts)>>, SqlError> {
    if ids.is_empty() {
        return Ok((vec![], vec![]));
    }
    let text = transfers!(
        lite "where t.id in (select value from json_each($1)) order by t.id limit $2",
        pg "where t.id in (select jsonb_array_elements_text($1::jsonb)) order by t.id limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![slice(ids), LIST_MAX]).await?;
    complete(conn, &rows).await
}

/// Completes rows of `transfer` with items and attempts, in the order of the rows. A transfer with a part that does not
/// read is left out whole: without one of its attempts its slot would look like somebody else's.
pub(crate) async fn complete(
    conn: &mut Conn<'_>,
    rows: &[Row],
) -> Result<Found<Vec<(Transfer, Attempts)>>, SqlError> {
    let ids = rows.iter().map(|row| row.text("id")).collect::<Result<Vec<_>, _>>()?;
    if ids.is_empty() {
        return Ok((vec![], vec![]));
    }
    let ids = slice(ids);
    let items = sql!(
        lite "select transfer_id, withdrawal_id, approved, paid_by, dead_by from transfer_item
              where transfer_id in (select value from json_each($1)) order by transfer_id, position limit $2",
        pg "select transfer_id, withdrawal_id, approved, paid_by, dead_by from transfer_item
            where transfer_id in (select jsonb_array_elements_text($1::jsonb)) order by transfer_id, position limit $2",
        because "each database reads JSON in its own way"
    );
    let items = conn.rows(items, args![&ids, LIST_MAX]).await?;
    let (attempts, cut) = attempts_of(conn, &ids).await?;
    let mut unread: Vec<Unread> = Vec::new();
    let transfers = keep(row::transfer::read_all(rows, &items), &mut unread);
    // Those whose attempts were not read to their end, in the order of the pages.
    let mut broken: BTreeSet<String> = match cut {
        Some(last) => transfers.iter().map(|it| it.id.to_string()).filter(|id| *id >= last).collect(),
        None => BTreeSet::new(),
    };
    unread.extend(broken.iter().map(|id| Unread {
        table: "attempt",
        row: id.clone(),
        why: format!("more than {PAGES_MAX} pages of attempts were asked for"),
    }));
    let mut of_transfer: BTreeMap<String, Attempts> = BTreeMap::new();
    for row in &attempts {
        let transfer = row.text("transfer_id")?.to_owned();
        match row::attempt::read_durable(row) {
            Ok(attempt) => of_transfer.entry(transfer).or_default().push(attempt),
            Err(why) => {
                unread.push(why);
                broken.insert(transfer);
            }
        }
    }
    let whole = transfers.into_iter().filter_map(|transfer| {
        let id = transfer.id.to_string();
        (!broken.contains(&id)).then(|| (transfer, of_transfer.remove(&id).unwrap_or_default()))
    });
    Ok((whole.collect(), unread))
}

/// Pages of attempts that one reading takes.
const PAGES_MAX: usize = 32;

/// All attempts of transfers, page by page; where there are more than a reading takes, the transfer that was cut: from it
/// on nothing is whole.
async fn attempts_of(conn: &mut Conn<'_>, ids: &str) -> Result<(Vec<Row>, Option<String>), SqlError> {
    let page = i64::try_from(PAGE).unwrap_or(LIST_MAX);
    let text = sql!(
        lite "select * from attempt where transfer_id in (select value from json_each($1))
                and (transfer_id, serial) > ($2, $3) order by transfer_id, serial limit $4",
        pg "select * from attempt where transfer_id in (select jsonb_array_elements_text($1::jsonb))
              and (transfer_id, serial) > ($2, $3) order by transfer_id, serial limit $4",
        because "each database reads JSON in its own way"
    );
    let (mut all, mut after) = (Vec::new(), (String::new(), -1_i64));
    for _ in 0..PAGES_MAX {
        let rows = conn.rows(text, args![ids, &after.0, after.1, page]).await?;
        let full = rows.len() >= PAGE;
        if let Some(last) = rows.last() {
            after = (last.text("transfer_id")?.to_owned(), last.int("serial")?);
        }
        all.extend(rows);
        if !full {
            return Ok((all, None));
        }
    }
    Ok((all, Some(after.0)))
}
