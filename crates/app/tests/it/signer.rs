//! A signer that is down delays and loses nothing (M10).

use std::os::unix::net::UnixStream;
use std::time::Duration;

use sluice_api::status::Status;

use crate::harness::{Order, Shape, World, until};
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
    /// Strangers to the engine take every file descriptor: the signer rests between its tries, says so, and whoever has a
    /// connection is served; once they are gone everybody is.
    async fn a_signer_without_file_descriptors_rests_says_so_and_serves_again(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer_with(48).await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let orders = Order::fresh("files", 6);
        caller.insist_on(&orders[..3]).await;
        caller.all_completed(&orders[..3]).await;
        // More than it has left, and fewer than it has places.
        let greedy: Vec<_> =
            (0..60).map(|_| UnixStream::connect(&signer.socket).expect("it queues")).collect();
        let log = || std::fs::read_to_string(world.folder().join("signer.log")).unwrap_or_default();
        until("it says so", async || log().contains("Connections cannot be taken")).await;
        let before = signer.busy();
        tokio::time::sleep(Duration::from_secs(3)).await;
        let busy = signer.busy().saturating_sub(before);
        assert!(busy < Duration::from_millis(900), "it rests: {busy:?} of 3 s");
        drop(greedy);
        caller.insist_on(&orders[3..]).await;
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
    }
}
