//! A reorganisation rewinds what was seen, and pays once (M16).

use serde_json::json;
use sluice_api::status::Status;

use crate::harness::{Order, Shape, World};
use crate::on_both;

on_both! {
    /// Blocks with payments leave the chain, before and below finality, at several depths.
    async fn payments_in_blocks_that_leave_the_chain_are_paid_once(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        // What funded the wallets must not be in the blocks that leave.
        world.anvil.control().mine(20).await.expect("mined");
        let mut all = Vec::new();
        for depth in [1u64, 2, 5, 12] {
            let orders = Order::fresh("reorg", 3);
            for order in &orders {
                caller.insist(order).await;
            }
            let wanted = if depth <= 2 { Status::Confirming } else { Status::Completed };
            caller.client.withdrawal_by_external_id(&orders[2].external_id).await.expect("it is there");
            if wanted == Status::Completed {
                caller.all_completed(&orders).await;
            }
            world.anvil.rpc().call::<_, serde_json::Value>("anvil_reorg", json!([depth, []])).await.expect("reorganised");
            all.extend(orders);
            caller.all_completed(&all).await;
        }
        // Let the watcher see what the last one took, and the stored bytes be sent again.
        tokio::time::sleep(std::time::Duration::from_secs(5)).await;
        caller.all_completed(&all).await;
        world.judge().each_paid_once(&all).await;
    }
}
