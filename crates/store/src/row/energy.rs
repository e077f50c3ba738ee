//! Needs of energy, orders of it, and loans.

mod evidence;
mod loan;
mod request;
mod topup;

use serde::Serialize;
use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::chain::ChainId;
use sluice_core::energy::{Arrival, Burning, Need, NeedRecord, NeedState, Order, Record};
use sluice_core::id::{EnergyNeedId, EnergyOrderId, PartnerId, WalletId};
use sluice_core::moved::Moved;
use sluice_core::port::market::{Ask, Recovery, VendorId};
use sluice_core::time::Timestamp;

pub(crate) use loan::{LOAN_MOVES, LOANS, LoanRow, read_loan};
pub(crate) use request::{
    REQUEST_ITEMS, REQUEST_MOVES, REQUESTS, RequestItemRow, RequestRow, read_item, read_request,
};
pub(crate) use topup::{read_standing, read_topup};

use super::cells::{Cells, big};
use super::table::Table;
use super::{Unread, kept};
use crate::sql::Row;

pub(crate) const NEEDS: Table = Table {
    name: "energy_need",
    texts: &["id", "partner_id", "wallet_id", "chain", "receiver", "state", "why"],
    ints: &["energy", "burning_sun", "deadline_at", "opened_at", "changed_at", "version"],
    blobs: &[],
};

/// What the end of a need writes.
pub(crate) const NEED_ENDS: &[&str] = &["state", "why", "changed_at", "version"];

pub(crate) const ORDERS: Table = Table {
    name: "energy_order",
    texts: &[
        "id",
        "need_id",
        "wallet_id",
        "vendor",
        "recovery",
        "receiver",
        "state",
        "provider_id",
        "evidence",
    ],
    ints: &[
        "energy",
        "duration_s",
        "max_total_sun",
        "deadline_at",
        "asked_at",
        "times",
        "charged_sun",
        "cost_sun",
        "holds",
        "ended",
        "ends_at",
        "planned_at",
        "version",
    ],
    blobs: &[],
};

/// What a step of an order writes.
pub(crate) const ORDER_MOVES: &[&str] = &[
    "state",
    "provider_id",
    "evidence",
    "asked_at",
    "times",
    "charged_sun",
    "cost_sun",
    "holds",
    "ended",
    "ends_at",
    "version",
];

pub(crate) const ARRIVALS: Table =
    Table { name: "energy_arrival", texts: &["txid", "order_id"], ints: &[], blobs: &[] };

/// A row of `energy_arrival`.
#[derive(Debug, Serialize)]
pub(crate) struct ArrivalRow {
    txid: String,
    order_id: String,
}

impl ArrivalRow {
    /// What a step of an order is proven by, and what it was not proven by before.
    pub(crate) fn of(step: &Moved<Order>) -> Vec<Self> {
        let txids = |order: Option<&Order>| {
            order.and_then(|order| order.state.arrival()).map(Arrival::txids).unwrap_or_default().to_vec()
        };
        let before = txids(step.before());
        let mut now = txids(Some(step.after()));
        now.retain(|txid| !before.contains(txid));
        let order_id = step.after().id.to_string();
        now.iter().map(|txid| Self { txid: hex::encode(txid), order_id: order_id.clone() }).collect()
    }
}

/// A row of `energy_need`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct NeedRow {
    id: String,
    partner_id: String,
    wallet_id: String,
    chain: String,
    receiver: String,
    state: &'static str,
    why: Option<&'static str>,
    energy: i64,
    burning_sun: i64,
    deadline_at: i64,
    opened_at: i64,
    changed_at: i64,
    version: i64,
    was: Option<i64>,
}

impl NeedRow {
    pub(crate) fn of(need: &Need, was: Option<i64>) -> Self {
        let why = match need.state {
            NeedState::Burning(why) => Some(why.as_str()),
            NeedState::Open | NeedState::Served | NeedState::Dropped => None,
        };
        Self {
            id: need.id.to_string(),
            partner_id: need.partner.to_string(),
            wallet_id: need.wallet.to_string(),
            chain: need.chain.to_string(),
            receiver: need.receiver.to_string(),
            state: need.state.as_str(),
            why,
            energy: big(need.energy),
            burning_sun: sun(need.burning_sun),
            deadline_at: need.deadline.micros(),
            opened_at: need.opened_at.micros(),
            changed_at: need.changed_at.micros(),
            version: need.version,
            was,
        }
    }
}

