//! Energy of TRON.

pub(crate) mod credit;
pub(crate) mod outlook;
pub(crate) mod request;

use sluice_api::energy::{
    EnergyAccount, EnergyAllows, EnergyAtOnce, EnergyBuying, EnergyMode, EnergyNeed, EnergyOrder,
    EnergyOrderStatus, EnergyPrice, EnergyReading, EnergySource, EnergySourceKind, EnergyWallet,
};
use sluice_api::tag;
use sluice_api::text::Decimal;
use sluice_core::amount::Cost;
use sluice_core::energy::mode::{AtOnce, Buying, Level, Mode, Stood};
use sluice_core::energy::price::Span;
use sluice_core::energy::{Need, Order, State, VendorBooks};
use sluice_core::port::reader::WalletView;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Power;
use sluice_flow::outlook::Asked;

use super::{block, time, units};

/// Decimals of a TRX: sun is its smallest unit.
pub(crate) const TRX_DECIMALS: u8 = 6;

/// Sun as TRX.
pub(crate) fn sun(cost: Cost) -> Decimal {
    Decimal::new(units(&cost.0.to_string(), TRX_DECIMALS))
}

/// Millionths of a sun as sun.
pub(crate) fn micro_sun(micro_sun: u64) -> Decimal {
    Decimal::new(units(&micro_sun.to_string(), 6))
}

/// What is known of a lane.
pub(crate) struct Wallet<'a> {
    pub view: &'a WalletView,
    pub stood: &'a Stood,
    pub level: Option<Level>,
    pub depletes: Option<Timestamp>,
    pub need: Option<&'a Need>,
    pub burned: Cost,
    pub cap_sun: u64,
}

/// How a lane stands.
pub(crate) fn wallet(of: &Wallet<'_>) -> EnergyWallet {
    let current = of.stood.standing.map_or(Mode::Without, |standing| standing.mode);
    let allows = current.allows();
    EnergyWallet {
        wallet: of.view.wallet.id.to_string(),
        chain: of.view.wallet.chain.to_string(),
        mode: mode(current),
        since: of.stood.standing.map(|standing| time(standing.since)),
        allows: EnergyAllows {
            at_once: match allows.at_once {
                AtOnce::All => EnergyAtOnce::All,
                AtOnce::Priority => EnergyAtOnce::Priority,
            },
            buying: match allows.buying {
                Buying::Needed => EnergyBuying::Needed,
                Buying::Ahead => EnergyBuying::Ahead,
            },
        },
        read: of.view.power.zip(of.level).map(|(power, level)| reading(&power, level, of.stood.rented)),
        depletes_at: of.depletes.map(time),
        need: of.need.map(need),
        burned_hour: sun(of.burned),
        burn_hour_cap: sun(Cost(u128::from(of.cap_sun))),
    }
}

const fn mode(mode: Mode) -> EnergyMode {
    match mode {
        Mode::Without => EnergyMode::Without,
        Mode::Optimal => EnergyMode::Optimal,
        Mode::Normal => EnergyMode::Normal,
        Mode::Warning => EnergyMode::Warning,
        Mode::Critical => EnergyMode::Critical,
    }
}

fn reading(power: &Power, level: Level, rented: u64) -> EnergyReading {
    let read = &power.resources;
    let left = Level { energy: read.energy, most: read.energy_most }.percent();
    EnergyReading {
        energy: read.energy,
        energy_most: read.energy_most,
        energy_own: level.most,
        energy_rented: rented,
        percent: level.percent(),
        used_percent: left.map(|left| 100u8.saturating_sub(left)),
        bandwidth: read.bandwidth,
        bandwidth_most: read.bandwidth_most,
        free_bandwidth: read.free_bandwidth,
        block: block(power.block),
        at: time(power.at),
    }
}

fn need(need: &Need) -> EnergyNeed {
    EnergyNeed {
        id: need.id.to_string(),
        energy: need.energy,
        burning: sun(need.burning_sun),
        opened_at: time(need.opened_at),
        deadline: time(need.deadline),
    }
}

