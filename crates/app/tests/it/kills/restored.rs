//! A store that went back in time is killed while it takes in what its lost life signed (M17).

use serde_json::json;
use sluice_api::status::Status;
use sluice_api::stop::StopScope;

use super::deeds::body;
use crate::harness::{Caller, Order, PATIENCE, Shape, World};
use crate::on_both;
use crate::restore::{lifted, people_can_only_show_its_transaction, unfrozen};

/// Where it is killed, in the order in which a start comes by. `store.outbid` and `store.unended` are reached in no other
/// situation.
pub const POINTS: [&str; 14] = [
    "store.journal_known:after:1",
    "signer.export:before:1",
    "signer.export:after:1",
    "store.apply:before:1",
    "store.apply:after:1",
    "store.journal_known:before:2",
    "store.transfers:after:1",
    "store.unended:before:1",
    "store.unended:after:1",
    "store.apply:before:2",
    "store.apply:after:2",
    "store.outbid:before:1",
    "store.outbid:after:1",
    "store.lease:after:2",
];

on_both! {
    async fn killed_while_a_lost_life_is_taken_in_nothing_is_paid_twice(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let early = Order::fresh("early", 2);
        caller.insist_on(&early).await;
        caller.all_completed(&early).await;
        // These are in the copy and wait there, unpaid.
        let stop = json!({ "scope": "partner", "subject": engine.dev.partner_id, "reason": "a test" });
        let stop = caller.client.create_stop(&body(stop)).await.expect("stopped");
        let waiting = Order::fresh("waiting", 4);
        caller.insist_on(&waiting).await;
        engine.interrupt().await;
        let copy = world.copy_of_the_database();

        let engine = world.engine_beside(&signer, "dev").await;
        lifted(&caller, &engine.second(), &stop.id).await;
        caller.all_completed(&waiting).await;
        engine.interrupt().await;
        // Each life takes the lane anew, and the signer obeys a higher epoch: so the copy is outbid at more than one start.
        let later = Order::fresh("later", 4);
        for order in &later {
            let engine = world.engine_beside(&signer, "dev").await;
            caller.insist(order).await;
            caller.wait_for(order, Status::Completed).await;
            engine.interrupt().await;
        }
        world.put_back(&copy);

        for point in POINTS {
            let mut engine = world.engine_begun(&signer, &[]);
            engine.point.arm(&format!("{point}:kill"));
            let signal = tokio::time::timeout(PATIENCE, engine.gone()).await;
            let signal = signal.unwrap_or_else(|_| panic!("{point} was not reached\n{}", world.tail(40)));
            assert!(signal == Some(9) && engine.point.fired(), "{point}: {signal:?}\n{}", world.tail(40));
            let unfinished = world.stored().await.unfinished().await;
            eprintln!("killed at {point}, {unfinished} unfinished");
        }

        let engine = world.engine_beside(&signer, "dev").await;
        let second = engine.second();
        lifted(&caller, &second, &stop.id).await;
        caller.is_alerted("store_went_back").await;
        caller.insist_on(&[early.clone(), waiting.clone(), later.clone()].concat()).await;
        caller.all_completed(&[early.clone(), waiting.clone()].concat()).await;
        for order in &later {
            caller.wait_for(order, Status::NeedsAttention).await;
            people_can_only_show_its_transaction(&world, [&caller, &second], order, &early[0]).await;
        }
        for lane in caller.client.lanes().take(9).await.expect("lanes") {
            unfrozen(&caller, &second, &lane.id).await;
        }
        let people: [Caller; 2] = [engine.platform(), engine.caller_with(&engine.dev.second_platform_api_key)];
        let stops = people[0].client.stops().take(9).await.expect("stops");
        let stop = stops.iter().find(|stop| stop.scope == StopScope::All).expect("the stop of everything");
        lifted(&people[0], &people[1], &stop.id).await;
        let fresh = Order::fresh("fresh", 2);
        caller.insist_on(&fresh).await;
        caller.all_completed(&fresh).await;
        let orders = [early, waiting, later, fresh].concat();
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
        auditor.proves(&caller, &orders).await;
    }
}
