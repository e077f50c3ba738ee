//! A crash anywhere never pays twice and never loses a payment (M2).

use std::time::Duration;

use sluice_api::status::Status;

use crate::harness::{Order, Shape, World};
use crate::on_both;

/// Kills per database.
const KILLS: u64 = 30;
/// Withdrawals under way.
const ORDERS: u64 = 500;

on_both! {
    /// The caller keeps asking while the engine is killed again and again, after different times.
    async fn killed_thirty_times_in_the_middle_of_five_hundred_each_is_paid_once(database: Database) {
        let world = World::new(database, Shape { lanes: 4, ..Shape::default() }).await;
        let orders = Order::fresh("crash", ORDERS);
        let mut engine = world.engine().await;
        let mut asked = 0usize;
        for kill in 0..KILLS {
            let caller = engine.caller();
            let until = orders.len() * usize::try_from(kill + 1).unwrap() / usize::try_from(KILLS).unwrap();
            for order in &orders[asked..until] {
                caller.insist(order).await;
            }
            asked = until;
            // From 0 to 1.2 s, in steps that share no factor with the loops' own times.
            tokio::time::sleep(Duration::from_millis(kill * 41)).await;
            engine.kill().await;
            engine = world.engine().await;
        }
        let caller = engine.caller();
        let last_start = tokio::time::Instant::from_std(started());
        for order in &orders {
            caller.wait_for(order, Status::Completed).await;
        }
        assert!(last_start.elapsed() < Duration::from_secs(60), "all terminal within 60 s after the last start");
        let judge = world.judge();
        judge.each_paid_once(&orders).await;
        judge.nothing_else_left(&orders).await;
    }
}

#[expect(clippy::disallowed_methods, reason = "the promise is about real seconds")]
fn started() -> std::time::Instant {
    std::time::Instant::now()
}