/// What a vendor asked.
pub(crate) fn price(span: &Span) -> EnergyPrice {
    EnergyPrice {
        object: tag::EnergyPrice::Is,
        chain: span.chain.to_string(),
        vendor: span.vendor.to_string(),
        from: time(span.from),
        low: micro_sun(span.low_micro_sun),
        high: micro_sun(span.high_micro_sun),
        last: micro_sun(span.last_micro_sun),
        energy: span.energy,
        duration_s: span.duration_s,
        quotes: span.quotes,
        last_at: time(span.last_at),
    }
}

/// An order; its money is told to whoever pays it.
pub(crate) fn order(order: &Order, pays: bool) -> EnergyOrder {
    let money = order.money();
    let cost = Cost(money.spent_sun.0.saturating_add(money.unresolved_sun.0));
    EnergyOrder {
        object: tag::EnergyOrder::Is,
        id: order.id.to_string(),
        wallet: order.wallet.to_string(),
        need: order.need.to_string(),
        vendor: order.vendor.to_string(),
        status: status(&order.state),
        energy: order.energy,
        duration_s: order.duration_s,
        deadline: time(order.deadline),
        cost_max: pays.then(|| sun(order.max_total_sun)),
        cost: (pays && money.known).then(|| sun(cost)),
        planned_at: time(order.planned_at),
        version: super::count(order.version),
    }
}

/// An account at a vendor.
pub(crate) fn account(books: &VendorBooks) -> EnergyAccount {
    let paid_in = books.booked.credited_sun.0.saturating_sub(books.opening_sun.0);
    let account = books.account();
    EnergyAccount {
        object: tag::EnergyAccount::Is,
        vendor: books.booked.vendor.to_string(),
        opening: sun(books.opening_sun),
        opened_at: time(books.opened_at),
        paid_in: sun(Cost(paid_in)),
        spent: sun(books.booked.kept_sun),
        unresolved: sun(books.sum(|money| money.unresolved_sun)),
        at_risk: sun(books.sum(|money| money.at_risk_sun)),
        unexplained: account.map_or(0, |account| account.unexplained),
        expected: account.map(|account| sun(account.expected_sun)),
    }
}

const fn status(state: &State) -> EnergyOrderStatus {
    match state {
        State::Planned => EnergyOrderStatus::Planned,
        State::Dropped => EnergyOrderStatus::Dropped,
        State::Asked(_) => EnergyOrderStatus::Asked,
        State::Refused { .. } => EnergyOrderStatus::Refused,
        State::Unknown { .. } => EnergyOrderStatus::Unknown,
        State::Accepted(_) => EnergyOrderStatus::Accepted,
        State::Delivered { .. } => EnergyOrderStatus::Delivered,
        State::Short { .. } => EnergyOrderStatus::Short,
        State::Failed(_) => EnergyOrderStatus::Failed,
        State::Refunded { .. } => EnergyOrderStatus::Refunded,
        State::Unresolved { .. } => EnergyOrderStatus::Unresolved,
        State::Absent(_) => EnergyOrderStatus::Absent,
        State::Lost { .. } => EnergyOrderStatus::Lost,
    }
}

/// A vendor as a source.
pub(crate) fn vendor(asked: &Asked) -> EnergySource {
    EnergySource {
        kind: EnergySourceKind::Vendor,
        vendor: Some(asked.vendor.to_string()),
        energy: asked.energy,
        price: micro_sun(asked.micro_sun),
        cost: sun(asked.cost),
        heard_at: time(asked.at),
    }
}

/// Burned TRX as a source.
pub(crate) fn burning(energy: u64, each_sun: u64, cost: Cost, at: Timestamp) -> EnergySource {
    EnergySource {
        kind: EnergySourceKind::Burn,
        vendor: None,
        energy,
        price: Decimal::new(each_sun.to_string()),
        cost: sun(cost),
        heard_at: time(at),
    }
}
