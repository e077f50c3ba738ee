//! Evidence comes from operators, counted by name (M4, M16). One that fails delays nothing; without enough of them nothing
//! is called final, and that is said.

use std::time::Duration;

use sluice_api::status::Status;
use sluice_api::withdrawal::TransactionStatus;

use crate::harness::{Manner, Order, Shape, World, instant, since, within};
use crate::on_both;

/// A payment that waits for nothing but its blocks is over so soon.
const SOON: Duration = Duration::from_secs(30);

on_both! {
    /// Simulation passed, the chain refused: the slot is dead by the word of two operators, and only then a new one pays.
    async fn a_reverted_attempt_is_proven_dead_and_paid_once_in_a_new_slot(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let production = world.production(&["alpha", "beta"]).await;
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        let orders = Order::fresh("reverted", 3);
        world.no_blocks().await;
        caller.insist_on(&orders).await;
        for order in &orders {
            world.pooled(&caller, order).await;
        }
        world.mine_reverting(&orders[0].address).await;
        world.blocks().await;
        caller.all_completed(&orders).await;
        let paid = caller.wait_for(&orders[0], Status::Completed).await;
        assert_eq!(paid.attempt_no, 2, "{paid:?}");
        let [first, second] = &paid.transactions[..] else { panic!("two slots: {:?}", paid.transactions) };
        assert_eq!(first.status, TransactionStatus::Reverted, "{first:?}");
        assert_eq!(second.status, TransactionStatus::Final, "{second:?}");
        assert_ne!(first.txid, second.txid);
        for order in &orders[1..] {
            assert_eq!(caller.look(order).await.expect("it is there").attempt_no, 1, "the others were not touched");
        }
        assert!(caller.alert("single_source").await.is_none(), "two operators have said it");
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
    }

    async fn one_operator_of_three_down_delays_nothing_and_two_down_complete_nothing(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let production = world.production(&["alpha", "beta", "gamma"]).await;
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        let mut all = Vec::new();
        for (index, (who, manner)) in [
            ("alpha", Manner::Down),
            ("beta", Manner::Slow(Duration::from_millis(150))),
            ("gamma", Manner::Silent),
        ]
        .into_iter()
        .enumerate()
        {
            production.operator(who).is(manner);
            let orders = Order::fresh(&format!("one-of-three-{index}"), 4);
            let start = instant();
            caller.insist_on(&orders).await;
            within(SOON, "one of three is not needed", async || {
                caller.all_completed(&orders).await;
                true
            })
            .await;
            eprintln!("{who} is {manner:?}: four withdrawals in {:?}", since(start));
            production.operator(who).is(Manner::Honest);
            all.extend(orders);
        }
        production.operator("alpha").is(Manner::Down);
        production.operator("gamma").is(Manner::Down);
        let orders = Order::fresh("two-of-three", 4);
        caller.insist_on(&orders).await;
        caller.is_alerted("nodes_down").await;
        // Many times what it takes with a quorum.
        let watched = instant();
        while since(watched) < Duration::from_secs(6) {
            for order in &orders {
                let seen = caller.look(order).await.expect("it is there");
                assert!(!seen.status.is_terminal(), "one operator's word completed it: {seen:?}");
                assert!(seen.waiting_for.is_some(), "it says what it waits for: {seen:?}");
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        production.operator("gamma").is(Manner::Honest);
        caller.all_completed(&orders).await;
        all.extend(orders);
        production.operator("alpha").is(Manner::Honest);
        world.judge().each_paid_once(&all).await;
        world.judge().nothing_else_left(&all).await;
    }

    /// Every node is gone for a while, with payments in all stages. Nothing is lost, and it is said.
    async fn no_node_at_all_delays_and_alerts_and_loses_nothing(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let production = world.production(&["alpha", "beta"]).await;
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        let orders = Order::fresh("no-node", 24);
        caller.insist_on(&orders[..12]).await;
        for (_, operator) in &production.operators {
            operator.is(Manner::Down);
        }
        caller.insist_on(&orders[12..]).await;
        caller.is_alerted("nodes_down").await;
        for (_, operator) in &production.operators {
            operator.is(Manner::Honest);
        }
        caller.all_completed(&orders).await;
        caller.alert_is_over("nodes_down").await;
        world.judge().each_paid_once(&orders).await;
    }
}
