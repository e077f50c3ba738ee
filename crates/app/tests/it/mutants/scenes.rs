//! The shortest way to where a rule matters: the same for the whole program and for one with the rule off. Who was asked
//! for what is written down before; what the caller was told is what it was told last.

use std::path::PathBuf;
use std::pin::pin;

use futures_util::future::{Either, select};
use serde_json::json;
use sluice_api::query::WithdrawalQuery;
use sluice_api::status::Status;
use sluice_api::stop::CreateStop;
use sluice_api::withdrawal::CancelWithdrawal;
use sluice_mutant::Mutant;

use super::seen::{Seen, Told};
use crate::harness::{Database, Order, Shape, World, until};
use crate::restore::{because, lifted};

/// What the demo partner may pay in a day, atoms.
const DAY_ATOMS: u64 = 1_000_000_000_000;
/// Where a payment gets its slot.
const HALT: &str = "store.apply/built:before:1:stop";

/// What becomes of the signer's last entries, when it dies with the engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Journal {
    /// They are there.
    Kept,
    /// They are gone, as if it did not log first either.
    Lost,
}

fn completed(orders: &[Order]) -> Vec<Told> {
    orders.iter().map(|order| (order.clone(), Status::Completed)).collect()
}

/// M1: the engine dies with the order stored and not answered, and the caller asks again.
pub async fn asked_again_after_a_kill(broken: Option<Mutant>) -> Seen {
    let world = World::with(broken, Database::Sqlite, Shape::default()).await;
    let engine = world.engine().await;
    let caller = engine.caller();
    let auditor = world.auditor(&caller).await;
    let orders = Order::fresh("again", 1);
    engine.point.arm("store.accept:after:1:kill");
    match select(pin!(caller.ask(&orders[0])), pin!(engine.struck())).await {
        Either::Left((Ok(answer), _)) => panic!("nobody was there to answer: {answer:?}"),
        Either::Left((Err(_), struck)) => struck.await,
        Either::Right(((), _)) => {}
    }
    let engine = world.engine().await;
    let caller = engine.caller();
    caller.insist(&orders[0]).await;
    until("whatever it took is completed", async || {
        let all = caller.client.withdrawals(WithdrawalQuery::default()).take(10).await.unwrap_or_default();
        !all.is_empty() && all.iter().all(|it| it.status == Status::Completed)
    })
    .await;
    Seen::of(&world, &auditor, &completed(&orders)).await
}

/// M2: the engine dies with the signature in its hand and not stored. Then the order is cancelled.
pub async fn killed_between_signature_and_log(broken: Option<Mutant>, journal: Journal) -> Seen {
    let world = World::with(broken, Database::Sqlite, Shape { lanes: 1, ..Shape::default() }).await;
    let signer = world.signer().await;
    let engine = world.engine_beside(&signer, "dev").await;
    let caller = engine.caller();
    let auditor = world.auditor(&caller).await;
    let orders = Order::fresh("unlogged", 1);
    engine.point.arm("signer.sign:before:1:stop");
    let id = caller.insist(&orders[0]).await.id;
    engine.point.strikes().await;
    world.no_blocks().await;
    let files = ["signer.journal", "signer.journal-wal"].map(|name| world.folder().join(name));
    let before: Vec<(PathBuf, Option<Vec<u8>>)> =
        files.into_iter().map(|file| (file.clone(), std::fs::read(file).ok())).collect();
    engine.point.arm("store.apply/signed:before:1:kill");
    engine.signal("CONT");
    engine.struck().await;
    signer.end().await;
    for (file, bytes) in before.into_iter().filter(|_| journal == Journal::Lost) {
        match bytes {
            Some(bytes) => std::fs::write(file, bytes).expect("put back"),
            None => _ = std::fs::remove_file(file),
        }
    }
    let signer = world.signer().await;
    // Nobody works while the caller takes it back.
    let engine = world.engine_on(world.database(), &signer, "dev", &["api"]).await;
    let wish: CancelWithdrawal = serde_json::from_value(json!({})).expect("a wish");
    engine.caller().client.cancel_withdrawal(&id, &wish).await.expect("asked for");
    engine.interrupt().await;
    let engine = world.engine_beside(&signer, "dev").await;
    if journal == Journal::Kept {
        // What was signed is known: a void races it, and a block decides.
        world.blocks().await;
    }
    let mut told = None;
    until("it is over", async || {
        told = engine.caller().look(&orders[0]).await.map(|it| it.status).filter(|it| it.is_terminal());
        told.is_some()
    })
    .await;
    Seen::of(&world, &auditor, &[(orders[0].clone(), told.expect("it is over"))]).await
}

