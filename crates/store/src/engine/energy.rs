//! What the broker and the lanes of TRON ask: needs, orders, accounts, and what was burned.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::chain::ChainId;
use sluice_core::energy::credit::Standing;
use sluice_core::energy::{Booked, Loan, Need, Prepayment, VENDORS_MAX, View};
use sluice_core::id::{EnergyNeedId, EnergyOrderId, WalletId};
use sluice_core::port::market::{Ask, VendorId};
use sluice_core::time::Timestamp;

use super::LIST_MAX;
use super::unread::{Found, keep};
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError, slice};
use crate::{args, sql};

/// Needs of a lane that are read besides those that its transfers wait for: the open one, and what brought its energy last.
const NEEDS_OF_LANE: i64 = 4;

/// Top-ups of nobody that are read at once.
const UNKNOWN_MAX: i64 = 64;

/// Needs, orders, loans and accounts of a chain; what orders cost since a time; and what transactions explain.
pub(super) async fn view(
    conn: &mut Conn<'_>,
    chain: ChainId,
    since: Timestamp,
    lent: &[[u8; 32]],
) -> Result<Found<View>, SqlError> {
    let mut unread: Vec<Unread> = Vec::new();
    let chain = chain.to_string();
    let needs = sql!("select * from energy_need where chain = $1 and state = 'open' order by id limit $2");
    let needs = conn.rows(needs, args![&chain, LIST_MAX]).await?;
    let needs = keep(row::read(&needs, row::energy::read_need), &mut unread);
    let orders = sql!(
        "select o.* from energy_order o join energy_need n on n.id = o.need_id
         where n.chain = $1 and (o.ended = 0 or n.state = 'open') order by o.id limit $2"
    );
    let orders = conn.rows(orders, args![&chain, LIST_MAX]).await?;
    let orders = keep(row::read(&orders, row::energy::read_order), &mut unread);
    let loans = sql!(
        "select l.* from energy_loan l join energy_need n on n.id = l.id
         where l.chain = $1 and (l.ended = 0 or n.state = 'open') order by l.id limit $2"
    );
    let loans = conn.rows(loans, args![&chain, LIST_MAX]).await?;
    let loans = keep(row::read(&loans, row::energy::read_loan), &mut unread);
    let elsewhere = keep(elsewhere(conn, &chain).await?, &mut unread);
    let requests = keep(super::requests::of_chain(conn, &chain).await?, &mut unread);
    let accounts = keep(accounts(conn).await?, &mut unread);
    let spent = sql!(
        "select cast(coalesce(sum(coalesce(cost_sun, max_total_sun)), 0) as bigint) as spent
         from energy_order where asked_at >= $1 limit 1"
    );
    let spent = conn.row(spent, args![since.micros()]).await?;
    let spent = spent.map(|row| row.int("spent")).transpose()?.unwrap_or_default();
    let spent_sun = Cost(u128::try_from(spent).unwrap_or_default());
    let explained = explained(conn, lent, &mut unread).await?;
    let credit = credit(conn, &chain, &mut unread).await?;
    let (topups_from, unknown) = topups(conn, &chain, &mut unread).await?;
    let view = View {
        needs,
        orders,
        loans,
        elsewhere: elsewhere.into_iter().collect(),
        requests,
        accounts,
        spent_sun,
        credit,
        topups_from,
        unknown,
        explained,
    };
    Ok((view, unread))
}

/// Needs of late loans for which an order was made that was not in vain so far, or TRX is burned.
async fn elsewhere(conn: &mut Conn<'_>, chain: &str) -> Result<Found<Vec<EnergyNeedId>>, SqlError> {
    let text = sql!(
        "select n.id from energy_loan l join energy_need n on n.id = l.id
         where l.chain = $1 and l.ended = 0 and l.state = 'late' and (n.state = 'burning' or exists (
             select 1 from energy_order o where o.need_id = n.id
             and o.state in ('asked', 'unknown', 'accepted', 'delivered')))
         order by n.id limit $2"
    );
    let rows = conn.rows(text, args![chain, LIST_MAX]).await?;
    let id = |row: &Row| Cells::of("energy_need", "id", row).parsed("id", EnergyNeedId::parse);
    Ok(row::read(&rows, id))
}

