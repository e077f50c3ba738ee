//! A transaction of ours that stands idle for too long is ended by the server, as that of a paused process is (M7). Whoever
//! waits for it is told that the store is away, or that nobody can tell; the same again is then done, and done once.

use std::sync::Arc;
use std::time::Duration;

use sluice_core::port::store::{Accepted, Intake, Store as _, StoreError};

use tokio::task::JoinSet;

use super::wire::{Wire, server_of};
use crate::world::{Kind, World};

/// Longer than the server lets a transaction stand idle.
const TOO_LONG: Duration = Duration::from_millis(2_600);
/// Longest anything may take.
const WAIT: Duration = Duration::from_secs(30);
/// More statements than a request has.
const STATEMENTS_MAX: usize = 60;

/// What was said of a request whose statement `place` came too late; and whether there is such a statement.
async fn too_late(world: &World, place: usize) -> (Result<Accepted, StoreError>, bool) {
    let wire = Wire::to(server_of(&world.url).to_owned(), None).await;
    let url = wire.url(&world.url);
    let db = sluice_store::Db::open(&url, world.clock.clone(), world.entropy.clone());
    let db = Arc::new(db.await.unwrap());
    let intake: Intake = world.intake("one", 5, 90);
    wire.hold(Some(place));
    let (mut asked, asking) = (JoinSet::new(), Arc::clone(&db));
    asked.spawn(async move { asking.accept(intake).await });
    let held = tokio::time::timeout(Duration::from_secs(1), wire.held()).await.is_ok();
    if held {
        tokio::time::sleep(TOO_LONG).await;
    }
    wire.hold(None);
    let said = tokio::time::timeout(WAIT, asked.join_next()).await.expect("an answer").unwrap().unwrap();
    // The same door is open to the next one at once.
    let next = tokio::time::timeout(WAIT, db.accept(world.intake("next", 1, 90))).await.expect("an answer");
    assert!(matches!(next, Ok(Accepted::New(_))), "after statement {place} came too late: {next:?}");
    (said, held)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_transaction_that_stood_idle_too_long_is_lost_as_any_other_and_the_same_again_is_done_once() {
    let Some(world) = World::new(Kind::Postgres).await else {
        eprintln!("skipped: SLUICE_TEST_POSTGRES_URL is not set");
        return;
    };
    let (mut lost, mut places) = (0, 0);
    for place in 1..STATEMENTS_MAX {
        let tenant = world.beside().await;
        let (said, held) = too_late(&tenant, place).await;
        if !held {
            assert!(matches!(said, Ok(Accepted::New(_))), "{said:?}");
            break;
        }
        places += 1;
        match said {
            // It was held back before the transaction began.
            Ok(Accepted::New(_)) => {}
            Err(StoreError::Down(_) | StoreError::Unknown(_)) => lost += 1,
            other => panic!("statement {place} came too late: {other:?}"),
        }
        let again = tenant.db.accept(tenant.intake("one", 5, 90)).await;
        assert!(matches!(again, Ok(Accepted::New(_) | Accepted::Replay(_))), "{again:?}");
    }
    assert!(places > 2 && lost > 1, "{places} statements were held back, {lost} transactions were lost");
}