/// M4: a payment is made, and the chain is asked what became of it. What is dead by the word of one operator waits for two
/// persons, who believe the engine.
pub async fn paid_and_settled(broken: Option<Mutant>) -> Seen {
    let world = World::with(broken, Database::Sqlite, Shape { lanes: 1, ..Shape::default() }).await;
    let engine = world.engine().await;
    let (caller, second) = (engine.caller(), engine.second());
    let auditor = world.auditor(&caller).await;
    let orders = Order::fresh("settled", 1);
    let id = caller.insist(&orders[0]).await.id;
    let mut driven = false;
    until("it is completed, or paid again", async || {
        let status = caller.look(&orders[0]).await.expect("it is there").status;
        if status == Status::NeedsAttention && !driven {
            for person in [&caller, &second] {
                person.client.redrive(&id, &because()).await.expect("heard");
            }
            driven = true;
        }
        let payments = world.judge().payments().await;
        let paid = payments.get(&orders[0].address.to_lowercase()).map_or(0, Vec::len);
        status == Status::Completed || paid > 1
    })
    .await;
    // Its recipient has it: that much the caller knows by itself.
    Seen::of(&world, &auditor, &completed(&orders)).await
}

/// M7: the holder of the lane is halted before it writes, until the other has the lane and is about to write the same.
pub async fn woken_after_its_lease(broken: Option<Mutant>, database: Database) -> Seen {
    let world = World::with(broken, database, Shape { lanes: 1, ..Shape::default() }).await;
    let signer = world.signer().await;
    let engines = [world.engine_beside(&signer, "a").await, world.engine_beside(&signer, "b").await];
    let stored = world.stored().await;
    let owners = stored.ask("select owner as answer from lease where name like 'lane:%'").await;
    let holds = |pid: u32| owners.iter().any(|owner| owner.starts_with(&format!("{pid}-")));
    let [holder, other] = match (holds(engines[0].pid()), engines) {
        (true, [a, b]) => [a, b],
        (false, [a, b]) => [b, a],
    };
    let caller = other.caller();
    let auditor = world.auditor(&caller).await;
    let orders = Order::fresh("woken", 1);
    holder.point.arm(HALT);
    caller.insist(&orders[0]).await;
    holder.point.strikes().await;
    other.point.arm(HALT);
    other.point.strikes().await;
    holder.signal("CONT");
    let answer = holder.point.answer().await;
    other.signal("CONT");
    caller.all_completed(&orders).await;
    let mut seen = Seen::of(&world, &auditor, &completed(&orders)).await;
    seen.judged("fenced", async {
        assert!(answer.contains("Fenced"), "a former holder was answered {answer}")
    })
    .await;
    seen
}

/// M8: twelve orders at once, each for a tenth of what the day allows.
pub async fn more_than_the_day_allows(broken: Option<Mutant>) -> Seen {
    let world = World::with(broken, Database::Sqlite, Shape::default()).await;
    let engine = world.engine().await;
    let caller = engine.caller();
    let auditor = world.auditor(&caller).await;
    let mut orders = Order::fresh("day", 12);
    for order in &mut orders {
        order.atoms = DAY_ATOMS / 10;
    }
    caller.insist_on(&orders).await;
    let mut told = vec![];
    for order in &orders {
        until("it is over", async || caller.look(order).await.is_some_and(|it| it.status.is_terminal()))
            .await;
        told.push((order.clone(), caller.look(order).await.expect("it is there").status));
    }
    let mut seen = Seen::of(&world, &auditor, &told).await;
    seen.judged("no_more_than", world.judge().no_more_than(DAY_ATOMS, &orders)).await;
    seen
}

/// M17: the database is put back to a copy from before a payment, the signer keeps its journal, and the stop that held the
/// payment up then is lifted once more.
pub async fn an_old_copy_put_back(broken: Option<Mutant>) -> Seen {
    let world = World::with(broken, Database::Sqlite, Shape::default()).await;
    let engine = world.engine().await;
    let caller = engine.caller();
    let auditor = world.auditor(&caller).await;
    let stop = json!({ "scope": "partner", "subject": engine.dev.partner_id, "reason": "a test" });
    let stop: CreateStop = serde_json::from_value(stop).expect("a stop");
    let stop = caller.client.create_stop(&stop).await.expect("stopped").id;
    let orders = Order::fresh("waiting", 1);
    caller.insist(&orders[0]).await;
    engine.interrupt().await;
    let copy = world.copy_of_the_database();
    let lives = async || {
        let engine = world.engine().await;
        lifted(&engine.caller(), &engine.second(), &stop).await;
        engine.caller().all_completed(&orders).await;
        engine.interrupt().await;
    };
    lives().await;
    world.put_back(&copy);
    // Completed by another payment, or by the one that the journal tells of.
    lives().await;
    Seen::of(&world, &auditor, &completed(&orders)).await
}
