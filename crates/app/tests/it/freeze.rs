//! What leaves our wallet and is not ours freezes its lane, and says so (M6).

use serde_json::json;
use sluice_api::lane::LaneState;

use crate::harness::{Order, Shape, World, until};
use crate::on_both;

on_both! {
    async fn a_transaction_we_did_not_make_freezes_its_lane_and_the_other_goes_on(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let wallets = caller.client.wallets().take(10).await.expect("wallets");
        let stranger = wallets[0].address.clone();
        // Somebody else holds the key: anvil signs for any account it impersonates.
        let rpc = world.anvil.rpc();
        rpc.call::<_, serde_json::Value>("anvil_impersonateAccount", json!([stranger])).await.expect("impersonated");
        let to = "0x00000000000000000000000000000000d15b0001";
        rpc.call::<_, String>("eth_sendTransaction", json!([{ "from": stranger, "to": to, "value": "0x1" }]))
            .await
            .expect("sent");
        let frozen = wallets[0].id.clone();
        until("the lane is frozen", async || {
            let lanes = caller.client.lanes().take(10).await.expect("lanes");
            lanes.iter().any(|lane| lane.id == frozen && lane.state == LaneState::Frozen)
        })
        .await;
        let alerts = caller.client.alerts(Default::default()).take(50).await.expect("alerts");
        assert!(alerts.iter().any(|alert| alert.code == "lane_frozen"), "{alerts:?}");
        let orders = Order::fresh("freeze", 6);
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let payers = world.judge().payments().await;
        for order in &orders {
            assert!(!payers[&order.address.to_lowercase()][0].from.eq_ignore_ascii_case(&stranger));
        }
        world.judge().each_paid_once(&orders).await;
    }
}
