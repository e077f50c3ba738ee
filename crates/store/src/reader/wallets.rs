//! Wallets with what chain and books say, and what goes on in their lanes.

use std::collections::BTreeMap;

use sluice_core::asset::AssetId;
use sluice_core::id::{PartnerId, WalletId, WithdrawalId};
use sluice_core::ledger::Account;
use sluice_core::port::reader::WalletView;
use sluice_core::time::Timestamp;
use sluice_core::wallet::{Balance, Power, Wallet};

use super::query::Query;
use crate::engine::LIST_MAX;
use crate::engine::unread::{Found, keep};
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};

/// Wallets completed together: what belongs to them stays below [`LIST_MAX`].
const SLICE: usize = 100;

/// Oldest first, retired ones included.
pub(super) async fn of(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
) -> Result<Found<Vec<WalletView>>, SqlError> {
    let query = Query::select("*", "wallet where true").tenant(" and partner_id = ?", partner);
    let rows = query.and(" order by id").rows(conn, LIST_MAX).await?;
    complete(conn, partner, &rows).await
}

pub(super) async fn one(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    id: WalletId,
) -> Result<Found<Option<WalletView>>, SqlError> {
    let query = Query::select("*", "wallet where true").with(" and id = ?", [id.to_string().into()]);
    let rows = query.tenant(" and partner_id = ?", partner).rows(conn, 1).await?;
    let (mut views, unread) = complete(conn, partner, &rows).await?;
    Ok((views.pop(), unread))
}

/// Those with these ids.
pub(super) async fn among(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    ids: impl IntoIterator<Item = WalletId>,
) -> Result<Found<Vec<WalletView>>, SqlError> {
    let query = Query::select("*", "wallet where true").among(" and id", ids);
    let rows = query.tenant(" and partner_id = ?", partner).and(" order by id").rows(conn, LIST_MAX).await?;
    complete(conn, partner, &rows).await
}

async fn complete(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    rows: &[Row],
) -> Result<Found<Vec<WalletView>>, SqlError> {
    let mut unread = Vec::new();
    let read = |row: &Row| {
        let cells = Cells::of("wallet", "id", row);
        let (since, cause) = (cells.at("state_since")?, cells.text("state_cause")?.to_owned());
        Ok((row::wallet::read(row)?, since, cause))
    };
    let found = keep(row::read(rows, read), &mut unread);
    let mut views = Vec::with_capacity(found.len());
    for found in found.chunks(SLICE) {
        let slice: Vec<Wallet> = found.iter().map(|(wallet, ..)| wallet.clone()).collect();
        let slice = slice.as_slice();
        let mut balances = balances(conn, partner, slice, &mut unread).await?;
        let mut powers = powers(conn, partner, slice, &mut unread).await?;
        let mut books = books(conn, partner, slice, &mut unread).await?;
        let counts = counts(conn, partner, slice, &mut unread).await?;
        let oldest = oldest(conn, partner, slice, &mut unread).await?;
        views.extend(found.iter().map(|(wallet, since, cause)| {
            let (in_flight, unsettled) = counts.get(&wallet.id).copied().unwrap_or_default();
            WalletView {
                balances: balances.remove(&wallet.id).unwrap_or_default(),
                power: powers.remove(&wallet.id),
                books: books.remove(&wallet.id).unwrap_or_default(),
                in_flight,
                unsettled,
                oldest: oldest.get(&wallet.id).copied(),
                wallet: wallet.clone(),
                since: *since,
                cause: cause.clone(),
            }
        }));
    }
    Ok((views, unread))
}

