//! A limit is a limit, however many ask at once (M8).

use futures_util::future::join_all;
use sluice_api::status::Status;

use crate::harness::{Order, Shape, World};
use crate::on_both;

on_both! {
    /// The demo partner may pay 1,000,000 a day; 200 clients ask for 10,000 each at once.
    async fn two_hundred_against_a_daily_limit_for_one_hundred_are_exactly_one_hundred(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let mut orders = Order::fresh("limit", 200);
        for order in &mut orders {
            order.atoms = 10_000_000_000;
        }
        join_all(orders.iter().map(|order| caller.insist(order))).await;
        let mut accepted = Vec::new();
        for order in &orders {
            let seen = caller.look(order).await.expect("it was stored");
            if seen.status == Status::Rejected {
                assert_eq!(seen.reason.expect("a reason").code, "limit_daily");
            } else {
                accepted.push(order.clone());
            }
        }
        assert_eq!(accepted.len(), 100);
        caller.all_completed(&accepted).await;
        let rejected: Vec<Order> = orders.into_iter().filter(|it| !accepted.contains(it)).collect();
        world.judge().each_paid_once(&accepted).await;
        world.judge().none_paid(&rejected).await;
    }
}