/// What partners have with pools of a chain.
async fn credit(
    conn: &mut Conn<'_>,
    chain: &str,
    unread: &mut Vec<Unread>,
) -> Result<Vec<Standing>, SqlError> {
    let text = sql!(
        "select b.wallet_id, b.partner_id, b.atoms, l.low from ledger_balance b
         join wallet w on w.id = b.wallet_id
         left join energy_credit_level l on l.wallet_id = b.wallet_id and l.partner_id = b.partner_id
         where w.chain = $1 and b.account = 'energy_credit' order by b.wallet_id, b.partner_id limit $2"
    );
    let rows = conn.rows(text, args![chain, LIST_MAX]).await?;
    Ok(keep(row::read(&rows, row::energy::read_standing), unread))
}

/// Where looks for top-ups go on, and those that are nobody's yet.
async fn topups(
    conn: &mut Conn<'_>,
    chain: &str,
    unread: &mut Vec<Unread>,
) -> Result<(BTreeMap<WalletId, u64>, Vec<Prepayment>), SqlError> {
    let text = sql!(
        "select c.wallet_id, c.next_height from energy_topup_cursor c join wallet w on w.id = c.wallet_id
         where w.chain = $1 order by c.wallet_id limit $2"
    );
    let rows = conn.rows(text, args![chain, LIST_MAX]).await?;
    let cursor = |row: &Row| {
        let cells = Cells::of("energy_topup_cursor", "wallet_id", row);
        Ok((cells.parsed("wallet_id", WalletId::parse)?, cells.number("next_height")?))
    };
    let from = keep(row::read(&rows, cursor), unread).into_iter().collect();
    let text = sql!(
        "select * from energy_topup where chain = $1 and partner_id is null order by block_number, txid limit $2"
    );
    let rows = conn.rows(text, args![chain, UNKNOWN_MAX]).await?;
    Ok((from, keep(row::read(&rows, row::energy::read_topup), unread)))
}

/// Accounts at vendors, by name. Vendors are the installation's: an order of any chain is charged to the same account.
pub(crate) async fn accounts(conn: &mut Conn<'_>) -> Result<Found<Vec<Booked>>, SqlError> {
    let text = sql!(
        "select c.vendor, cast(sum(c.sun) as bigint) as credited,
                (select cast(coalesce(sum(o.cost_sun), 0) as bigint) from energy_order o
                 where o.vendor = c.vendor and o.ended = 1) as kept
         from energy_credit c group by c.vendor order by c.vendor limit $1"
    );
    let most = i64::try_from(VENDORS_MAX * 8).unwrap_or(LIST_MAX);
    let rows = conn.rows(text, args![most]).await?;
    Ok(row::read(&rows, account))
}

/// Which orders were proven by these transactions.
async fn explained(
    conn: &mut Conn<'_>,
    lent: &[[u8; 32]],
    unread: &mut Vec<Unread>,
) -> Result<BTreeMap<[u8; 32], EnergyOrderId>, SqlError> {
    if lent.is_empty() {
        return Ok(BTreeMap::new());
    }
    // A transaction explains one order, so there are no more rows than were asked about.
    let text = sql!(
        lite "select txid, order_id from energy_arrival where txid in (select value from json_each($1)) limit $2",
        pg "select txid, order_id from energy_arrival
            where txid in (select jsonb_array_elements_text($1::jsonb)) limit $2",
        because "each database reads JSON in its own way"
    );
    let most = i64::try_from(lent.len()).unwrap_or(i64::MAX);
    let rows = conn.rows(text, args![slice(lent.iter().map(hex::encode)), most]).await?;
    let read = |row: &Row| {
        let cells = Cells::of("energy_arrival", "txid", row);
        Ok((cells.hash("txid")?, cells.parsed("order_id", EnergyOrderId::parse)?))
    };
    Ok(keep(row::read(&rows, read), unread).into_iter().collect())
}

