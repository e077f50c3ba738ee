//! A database that was restored from a copy, or of which two copies are at work, pays nothing a second time (M17).

use serde_json::{Value, json};
use sluice_api::lane::LaneState;
use sluice_api::restored::{FoundAs, LeftToDo, RestoredState};
use sluice_api::status::Status;
use sluice_api::stop::StopScope;

use crate::harness::{Caller, Engine, Order, Shape, World, until};
use crate::on_both;
use crate::restore::{because, lifted, unfrozen};

/// Runs the program, which ends well; what it answered.
pub async fn done(world: &World, arguments: &[&str]) -> Value {
    let (code, answer, said) = world.sluice(&[arguments, &["--json"]].concat()).await;
    assert_eq!(code, Some(0), "{arguments:?}: {said}");
    serde_json::from_str(answer.lines().last().unwrap_or_default()).expect("JSON")
}

pub async fn backup(world: &World, to: &str) {
    done(world, &["backup", "--database", world.database(), "--to", to]).await;
    let looked = done(world, &["restore", "--from", to, "--verify", "--to", world.database()]).await;
    assert_eq!(looked["good"], true);
    assert_eq!(looked["manifest"]["facts"]["deployment"], "dev");
}

async fn restore(world: &World, from: &str) {
    let put = done(world, &["restore", "--from", from, "--to", world.database()]).await;
    assert_eq!((&put["restored"], &put["shut"]), (&json!(true), &json!(true)));
}

async fn every_lane_is_shut(caller: &Caller) {
    until("every lane is shut", async || {
        let lanes = caller.client.lanes().take(10).await.unwrap_or_default();
        !lanes.is_empty() && lanes.iter().all(|lane| lane.state == LaneState::Frozen)
    })
    .await;
}

async fn the_stop_is_lifted(engine: &Engine) {
    let [one, two] = [&engine.dev.platform_api_key, &engine.dev.second_platform_api_key]
        .map(|key| engine.caller_with(key));
    let stops = one.client.stops().take(10).await.expect("stops");
    let stop = stops.iter().find(|stop| stop.scope == StopScope::All).expect("the stop of everything");
    lifted(&one, &two, &stop.id).await;
}

