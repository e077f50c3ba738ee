//! One order in every state.

use super::super::*;
use crate::chain::BlockRef;
use crate::id::Ulid;
use crate::port::market::{Durations, Placed, Quote, Shown, VendorFacts};

pub const ENERGY: u64 = 65_000;
pub const PRICE: Cost = Cost(3_000_000);
/// The deadline, in milliseconds after `at(0)`.
pub const DEADLINE_MS: i64 = 120_000;

pub fn at(ms: i64) -> Timestamp {
    Timestamp::from_micros(1_795_000_000_000_000).plus_ms(ms)
}

pub fn wallet(number: u128) -> WalletId {
    WalletId::new(Ulid::new(at(0), number))
}

pub fn need(number: u128) -> EnergyNeedId {
    EnergyNeedId::new(Ulid::new(at(0), number))
}

pub fn receiver() -> TronAddress {
    TronAddress([7; 20])
}

pub fn facts(name: &str, recovery: Recovery) -> VendorFacts {
    VendorFacts {
        id: VendorId::parse(name).unwrap(),
        recovery,
        caps_price: recovery == Recovery::None,
        energy_min: 32_000,
        energy_max: 2_000_000,
        durations: Durations::Of(vec![3_600]),
        delivers_ms: 10_000,
    }
}

pub fn quote(facts: &VendorFacts) -> Quote {
    Quote {
        vendor: facts.id.clone(),
        energy: ENERGY,
        duration_s: 3_600,
        total_sun: PRICE,
        valid_until: at(30_000),
    }
}

pub fn planned(number: u128, recovery: Recovery) -> Order {
    let facts = facts("it", recovery);
    let plan = Plan {
        id: EnergyOrderId::new(Ulid::new(at(0), number)),
        need: need(1),
        wallet: wallet(1),
        receiver: receiver(),
        deadline: at(DEADLINE_MS),
    };
    Order::plan(plan, &facts, &quote(&facts), at(0)).unwrap().into_after()
}

#[expect(clippy::disallowed_methods, reason = "a test says what the chain shows")]
pub fn arrival(energy: u64) -> Arrival {
    Arrival::on_chain(receiver(), energy, vec![[1; 32]], BlockRef { number: 5, hash: [5; 32] }, at(2_000))
}

pub fn named() -> ProviderId {
    ProviderId::parse("6818426a65fa8ea36d119d2c").unwrap()
}

pub fn accepted(charged_sun: Option<Cost>) -> Placed {
    Placed::Accepted { provider_id: named(), charged_sun }
}

pub fn shown(charged_sun: Option<Cost>) -> Shown {
    Shown { charged_sun, ..Shown::default() }
}

/// An account that is short of so much, read when everything has settled.
pub fn account(missing_sun: u128) -> Accounts {
    Accounts {
        expected_sun: Cost(50_000_000),
        told_sun: Cost(50_000_000 - missing_sun),
        read_at: at(SETTLES_MS + 1_000),
        unexplained: 0,
        said_sun: Some(Cost::ZERO),
    }
}

pub fn quiet() -> Watched {
    Watched { through: at(SETTLES_MS + 1_000), unclaimed: 0 }
}

/// Every state, by name, as its transitions reach it.
pub fn every(recovery: Recovery) -> Vec<(&'static str, Order)> {
    let planned = || planned(1, recovery);
    let asked = || planned().ask(at(0)).unwrap().into_after();
    let heard = |placed| asked().hear(placed).unwrap().into_after();
    let accepted = |charged| heard(accepted(charged));
    let late = at(DEADLINE_MS);
    let unresolved =
        || heard(Placed::Unknown("reset".into())).expire(None, false, late).unwrap().into_after();
    let owed = || accepted(Some(PRICE)).expire(None, false, late).unwrap().into_after();
    let settle = |order: Order, missing| {
        let settlement = Settlement::judge(&order, &account(missing), &quiet()).unwrap();
        order.reconcile(&settlement).unwrap().unwrap().into_after()
    };
    let failed = |charged| {
        accepted(None)
            .look(&crate::port::market::Found::Failed(shown(charged)))
            .unwrap()
            .unwrap()
            .into_after()
    };
    vec![
        ("planned", planned()),
        ("dropped", planned().drop_unasked().unwrap().into_after()),
        ("asked", asked()),
        ("refused", heard(Placed::Rejected(Rejection::NoFunds))),
        ("unknown", heard(Placed::Unknown("reset".into()))),
        ("accepted", accepted(Some(PRICE))),
        ("accepted, unpriced", accepted(None)),
        ("delivered", accepted(Some(PRICE)).prove(arrival(ENERGY), true).unwrap().unwrap().into_after()),
        ("delivered, unpriced", accepted(None).prove(arrival(ENERGY), true).unwrap().unwrap().into_after()),
        (
            "delivered, said",
            accepted(Some(PRICE)).prove(arrival(ENERGY), false).unwrap().unwrap().into_after(),
        ),
        ("short", accepted(Some(PRICE)).expire(Some(arrival(1)), true, late).unwrap().into_after()),
        ("short, unpriced", accepted(None).expire(Some(arrival(1)), true, late).unwrap().into_after()),
        ("short, said", accepted(Some(PRICE)).expire(Some(arrival(1)), false, late).unwrap().into_after()),
        ("failed", failed(Some(PRICE))),
        ("failed, unpriced", failed(None)),
        ("refunded", settle(owed(), 0)),
        ("unresolved", unresolved()),
        ("unresolved, owed", owed()),
        ("absent", settle(unresolved(), 0)),
        ("lost", settle(unresolved(), PRICE.0)),
    ]
}
