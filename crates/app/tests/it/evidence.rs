//! No status is reached without its evidence; `completed` needs finality.

use std::time::Duration;

use serde_json::{Value, json};
use sluice_api::status::Status;
use sluice_api::withdrawal::TransactionStatus;

use crate::harness::{Order, Shape, World, instant, since};
use crate::on_both;

/// The statuses a payment passes on an EVM chain, in order, as its events tell them.
const PATH: [&str; 8] =
    ["approved", "queued", "wallet_funded", "processing", "signing", "broadcast", "confirming", "completed"];

on_both! {
    /// Blocks come one by one by hand: at each of them the status says no more than the chain shows.
    async fn no_status_is_reached_before_the_chain_shows_it(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let order = &Order::fresh("evidence", 1)[0];
        world.no_blocks().await;
        let id = caller.insist(order).await.id;
        caller.wait_for(order, Status::Broadcast).await;
        let stays = async |status: Status| {
            let start = instant();
            while since(start) < Duration::from_secs(2) {
                assert_eq!(caller.look(order).await.map(|it| it.status), Some(status));
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        // Sent, and in no block.
        stays(Status::Broadcast).await;
        let sent = caller.look(order).await.expect("it is there");
        assert!(sent.transactions.iter().all(|it| it.block.is_none()) && sent.completed_at.is_none(), "{sent:?}");
        world.mine(1).await;
        caller.wait_for(order, Status::Confirming).await;
        // In a block, and two blocks must follow before the chain calls it final.
        stays(Status::Confirming).await;
        world.mine(1).await;
        stays(Status::Confirming).await;
        let included = caller.look(order).await.expect("it is there");
        assert!(included.completed_at.is_none(), "{included:?}");
        let is_included = included.transactions.iter().any(|it| it.status == TransactionStatus::Included);
        assert!(is_included, "{included:?}");
        world.mine(1).await;
        let paid = caller.wait_for(order, Status::Completed).await;
        let transaction = paid.transactions.iter().find(|it| it.status == TransactionStatus::Final).expect("one is final");
        let block = transaction.block.as_ref().expect("its block");
        let found: Value = world
            .anvil
            .rpc()
            .call("eth_getBlockByNumber", json!([format!("0x{:x}", block.number), false]))
            .await
            .expect("the chain answers");
        assert_eq!(found["hash"].as_str(), Some(block.hash.as_str()), "the block it names is on the chain");
        assert!(found["transactions"].as_array().is_some_and(|all| all.contains(&json!(transaction.txid))));
        // The feed tells the path, each step once, in order.
        let told = caller.path_to(&id, Status::Completed).await;
        let mut rest = told.iter();
        for status in PATH {
            assert!(rest.any(|it| it == status), "{status} is not told in its place: {told:?}");
        }
        world.judge().each_paid_once(std::slice::from_ref(order)).await;
    }

    /// What ends without a payment says why, and has no transaction that could still pay.
    async fn what_ends_unpaid_has_nothing_on_chain(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let mut orders = Order::fresh("unpaid", 3);
        world.usd.blacklist(orders[0].address.parse().expect("an address")).await.expect("blacklisted");
        orders[1].atoms = 100_001_000_000; // More than the demo partner may pay at once.
        let lane = caller.client.lanes().take(1).await.expect("a lane").remove(0).id;
        caller.insist_on(&orders[..2]).await;
        let failed = caller.wait_for(&orders[0], Status::Failed).await;
        let rejected = caller.wait_for(&orders[1], Status::Rejected).await;
        caller.client.pause_lane(&lane, &sluice_api::command::Because::of("a test")).await.expect("paused");
        let id = caller.insist(&orders[2]).await.id;
        caller.client.cancel_withdrawal(&id, &Default::default()).await.expect("the wish is taken");
        let cancelled = caller.wait_for(&orders[2], Status::Cancelled).await;
        for ended in [failed, rejected, cancelled] {
            assert!(ended.transactions.is_empty() && ended.completed_at.is_none(), "{ended:?}");
            assert!(ended.waiting_for.is_none(), "it waits for nothing: {ended:?}");
        }
        world.judge().none_paid(&orders).await;
    }
}
