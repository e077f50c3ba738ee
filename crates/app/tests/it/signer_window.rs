//! A signer that fails in the middle of a full window, at each position: nothing is lost, nothing is paid twice (M2, M10).

use std::time::Duration;

use futures_util::future::join_all;
use sluice_api::command::Because;
use sluice_api::status::Status;
use sluice_api::withdrawal::{TransactionKind, TransactionStatus};

use crate::harness::{
    Caller, Database, Engine, Order, Shape, SignerProcess, World, instant, since, until, within,
};
use crate::on_both;

/// Slots of a window.
const WINDOW: usize = 16;
/// Installations side by side; each plays every fourth position.
const RIGS: usize = 4;
/// The whole window is paid so long after the signer answers again.
const OVER: Duration = Duration::from_secs(60);
/// Longer than a lane's lease.
const STALL: Duration = Duration::from_secs(3);

/// How the signer fails between two signatures.
#[derive(Clone, Copy, Debug)]
enum Failing {
    /// It stops answering for longer than a lease, then goes on.
    Stalls,
    /// It is killed, and another one starts on its journal.
    Down,
}

/// What the signer takes in one payment, whole dollars: usually, and while it refuses the large one of a window.
const USUAL_MAX: &str = "1000000";
const LOWERED_MAX: &str = "50";
/// Atoms of the large one.
const LARGE: u64 = 60_000_000;

/// When the signer refuses for good.
#[derive(Clone, Copy, Debug)]
enum Refusing {
    /// When it is asked for room, before a slot exists.
    Admission,
    /// When it is asked to sign what it had given room: the slot exists.
    Signature,
}

/// Sixteen orders that wait on a paused lane in this order, the large one at this position.
async fn queued(caller: &Caller, lane: &str, position: usize) -> Vec<Order> {
    let mut orders = Order::fresh("refused", WINDOW as u64);
    orders[position - 1].atoms = LARGE;
    caller.client.pause_lane(lane, &Because::of("a full window")).await.expect("paused");
    for order in &orders {
        caller.insist(order).await;
    }
    orders
}

/// Ends the signer and starts another one on its journal, with another most of one payment.
async fn with_most(world: &World, mut signer: SignerProcess, most: &str) -> SignerProcess {
    signer.signal("KILL");
    let config = signer.config.clone();
    signer.struck().await;
    let text = std::fs::read_to_string(&config).expect("its configuration");
    let (before, after) = text.split_once("payment_max = \"").expect("a most");
    let (_, after) = after.split_once('"').expect("its end");
    std::fs::write(&config, format!("{before}payment_max = \"{most}\"{after}")).expect("written");
    world.signer().await
}

