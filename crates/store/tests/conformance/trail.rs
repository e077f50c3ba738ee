//! Events are numbered densely and chained, whatever commits when.

use std::sync::Arc;

use sluice_core::port::store::{Change, Outcome, Store};
use sluice_core::{id::PartnerId, id::WalletId, trail, wallet::Wallet};

use crate::world::{Kind, World};

promises! {
    the_trail_is_dense_with_eight_writers_and_slow_commits;
    a_sealer_without_its_lease_seals_nothing;
}

const WRITERS: u8 = 8;
const STEPS: usize = 12;

async fn the_trail_is_dense_with_eight_writers_and_slow_commits(world: World) {
    if world.kind == Kind::Postgres {
        // Commits wait at their very end, each another time, so that they overtake each other.
        let slow = "create function slow() returns trigger language plpgsql as
            $$ begin perform pg_sleep(random() * 0.02); return null; end $$;
            create constraint trigger slow after insert on event deferrable initially deferred
            for each row execute function slow();";
        world.db.tamper("", slow).await.unwrap();
    }
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let db = Arc::clone(&world.db);
        let cause = world.cause();
        let adopted = Wallet::adopt(
            WalletId::new(world.ulid()),
            world.partner.id,
            world.wallet.chain,
            (sluice_core::address::EvmAddress([0x40 + number; 20])).into(),
            "hot".into(),
            0,
            "test".into(),
            world.now(),
        );
        tasks.spawn(async move {
            let mut wallet = adopted.after().clone();
            let mut steps = vec![adopted];
            for step in 0..STEPS {
                let reason = "because";
                let moved = if step % 2 == 0 { wallet.pause(reason) } else { wallet.resume(reason) }.unwrap();
                wallet = moved.after().clone();
                steps.push(moved);
            }
            for step in steps {
                let change = Change { wallets: vec![step], cause: Some(cause.clone()), ..Change::default() };
                assert_eq!(db.apply(None, vec![change]).await.unwrap(), [Outcome::Applied]);
            }
        });
    }
    let expected = 1 + usize::from(WRITERS) * (STEPS + 1);
    let mut sealed = 0;
    for _ in 0..2_000 {
        let lease = world.db.lease("house", "sealer").await.unwrap().unwrap();
        sealed += world.db.seal(lease.fence(), 7).await.unwrap();
        if sealed == expected {
            break;
        }
        tokio::task::yield_now().await;
    }
    tasks.join_all().await;
    assert_eq!(sealed, expected);
    verify(&world, world.partner.id, expected).await;
    // Per wallet the feed has the order of the steps.
    let feed =
        world.db.inspect("select wallet_id, kind from event order by wallet_id, number").await.unwrap();
    for wallet in feed.chunk_by(|a, b| a.text("wallet_id").unwrap() == b.text("wallet_id").unwrap()) {
        for (place, row) in wallet.iter().enumerate() {
            let kind = if place == 0 { "wallet.adopted" } else { ["lane.open", "lane.paused"][place % 2] };
            assert_eq!(row.text("kind").unwrap(), kind);
        }
    }
}

/// Walks the chain from its beginning.
async fn verify(world: &World, partner: PartnerId, expected: usize) {
    let events =
        world.db.inspect("select * from event where number is not null order by number").await.unwrap();
    assert_eq!(events.len(), expected);
    let mut link = trail::genesis(partner);
    for (number, row) in (1..).zip(&events) {
        assert_eq!(row.int("number").unwrap(), number, "dense");
        link = trail::link(&link, number, &sluice_store::row::event::sealed_text(row).unwrap());
        assert_eq!(row.text("link").unwrap(), hex::encode(link));
    }
    assert_eq!(world.text("select link from event_head").await, hex::encode(link));
}

async fn a_sealer_without_its_lease_seals_nothing(world: World) {
    let lease = world.db.lease("house", "sealer").await.unwrap().unwrap();
    world.db.release("sealer").await.unwrap();
    assert_eq!(world.db.seal(lease.fence(), 100).await.unwrap(), 0);
    assert_eq!(world.number("select count(*) from event where number is not null").await, 0);
    let lease = world.db.lease("house", "sealer").await.unwrap().unwrap();
    assert_eq!(world.db.seal(lease.fence(), 100).await.unwrap(), 1);
    assert_eq!(world.db.seal(lease.fence(), 100).await.unwrap(), 0);
}
