//! What a network of TRON does to whoever pays there: answers that are lost, late or false, nodes on forks, chains that stop
//! becoming final, blocks that are taken back, and time that runs out within a slot of a payment's own. Nothing but the chain ends a
//! payment, and each is made once (M1, M4, M5, M16). The judge is the chain: every recipient is its own. Which database is below makes
//! no difference to a network.

use std::time::Duration;

use futures_util::future::join_all;
use sluice_api::status::Status;
use sluice_devnet::tron::{Fate, Fault, Rule, TronConfig};

use crate::harness::{Database, Engine, Order, within};
use crate::tron_kills::Payments;

/// What is struck of a thousand calls while a fault lasts.
const OFTEN: u64 = 400;
/// How long a fault lasts, and as much again until it has struck.
const LASTS: Duration = Duration::from_secs(3);
const ROUNDS_MAX: usize = 30;
/// Blocks that may be taken back, where that is what happens: longer than a transaction may be included.
const OPEN_BLOCKS: u64 = 40;
/// How long a transaction of a lane may be included, milliseconds.
const LIFE_MS: i64 = 90_000;
/// Between payments whose time ends apart, milliseconds: two slots.
const APART_MS: i64 = 6_000;
/// A transaction that expired is proven absent by solid blocks, and its payment made anew: longer than others take.
const LONG: Duration = Duration::from_secs(300);

/// How many are completed.
async fn completed(engine: &Engine, orders: &[Order]) -> usize {
    let caller = engine.tron_caller();
    let found = join_all(orders.iter().map(|order| caller.look(order))).await;
    found.iter().flatten().filter(|it| it.status == Status::Completed).count()
}

/// Waits until the network's clock has come so far.
async fn network_is_at(payments: &Payments, time_ms: i64) {
    within(LONG, "the network's time", async || payments.control.head().time_ms >= time_ms).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_nodes_answer_each_is_paid_once() {
    // A node that has refused an offer calls the next one a duplicate of it.
    let config = TronConfig { solid_lag: 2, remembers_offers: true, ..TronConfig::default() };
    let mut payments = Payments::begin_on(Database::Sqlite, config).await;
    let engine = payments.engine().await;
    for fault in Fault::ALL {
        let rule = payments.control.add(Rule::every(fault).permille(OFTEN)).expect("a rule");
        // Chance may spare the few offers of two payments.
        for _ in 0..ROUNDS_MAX {
            payments.order(&engine, 2).await;
            tokio::time::sleep(LASTS).await;
            if payments.control.struck().contains_key(fault.name()) {
                break;
            }
        }
        assert!(payments.control.struck().contains_key(fault.name()), "{fault:?} never struck");
        payments.control.lift(rule);
    }
    // Refused before anything was looked at, and a duplicate of it ever after, at both nodes.
    let first = payments.control.add(Rule::every(Fault::ServerBusy).times(2)).expect("a rule");
    let then = payments.control.add(Rule::every(Fault::FalseDuplicate).permille(OFTEN)).expect("a rule");
    payments.order(&engine, 2).await;
    tokio::time::sleep(LASTS).await;
    payments.control.lift(first);
    payments.control.lift(then);
    payments.judge(&engine).await;
}

/// Nothing is called paid that two operators do not show as final, and what comes back is not paid again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forks_stalls_and_blocks_that_are_taken_back_pay_nothing_twice() {
    let config = TronConfig { solid_lag: 3, ..TronConfig::default() };
    let mut payments = Payments::begin_on(Database::Sqlite, config).await;
    let engine = payments.engine().await;
    let beside = payments.order(&engine, 2).await;
    engine.tron_caller().all_completed(&beside).await;
    // One of the two nodes goes on by itself: what is paid meanwhile is final at one of them alone.
    assert!(payments.control.set_forked(1, Some(1)), "there is such a node");
    let forked = payments.order(&engine, 2).await;
    tokio::time::sleep(6 * LASTS).await;
    assert_eq!(completed(&engine, &forked).await, 0, "one operator proves nothing");
    payments.control.set_forked(1, None);
    // No block becomes final.
    payments.control.stall(true);
    let stalled = payments.order(&engine, 2).await;
    for order in &stalled {
        engine.tron_caller().wait_for(order, Status::Confirming).await;
    }
    tokio::time::sleep(4 * LASTS).await;
    assert_eq!(completed(&engine, &stalled).await, 0, "nothing is paid before it is final");
    payments.control.stall(false);
    within(LONG, "what was held up is paid", async || completed(&engine, &stalled).await == 2).await;
    // Blocks with payments are taken back, with whatever becomes of those.
    payments.control.set_solid_lag(10);
    for fate in [Fate::Included, Fate::Pending, Fate::Dropped] {
        let fresh = payments.order(&engine, 2).await;
        for order in &fresh {
            engine.tron_caller().wait_for(order, Status::Confirming).await;
        }
        assert!(payments.control.reorg(10, fate).expect("it is not stalled") > 0, "{fate:?}");
    }
    payments.control.set_solid_lag(2);
    payments.judge(&engine).await;
}

/// Payments stand in blocks that are taken back when the time of some of them is over and that of others is not, two slots
/// from each other: those wait and are included again, the others never are, and are paid by another transaction.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_taken_back_around_its_expiration_is_paid_once() {
    let config = TronConfig { solid_lag: 2, ..TronConfig::default() };
    let mut payments = Payments::begin_on(Database::Sqlite, config).await;
    let engine = payments.engine().await;
    let beside = payments.order(&engine, 2).await;
    engine.tron_caller().all_completed(&beside).await;
    payments.control.set_solid_lag(OPEN_BLOCKS);
    // Payments of a wave were built after the one before was included, and before this time: theirs is over by then and a life.
    let (mut waves, mut included) = (vec![], vec![]);
    for _ in 0..4 {
        let wave = payments.order(&engine, 2).await;
        for order in &wave {
            engine.tron_caller().wait_for(order, Status::Confirming).await;
        }
        waves.push(wave);
        let at = payments.control.head().time_ms;
        included.push(at);
        network_is_at(&payments, at + APART_MS).await;
    }
    // The second wave's time is just over.
    network_is_at(&payments, included[1] + LIFE_MS).await;
    assert!(payments.control.reorg(OPEN_BLOCKS, Fate::Pending).expect("it is not stalled") > 0);
    payments.control.set_solid_lag(2);
    let orders = waves.concat();
    within(LONG, "all are paid", async || completed(&engine, &orders).await == orders.len()).await;
    payments.judge(&engine).await;
    let again = async |wave: &[Order]| {
        let caller = engine.tron_caller();
        let found = join_all(wave.iter().map(|order| caller.look(order))).await;
        found.iter().flatten().filter(|it| it.transactions.len() > 1).count()
    };
    assert_eq!(again(&waves[0]).await, 2, "their time was over");
    assert_eq!(again(&waves[3]).await, 0, "they had two slots left, and more");
}