async fn balances(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    wallets: &[Wallet],
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<WalletId, Vec<Balance>>, SqlError> {
    let rows = Query::select("b.*", "wallet_balance b join wallet w on w.id = b.wallet_id where true")
        .among(" and b.wallet_id", wallets.iter().map(|wallet| wallet.id))
        .tenant(" and w.partner_id = ?", partner)
        .and(" order by b.wallet_id, b.asset")
        .rows(conn, LIST_MAX)
        .await?;
    let mut balances: BTreeMap<WalletId, Vec<Balance>> = BTreeMap::new();
    for balance in keep(row::read(&rows, row::wallet::read_balance), unread) {
        balances.entry(balance.wallet).or_default().push(balance);
    }
    Ok(balances)
}

async fn powers(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    wallets: &[Wallet],
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<WalletId, Power>, SqlError> {
    let rows = Query::select("r.*", "wallet_resource r join wallet w on w.id = r.wallet_id where true")
        .among(" and r.wallet_id", wallets.iter().map(|wallet| wallet.id))
        .tenant(" and w.partner_id = ?", partner)
        .and(" order by r.wallet_id")
        .rows(conn, LIST_MAX)
        .await?;
    let powers = keep(row::read(&rows, row::wallet::read_power), unread);
    Ok(powers.into_iter().map(|power| (power.wallet, power)).collect())
}

type Books = BTreeMap<WalletId, Vec<(AssetId, Account, i64)>>;

async fn books(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    wallets: &[Wallet],
    unread: &mut Vec<Unread>,
) -> Result<Books, SqlError> {
    let columns = "wallet_id, asset, account, cast(sum(atoms) as bigint) as atoms";
    let rows = Query::select(columns, "ledger_balance where true")
        .among(" and wallet_id", wallets.iter().map(|wallet| wallet.id))
        .tenant(" and partner_id = ?", partner)
        .and(" group by wallet_id, asset, account order by wallet_id, asset, account")
        .rows(conn, LIST_MAX)
        .await?;
    let line = |row: &Row| {
        let cells = Cells::of("ledger_balance", "wallet_id", row);
        let account = cells.parsed("account", |text| Account::parse(text).ok_or(()))?;
        Ok((wallet_id(&cells)?, (cells.parsed("asset", AssetId::parse)?, account, cells.int("atoms")?)))
    };
    let mut books = Books::new();
    for (wallet, line) in keep(row::read(&rows, line), unread) {
        books.entry(wallet).or_default().push(line);
    }
    Ok(books)
}

/// Slots allocated and not included; sent and not final.
async fn counts(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    wallets: &[Wallet],
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<WalletId, (i64, i64)>, SqlError> {
    let columns = "wallet_id, sum(case when state in ('built', 'signed') then 1 else 0 end) as in_flight,
        sum(case when state in ('signed', 'seen') then 1 else 0 end) as unsettled";
    let rows = Query::select(columns, "transfer where state not in ('final', 'dropped')")
        .among(" and wallet_id", wallets.iter().map(|wallet| wallet.id))
        .tenant(" and partner_id = ?", partner)
        .and(" group by wallet_id order by wallet_id")
        .rows(conn, LIST_MAX)
        .await?;
    let count = |row: &Row| {
        let cells = Cells::of("transfer", "wallet_id", row);
        Ok((wallet_id(&cells)?, (cells.int("in_flight")?, cells.int("unsettled")?)))
    };
    Ok(keep(row::read(&rows, count), unread).into_iter().collect())
}

/// The withdrawal that has been on each lane longest, and since when.
async fn oldest(
    conn: &mut Conn<'_>,
    partner: Option<PartnerId>,
    wallets: &[Wallet],
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<WalletId, (WithdrawalId, Timestamp)>, SqlError> {
    let ranked = "(select t.wallet_id, i.withdrawal_id, t.planned_at,
            row_number() over (partition by t.wallet_id order by t.planned_at, t.id, i.position) as place
        from transfer t join transfer_item i on i.transfer_id = t.id
        where t.state not in ('final', 'dropped') and i.dead_by is null";
    let rows = Query::select("wallet_id, withdrawal_id, planned_at", ranked)
        .among(" and t.wallet_id", wallets.iter().map(|wallet| wallet.id))
        .tenant(" and t.partner_id = ?", partner)
        .and(") as waiting where place = 1 order by wallet_id")
        .rows(conn, LIST_MAX)
        .await?;
    let oldest = |row: &Row| {
        let cells = Cells::of("transfer", "wallet_id", row);
        Ok((
            wallet_id(&cells)?,
            (cells.parsed("withdrawal_id", WithdrawalId::parse)?, cells.at("planned_at")?),
        ))
    };
    Ok(keep(row::read(&rows, oldest), unread).into_iter().collect())
}

fn wallet_id(cells: &Cells<'_>) -> Result<WalletId, Unread> {
    cells.parsed("wallet_id", WalletId::parse)
}