async fn refuse(database: Database, refusing: Refusing, rig: usize) {
    let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
    let mut signer = world.signer().await;
    let engine: Engine = world.engine_beside(&signer, "dev").await;
    let caller = engine.caller();
    let lane = caller.client.lanes().take(1).await.expect("a lane").remove(0).id;
    let (mut paid, mut refused) = (Vec::new(), Vec::new());
    for position in (1..=WINDOW).filter(|position| position % RIGS == rig) {
        let mut orders = queued(&caller, &lane, position).await;
        let resumed = Because::of("a full window");
        match refusing {
            Refusing::Admission => {
                signer = with_most(&world, signer, LOWERED_MAX).await;
                caller.client.resume_lane(&lane, &resumed).await.expect("resumed");
            }
            Refusing::Signature => {
                engine.point.arm("signer.sign:before:1:stop");
                caller.client.resume_lane(&lane, &resumed).await.expect("resumed");
                engine.point.strikes().await;
                signer = with_most(&world, signer, LOWERED_MAX).await;
                engine.signal("CONT");
            }
        }
        let large = orders.remove(position - 1);
        let start = instant();
        within(OVER, "the other fifteen are paid", async || {
            caller.all_completed(&orders).await;
            true
        })
        .await;
        eprintln!("{refusing:?} at position {position}: the other fifteen after {:?}", since(start));
        let left = caller.wait_for(&large, Status::NeedsAttention).await;
        assert_eq!(left.reason.expect("a reason").code, "signer_refused");
        let mut nonces = Vec::new();
        for order in &orders {
            let seen = caller.look(order).await.expect("it is there");
            let nonce = seen.transactions[0].nonce;
            let one_slot = seen.attempt_no == 1 && seen.transactions.iter().all(|it| it.nonce == nonce);
            assert!(one_slot, "it costs nobody else a slot: {seen:?}");
            nonces.extend(nonce);
        }
        match refusing {
            Refusing::Admission => assert!(left.transactions.is_empty(), "{:?}", left.transactions),
            Refusing::Signature => {
                let mut void = None;
                until("its nonce is filled", async || {
                    let seen = caller.look(&large).await.expect("it is there");
                    assert!(seen.transactions.iter().all(|it| it.kind == TransactionKind::Void), "{seen:?}");
                    let last = seen.transactions.iter().find(|it| it.status == TransactionStatus::Final);
                    void = last.and_then(|it| it.nonce);
                    void.is_some()
                })
                .await;
                let below = nonces.iter().filter(|nonce| Some(**nonce) < void).count();
                assert_eq!(
                    below,
                    position - 1,
                    "the void fills the nonce of that position: {void:?}, {nonces:?}"
                );
            }
        }
        caller.is_alerted("signer_refused").await;
        signer = with_most(&world, signer, USUAL_MAX).await;
        paid.extend(orders);
        refused.push(large);
    }
    world.judge().each_paid_once(&paid).await;
    world.judge().none_paid(&refused).await;
    world.judge().nothing_else_left(&paid).await;
}

async fn play(database: Database, failing: Failing, rig: usize) {
    let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
    let mut signer = world.signer().await;
    let engine = world.engine_beside(&signer, "dev").await;
    let caller = engine.caller();
    let lane = caller.client.lanes().take(1).await.expect("a lane").remove(0).id;
    let mut all = Vec::new();
    for position in (1..=WINDOW).filter(|position| position % RIGS == rig) {
        let orders = Order::fresh("window", WINDOW as u64);
        // All of them at once, so that they are one window.
        caller.client.pause_lane(&lane, &Because::of("a full window")).await.expect("paused");
        caller.insist_on(&orders).await;
        match failing {
            Failing::Stalls => {
                signer.point.arm(&format!("key.sign:before:{position}:stop"));
                caller.client.resume_lane(&lane, &Because::of("a full window")).await.expect("resumed");
                signer.point.strikes().await;
                tokio::time::sleep(STALL).await;
                signer.signal("CONT");
            }
            Failing::Down => {
                signer.point.arm(&format!("key.sign:before:{position}:kill"));
                caller.client.resume_lane(&lane, &Because::of("a full window")).await.expect("resumed");
                signer.struck().await;
                signer = world.signer().await;
            }
        }
        let start = instant();
        within(OVER, "the window is paid", async || {
            caller.all_completed(&orders).await;
            true
        })
        .await;
        eprintln!("{failing:?} at position {position}: the window was paid after {:?}", since(start));
        for order in &orders {
            let paid = caller.look(order).await.expect("it is there");
            assert_eq!(paid.attempt_no, 1, "the signer's trouble costs no slot: {paid:?}");
        }
        all.extend(orders);
    }
    world.judge().each_paid_once(&all).await;
    world.judge().nothing_else_left(&all).await;
}

on_both! {
    /// Each position of a window twice: refused before it has a slot, and after.
    async fn a_signer_that_refuses_at_any_position_of_a_window_holds_up_none_of_the_other_fifteen(database: Database) {
        for refusing in [Refusing::Admission, Refusing::Signature] {
            join_all((0..RIGS).map(|rig| refuse(database.clone(), refusing, rig))).await;
        }
    }

    async fn a_signer_that_stalls_at_any_position_of_a_window_delays_and_loses_nothing(database: Database) {
        join_all((0..RIGS).map(|rig| play(database.clone(), Failing::Stalls, rig))).await;
    }

    async fn a_signer_that_dies_at_any_position_of_a_window_delays_and_loses_nothing(database: Database) {
        join_all((0..RIGS).map(|rig| play(database.clone(), Failing::Down, rig))).await;
    }
}
