//! Energy: what a lane needs is asked for once, what leaves for a vendor is durable, and accounts add up.

use std::collections::BTreeMap;

use sluice_core::address::TronAddress;
use sluice_core::amount::Cost;
use sluice_core::chain::ChainId;
use sluice_core::energy::mode::{Level, Stood, Turned};
use sluice_core::energy::{
    Accounts, Arrival, Burning, Credit, Need, Order, Origin, Plan, Reference, Settlement, State, TopUp,
    Uncharged, Wanted, Watched,
};
use sluice_core::id::{EnergyNeedId, EnergyOrderId, PartnerId, WalletId};
use sluice_core::moved::Moved;
use sluice_core::port::market::{
    Durations, Found, Placed, ProviderId, Quote, Recovery, Rejection, Shown, VendorFacts, VendorId,
};
use sluice_core::port::reader::Reader as _;
use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::time::Timestamp;

use crate::world::{World, block};

promises! {
    a_lane_has_one_open_need_and_it_ends_once;
    an_order_reads_back_in_every_state_it_comes_to;
    a_vendor_takes_one_order_of_a_wallet_whose_fate_is_open;
    what_goes_out_is_what_is_asked_and_durable;
    accounts_and_spending_are_the_sums_of_orders;
    what_is_paid_in_is_booked_once_and_read_back;
    a_transaction_explains_one_order_also_when_that_has_ended;
    energy_may_end_from_so_long_after_it_was_asked_for_until_so_long_after_it_came;
    needs_and_orders_of_a_tenant_are_listed_and_what_is_rented_is_known;
}

const ENERGY: u64 = 65_000;
const PRICE: Cost = Cost(3_000_000);
const RECEIVER: TronAddress = TronAddress([7; 20]);

fn chain() -> ChainId {
    ChainId::tron(31_337)
}

fn need(world: &World) -> Moved<Need> {
    let wanted = Wanted {
        id: EnergyNeedId::new(world.ulid()),
        partner: world.wallet.partner,
        wallet: world.wallet.id,
        chain: chain(),
        receiver: RECEIVER,
        energy: ENERGY,
        burning_sun: Cost(6_500_000),
        deadline: world.now().plus_ms(60_000),
    };
    Need::open(wanted, world.now())
}

async fn opened(world: &World) -> Need {
    let step = need(world);
    let after = step.after().clone();
    world.applied(Change { needs: vec![step], ..world.change() }).await;
    after
}

fn facts(vendor: &str, recovery: Recovery) -> VendorFacts {
    VendorFacts {
        id: VendorId::parse(vendor).unwrap(),
        recovery,
        caps_price: false,
        energy_min: 32_000,
        energy_max: 10_000_000,
        durations: Durations::Of(vec![3_600]),
        delivers_ms: 1_000,
    }
}

fn planned(world: &World, need: &Need, vendor: &str) -> Moved<Order> {
    let facts = facts(vendor, Recovery::Repeat);
    let quote = Quote {
        vendor: facts.id.clone(),
        energy: ENERGY,
        duration_s: 3_600,
        total_sun: PRICE,
        valid_until: world.now().plus_ms(15_000),
    };
    let plan = Plan {
        id: EnergyOrderId::new(world.ulid()),
        need: need.id,
        wallet: need.wallet,
        receiver: RECEIVER,
        deadline: world.now().plus_ms(30_000),
    };
    Order::plan(plan, &facts, &quote, world.now()).unwrap()
}

fn asked(world: &World, need: &Need, vendor: &str) -> Moved<Order> {
    planned(world, need, vendor).then(|order| order.ask(world.now())).unwrap()
}

/// Stores a step, and finds the order as it was.
async fn stored(world: &World, step: Moved<Order>) -> Order {
    let after = step.after().clone();
    world.applied(Change { orders: vec![step], ..world.change() }).await;
    let view = world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap();
    let found = view.orders.into_iter().find(|order| order.id == after.id);
    assert_eq!(found, Some(after.clone()), "{}", after.state.as_str());
    after
}

fn accepted() -> Placed {
    let provider_id = ProviderId::parse("6818426a65fa8ea36d119d2c").unwrap();
    Placed::Accepted { provider_id, charged_sun: Some(PRICE) }
}

#[expect(clippy::disallowed_methods, reason = "a test says what the chain shows")]
fn arrival(world: &World, energy: u64, txid: u8) -> Arrival {
    Arrival::on_chain(RECEIVER, energy, vec![[txid; 32]], block(7), world.now())
}