on_both! {
    /// The copy is taken while the engine pays. Then more is paid, and more is signed and in no block when the machine dies.
    /// The copy is put in place beside the signer's journal, and the partner posts everything again.
    async fn restored_with_the_journal_kept_it_does_not_pay_again(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let early = Order::fresh("early", 3);
        caller.insist_on(&early).await;
        caller.all_completed(&early).await;
        let during = Order::fresh("during", 8);
        caller.insist_on(&during).await;
        backup(&world, "copy").await;
        let later = Order::fresh("later", 3);
        caller.insist_on(&later).await;
        caller.all_completed(&during).await;
        caller.all_completed(&later).await;
        world.no_blocks().await;
        let pooled = Order::fresh("pooled", 2);
        caller.insist_on(&pooled).await;
        for order in &pooled {
            world.pooled(&caller, order).await;
        }
        engine.kill().await;
        world.lose_the_database();
        restore(&world, "copy").await;

        let engine = world.engine().await;
        let (caller, second) = (engine.caller(), engine.second());
        every_lane_is_shut(&caller).await;
        let found = engine.platform().client.restored().await.expect("a report");
        assert_eq!(found.state, RestoredState::Persons, "{found:?}");
        assert!(found.copied_at.is_some() && found.imported_at.is_some() && found.stopped, "{found:?}");
        assert!(found.attempts_carried + found.attempts_lost >= 5, "later and pooled at least: {found:?}");
        assert_eq!(found.wallets.len(), 2, "{found:?}");
        let orders = [early.clone(), during.clone(), later.clone(), pooled.clone()].concat();
        caller.insist_on(&orders).await;
        world.blocks().await;
        caller.all_completed(&early).await;
        for order in during.iter().chain(&later).chain(&pooled) {
            let mut status = None;
            until(&format!("{} is known again", order.external_id), async || {
                status = caller.look(order).await.map(|it| it.status);
                matches!(status, Some(Status::Completed | Status::NeedsAttention))
            })
            .await;
            if status == Some(Status::NeedsAttention) {
                resolved(&world, [&caller, &second], order).await;
            }
        }
        let found = caller.client.restored().await.expect("a report");
        assert!(found.withdrawals.iter().all(|it| it.found == FoundAs::Carried), "{found:?}");
        for lane in caller.client.lanes().take(10).await.expect("lanes") {
            unfrozen(&caller, &second, &lane.id).await;
        }
        the_stop_is_lifted(&engine).await;
        let fresh = Order::fresh("fresh", 3);
        caller.insist_on(&fresh).await;
        caller.all_completed(&fresh).await;
        let found = caller.client.restored().await.expect("a report");
        assert_eq!((found.state, found.left), (RestoredState::Over, vec![]));
        let orders = [orders, fresh].concat();
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
        auditor.proves(&caller, &orders).await;
        let (code, said, _) =
            world.sluice(&["restored", "--url", &engine.dev.api_url, "--key", &engine.dev.api_key]).await;
        assert!(code == Some(0) && said.contains("Nothing of it is left to do"), "{said}");
    }

    /// The signer's disk is lost too, and its journal begins anew: nothing is paid and no lane opens, however long the new
    /// journal grows. With the journal that the copy has seen put back, what was lost is imported.
    async fn restored_with_the_journal_lost_it_stays_shut(database: Database) {
        let world = World::new(database, Shape { lanes: 1, ..Shape::default() }).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let early = Order::fresh("early", 2);
        caller.insist_on(&early).await;
        caller.all_completed(&early).await;
        backup(&world, "copy").await;
        let later = Order::fresh("later", 2);
        caller.insist_on(&later).await;
        caller.all_completed(&later).await;
        world.no_blocks().await;
        let pooled = Order::fresh("pooled", 1);
        caller.insist_on(&pooled).await;
        world.pooled(&caller, &pooled[0]).await;
        engine.kill().await;
        signer.end().await;
        world.lose_the_database();
        restore(&world, "copy").await;
        moved(&world, "signer.journal", "kept.journal");

        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        every_lane_is_shut(&caller).await;
        let found = engine.platform().client.restored().await.expect("a report");
        assert_eq!(found.state, RestoredState::Pending, "{found:?}");
        assert_eq!(found.left.first().map(|it| it.step), Some(LeftToDo::BringTheJournal));
        let orders = [early.clone(), later.clone(), pooled.clone()].concat();
        caller.insist_on(&orders).await;
        world.blocks().await;
        for order in later.iter().chain(&pooled) {
            let asked = caller.wait_for(order, Status::NeedsAttention).await;
            assert_eq!(asked.reason.map(|it| it.code.to_string()).as_deref(), Some("store_went_back"));
            let cancelled = caller.client.cancel_withdrawal(&asked.id, &because()).await;
            assert!(cancelled.is_err(), "nobody is told that it is over: {cancelled:?}");
        }
        let lane = caller.client.lanes().take(1).await.expect("lanes").remove(0).id;
        no_lane_opens(&caller, &lane).await;
        // The new journal grows past every place that the copy has seen, and is still another one.
        let config = signer.config.display().to_string();
        for _ in 0..40 {
            for command in ["stop", "lift"] {
                let said = world
                    .sluice(&["signer", "--config", &config, command, "--scope", "all", "--reason", "a test"])
                    .await;
                assert_eq!(said.0, Some(0), "{}", said.2);
            }
        }
        no_lane_opens(&caller, &lane).await;
        engine.interrupt().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        no_lane_opens(&caller, &lane).await;
        until("the pooled payment is mined", async || world.judge().none_paid_twice(&pooled).await == 1).await;
        world.judge().each_paid_once(&orders).await;

        engine.interrupt().await;
        signer.end().await;
        moved(&world, "signer.journal", "new.journal");
        moved(&world, "kept.journal", "signer.journal");
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let found = engine.platform().client.restored().await.expect("a report");
        assert_eq!(found.state, RestoredState::Persons, "{found:?}");
        for order in later.iter().chain(&pooled) {
            let asked = caller.look(order).await.expect("it is there");
            assert_eq!(asked.reason.map(|it| it.code.to_string()).as_deref(), Some("paid_before_restore"));
            resolved(&world, [&caller, &engine.second()], order).await;
        }
        unfrozen(&caller, &engine.second(), &lane).await;
        the_stop_is_lifted(&engine).await;
        let fresh = Order::fresh("fresh", 1);
        caller.insist_on(&fresh).await;
        caller.all_completed(&fresh).await;
        let orders = [orders, fresh].concat();
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
        auditor.proves(&caller, &orders).await;
    }

    /// Somebody copies the database by hand and starts a second engine on the copy, beside the first and over the same
    /// signer. Both have the same withdrawals to pay.
    async fn two_engines_on_two_copies_with_one_signer_pay_once(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let signer = world.signer().await;
        let engine = world.engine_beside(&signer, "dev").await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let early = Order::fresh("early", 2);
        caller.insist_on(&early).await;
        caller.all_completed(&early).await;
        engine.interrupt().await;
        // Accepted, and nobody pays it yet.
        let original = world.database().to_owned();
        let accepting = world.engine_on(&original, &signer, "dev", &["api"]).await;
        let both = Order::fresh("both", 12);
        accepting.caller().insist_on(&both).await;
        accepting.interrupt().await;
        let copy = world.address_of(&world.copy_of_the_database());

        // Lanes alone: nobody looks at the journal after they have begun, and the signer is all that stands between them.
        let lanes = ["api", "processor"];
        let first = world.engine_on(&original, &signer, "dev", &lanes).await;
        let other = world.engine_on(&copy, &signer, "other", &lanes).await;
        until("some of it is paid", async || world.judge().none_paid_twice(&both).await > 0).await;
        not_twice(&world, &both).await;
        first.interrupt().await;
        other.interrupt().await;
        // Whole engines look, and at least one finds that it is not alone.
        let first = world.engine_on(&original, &signer, "dev", &[]).await;
        let other = world.engine_on(&copy, &signer, "other", &[]).await;
        let [one, two] = [first.caller(), other.caller()];
        until("one of the two is found out", async || {
            one.alert("store_went_back").await.is_some() || two.alert("store_went_back").await.is_some()
        })
        .await;
        not_twice(&world, &both).await;
        world.judge().each_paid_once(&early).await;
        let orders = [early, both].concat();
        world.judge().nothing_else_left(&orders).await;
        // What each of them tells is half of it: of both, nothing is double.
        for caller in [one, two] {
            assert_eq!(auditor.judges_the_api(&caller, &orders).await.counts.duplicates, 0);
        }
    }
}

