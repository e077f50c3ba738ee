//! What the energy of payments cost: one statement for what was bought and one for what the pool lent, for a slice of withdrawals.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::amount::Cost;
use sluice_core::attempt::Attempt;
use sluice_core::id::EnergyNeedId;
use sluice_core::receipt::Price;
use sluice_core::transfer::Transfer;

use super::query::Query;
use crate::engine::LIST_MAX;
use crate::engine::unread::keep;
use crate::row::cells::Cells;
use crate::row::{self, Unread};
use crate::sql::{Conn, Row, SqlError};

/// Prices by need.
pub(super) type Prices = BTreeMap<EnergyNeedId, Price>;

/// What was bought and lent for the needs that these transfers took energy of. An order that brought none is in no payment's price; one
/// that may still bring some, or that has, and whose cost is not known, leaves the price open.
pub(super) async fn of(
    conn: &mut Conn<'_>,
    transfers: &BTreeMap<String, (Transfer, Vec<Attempt>)>,
    unread: &mut Vec<Unread>,
) -> Result<Prices, SqlError> {
    let need = |(transfer, _): &(Transfer, Vec<Attempt>)| transfer.fuelled()?.estimate.as_ref()?.need;
    let needs: BTreeSet<EnergyNeedId> = transfers.values().filter_map(need).collect();
    if needs.is_empty() {
        return Ok(Prices::new());
    }
    let mut prices = Prices::new();
    for rows in [bought(conn, &needs).await?, lent(conn, &needs).await?] {
        for (need, price) in keep(row::read(&rows, price), unread) {
            prices.entry(need).and_modify(|before| *before = before.and(price)).or_insert(price);
        }
    }
    Ok(prices)
}

async fn bought(conn: &mut Conn<'_>, needs: &BTreeSet<EnergyNeedId>) -> Result<Vec<Row>, SqlError> {
    let columns =
        "need_id, cast(sum(energy) as bigint) as energy, cast(sum(max_total_sun) as bigint) as most,
        cast(sum(cost_sun) as bigint) as paid,
        sum(case when state in ('delivered', 'short') and cost_sun is not null then 0 else 1 end) as unpriced";
    let orders =
        "energy_order where state in ('planned', 'asked', 'unknown', 'accepted', 'delivered', 'short')";
    Query::select(columns, orders)
        .among(" and need_id", needs)
        .and(" group by need_id order by need_id")
        .rows(conn, LIST_MAX)
        .await
}

/// The pool's price is what the books say: what is late was given back, and is charged again where it comes all the same
/// (`core::energy::credit`). It is decided by a loan's third version at the latest: asked, late, lent.
async fn lent(conn: &mut Conn<'_>, needs: &BTreeSet<EnergyNeedId>) -> Result<Vec<Row>, SqlError> {
    let columns = "l.id as need_id, l.energy, l.price_sun as most,
        (select cast(coalesce(-sum(g.atoms), 0) as bigint) from ledger g
         where g.group_id in (l.id || '@1', l.id || '@2', l.id || '@3') and g.account = 'energy_charged') as paid,
        case when l.state in ('asked', 'late') then 1 else 0 end as unpriced";
    Query::select(columns, "energy_loan l where l.state <> 'absent'")
        .among(" and l.id", needs)
        .and(" order by l.id")
        .rows(conn, LIST_MAX)
        .await
}

fn price(row: &Row) -> Result<(EnergyNeedId, Price), Unread> {
    let cells = Cells::of("energy_order", "need_id", row);
    let paid = cells.opt_number("paid")?.filter(|_| cells.int("unpriced").is_ok_and(|count| count == 0));
    let price = Price {
        energy: cells.number("energy")?,
        most_sun: Cost(cells.number("most")?),
        paid_sun: paid.map(Cost),
    };
    Ok((cells.parsed("need_id", EnergyNeedId::parse)?, price))
}