async fn a_lane_has_one_open_need_and_it_ends_once(world: World) {
    let first = opened(&world).await;
    let second = Change { needs: vec![need(&world)], ..world.change() };
    assert_eq!(world.apply(second).await, Outcome::Refused("energy_one_open_need".into()));
    let view = world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap();
    assert_eq!(view.needs, vec![first.clone()]);
    let end = first.clone().burn(Burning::NoSource, world.now()).unwrap();
    world.applied(Change { needs: vec![end], ..world.change() }).await;
    let again = first.serve(world.now()).unwrap();
    assert_eq!(world.apply(Change { needs: vec![again], ..world.change() }).await, Outcome::Moved);
    assert!(world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap().needs.is_empty());
    opened(&world).await;
    let kinds = "select kind from event where kind like 'energy.%' order by rowseq limit 2 offset 1";
    assert_eq!(world.text(&format!("select min(kind) from ({kinds}) told")).await, "energy.burning");
    for text in ["delete from energy_need", "update energy_need set energy = 1"] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}

async fn needs_and_orders_of_a_tenant_are_listed_and_what_is_rented_is_known(world: World) {
    let need = opened(&world).await;
    let refused = stored(&world, asked(&world, &need, "refused")).await;
    let refused = stored(&world, refused.hear(Placed::Rejected(Rejection::NoSupply)).unwrap()).await;
    let taken = stored(&world, asked(&world, &need, "taken")).await;
    let taken = stored(&world, taken.hear(accepted()).unwrap()).await;
    let (partner, wallet) = (Some(world.partner.id), Some(world.wallet.id));
    let orders = async |partner, wallet, before, limit| {
        world.db.energy_orders(partner, wallet, before, limit).await.unwrap()
    };
    assert_eq!(orders(partner, None, None, 9).await, [taken.clone(), refused.clone()], "newest first");
    assert_eq!(orders(None, wallet, None, 1).await, std::slice::from_ref(&taken));
    assert_eq!(orders(partner, wallet, Some(taken.id), 9).await, [refused]);
    let other = Some(PartnerId::new(world.ulid()));
    assert_eq!(orders(other, None, None, 9).await, []);
    assert_eq!(world.db.needs_of(partner).await.unwrap(), std::slice::from_ref(&need));
    assert_eq!(world.db.needs_of(other).await.unwrap(), []);
    // The wallet of this world becomes a lane of TRON.
    let script = "update wallet set chain = 'tron:31337'";
    world.db.tamper(script, script).await.unwrap();
    let stood = async |now| world.db.stood(chain(), now).await.unwrap();
    let over = taken.deadline.plus_ms(3_600_000);
    for (now, rented) in [(world.now(), ENERGY), (over.plus_ms(-1), ENERGY), (over, 0)] {
        assert_eq!(stood(now).await, [Stood { wallet: world.wallet.id, standing: None, rented }]);
    }
    let level = Level { energy: 150_000, most: 1_000_000 };
    let turned = Turned::of(world.partner.id, world.wallet.id, None, level, world.now()).unwrap();
    world.applied(Change { turned: vec![turned], ..world.change() }).await;
    let told = world.db.stood_of(partner, over).await.unwrap();
    assert_eq!(told, [Stood { wallet: world.wallet.id, standing: Some(turned.now), rented: 0 }]);
    assert_eq!(stood(over).await, told);
    assert_eq!(world.db.stood_of(other, over).await.unwrap(), []);
    assert_eq!(world.db.stood(ChainId::tron(1), over).await.unwrap(), []);
}

