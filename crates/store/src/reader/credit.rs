//! What partners have with pools of energy, and what moved it.

use sluice_core::energy::Prepayment;
use sluice_core::energy::credit::Level;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::port::reader::{CreditEntry, EnergyCredit};

use super::query::Query;
use crate::engine::limit as size;
use crate::engine::unread::Found;
use crate::row;
use crate::row::Unread;
use crate::row::cells::Cells;
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

/// Sums over what is listed, and where it stands.
pub(super) async fn of(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    pool: WalletId,
) -> Result<Found<EnergyCredit>, SqlError> {
    // What is owed stands above zero in the books: a loan makes it more, what is given back and paid ahead less.
    let text = sql!(
        "select cast(coalesce(sum(atoms), 0) as bigint) as owed,
                cast(coalesce(sum(case when reason = 'topup' then -atoms else 0 end), 0) as bigint) as topped_up,
                cast(coalesce(sum(case when reason <> 'topup' and atoms > 0 then atoms else 0 end), 0) as bigint) as charged,
                cast(coalesce(sum(case when reason <> 'topup' and atoms < 0 then -atoms else 0 end), 0) as bigint) as given_back,
                (select next_height from energy_topup_cursor where wallet_id = $2) as next_height,
                (select low from energy_credit_level where partner_id = $1 and wallet_id = $2) as low
         from ledger where partner_id = $1 and wallet_id = $2 and account = 'energy_credit' limit 1"
    );
    let row = conn.row(text, args![partner.to_string(), pool.to_string()]).await?;
    let read = |row: &Row| -> Result<EnergyCredit, Unread> {
        let cells = Cells::of("ledger", "owed", row);
        let low = cells.opt_int("low")?.is_some_and(|low| low != 0);
        Ok(EnergyCredit {
            balance_sun: cells.int("owed")?.saturating_neg(),
            topped_up_sun: cells.number("topped_up")?,
            charged_sun: cells.number("charged")?,
            given_back_sun: cells.number("given_back")?,
            level: if low { Level::Low } else { Level::Enough },
            next_height: cells.opt_number("next_height")?,
        })
    };
    let (mut found, unread) = row::read(row.as_slice(), read);
    Ok((found.pop().unwrap_or_default(), unread))
}

/// Newest first: lines are numbered as they are written.
pub(super) async fn entries(
    conn: &mut Conn<'_>,
    partner: PartnerId,
    pool: WalletId,
    before: Option<i64>,
    limit: usize,
) -> Result<Found<Vec<CreditEntry>>, SqlError> {
    let rows = Query::select("id, reason, group_id, atoms, at", "ledger where account = 'energy_credit'")
        .with(" and partner_id = ? and wallet_id = ?", [partner.to_string().into(), pool.to_string().into()])
        .maybe(" and id < ?", before)
        .and(" order by id desc")
        .rows(conn, size(limit))
        .await?;
    let read = |row: &Row| -> Result<CreditEntry, Unread> {
        let cells = Cells::of("ledger", "group_id", row);
        Ok(CreditEntry {
            number: cells.int("id")?,
            reason: cells.text("reason")?.to_owned(),
            group: cells.text("group_id")?.to_owned(),
            sun: cells.int("atoms")?.saturating_neg(),
            at: cells.at("at")?,
        })
    };
    Ok(row::read(&rows, read))
}

pub(super) async fn topup(
    conn: &mut Conn<'_>,
    txid: [u8; 32],
) -> Result<Found<Option<Prepayment>>, SqlError> {
    let text = sql!("select * from energy_topup where txid = $1 limit 1");
    let rows = conn.rows(text, args![hex::encode(txid)]).await?;
    let (mut found, unread) = row::read(&rows, row::energy::read_topup);
    Ok((found.pop(), unread))
}
