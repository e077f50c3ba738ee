//! One identity, one payment, however often it is asked for (M1).

use futures_util::future::join_all;
use sluice_api::client::ClientError;

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
}
