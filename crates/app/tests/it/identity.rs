//! One identity, one payment, however often it is asked for (M1).

use futures_util::future::join_all;
use sluice_api::client::ClientError;
use sluice_api::status::Status;

use crate::harness::{Order, Shape, World};
use crate::on_both;

on_both! {
    async fn the_same_external_id_from_64_clients_makes_one_withdrawal(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, orders) = (engine.caller(), Order::fresh("same", 1));
        let order = &orders[0];
        let answers = join_all((0..64).map(|client| {
            let caller = caller.clone();
            // A fresh idempotency key for every HTTP try: the external id alone must hold.
            async move { caller.client.create_withdrawal(&caller.body(order), Some(&format!("try-{client:016}"))).await }
        }))
        .await;
        let mut ids: Vec<String> = answers.into_iter().map(|it| it.expect("the same request is answered").id).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
    }

    async fn other_content_under_the_same_id_is_refused_also_after_the_end(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, orders) = (engine.caller(), Order::fresh("other", 1));
        caller.insist(&orders[0]).await;
        let mut other = orders[0].clone();
        other.atoms += 1;
        let refused = async |caller: &crate::harness::Caller| match caller.ask(&other).await {
            Err(ClientError::Problem(problem)) => assert_eq!((problem.status, problem.code.as_str()), (409, "external_id_conflict")),
            answer => panic!("other content was taken: {answer:?}"),
        };
        refused(&caller).await;
        caller.all_completed(&orders).await;
        refused(&caller).await;
        world.judge().each_paid_once(&orders).await;
    }

    async fn the_same_idempotency_key_from_64_clients_makes_one_withdrawal(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, orders) = (engine.caller(), Order::fresh("key", 2));
        let key = Some("the-same-key-for-all-of-them");
        let answers = join_all((0..64).map(|_| {
            let (caller, order) = (caller.clone(), orders[0].clone());
            async move { caller.client.create_withdrawal(&caller.body(&order), key).await }
        }))
        .await;
        let mut ids: Vec<String> = answers.into_iter().map(|it| it.expect("the same request is answered").id).collect();
        ids.dedup();
        assert_eq!(ids.len(), 1, "{ids:?}");
        // The key belongs to that request: another one under it is refused and burns nothing.
        match caller.client.create_withdrawal(&caller.body(&orders[1]), key).await {
            Err(ClientError::Problem(problem)) => {
                assert_eq!((problem.status, problem.code.as_str()), (409, "idempotency_key_conflict"));
            }
            answer => panic!("the key was taken twice: {answer:?}"),
        }
        caller.insist(&orders[1]).await;
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
    }

    async fn other_content_under_the_id_of_a_failed_one_is_refused(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let (caller, orders) = (engine.caller(), Order::fresh("after-failed", 1));
        world.usd.blacklist(orders[0].address.parse().expect("an address")).await.expect("blacklisted");
        let first = caller.insist(&orders[0]).await.id;
        caller.wait_for(&orders[0], Status::Failed).await;
        let elsewhere = Order { address: Order::fresh("after-failed", 1)[0].address.clone(), ..orders[0].clone() };
        match caller.ask(&elsewhere).await {
            Err(ClientError::Problem(problem)) => {
                assert_eq!((problem.status, problem.code.as_str()), (409, "external_id_conflict"));
            }
            answer => panic!("other content was taken: {answer:?}"),
        }
        // The same content is told how it ended, and is not paid after all.
        world.usd.unblacklist(orders[0].address.parse().expect("an address")).await.expect("no longer");
        let again = caller.insist(&orders[0]).await;
        assert_eq!((again.id, again.status), (first, Status::Failed));
        world.judge().none_paid(&[orders[0].clone(), elsewhere]).await;
    }
}
