//! A store that went back in time pays nothing a second time (M17).

use serde_json::json;
use sluice_api::lane::LaneState;
use sluice_api::status::Status;
use sluice_api::stop::StopScope;

use crate::harness::{Caller, Order, Shape, World, until};
use crate::on_both;

on_both! {
    /// The database is put back to a copy from before most payments; the signer keeps its journal, and the caller asks
    /// for everything again.
    async fn an_old_copy_of_the_store_pays_nothing_twice_and_says_so(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let early = Order::fresh("early", 3);
        for order in &early {
            caller.insist(order).await;
        }
        caller.all_completed(&early).await;
        // These are in the copy and wait there, unpaid.
        let stop = json!({ "scope": "partner", "subject": engine.dev.partner_id, "reason": "a test" });
        let stop = caller.client.create_stop(&serde_json::from_value(stop).expect("a stop")).await.expect("stopped");
        let waiting = Order::fresh("waiting", 3);
        for order in &waiting {
            caller.insist(order).await;
        }
        engine.interrupt().await;
        let copy = world.copy_of_the_database();

        let engine = world.engine().await;
        let caller = engine.caller();
        lifted(&caller, &engine.second(), &stop.id).await;
        let later = Order::fresh("later", 3);
        for order in &later {
            caller.insist(order).await;
        }
        caller.all_completed(&waiting).await;
        caller.all_completed(&later).await;
        let told = caller.client.events_after(0, 1).await.expect("the feed").data.remove(0);
        engine.interrupt().await;
        world.put_back(&copy);

        let engine = world.engine().await;
        let caller = engine.caller();
        lifted(&caller, &engine.second(), &stop.id).await;
        until("every lane is shut", async || {
            let lanes = caller.client.lanes().take(10).await.unwrap_or_default();
            !lanes.is_empty() && lanes.iter().all(|lane| lane.state == LaneState::Frozen)
        })
        .await;
        caller.is_alerted("store_went_back").await;
        let again = caller.client.events_after(0, 1).await.expect("the feed").data.remove(0);
        assert_eq!((&again.id, again.number), (&told.id, told.number));
        assert_ne!(again.feed_id, told.feed_id, "what comes after the copy has numbers that were given out before");
        let behind = caller.client.events_of(&told.feed_id, 1, 1).await.expect_err("another feed");
        assert_eq!(behind.code().map(|it| it.as_str()), Some("feed_changed"), "{behind:?}");
        for order in early.iter().chain(&waiting).chain(&later) {
            caller.insist(order).await;
        }
        // What the copy knows is completed by the transaction that the journal named; what it does not know waits for a
        // person, and for that transaction alone.
        caller.all_completed(&early).await;
        caller.all_completed(&waiting).await;
        for order in &later {
            let found = caller.wait_for(order, Status::NeedsAttention).await;
            assert_eq!(found.reason.map(|reason| reason.code.to_string()).as_deref(), Some("paid_before_restore"));
            people_can_only_show_its_transaction(&world, [&caller, &engine.second()], order, &early[0]).await;
        }
        for lane in caller.client.lanes().take(10).await.expect("lanes") {
            unfrozen(&caller, &engine.second(), &lane.id).await;
        }
        // Stops and revocations of the lost time are gone with it, so everything is stopped, and the platform lifts that.
        let [one, two] = [&engine.dev.platform_api_key, &engine.dev.second_platform_api_key].map(|key| engine.caller_with(key));
        let stops = one.client.stops().take(10).await.expect("stops");
        let stop = stops.iter().find(|stop| stop.scope == StopScope::All).expect("the stop of everything");
        lifted(&one, &two, &stop.id).await;
        let fresh = Order::fresh("fresh", 3);
        for order in &fresh {
            caller.insist(order).await;
        }
        caller.all_completed(&fresh).await;
        let orders = [early, waiting, later, fresh].concat();
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
        auditor.proves(&caller, &orders).await;
        engine.interrupt().await;
        let engine = world.engine().await;
        let lanes = engine.caller().client.lanes().take(10).await.expect("lanes");
        assert!(lanes.iter().all(|lane| lane.state == LaneState::Open), "{lanes:?}");
    }

    /// What was signed since the copy reaches no block and is in no node's pool any more. The lane voids its nonce and goes
    /// on; the caller is told to order anew what will never be paid.
    async fn what_was_signed_in_the_lost_time_and_never_sent_is_voided(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let early = Order::fresh("early", 1);
        caller.insist(&early[0]).await;
        caller.all_completed(&early).await;
        engine.interrupt().await;
        let copy = world.copy_of_the_database();

        let engine = world.engine().await;
        world.no_blocks().await;
        let lost = Order::fresh("lost", 1).remove(0);
        engine.caller().insist(&lost).await;
        engine.caller().wait_for(&lost, Status::Broadcast).await;
        engine.interrupt().await;
        world.control().drop_all_transactions().await.expect("no node holds it");
        world.put_back(&copy);
        world.blocks().await;

        let engine = world.engine().await;
        let (caller, second) = (engine.caller(), engine.second());
        let lane = caller.client.lanes().take(1).await.expect("lanes").remove(0).id;
        until("the lane is shut", async || {
            caller.client.lane(&lane).await.is_ok_and(|lane| lane.state == LaneState::Frozen)
        })
        .await;
        let id = caller.insist(&lost).await.id;
        let found = caller.wait_for(&lost, Status::NeedsAttention).await;
        assert_eq!(found.reason.map(|reason| reason.code.to_string()).as_deref(), Some("paid_before_restore"));
        let early_word = caller.client.give_up(&id, &because()).await;
        assert!(early_word.is_err(), "its nonce may still pay: {early_word:?}");
        unfrozen(&caller, &second, &lane).await;
        let [one, two] = [&engine.dev.platform_api_key, &engine.dev.second_platform_api_key].map(|key| engine.caller_with(key));
        let stops = one.client.stops().take(10).await.expect("stops");
        let stop = stops.iter().find(|stop| stop.scope == StopScope::All).expect("the stop of everything");
        lifted(&one, &two, &stop.id).await;
        let fresh = Order::fresh("fresh", 2);
        for order in &fresh {
            caller.insist(order).await;
        }
        caller.all_completed(&fresh).await;
        until("the feed says that the nonce is filled", async || {
            let events = caller.client.events_after(0, 100).await.map(|page| page.data).unwrap_or_default();
            events.iter().any(|event| event.kind == "lane.filled")
        })
        .await;
        caller.client.give_up(&id, &because()).await.expect("asked for");
        second.client.give_up(&id, &because()).await.expect("given up");
        caller.wait_for(&lost, Status::Failed).await;
        world.judge().none_paid(std::slice::from_ref(&lost)).await;
        let orders = [early, fresh].concat();
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
        let asked = [orders.clone(), vec![lost]].concat();
        let counts = auditor.judges_the_api(&caller, &asked).await.counts;
        let (proven, voids) = (counts.proven, counts.voids);
        assert_eq!((proven, voids, counts.duplicates, counts.missing, counts.orphans), (orders.len(), 1, 0, 0, 0));
    }
}

