//! The last time that the store went back in time: what was found, and what waits for persons (M17).

use sluice_core::id::{PartnerId, WalletId, WithdrawalId};
use sluice_core::journal::Seen;
use sluice_core::port::reader::{FoundBack, HowFound, STORE_WENT_BACK, ShutBack, WentBackView};
use sluice_core::withdrawal::Status;

use super::query::Query;
use crate::engine::LIST_MAX;
use crate::engine::unread::{Found, keep};
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};
use crate::{args, sql};

/// Withdrawals that are named; the others are counted.
const NAMED_MAX: usize = 500;

pub(super) async fn last(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
) -> Result<Found<Option<WentBackView>>, SqlError> {
    let text = sql!("select * from went_back order by id desc limit 1");
    let Some(row) = conn.row(text, args![]).await? else { return Ok((None, vec![])) };
    let mut unread = Vec::new();
    let Some(mut view) = keep(row::read(std::slice::from_ref(&row), read), &mut unread).pop() else {
        return Ok((None, unread));
    };
    let since = view.shut_at.unwrap_or(view.noticed_at);
    let carried =
        "carried_attempt c join attempt a on a.id = c.id join transfer t on t.id = a.transfer_id where true";
    let rows = Query::select("count(*) as n", carried)
        .with(" and c.imported_at >= ?", [since.into()])
        .tenant(" and t.partner_id = ?", partner)
        .rows(conn, 2)
        .await?;
    view.carried = count(&rows)?;
    // The wallet may be lost too: then it is nobody's, and the platform's to look at.
    let lost = "lost_attempt l left join wallet w on w.id = l.wallet_id where true";
    let rows = Query::select("count(*) as n", lost)
        .with(" and l.imported_at >= ?", [since.into()])
        .tenant(" and w.partner_id = ?", partner)
        .rows(conn, 2)
        .await?;
    view.lost = count(&rows)?;
    let mut found = withdrawals(conn, partner, &view, &mut unread).await?;
    view.more = found.len().saturating_sub(NAMED_MAX) as u64;
    found.truncate(NAMED_MAX);
    view.withdrawals = found;
    view.wallets = wallets(conn, partner, &mut unread).await?;
    view.stopped =
        conn.row(sql!("select kind from stop where kind = 'all' limit 1"), args![]).await?.is_some();
    Ok((Some(view), unread))
}

fn read(row: &Row) -> Result<WentBackView, Unread> {
    let cells = Cells::of("went_back", "id", row);
    let imported = match cells.opt_at("imported_at")? {
        Some(at) => Some((Seen { from: cells.number("journal_from")?, to: cells.number("journal_to")? }, at)),
        None => None,
    };
    Ok(WentBackView {
        evidence: cells.text("evidence")?.to_owned(),
        copied_at: cells.opt_at("copied_at")?,
        noticed_at: cells.at("noticed_at")?,
        shut_at: cells.opt_at("shut_at")?,
        imported,
        carried: 0,
        lost: 0,
        withdrawals: vec![],
        more: 0,
        wallets: vec![],
        stopped: false,
    })
}

/// What is followed again, and what waits for persons because of it, whenever it was asked for.
async fn withdrawals(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    view: &WentBackView,
    unread: &mut Vec<Unread>,
) -> Result<Vec<FoundBack>, SqlError> {
    let since = view.shut_at.unwrap_or(view.noticed_at);
    let waiting = "(select w.id, w.external_id, w.partner_id, w.status,
            case when w.evidence like '%\"paid_before_restore\"%' then 'paid_before_restore' else 'store_went_back' end as how
        from withdrawal w where w.state = 'needs_attention'
          and (w.evidence like '%\"paid_before_restore\"%' or w.evidence like '%\"store_went_back\"%')
        union
        select w.id, w.external_id, w.partner_id, w.status, 'carried' as how
        from carried_attempt c join attempt a on a.id = c.id join transfer_item i on i.transfer_id = a.transfer_id
        join withdrawal w on w.id = i.withdrawal_id where w.state <> 'needs_attention'";
    let rows = Query::select("*", waiting)
        .with(" and c.imported_at >= ?", [since.into()])
        .and(") as found where true")
        .tenant(" and partner_id = ?", partner)
        .and(" order by id")
        .rows(conn, LIST_MAX)
        .await?;
    Ok(keep(row::read(&rows, found), unread))
}

fn found(row: &Row) -> Result<FoundBack, Unread> {
    let cells = Cells::of("withdrawal", "id", row);
    Ok(FoundBack {
        id: cells.parsed("id", WithdrawalId::parse)?,
        external_id: cells.text("external_id")?.to_owned(),
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        status: cells.parsed("status", |text| Status::parse(text).ok_or(()))?,
        how: cells.parsed("how", |text| match text {
            "carried" => Ok(HowFound::Carried),
            "paid_before_restore" => Ok(HowFound::PaidBeforeRestore),
            "store_went_back" => Ok(HowFound::StoreWentBack),
            _ => Err(()),
        })?,
    })
}

async fn wallets(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    unread: &mut Vec<Unread>,
) -> Result<Vec<ShutBack>, SqlError> {
    let columns = "id, (select count(*) from sighting s where s.wallet_id = wallet.id and s.word <> 'denied'
            and not exists (select 1 from adoption a
                where a.chain = s.chain and a.txid = s.txid and a.wallet_id = s.wallet_id)
            and not exists (select 1 from lost_attempt l where l.chain = s.chain and l.txid = s.txid
                and not exists (select 1 from lost_ended e where e.id = l.id))) as unexplained";
    let rows = Query::select(columns, "wallet where state = 'frozen'")
        .with(" and state_cause = ?", [STORE_WENT_BACK.into()])
        .tenant(" and partner_id = ?", partner)
        .and(" order by id")
        .rows(conn, LIST_MAX)
        .await?;
    let shut = |row: &Row| {
        let cells = Cells::of("wallet", "id", row);
        Ok(ShutBack {
            wallet: cells.parsed("id", WalletId::parse)?,
            unexplained: cells.number("unexplained")?,
        })
    };
    Ok(keep(row::read(&rows, shut), unread))
}

fn count(rows: &[Row]) -> Result<u64, SqlError> {
    let count = rows.first().map(|row| row.int("n")).transpose()?.unwrap_or(0);
    Ok(u64::try_from(count).unwrap_or(0))
}