async fn an_order_reads_back_in_every_state_it_comes_to(world: World) {
    let need = opened(&world).await;
    let late = world.now().plus_ms(60_000);
    let accept = async |vendor: &str| {
        let order = stored(&world, asked(&world, &need, vendor)).await;
        stored(&world, order.hear(accepted()).unwrap()).await
    };
    let order = stored(&world, planned(&world, &need, "dropped")).await;
    stored(&world, order.drop_unasked().unwrap()).await;
    let order = stored(&world, asked(&world, &need, "refused")).await;
    stored(&world, order.hear(Placed::Rejected(Rejection::NoSupply)).unwrap()).await;
    let order = stored(&world, asked(&world, &need, "absent")).await;
    let order = stored(&world, order.doubt().unwrap()).await;
    let order = stored(&world, order.expire(None, false, late).unwrap()).await;
    let far = world.now().plus_ms(700_000);
    let accounts = |missing: u128| Accounts {
        expected_sun: Cost(100_000_000),
        told_sun: Cost(100_000_000 - missing),
        read_at: far,
        unexplained: 0,
        said_sun: Some(Cost::ZERO),
    };
    let quiet = Watched { through: far, unclaimed: 0 };
    let nothing = Settlement::judge(&order, &accounts(0), &quiet).unwrap();
    let absent = stored(&world, order.reconcile(&nothing).unwrap().unwrap()).await;
    assert!(matches!(absent.state, State::Absent(_)));

    let order = accept("delivered").await;
    stored(&world, order.prove(arrival(&world, ENERGY, 9), true).unwrap().unwrap()).await;
    let order = accept("said").await;
    let said = stored(&world, order.prove(arrival(&world, ENERGY, 7), false).unwrap().unwrap()).await;
    assert_eq!((said.state.price(), said.is_ended()), (Some(PRICE), false));
    let shown = Found::Delivered(Shown::default());
    let known = stored(&world, said.look(&shown).unwrap().unwrap()).await;
    assert_eq!((known.state.price(), known.is_ended()), (Some(PRICE), true));
    let order = accept("little").await;
    stored(&world, order.expire(Some(arrival(&world, ENERGY / 2, 6)), false, late).unwrap()).await;
    let order = accept("short").await;
    stored(&world, order.expire(Some(arrival(&world, ENERGY / 2, 8)), true, late).unwrap()).await;
    let order = accept("failed").await;
    let order = stored(&world, order.look(&Found::Failed(Shown::default())).unwrap().unwrap()).await;
    let back = Settlement::judge(&order, &accounts(0), &quiet).unwrap();
    let refunded = stored(&world, order.reconcile(&back).unwrap().unwrap()).await;
    assert!(matches!(refunded.state, State::Refunded { .. }));
    let order = accept("lost").await;
    let order = stored(&world, order.expire(None, false, late).unwrap()).await;
    let taken = Settlement::judge(&order, &accounts(PRICE.0), &quiet).unwrap();
    let lost = stored(&world, order.reconcile(&taken).unwrap().unwrap()).await;
    assert!(matches!(lost.state, State::Lost { lost_sun: PRICE, .. }));
}

async fn a_vendor_takes_one_order_of_a_wallet_whose_fate_is_open(world: World) {
    let need = opened(&world).await;
    let first = stored(&world, asked(&world, &need, "catfee")).await;
    let second = Change { orders: vec![asked(&world, &need, "catfee")], ..world.change() };
    assert_eq!(world.apply(second).await, Outcome::Refused("energy_one_order_holds".into()));
    stored(&world, asked(&world, &need, "tronsave")).await;
    stored(&world, first.hear(Placed::Rejected(Rejection::NoSupply)).unwrap()).await;
    stored(&world, asked(&world, &need, "catfee")).await;
    for text in ["delete from energy_order", "update energy_order set max_total_sun = 1"] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}

async fn what_goes_out_is_what_is_asked_and_durable(world: World) {
    let need = opened(&world).await;
    let order = stored(&world, asked(&world, &need, "catfee")).await;
    let asks = world.db.asks(&[order.id]).await.unwrap();
    assert_eq!(asks.iter().map(|ask| ask.get().clone()).collect::<Vec<_>>(), [order.as_asked()]);
    let order = stored(&world, order.doubt().unwrap()).await;
    assert!(world.db.asks(&[order.id]).await.unwrap().is_empty(), "nobody sends what is doubted");
    let accounts = Accounts {
        expected_sun: Cost(9),
        told_sun: Cost(9),
        read_at: world.now(),
        unexplained: 0,
        said_sun: Some(Cost::ZERO),
    };
    let uncharged = Uncharged::judge(&order, &accounts).unwrap();
    let again = order.clone().repeat(&uncharged, world.now()).unwrap();
    stored(&world, again).await;
    assert_eq!(world.db.asks(&[order.id]).await.unwrap().len(), 1);
    let stale = order.repeat(&uncharged, world.now()).unwrap();
    assert_eq!(world.apply(Change { orders: vec![stale], ..world.change() }).await, Outcome::Moved);
}

