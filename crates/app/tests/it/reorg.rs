//! A reorganisation rewinds what was seen, and pays once (M16).

use std::time::Duration;

use sluice_api::status::Status;

use crate::harness::{Caller, Order, Shape, World, instant, since, until, within};
use crate::on_both;

/// The lane moves again so soon after its history was taken back.
const MOVES_AGAIN: Duration = Duration::from_secs(60);

/// Time between blocks where many leave: a test that is late by dozens of them would take back what is final.
const BLOCK: Duration = Duration::from_millis(200);

/// Whether the withdrawal's feed tells that it was reopened.
async fn told_of_reopening(caller: &Caller, order: &Order) -> bool {
    let Some(found) = caller.look(order).await else { return false };
    caller.history(&found.id).await.iter().any(|event| event.kind == "withdrawal.reopened")
}

impl World {
    /// Takes so many blocks back, and as many more as it takes to reach what these orders came to: on a busy machine more
    /// blocks have come since.
    async fn reorganised_under(&self, caller: &Caller, orders: &[Order], depth: u64) {
        let mut lowest = u64::MAX;
        for order in orders {
            let seen = caller.look(order).await.expect("it is there");
            let blocks = seen.transactions.iter().filter_map(|it| it.block.as_ref()).map(|it| it.number);
            lowest = lowest.min(blocks.max().expect("it is in a block"));
        }
        let height = self.control().block_number().await.expect("a height");
        // One more may come before they leave.
        self.control().reorg(depth.max(height + 2 - lowest)).await.expect("reorganised");
    }
}

on_both! {
    /// Final is 66 blocks below the newest one here, so up to 64 blocks leave the chain before anything in them was
    /// final: what was seen is unseen, its stored bytes are sent again, nobody is told of an end that was none.
    async fn blocks_of_every_depth_up_to_64_leave_before_finality_and_each_is_paid_once(database: Database) {
        let shape = Shape { block: BLOCK, epoch: 33, ..Shape::default() };
        let world = World::new(database, shape).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        // What funded the wallets must not be in the blocks that leave.
        world.mine(80).await;
        let blocks = world.blocks_every(BLOCK).await;
        let mut all = Vec::new();
        for depth in [1_u64, 2, 3, 5, 8, 13, 21, 34, 55, 64] {
            let orders = Order::fresh(&format!("depth-{depth}"), 2);
            caller.insist_on(&orders).await;
            for order in &orders {
                caller.wait_for(order, Status::Confirming).await;
            }
            let still = blocks.still().await;
            // The lowest block that leaves is the lowest that holds one of these.
            let mut included = u64::MAX;
            for order in &orders {
                let seen = caller.look(order).await.expect("it is there");
                let blocks = seen.transactions.iter().filter_map(|it| it.block.as_ref()).map(|it| it.number);
                included = included.min(blocks.max().expect("it is in a block"));
            }
            let height = world.control().block_number().await.expect("a height");
            let depth = depth.max(height + 1 - included);
            world.mine(included + depth - height - 1).await;
            world.control().reorg(depth).await.expect("reorganised");
            drop(still);
            all.extend(orders);
        }
        let start = instant();
        within(MOVES_AGAIN, "everything is paid after the last reorganisation", async || {
            caller.all_completed(&all).await;
            true
        })
        .await;
        eprintln!("ten reorganisations, everything over {:?} after the last", since(start));
        for order in &all {
            let found = caller.look(order).await.expect("it is there");
            let path = caller.path_to(&found.id, Status::Completed).await;
            let seen = path.iter().filter(|status| *status == "confirming").count();
            assert!(seen >= 2, "{} was seen, unseen and seen again: {path:?}", order.external_id);
            assert!(!told_of_reopening(&caller, order).await, "{}: nothing final was taken back", order.external_id);
        }
        assert!(caller.alert("finality_reversed").await.is_none());
        world.judge().each_paid_once(&all).await;
        world.judge().nothing_else_left(&all).await;
    }

    /// The chain takes back what it had called final, under completed payments: they are reopened in their own slots,
    /// visibly, paid once, and the lane moves again.
    async fn a_reorganisation_below_finality_reopens_completed_payments_and_pays_each_once(database: Database) {
        // Watched as long as on Polygon, whose history went back by 157 blocks in February 2023.
        let profile = "settled_watch_blocks = 1024";
        let world = World::new(database, Shape { lanes: 1, profile, ..Shape::default() }).await;
        let production = world.production(&["alpha", "beta"]).await;
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        world.mine(200).await;
        let mut all = Vec::new();
        for depth in [6_u64, 64, 157] {
            let orders = Order::fresh(&format!("below-{depth}"), 3);
            caller.insist_on(&orders).await;
            caller.all_completed(&orders).await;
            world.reorganised_under(&caller, &orders, depth).await;
            let start = instant();
            for order in &orders {
                within(MOVES_AGAIN, "the reopening is visible", async || told_of_reopening(&caller, order).await)
                    .await;
            }
            assert_eq!(caller.is_alerted("finality_reversed").await.severity.as_str(), "P1");
            let after = Order::fresh(&format!("after-{depth}"), 1);
            caller.insist_on(&after).await;
            all.extend(orders);
            all.extend(after);
            within(MOVES_AGAIN, "the lane moves again", async || {
                caller.all_completed(&all).await;
                true
            })
            .await;
            eprintln!("{depth} blocks, below finality: the lane moved again after {:?}", since(start));
        }
        world.judge().each_paid_once(&all).await;
        world.judge().nothing_else_left(&all).await;
    }

    /// The same under a final void: the withdrawal stays cancelled, whatever the chain takes back, and is never paid.
    async fn a_reorganisation_below_finality_under_a_void_pays_nothing_and_the_lane_moves_again(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        world.mine(40).await;
        let order = &Order::fresh("void", 1)[0];
        world.no_blocks().await;
        let id = caller.insist(order).await.id;
        caller.wait_for(order, Status::Broadcast).await;
        caller.client.cancel_withdrawal(&id, &Default::default()).await.expect("the wish is taken");
        // The original is lost and the void alone is left, so that the void is what the chain takes.
        until("the void is in the pool", async || {
            let pool = world.control().txpool_content().await.expect("the pool");
            pool.pending.values().flat_map(|it| it.values()).any(|it| it.input.is_empty())
        })
        .await;
        world.blocks().await;
        caller.wait_for(order, Status::Cancelled).await;
        world.reorganised_under(&caller, std::slice::from_ref(order), 8).await;
        let start = instant();
        caller.is_alerted("finality_reversed").await;
        let after = Order::fresh("after-void", 3);
        caller.insist_on(&after).await;
        within(MOVES_AGAIN, "the lane moves again", async || {
            caller.all_completed(&after).await;
            true
        })
        .await;
        eprintln!("a void below finality: the lane moved again after {:?}", since(start));
        assert_eq!(caller.look(order).await.map(|it| it.status), Some(Status::Cancelled));
        world.judge().none_paid(std::slice::from_ref(order)).await;
        world.judge().each_paid_once(&after).await;
        world.judge().nothing_else_left(&after).await;
    }
}
