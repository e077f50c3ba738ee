//! From rows of `withdrawal` to what a person sees: with transfers, lanes and the stop that covers them. A slice costs
//! the same number of statements whatever its length.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::attempt::Attempt;
use sluice_core::chain::ChainId;
use sluice_core::id::PartnerId;
use sluice_core::port::reader::WithdrawalView;
use sluice_core::receipt::Receipt;
use sluice_core::stop::Stop;
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::Wallet;
use sluice_core::withdrawal::{State, Status, Withdrawal};

use super::prices::{self, Prices};
use super::query::Query;
use super::stops;
use crate::engine::LIST_MAX;
use crate::engine::load;
use crate::engine::unread::keep;
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};
use crate::transfers;

/// Withdrawals completed together. Their transfers, items and attempts stay far below [`LIST_MAX`]: a withdrawal has a
/// handful of transfers, and the fee cap ends the attempts of each.
const SLICE: usize = 100;

type Transfers = Vec<(Transfer, Vec<Attempt>)>;

struct Read {
    withdrawal: Withdrawal,
    status: Status,
    updated_at: Timestamp,
}

/// Completes rows of [`withdrawals!`](crate::withdrawals), in their order. What does not read is left out whole and
/// added to `unread`: a withdrawal without one of its transfers would look unpaid.
pub(super) async fn complete(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    rows: &[Row],
    unread: &mut Vec<Unread>,
) -> Result<Vec<WithdrawalView>, SqlError> {
    if rows.is_empty() {
        return Ok(vec![]);
    }
    let stops = keep(stops::of(conn, partner).await?, unread);
    let mut views = Vec::with_capacity(rows.len());
    for rows in rows.chunks(SLICE) {
        let read = keep(row::read(rows, read), unread);
        let links = links(conn, partner, &read).await?;
        let transfers = transfers(conn, partner, &links, unread).await?;
        let lanes = keep(lanes(conn, partner, &read).await?, unread);
        let prices = prices::of(conn, &transfers, unread).await?;
        views.extend(read.into_iter().filter_map(|read| {
            let transfers = match links.get(&read.withdrawal.id.to_string()) {
                Some(ids) => paid_by(ids, &transfers)?,
                None => vec![],
            };
            Some(view(read, transfers, &prices, &lanes, &stops))
        }));
    }
    Ok(views)
}

fn read(row: &Row) -> Result<Read, Unread> {
    Ok(Read {
        withdrawal: row::withdrawal::read(row)?,
        status: row::withdrawal::read_status(row)?,
        updated_at: Cells::of("withdrawal", "id", row).at("updated_at")?,
    })
}

fn view(
    read: Read,
    transfers: Transfers,
    prices: &Prices,
    lanes: &[Wallet],
    stops: &[Stop],
) -> WithdrawalView {
    let Read { withdrawal, status, updated_at } = read;
    let chain = withdrawal.request.asset.id.chain;
    let ended = withdrawal.state.terminal();
    // Nothing pays what has ended, and nothing stops it.
    let lanes = lanes.iter().filter(|lane| lane.is_lane());
    let lanes = lanes.filter(|lane| !ended && lane.partner == withdrawal.partner && lane.chain == chain);
    let stop = stops.iter().find(|stop| !ended && covers(stop, &withdrawal));
    let changes = transfers
        .iter()
        .flat_map(|(transfer, attempts)| attempts.iter().map(changed_at).chain([transfer.changed_at]));
    WithdrawalView {
        status,
        updated_at: changes.fold(updated_at, Timestamp::max),
        lanes: lanes.cloned().collect(),
        stop: stop.cloned(),
        receipt: Receipt::of(transfers.iter().map(|(transfer, _)| transfer), prices),
        withdrawal,
        transfers,
    }
}

fn changed_at(attempt: &Attempt) -> Timestamp {
    attempt.signed().map_or(attempt.unsigned().built_at, |signed| signed.signed_at)
}

