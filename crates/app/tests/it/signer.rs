//! A signer that is down delays and loses nothing (M10).

use std::time::Duration;

use sluice_api::status::Status;

use crate::harness::{Order, Shape, World};
use crate::on_both;

on_both! {
    /// Stopped in the middle of a window: nothing is lost, the alert says so, and everything is paid once it answers.
    async fn a_signer_that_stalls_delays_and_is_said_and_everything_is_paid_after(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let orders = Order::fresh("signer", 20);
        for order in &orders[..10] {
            caller.insist(order).await;
        }
        signer.signal("STOP");
        for order in &orders[10..] {
            caller.insist(order).await;
        }
        caller.is_alerted("signer_down").await;
        tokio::time::sleep(Duration::from_secs(1)).await;
        signer.signal("CONT");
        for order in &orders {
            caller.wait_for(order, Status::Completed).await;
        }
        world.judge().each_paid_once(&orders).await;
    }
}
