//! Whoever waits for the store may give up at any moment: a client hangs up, a time is over. What was begun for it is undone,
//! and whoever comes next on the same connection finds no trace of it.

use std::sync::Arc;
use std::time::Duration;

use sluice_core::port::Fut;
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::{Accepted, Change, Store as _};
use sluice_store::Db;
use tokio::task::JoinSet;

use super::intake::{accepted, key};
use super::wire::{Wire, server_of};
use crate::world::{Kind, World};

/// Longest anything may take.
const WAIT: Duration = Duration::from_secs(30);
/// Long enough for a connection to be back in its pool; shorter than the server lets a transaction stand idle.
const BACK: Duration = Duration::from_millis(400);
/// More statements than anything here has.
const STATEMENTS_MAX: usize = 60;

/// A store with one connection, on which something was begun and given up before its statement `place` reached the server.
/// `None`: it has not so many.
async fn given_up<A>(world: &Arc<World>, place: usize, act: A) -> Option<(Wire, Arc<Db>)>
where
    A: FnOnce(Arc<Db>) -> Fut<'static, ()>,
{
    let wire = Wire::to(server_of(&world.url).to_owned(), None).await;
    let url = wire.url(&world.url);
    let db = Arc::new(Db::open(&url, world.clock.clone(), world.entropy.clone()).await.unwrap());
    wire.hold(Some(place));
    let mut asked = JoinSet::new();
    asked.spawn(act(Arc::clone(&db)));
    tokio::select! {
        () = wire.held() => {}
        ended = tokio::time::timeout(WAIT, asked.join_next()) => {
            ended.expect("an end").unwrap().unwrap();
            return None;
        }
    }
    asked.shutdown().await;
    wire.hold(None);
    tokio::time::sleep(BACK).await;
    let pids: Vec<_> = wire.pids().iter().map(i32::to_string).collect();
    let open = format!(
        "select count(*) as n from pg_stat_activity where state like 'idle in transaction%' and pid in ({})",
        pids.join(", ")
    );
    assert_eq!(world.number(&open).await, 0, "given up at statement {place}, and still open");
    Some((wire, db))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_stored_after_somebody_gave_up_a_write_stays_stored() {
    let Some(world) = World::new(Kind::Postgres).await else {
        eprintln!("skipped: SLUICE_TEST_POSTGRES_URL is not set");
        return;
    };
    let world = Arc::new(world);
    for place in 1..STATEMENTS_MAX {
        let tenant = Arc::new(world.beside().await);
        let before = accepted(&tenant, "before", 3).await;
        let failed = before.fail("given_up", None, true, tenant.now()).unwrap();
        let change = Change { withdrawals: vec![failed], ..tenant.change() };
        let act = |db: Arc<Db>| -> Fut<'static, ()> {
            Box::pin(async move { drop(db.apply(None, vec![change]).await) })
        };
        let Some((_wire, db)) = given_up(&tenant, place, act).await else {
            assert!(place > 3, "nothing was given up");
            return;
        };
        let (key, until) = (key(&tenant, "one", None).await, tenant.now().plus_ms(300_000));
        let first = tokio::time::timeout(WAIT, db.use_nonce(key, "n", until, tenant.now())).await;
        assert!(matches!(first, Ok(Ok(true))), "given up at statement {place}: {first:?}");
        let again = tokio::time::timeout(WAIT, tenant.db.use_nonce(key, "n", until, tenant.now())).await;
        assert!(matches!(again, Ok(Ok(false))), "given up at statement {place}, and forgotten: {again:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whoever_writes_after_somebody_gave_up_a_question_is_not_held_to_reading() {
    let Some(world) = World::new(Kind::Postgres).await else {
        eprintln!("skipped: SLUICE_TEST_POSTGRES_URL is not set");
        return;
    };
    let world = Arc::new(world);
    for place in 1..STATEMENTS_MAX {
        let tenant = Arc::new(world.beside().await);
        let act = |db: Arc<Db>| -> Fut<'static, ()> { Box::pin(async move { drop(db.wallets(None).await) }) };
        let Some((_wire, db)) = given_up(&tenant, place, act).await else {
            assert!(place > 2, "nothing was given up");
            return;
        };
        let next = tokio::time::timeout(WAIT, db.accept(tenant.intake("next", 1, 90))).await;
        assert!(matches!(next, Ok(Ok(Accepted::New(_)))), "given up at statement {place}: {next:?}");
    }
}
