//! Wallets and lanes under the hands of operators.

use sluice_api::lane::SpeedUp;
use sluice_api::status::Status;

use crate::harness::{Order, Shape, World, until};
use crate::on_both;

on_both! {
    /// No block comes at all, so no count of blocks can have raised it: the order did.
    async fn a_sped_up_lane_bumps_at_once(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let lane = caller.client.lanes().take(1).await.expect("a lane").remove(0).id;
        let hurry = SpeedUp { max_fee_wei: None, reason: "the customer waits".into(), version: None };
        let idle = caller.client.speed_up_lane(&lane, &hurry).await.expect_err("nothing is outside");
        assert_eq!(idle.code().map(|it| it.as_str()), Some("nothing_to_speed_up"), "{idle:?}");
        world.anvil.control().set_interval_mining(0).await.expect("mining stops");
        let order = Order::fresh("hurry", 1).remove(0);
        caller.insist(&order).await;
        caller.wait_for(&order, Status::Broadcast).await;
        let low = SpeedUp { max_fee_wei: Some("1".into()), ..hurry.clone() };
        let bound = caller.client.speed_up_lane(&lane, &low).await.expect_err("one wei is no replacement");
        assert_eq!(bound.code().map(|it| it.as_str()), Some("fee_at_cap"), "{bound:?}");
        caller.client.speed_up_lane(&lane, &hurry).await.expect("the order is taken");
        until("a dearer attempt is out", async || {
            caller.look(&order).await.is_some_and(|it| it.transactions.len() == 2)
        })
        .await;
        world.anvil.control().set_interval_mining(1).await.expect("mining goes on");
        let paid = caller.wait_for(&order, Status::Completed).await;
        assert_eq!(paid.transactions.len(), 2, "one try, one replacement: {paid:?}");
        world.judge().each_paid_once(&[order]).await;
        until("the order is on the record", async || {
            let events = caller.client.events_after(0, 100).await.expect("the feed").data;
            events.iter().any(|it| it.kind == "lane.speed_up" && it.reason == "the customer waits")
        })
        .await;
    }
}