/// From a row of `energy_need`.
///
/// # Errors
/// [`Unread`].
pub fn read_need(row: &Row) -> Result<Need, Unread> {
    let cells = Cells::of("energy_need", "id", row);
    let state = match cells.text("state")? {
        "open" => NeedState::Open,
        "served" => NeedState::Served,
        "burning" => NeedState::Burning(cells.parsed("why", |text| Burning::parse(text).ok_or(()))?),
        "dropped" => NeedState::Dropped,
        other => return Err(cells.unread(format!("state {other:?}"))),
    };
    Ok(kept(NeedRecord {
        id: cells.parsed("id", EnergyNeedId::parse)?,
        partner: cells.parsed("partner_id", PartnerId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        chain: cells.parsed("chain", ChainId::parse)?,
        receiver: cells.parsed("receiver", TronAddress::parse)?,
        energy: cells.number("energy")?,
        burning_sun: Cost(cells.number("burning_sun")?),
        deadline: cells.at("deadline_at")?,
        state,
        opened_at: cells.at("opened_at")?,
        changed_at: cells.at("changed_at")?,
        version: cells.int("version")?,
    }))
}

/// A row of `energy_order`. `was` is the version it is expected to have.
#[derive(Debug, Serialize)]
pub(crate) struct OrderRow {
    id: String,
    need_id: String,
    wallet_id: String,
    vendor: String,
    recovery: &'static str,
    receiver: String,
    state: &'static str,
    provider_id: Option<String>,
    evidence: String,
    energy: i64,
    duration_s: i64,
    max_total_sun: i64,
    deadline_at: i64,
    asked_at: Option<i64>,
    times: Option<u32>,
    charged_sun: Option<i64>,
    cost_sun: Option<i64>,
    holds: u8,
    ended: u8,
    ends_at: Option<i64>,
    planned_at: i64,
    version: i64,
    was: Option<i64>,
}

impl OrderRow {
    pub(crate) fn of(order: &Order, was: Option<i64>) -> Result<Self, serde_json::Error> {
        let (asked, bought, money) = (order.state.asked(), order.state.bought(), order.money());
        let cost = Cost(money.spent_sun.0.saturating_add(money.unresolved_sun.0));
        Ok(Self {
            id: order.id.to_string(),
            need_id: order.need.to_string(),
            wallet_id: order.wallet.to_string(),
            vendor: order.vendor.to_string(),
            recovery: recovery(order.recovery),
            receiver: order.receiver.to_string(),
            state: order.state.as_str(),
            provider_id: bought.and_then(|it| it.provider_id.as_ref()).map(ToString::to_string),
            evidence: evidence::write(&order.state)?,
            energy: big(order.energy),
            duration_s: big(order.duration_s),
            max_total_sun: sun(order.max_total_sun),
            deadline_at: order.deadline.micros(),
            asked_at: asked.map(|it| it.at.micros()),
            times: asked.map(|it| it.times),
            charged_sun: bought.and_then(|it| it.charged_sun).map(sun),
            cost_sun: money.known.then(|| sun(cost)),
            holds: u8::from(order.holds_up().is_some()),
            ended: u8::from(order.is_ended()),
            ends_at: order.ends_at().map(Timestamp::micros),
            planned_at: order.planned_at.micros(),
            version: order.version,
            was,
        })
    }
}

/// From a row of `energy_order`.
///
/// # Errors
/// [`Unread`].
pub fn read_order(row: &Row) -> Result<Order, Unread> {
    let cells = Cells::of("energy_order", "id", row);
    let state = evidence::read(&cells)?;
    Ok(kept(Record {
        id: cells.parsed("id", EnergyOrderId::parse)?,
        need: cells.parsed("need_id", EnergyNeedId::parse)?,
        wallet: cells.parsed("wallet_id", WalletId::parse)?,
        vendor: cells.parsed("vendor", VendorId::parse)?,
        recovery: match cells.text("recovery")? {
            "repeat" => Recovery::Repeat,
            "none" => Recovery::None,
            other => return Err(cells.unread(format!("recovery {other:?}"))),
        },
        receiver: cells.parsed("receiver", TronAddress::parse)?,
        energy: cells.number("energy")?,
        duration_s: cells.number("duration_s")?,
        max_total_sun: Cost(cells.number("max_total_sun")?),
        deadline: cells.at("deadline_at")?,
        state,
        planned_at: cells.at("planned_at")?,
        version: cells.int("version")?,
    }))
}

/// What goes out for an order that is asked; it is durable, for it was read from a row.
///
/// # Errors
/// [`Unread`].
#[expect(clippy::disallowed_methods, reason = "a row of the store is what the door is for")]
pub(crate) fn read_ask(row: &Row) -> Result<Option<Durable<Ask>>, Unread> {
    Ok(read_order(row)?.outgoing().map(Durable::stored))
}

const fn recovery(recovery: Recovery) -> &'static str {
    match recovery {
        Recovery::Repeat => "repeat",
        Recovery::None => "none",
    }
}

/// Sun as a column holds them; more than there is TRX is the most.
pub(crate) fn sun(cost: Cost) -> i64 {
    i64::try_from(cost.0).unwrap_or(i64::MAX)
}