pub fn because<T: serde::de::DeserializeOwned>() -> T {
    serde_json::from_value(json!({ "reason": "a test" })).expect("a reason")
}

pub async fn lifted(caller: &Caller, second: &Caller, stop: &str) {
    caller.client.lift_stop(stop, &because()).await.expect("asked for");
    second.client.lift_stop(stop, &because()).await.expect("lifted");
}

pub async fn unfrozen(caller: &Caller, second: &Caller, lane: &str) {
    caller.client.unfreeze_lane(lane, &because()).await.expect("asked for");
    second.client.unfreeze_lane(lane, &because()).await.expect("opened");
}

/// No second payment, no refund, no other transaction: only the one that paid it completes it.
pub async fn people_can_only_show_its_transaction(
    world: &World,
    people: [&Caller; 2],
    order: &Order,
    another: &Order,
) {
    let [caller, second] = people;
    let id = caller.look(order).await.expect("it is there").id;
    let redriven = caller.client.redrive(&id, &because()).await;
    assert!(redriven.is_err(), "{redriven:?}");
    let given_up = caller.client.give_up(&id, &because()).await;
    assert!(given_up.is_err(), "{given_up:?}");
    let payments = world.judge().payments().await;
    let txid = |order: &Order| payments[&order.address.to_lowercase()][0].txid.clone();
    let evidence = |txid: String| {
        serde_json::from_value(json!({ "paid_by": txid, "reason": "a test" })).expect("evidence")
    };
    let wrong = caller.client.resolve(&id, &evidence(txid(another))).await;
    assert!(wrong.is_err(), "{wrong:?}");
    for person in [caller, second] {
        person.client.resolve(&id, &evidence(txid(order))).await.expect("heard");
    }
    caller.wait_for(order, Status::Completed).await;
}
