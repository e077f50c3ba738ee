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
    let attempts = sql!(
        lite "select * from attempt where transfer_id in (select value from json_each($1))
              order by transfer_id, serial limit $2",
        pg "select * from attempt where transfer_id in (select jsonb_array_elements_text($1::jsonb))
            order by transfer_id, serial limit $2",
        because "each database reads JSON in its own way"
    );
    let attempts = conn.rows(attempts, args![&ids, LIST_MAX]).await?;
    let mut unread: Vec<Unread> = Vec::new();
    let transfers = keep(row::transfer::read_all(rows, &items), &mut unread);
    let mut broken: BTreeSet<String> = BTreeSet::new();
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
