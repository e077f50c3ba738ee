//! Fees: what is stuck is offered more, never more than the cap, always in the same slot.

use std::collections::BTreeSet;
use std::time::Duration;

use ruint::aliases::U256;
use serde_json::Value;
use sluice_api::status::{Status, WaitKind};
use sluice_api::withdrawal::TransactionStatus;

use crate::harness::{Order, Shape, World};
use crate::on_both;

const GWEI: u64 = 1_000_000_000;
/// The devnet's cap (docs/chains.md).
const CAP_GWEI: u64 = 2_000;

impl World {
    /// Makes blocks that ask this base fee, one every 100 ms, until `done` says so.
    async fn blocks_at(&self, gwei: u64, mut done: impl AsyncFnMut() -> bool) {
        let control = self.control();
        for _ in 0..600 {
            control.set_next_block_base_fee(U256::from(gwei * GWEI)).await.expect("a base fee");
            self.mine(1).await;
            if done().await {
                return;
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        panic!("600 blocks at {gwei} gwei did not bring it about");
    }

    /// What a mined transaction offered at most, in wei per gas.
    async fn offered(&self, txid: &str) -> U256 {
        let found: Value =
            self.anvil.rpc().call("eth_getTransactionByHash", [txid]).await.expect("the node answers");
        serde_json::from_value(found["maxFeePerGas"].clone()).expect("it is mined")
    }
}

on_both! {
    /// The market rises after the bytes are out: they are replaced in the same slot until they fit, and one pays.
    async fn a_stuck_transaction_is_bumped_in_its_slot_and_pays_once(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders = Order::fresh("stuck", 3);
        world.no_blocks().await;
        caller.insist_on(&orders).await;
        for order in &orders {
            caller.wait_for(order, Status::Broadcast).await;
        }
        world
            .blocks_at(100, async || {
                let mut over = true;
                for order in &orders {
                    over &= caller.look(order).await.is_some_and(|it| it.status == Status::Completed);
                }
                over
            })
            .await;
        for order in &orders {
            let paid = caller.look(order).await.expect("it is there");
            assert_eq!(paid.attempt_no, 1, "the same slot: {paid:?}");
            assert!(paid.transactions.len() > 1, "it was bumped: {paid:?}");
            let nonces: BTreeSet<_> = paid.transactions.iter().map(|it| it.nonce).collect();
            assert_eq!(nonces.len(), 1, "{paid:?}");
            let finals = paid.transactions.iter().filter(|it| it.status == TransactionStatus::Final);
            assert_eq!(finals.count(), 1, "{paid:?}");
            let offered = world.offered(&world.judge().payments().await[&order.address][0].txid).await;
            assert!(offered <= U256::from(CAP_GWEI * GWEI), "within the cap: {offered}");
        }
        world.judge().each_paid_once(&orders).await;
    }

    /// A spike above the cap, over what is out and over what is not: both wait, the cap is never passed, it is said, and
    /// when the market falls each is paid once and the alert is over.
    async fn a_fee_spike_waits_at_the_cap_and_alerts_and_is_paid_when_it_falls(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders = Order::fresh("spike", 4);
        world.no_blocks().await;
        caller.insist_on(&orders[..2]).await;
        for order in &orders[..2] {
            caller.wait_for(order, Status::Broadcast).await;
        }
        let waits_for_fees = async |order: &Order| {
            let seen = caller.look(order).await.expect("it is there");
            assert!(!seen.status.is_terminal() && seen.status != Status::Confirming, "{seen:?}");
            seen.waiting_for.is_some_and(|it| it.kind == WaitKind::FeeCap)
        };
        world
            .blocks_at(CAP_GWEI + 500, async || {
                waits_for_fees(&orders[0]).await
                    && waits_for_fees(&orders[1]).await
                    && caller.alert("fee_at_cap").await.is_some()
            })
            .await;
        // Those that come now take no slot: it would only stand behind the others.
        caller.insist_on(&orders[2..]).await;
        world
            .blocks_at(CAP_GWEI + 500, async || {
                waits_for_fees(&orders[3]).await
            })
            .await;
        for order in &orders[2..] {
            let seen = caller.look(order).await.expect("it is there");
            assert!(seen.transactions.is_empty(), "no slot is taken above the cap: {seen:?}");
        }
        world.judge().none_paid(&orders).await;
        world
            .blocks_at(1, async || {
                let mut over = true;
                for order in &orders {
                    over &= caller.look(order).await.is_some_and(|it| it.status == Status::Completed);
                }
                over
            })
            .await;
        caller.alert_is_over("fee_at_cap").await;
        world.judge().each_paid_once(&orders).await;
        let payments = world.judge().payments().await;
        for (index, order) in orders.iter().enumerate() {
            let offered = world.offered(&payments[&order.address][0].txid).await;
            let at_the_cap = offered == U256::from(CAP_GWEI * GWEI);
            assert_eq!(at_the_cap, index < 2, "what was out waited at the cap, the others took no slot: {offered}");
        }
    }
}
