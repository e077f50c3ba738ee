//! A cancellation tells the truth at each moment, and ends in one outcome.

use sluice_api::status::Status;
use sluice_devnet::control::Control;

use crate::harness::{Order, Shape, World, until};
use crate::on_both;

on_both! {
    /// Asked for while the bytes are out: whichever of payment and void the chain takes, the answer follows it.
    async fn a_cancel_after_broadcast_ends_in_one_outcome_and_never_in_both(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let control: Control = world.anvil.control();
        let orders = Order::fresh("cancel", 6);
        for order in &orders {
            // No block until both are in the pool: a real race.
            control.set_interval_mining(0).await.expect("mining stops");
            let id = caller.insist(order).await.id;
            caller.wait_for(order, Status::Broadcast).await;
            let answer = caller.client.cancel_withdrawal(&id, &Default::default()).await.expect("the wish is taken");
            assert!(answer.cancel_requested && !answer.status.is_terminal(), "{answer:?}");
            control.set_interval_mining(1).await.expect("mining goes on");
            until("an outcome", async || caller.look(order).await.is_some_and(|it| it.status.is_terminal())).await;
        }
        let (mut paid, mut cancelled) = (Vec::new(), Vec::new());
        for order in orders {
            match caller.look(&order).await.expect("it is there").status {
                Status::Completed => paid.push(order),
                Status::Cancelled => cancelled.push(order),
                other => panic!("{other:?}"),
            }
        }
        world.judge().each_paid_once(&paid).await;
        world.judge().none_paid(&cancelled).await;
        // The lane is not held up by its voids.
        let after = Order::fresh("after-cancel", 2);
        for order in &after {
            caller.insist(order).await;
        }
        caller.all_completed(&after).await;
    }
}