fn covers(stop: &Stop, withdrawal: &Withdrawal) -> bool {
    let wallet = match &withdrawal.state {
        State::Assigned(assigned) => Some(assigned.wallet),
        State::NeedsAttention(attention) => attention.last.map(|(_, wallet)| wallet),
        State::Requested
        | State::Held(_)
        | State::Approved(_)
        | State::Queued(_)
        | State::Paid(_)
        | State::Rejected(_)
        | State::Cancelled(_)
        | State::Failed(_) => None,
    };
    stop.scope.covers(withdrawal.partner, withdrawal.request.asset.id, wallet)
}

/// Which transfers carry or carried which withdrawal, oldest first. Texts, because one of them may not read.
async fn links(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    read: &[Read],
) -> Result<BTreeMap<String, Vec<String>>, SqlError> {
    let tables = "transfer_item i join transfer t on t.id = i.transfer_id where true";
    let rows = Query::select("i.withdrawal_id, i.transfer_id", tables)
        .among(" and i.withdrawal_id", read.iter().map(|read| read.withdrawal.id))
        .tenant(" and t.partner_id = ?", partner)
        .and(" order by t.planned_at, t.id")
        .rows(conn, LIST_MAX)
        .await?;
    let mut links: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in &rows {
        let transfer = row.text("transfer_id")?.to_owned();
        links.entry(row.text("withdrawal_id")?.to_owned()).or_default().push(transfer);
    }
    Ok(links)
}

async fn transfers(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    links: &BTreeMap<String, Vec<String>>,
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<String, (Transfer, Vec<Attempt>)>, SqlError> {
    let ids: BTreeSet<&String> = links.values().flatten().collect();
    if ids.is_empty() {
        return Ok(BTreeMap::new());
    }
    let rows = Query::new(transfers!(text "where true"))
        .among(" and t.id", ids)
        .tenant(" and t.partner_id = ?", partner)
        .and(" order by t.id")
        .rows(conn, LIST_MAX)
        .await?;
    // Items and attempts follow by the ids of rows that passed the tenant's predicate.
    let whole = keep(load::complete(conn, &rows).await?, unread);
    let whole = whole.into_iter().map(|(transfer, attempts)| {
        let attempts = attempts.into_iter().map(|attempt| attempt.into_inner()).collect();
        (transfer.id.to_string(), (transfer, attempts))
    });
    Ok(whole.collect())
}

/// `None` when one of them did not read.
fn paid_by(ids: &[String], transfers: &BTreeMap<String, (Transfer, Vec<Attempt>)>) -> Option<Transfers> {
    ids.iter().map(|id| transfers.get(id).cloned()).collect()
}

/// Wallets of the partners and chains of a slice: those in service, and whatever an assigned withdrawal is on.
async fn lanes(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    read: &[Read],
) -> Result<row::Readable<Wallet>, SqlError> {
    let open = || read.iter().map(|read| &read.withdrawal).filter(|withdrawal| !withdrawal.state.terminal());
    let partners: BTreeSet<PartnerId> = open().map(|withdrawal| withdrawal.partner).collect();
    let chains: BTreeSet<ChainId> = open().map(|withdrawal| withdrawal.request.asset.id.chain).collect();
    if partners.is_empty() {
        return Ok((vec![], vec![]));
    }
    let assigned = open().filter_map(|withdrawal| match &withdrawal.state {
        State::Assigned(assigned) => Some(assigned.wallet),
        _ => None,
    });
    let rows = Query::select("*", "wallet where true")
        .among(" and partner_id", partners)
        .tenant(" and partner_id = ?", partner)
        .among(" and chain", chains)
        .among(" and (state <> 'retired' or id", assigned)
        .and(") order by id")
        .rows(conn, LIST_MAX)
        .await?;
    Ok(row::read(&rows, row::wallet::read))
}