/// Nothing is paid a second time: two persons show the transaction that paid it, once it is final.
async fn resolved(world: &World, people: [&Caller; 2], order: &Order) {
    let id = people[0].look(order).await.expect("it is there").id;
    assert!(people[0].client.redrive(&id, &because()).await.is_err(), "nobody has it paid again");
    let mut evidence = None;
    until(&format!("what paid {} is final", order.external_id), async || {
        let payments = world.judge().payments().await;
        let Some(paid) = payments.get(&order.address.to_lowercase()) else { return false };
        let body = json!({ "paid_by": paid[0].txid, "reason": "a test" });
        let body = serde_json::from_value(body).expect("evidence");
        let heard = people[0].client.resolve(&id, &body).await.is_ok();
        evidence = Some(body);
        heard
    })
    .await;
    people[1].client.resolve(&id, &evidence.expect("evidence")).await.expect("resolved");
    people[0].wait_for(order, Status::Completed).await;
}

/// Nothing of it is paid twice, for longer than anything of it takes.
async fn not_twice(world: &World, orders: &[Order]) {
    for _ in 0..20 {
        world.judge().none_paid_twice(orders).await;
        tokio::time::sleep(std::time::Duration::from_millis(500)).await;
    }
}

/// A journal and the log beside it get another name.
fn moved(world: &World, from: &str, to: &str) {
    for suffix in ["", "-wal"] {
        let [from, to] = [from, to].map(|name| world.folder().join(format!("{name}{suffix}")));
        if from.exists() {
            std::fs::rename(from, to).expect("moved");
        }
    }
}

/// Two persons would open it, and may not: the store and the journal are not of the same time.
async fn no_lane_opens(caller: &Caller, lane: &str) {
    let refused = caller.client.unfreeze_lane(lane, &because()).await.expect_err("it stays shut");
    assert_eq!(refused.code().map(|it| it.as_str()), Some("journal_apart"), "{refused:?}");
    let state = caller.client.lane(lane).await.expect("the lane").state;
    assert_eq!(state, LaneState::Frozen);
}