async fn accounts_and_spending_are_the_sums_of_orders(world: World) {
    let vendor = VendorId::parse("catfee").unwrap();
    let credit = |sun, origin| Credit { vendor: vendor.clone(), sun: Cost(sun), origin };
    world.applied(Change { credits: vec![credit(50_000_000, Origin::Opening)], ..world.change() }).await;
    let top_up = topped_up(&world, "catfee", "tx-1", 1_000_000);
    world.applied(Change { credits: vec![top_up], ..world.change() }).await;
    let again = Change { credits: vec![credit(1, Origin::Opening)], ..world.change() };
    assert_eq!(world.apply(again).await, Outcome::Refused("energy_one_opening".into()));
    let need = opened(&world).await;
    let order = stored(&world, asked(&world, &need, "catfee")).await;
    let read = async || world.db.energy(chain(), Timestamp::default(), &[]).await.unwrap();
    let view = read().await;
    assert_eq!(view.spent_sun, PRICE, "what may have been spent counts");
    let account = view.account(&vendor, None).unwrap();
    assert_eq!((account.expected_sun, account.unexplained), (Cost(51_000_000), 1));
    let without = view.account(&vendor, Some(&order)).unwrap();
    assert_eq!((without.expected_sun, without.unexplained), (Cost(51_000_000), 0));
    let order = stored(&world, order.hear(accepted()).unwrap()).await;
    let account = read().await.account(&vendor, None).unwrap();
    assert_eq!((account.expected_sun, account.unexplained), (Cost(48_000_000), 0));
    stored(&world, order.prove(arrival(&world, ENERGY, 9), true).unwrap().unwrap()).await;
    world.applied(Change { needs: vec![need.serve(world.now()).unwrap()], ..world.change() }).await;
    let view = read().await;
    assert!(view.orders.is_empty() && view.needs.is_empty(), "all of it has ended");
    assert_eq!(view.account(&vendor, None).unwrap().expected_sun, Cost(48_000_000));
    let later = world.db.energy(chain(), world.now().plus_ms(1), &[]).await.unwrap();
    assert_eq!((view.spent_sun, later.spent_sun), (PRICE, Cost::ZERO));
    let other = world.db.energy(ChainId::tron(1), Timestamp::default(), &[]).await.unwrap();
    assert!(other.needs.is_empty() && other.orders.is_empty());
}

fn topped_up(world: &World, vendor: &str, reference: &str, sun: u128) -> Credit {
    let reference = Reference::parse(reference).unwrap();
    Credit {
        vendor: VendorId::parse(vendor).unwrap(),
        sun: Cost(sun),
        origin: Origin::TopUp { reference, paid_at: world.now() },
    }
}

async fn what_is_paid_in_is_booked_once_and_read_back(world: World) {
    let book = async |credit| world.apply(Change { credits: vec![credit], ..world.change() }).await;
    let opening =
        |vendor: &str| Credit { origin: Origin::Opening, ..topped_up(&world, vendor, "x", 9_000_000) };
    assert_eq!(world.db.vendor_books().await.unwrap(), []);
    assert_eq!(book(opening("tronsave")).await, Outcome::Applied);
    assert_eq!(book(opening("catfee")).await, Outcome::Applied);
    assert_eq!(book(topped_up(&world, "catfee", "tx-1", 500_000)).await, Outcome::Applied);
    for sun in [500_000, 1] {
        let again = book(topped_up(&world, "catfee", "tx-1", sun)).await;
        assert_eq!(again, Outcome::Refused("energy_one_top_up".into()));
    }
    assert_eq!(book(topped_up(&world, "tronsave", "tx-1", 7)).await, Outcome::Applied, "at another vendor");
    assert_eq!(book(topped_up(&world, "catfee", "tx-2", 1)).await, Outcome::Applied);
    let (catfee, reference) = (VendorId::parse("catfee").unwrap(), Reference::parse("tx-1").unwrap());
    let read = async |text: &str| world.db.top_up(&catfee, &Reference::parse(text).unwrap()).await.unwrap();
    let first = TopUp { vendor: catfee.clone(), reference, sun: Cost(500_000), paid_at: world.now() };
    assert_eq!((read("tx-1").await, read("x").await), (Some(first), None));
    let books = world.db.vendor_books().await.unwrap();
    let figures: Vec<_> = books
        .iter()
        .map(|it| (it.booked.vendor.as_str(), it.opening_sun.0, it.booked.credited_sun.0))
        .collect();
    assert_eq!(figures, [("catfee", 9_000_000, 9_500_001), ("tronsave", 9_000_000, 9_000_007)]);
    assert!(books.iter().all(|it| it.opened_at == world.now() && it.open.is_empty()));
    let need = opened(&world).await;
    let order = stored(&world, asked(&world, &need, "catfee")).await;
    assert_eq!(world.db.energy_order(order.id).await.unwrap().as_ref(), Some(&order));
    assert_eq!(world.db.energy_order(EnergyOrderId::new(world.ulid())).await.unwrap(), None);
    let books = world.db.vendor_books().await.unwrap();
    assert_eq!((&books[0].open, &books[1].open), (&vec![order], &vec![]));
    assert_eq!(books[0].sum(|money| money.at_risk_sun), PRICE);
    let account = books[0].account().unwrap();
    assert_eq!((account.expected_sun, account.unexplained), (Cost(9_500_001), 1));
    let told = "select kind from event where kind like 'energy.account%' order by rowseq limit 1 offset";
    assert_eq!(world.text(&format!("{told} 0")).await, "energy.account_opened");
    assert_eq!(world.text(&format!("{told} 2")).await, "energy.account_topped_up");
    for text in ["delete from energy_credit", "update energy_credit set reference = 'y'"] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}

