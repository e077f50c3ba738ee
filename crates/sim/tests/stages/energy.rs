//! Whose energy came, and what it cost: two vendors that name no transaction, one of them late, the other one gives up.

use std::collections::BTreeMap;
use std::future::ready;
use std::sync::Arc;

use sluice_core::amount::Cost;
use sluice_core::attempt::Durable;
use sluice_core::energy::Policy;
use sluice_core::port::market::{
    Ask, Durations, Found, Market, NoAnswer, Placed, ProviderId, Quote, QuoteRequest, Recovery, VendorFacts,
    VendorId,
};
use sluice_core::port::{Fut, Supply};
use sluice_core::time::Timestamp;
use sluice_flow::{StageError, house};
use sluice_sim::executor::Sim;
use sluice_sim::model::chain::Shape;
use sluice_sim::model::market::plan::{Delivering, Mishap};
use sluice_sim::model::market::{Stall, Vendor};
use sluice_sim::oracle::energy::at_rest;
use sluice_sim::oracle::store::ask;
use sluice_sim::world::vendors;

use crate::bench::{Bench, now};

/// From an order to the time by which its energy must be there, milliseconds.
const DELIVER_MS: u64 = 10_000;
/// Rounds until a young chain has the blocks that a lane leans on.
const YOUNG: usize = 40;
/// Rounds until both orders have had their time: half a second each.
const ROUNDS: usize = 120;
/// Account and chain explain an order after ten minutes; a process is not away for so long at once.
const LEAP_US: i64 = 240_000_000;
const LEAPS: usize = 4;

/// The vendors as they are, without a fault on the way.
struct Calm {
    facts: Vec<VendorFacts>,
    stall: Arc<Stall>,
    sim: Sim,
}

impl Market for Calm {
    fn vendors(&self) -> &[VendorFacts] {
        &self.facts
    }

    fn quote<'a>(
        &'a self,
        vendor: &'a VendorId,
        request: &'a QuoteRequest,
    ) -> Fut<'a, Result<Quote, NoAnswer>> {
        let until = Timestamp::from_micros(self.sim.now_us()).plus_ms(20_000);
        Box::pin(ready(self.stall.quote(vendor, request, self.sim.now_us(), until)))
    }

    fn place<'a>(&'a self, ask: &'a Durable<Ask>) -> Fut<'a, Placed> {
        Box::pin(ready(self.stall.place(ask.get(), self.sim.now_us()).0))
    }

    fn lookup<'a>(&'a self, ask: &'a Ask, provider_id: &'a ProviderId) -> Fut<'a, Found> {
        Box::pin(ready(self.stall.lookup(ask, provider_id, self.sim.now_us())))
    }

    fn balance<'a>(&'a self, vendor: &'a VendorId) -> Fut<'a, Result<Cost, NoAnswer>> {
        Box::pin(ready(self.stall.balance(vendor, self.sim.now_us())))
    }
}

fn vendor(name: &str, milli_sun: u64, first: Mishap) -> Vendor {
    Vendor {
        facts: VendorFacts {
            id: VendorId::parse(name).unwrap(),
            recovery: Recovery::None,
            caps_price: false,
            energy_min: 1,
            energy_max: 10_000_000,
            durations: Durations::Between { min_s: 600, max_s: 86_400 },
            delivers_ms: 500,
        },
        says_price: true,
        names_txids: false,
        milli_sun,
        seed: 1,
        opening_sun: 10_000_000_000,
        account: vec![],
        plan: vec![first],
        lies: vec![],
        heard: 0,
        booked: false,
    }
}

/// Pays one withdrawal where `volt` is asked first and then `ampere`, until nothing of either order is open; the state of
/// both and what each cost, in sun.
fn played(volt: Mishap, ampere: Mishap) -> [(String, u64); 2] {
    let mut bench = Bench::on(Shape::Expiry, |inner| inner);
    let policy = Policy { deliver_ms: DELIVER_MS, wait_ms: 60_000, ..Policy::usual() };
    // One is far cheaper, however prices move.
    let stall = Stall::new(policy, vec![vendor("volt", 40_000, volt), vendor("ampere", 60_000, ampere)]);
    let facts = stall.desks().vendors.iter().map(|vendor| vendor.facts.clone()).collect();
    let market = Arc::new(Calm { facts, stall: Arc::clone(&stall), sim: bench.world.sim.clone() });
    bench.ports.energy = BTreeMap::from([(bench.world.profile.id, Supply { market, policy, pool: None })]);
    let mut memory = house::Memory::new(&bench.ports);
    let mut round = |bench: &mut Bench| {
        now(house::turn(&bench.ports, "bench", &mut memory)).unwrap();
        vendors::turn(&bench.world, &stall);
        // Nodes whose heads differ answer in the next round.
        match bench.turn() {
            Ok(_) | Err(StageError::Chain(_)) => {}
            Err(other) => panic!("{other}"),
        }
        bench.block();
    };
    for _ in 0..YOUNG {
        round(&mut bench);
    }
    bench.order(1, &bench.world.asset.clone());
    for _ in 0..ROUNDS {
        round(&mut bench);
    }
    for _ in 0..LEAPS {
        bench.world.sim.leap(LEAP_US);
        for _ in 0..ROUNDS {
            round(&mut bench);
        }
    }
    assert_eq!(bench.count("select id as what from transfer where state = 'final' limit 9"), 1);
    assert_eq!(at_rest(&bench.world, &stall), Ok(()));
    assert_eq!(stall.desks().sales.len(), 2, "nothing is doubled");
    ["volt", "ampere"].map(|name| {
        let row = format!(
            "select state || ' ' || cost_sun as what from energy_order where vendor = '{name}' limit 2"
        );
        let rows = ask(&bench.db, &row).unwrap();
        let (state, cost) = rows[0].split_once(' ').unwrap();
        assert_eq!(rows.len(), 1);
        (state.to_owned(), cost.parse().unwrap())
    })
}

fn late() -> Mishap {
    Mishap { delivering: Delivering::Late(15_000_000), ..Mishap::default() }
}

fn gives_up() -> Mishap {
    Mishap { delivering: Delivering::GivesUp(40_000_000), ..Mishap::default() }
}

/// The energy is taken for that of the order that waits, whose vendor says nothing, and the books wait for its account.
#[test]
fn late_energy_that_is_taken_for_anothers_costs_that_one_nothing_once_it_has_paid_back() {
    let [volt, ampere] = played(late(), Mishap { mute: true, ..gives_up() });
    assert_eq!((volt.0.as_str(), ampere), ("lost", ("delivered".to_owned(), 0)));
    assert!(volt.1 > 0, "it has kept its price");
}

#[test]
fn late_energy_is_its_own_vendors_where_the_one_that_was_asked_next_says_that_it_gave_up() {
    let [volt, ampere] = played(late(), gives_up());
    assert_eq!((volt.0.as_str(), ampere), ("delivered", ("refunded".to_owned(), 0)));
    assert!(volt.1 > 0);
}

#[test]
fn who_took_money_for_nothing_is_not_cleared_by_the_next_one_that_delivers() {
    let never = Mishap { delivering: Delivering::Never, ..Mishap::default() };
    let [volt, ampere] = played(never, Mishap::default());
    assert_eq!((volt.0.as_str(), ampere.0.as_str()), ("lost", "delivered"));
    assert!(volt.1 > 0 && ampere.1 > 0);
}
