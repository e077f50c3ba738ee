//! How fast it accepts: figures for people, not promises.
//! `scripts/with-postgres.sh cargo test -p sluice-store --test conformance speed -- --ignored --nocapture --test-threads 1`

use std::sync::Arc;

use sluice_core::port::store::{Accepted, Store};

use crate::world::{Kind, World};

async fn measure(kind: Kind, requests: usize, callers: usize) {
    let Some(world) = World::new(kind).await else { return };
    let mut queues: Vec<Vec<_>> = (0..callers).map(|_| Vec::new()).collect();
    for number in 0..requests {
        queues[number % callers].push(world.intake(&format!("order-{number}"), 5, i64::MAX));
    }
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    let start = std::time::Instant::now();
    let mut tasks = tokio::task::JoinSet::new();
    for queue in queues {
        let db = Arc::clone(&world.db);
        tasks.spawn(async move {
            for intake in queue {
                assert!(matches!(db.accept(intake).await.unwrap(), Accepted::New(_)));
            }
        });
    }
    tasks.join_all().await;
    #[expect(clippy::disallowed_methods, reason = "it measures")]
    let spent = start.elapsed().as_micros().max(1);
    let per_second = requests as u128 * 1_000_000 / spent;
    eprintln!("{kind:?}: {requests} requests from {callers} callers: {per_second}/s");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "a measurement"]
async fn accepts_per_second() {
    for (kind, callers) in
        [(Kind::Inline, 1), (Kind::File, 1), (Kind::File, 64), (Kind::Postgres, 1), (Kind::Postgres, 256)]
    {
        measure(kind, if callers == 1 { 500 } else { 4_000 }, callers).await;
    }
}