async fn a_transaction_explains_one_order_also_when_that_has_ended(world: World) {
    let need = opened(&world).await;
    let first = stored(&world, asked(&world, &need, "catfee")).await;
    let first = stored(&world, first.hear(accepted()).unwrap()).await;
    let second = stored(&world, asked(&world, &need, "tronsave")).await;
    let second = stored(&world, second.hear(accepted()).unwrap()).await;
    let first = stored(&world, first.prove(arrival(&world, ENERGY, 9), true).unwrap().unwrap()).await;
    let lent = [[9; 32], [8; 32]];
    let read = async || world.db.energy(chain(), Timestamp::default(), &lent).await.unwrap();
    let view = read().await;
    assert!(first.is_ended() && view.orders.contains(&second));
    assert_eq!(view.explained, BTreeMap::from([([9; 32], first.id)]));
    let by_the_same = second.clone().prove(arrival(&world, ENERGY, 9), true).unwrap().unwrap();
    let refused = world.apply(Change { orders: vec![by_the_same], ..world.change() }).await;
    assert_eq!(refused, Outcome::Refused("energy_arrival_pkey".into()));
    let second = stored(&world, second.prove(arrival(&world, ENERGY, 8), true).unwrap().unwrap()).await;
    assert_eq!(read().await.explained, BTreeMap::from([([8; 32], second.id), ([9; 32], first.id)]));
    for text in ["delete from energy_arrival", "update energy_arrival set order_id = 'x'"] {
        assert!(world.db.tamper(text, text).await.is_err(), "{text}");
    }
}

async fn energy_may_end_from_so_long_after_it_was_asked_for_until_so_long_after_it_came(world: World) {
    let need = opened(&world).await;
    let asked_at = world.now();
    let order = stored(&world, asked(&world, &need, "catfee")).await;
    let order = stored(&world, order.hear(accepted()).unwrap()).await;
    let came_at = world.now().plus_ms(9_000);
    #[expect(clippy::disallowed_methods, reason = "a test says what the chain shows")]
    let arrival = Arrival::on_chain(RECEIVER, ENERGY, vec![[9; 32]], block(7), came_at);
    let order = stored(&world, order.prove(arrival, true).unwrap().unwrap()).await;
    let hour = 3_600_000;
    let wallet = world.wallet.id;
    let ending =
        async |from: Timestamp, until: Timestamp| world.db.ending(wallet, from, until).await.unwrap();
    let (first, last) = (asked_at.plus_ms(hour), came_at.plus_ms(hour));
    assert_eq!(order.ends_at(), Some(last));
    assert_eq!(ending(asked_at, first.plus_ms(-1_000)).await, 0, "it is there at least so long");
    assert_eq!(ending(asked_at, first.plus_ms(1_000)).await, ENERGY);
    assert_eq!(ending(last.plus_ms(-1), last).await, ENERGY);
    assert_eq!(ending(last, last.plus_ms(1_000)).await, 0, "what is gone is not counted off once more");
    let other = WalletId::new(world.ulid());
    assert_eq!(world.db.ending(other, asked_at, last).await.unwrap(), 0);
}