fn account(row: &Row) -> Result<Booked, Unread> {
    let cells = Cells::of("energy_credit", "vendor", row);
    Ok(Booked {
        vendor: cells.parsed("vendor", VendorId::parse)?,
        credited_sun: Cost(cells.number("credited")?),
        kept_sun: Cost(cells.number("kept")?),
    })
}

/// What goes out for orders that are asked; the others are left out.
pub(super) async fn asks(
    conn: &mut Conn<'_>,
    orders: &[EnergyOrderId],
) -> Result<Found<Vec<Durable<Ask>>>, SqlError> {
    let text = sql!(
        lite "select * from energy_order where state = 'asked' and id in (select value from json_each($1))
              order by id limit $2",
        pg "select * from energy_order where state = 'asked' and id in (select jsonb_array_elements_text($1::jsonb))
            order by id limit $2",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![slice(orders), LIST_MAX]).await?;
    let (asks, unread) = row::read(&rows, row::energy::read_ask);
    Ok((asks.into_iter().flatten().collect(), unread))
}

/// The open need of a lane, the last ones before it, and those that its transfers wait for, however old.
pub(super) async fn needs_of(
    conn: &mut Conn<'_>,
    wallet: &str,
    awaited: &BTreeSet<&str>,
) -> Result<Found<Vec<Need>>, SqlError> {
    let text = sql!(
        lite "select * from energy_need where wallet_id = $1 and (id in (select value from json_each($3))
              or id in (select id from energy_need where wallet_id = $1 order by id desc limit $2))
              order by id desc limit $4",
        pg "select * from energy_need where wallet_id = $1 and (id in (select jsonb_array_elements_text($3::jsonb))
            or id in (select id from energy_need where wallet_id = $1 order by id desc limit $2))
            order by id desc limit $4",
        because "each database reads JSON in its own way"
    );
    let rows = conn.rows(text, args![wallet, NEEDS_OF_LANE, slice(awaited), LIST_MAX]).await?;
    Ok(row::read(&rows, row::energy::read_need))
}

/// Energy that orders brought to a wallet and that may end between two times. It ends at a time that is known only within
/// bounds: so long after it was asked for at the earliest, and so long after it came at the latest.
pub(super) async fn ending(
    conn: &mut Conn<'_>,
    wallet: WalletId,
    from: Timestamp,
    until: Timestamp,
) -> Result<u64, SqlError> {
    let text = sql!(
        "select cast(coalesce(sum(energy), 0) as bigint) as energy from energy_order
         where wallet_id = $1 and ends_at > $2 and asked_at + duration_s * 1000000 <= $3 limit 1"
    );
    let row = conn.row(text, args![wallet.to_string(), from.micros(), until.micros()]).await?;
    let energy = row.map(|row| row.int("energy")).transpose()?.unwrap_or_default();
    Ok(u64::try_from(energy).unwrap_or_default())
}

/// Loans that a lane has or is about to have.
pub(super) async fn loans_of(conn: &mut Conn<'_>, wallet: &str) -> Result<Found<Vec<Loan>>, SqlError> {
    let text = sql!("select * from energy_loan where wallet_id = $1 and ended = 0 order by id limit $2");
    let rows = conn.rows(text, args![wallet, LIST_MAX]).await?;
    Ok(row::read(&rows, row::energy::read_loan))
}

/// What a wallet's transactions burned since a time, in atoms of its chain's coin.
pub(super) async fn burned(
    conn: &mut Conn<'_>,
    wallet: WalletId,
    since: Timestamp,
) -> Result<Cost, SqlError> {
    let text = sql!(
        "select cast(coalesce(sum(atoms), 0) as bigint) as burned from ledger
         where wallet_id = $1 and account = 'gas' and at >= $2 limit 1"
    );
    let row = conn.row(text, args![wallet.to_string(), since.micros()]).await?;
    let burned = row.map(|row| row.int("burned")).transpose()?.unwrap_or_default();
    Ok(Cost(u128::try_from(burned).unwrap_or_default()))
}
