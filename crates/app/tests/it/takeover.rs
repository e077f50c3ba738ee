//! One writer per lane, whoever is killed or stopped (M7).

use std::time::Duration;

use crate::harness::{Order, Shape, World};
use crate::on_both;

/// Times an engine is killed, and times one is stopped for three leases, in a run.
const ROUNDS: u64 = 4;
/// Three leases of two seconds.
const THREE_LEASES: Duration = Duration::from_secs(6);

on_both! {
    /// Two engines share lanes, store and signer. One is killed, or stopped for three leases and continued: the other
    /// takes over, the one that wakes up is refused by epoch, and nothing is paid twice.
    async fn two_engines_take_over_from_each_other_and_pay_each_once(database: Database) {
        if matches!(database, Database::Sqlite) {
            return; // One process owns a SQLite file; several need PostgreSQL (README).
        }
        let world = World::new(database, Shape { lanes: 3, ..Shape::default() }).await;
        let signer = world.signer().await;
        let mut engines = vec![world.engine_beside(&signer, "a").await, world.engine_beside(&signer, "b").await];
        let mut all = Vec::new();
        for round in 0..ROUNDS {
            let orders = Order::fresh("takeover", 25);
            let caller = engines[1].caller();
            for order in &orders {
                caller.insist(order).await;
            }
            // At a different moment of the work in each round.
            tokio::time::sleep(Duration::from_millis(round * 173)).await;
            if round % 2 == 0 {
                engines.remove(0).kill().await;
                caller.all_completed(&orders).await;
                engines.push(world.engine_beside(&signer, if round % 4 == 0 { "a" } else { "b" }).await);
            } else {
                engines[0].signal("STOP");
                tokio::time::sleep(THREE_LEASES).await;
                engines[0].signal("CONT");
                caller.all_completed(&orders).await;
                engines.swap(0, 1);
            }
            all.extend(orders);
        }
        let judge = world.judge();
        judge.each_paid_once(&all).await;
        judge.nothing_else_left(&all).await;
    }
}
