//! A withdrawal is paid, once, and proven.

use sluice_api::status::Status;
use sluice_api::withdrawal::TransactionStatus;

use crate::harness::{Order, Shape, World};
use crate::on_both;

on_both! {
    /// From POST to finality: every order is completed with its transaction, block and fee, and the chain agrees.
    async fn forty_withdrawals_are_paid_once_from_two_lanes(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, orders) = (engine.caller(), Order::fresh("pays", 40));
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let judge = world.judge();
        judge.each_paid_once(&orders).await;
        judge.nothing_else_left(&orders).await;
        let payments = judge.payments().await;
        for order in &orders {
            let seen = caller.wait_for(order, Status::Completed).await;
            // Where blocks were slow its fee was raised, and the block may have taken what was sent first.
            let mut ended = seen.transactions.iter().filter(|it| it.status == TransactionStatus::Final);
            let (transaction, none) = (ended.next().expect("one is final"), ended.next());
            assert!(none.is_none(), "{seen:?}");
            assert_eq!(transaction.txid, payments[&order.address.to_lowercase()][0].txid);
            assert!(transaction.block.is_some() && transaction.fee.is_some(), "{transaction:?}");
            assert_eq!(seen.amount.as_str(), order.amount().trim_end_matches('0').trim_end_matches('.'));
        }
        engine.interrupt().await;
    }

    /// A second start goes on where the first ended: same partner, same key, same history.
    async fn a_restarted_engine_remembers(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let orders = Order::fresh("again", 4);
        let caller = engine.caller();
        for order in &orders {
            caller.insist(order).await;
        }
        caller.all_completed(&orders).await;
        let before = engine.dev.clone();
        engine.interrupt().await;
        let engine = world.engine().await;
        assert_eq!((engine.dev.partner_id.clone(), engine.dev.api_key.clone()), (before.partner_id, before.api_key));
        let caller = engine.caller();
        caller.all_completed(&orders).await;
        let more = Order::fresh("again", 4);
        for order in &more {
            caller.insist(order).await;
        }
        caller.all_completed(&more).await;
        world.judge().each_paid_once(&[orders, more].concat()).await;
    }
}
