//! A signer that fails in the middle of a full window, at each position: nothing is lost, nothing is paid twice (M2, M10).

use std::time::Duration;

use futures_util::future::join_all;
use sluice_api::command::Because;

use crate::harness::{Database, Order, Shape, World, instant, since, within};
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
    async fn a_signer_that_stalls_at_any_position_of_a_window_delays_and_loses_nothing(database: Database) {
        join_all((0..RIGS).map(|rig| play(database.clone(), Failing::Stalls, rig))).await;
    }

    async fn a_signer_that_dies_at_any_position_of_a_window_delays_and_loses_nothing(database: Database) {
        join_all((0..RIGS).map(|rig| play(database.clone(), Failing::Down, rig))).await;
    }
}
