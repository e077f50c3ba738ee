//! The feed: sealed events, in order, each once.

use sluice_core::id::FeedId;
use sluice_core::port::reader::Reader;
use sluice_core::port::store::{Change, Store};

use super::build::*;
use crate::world::World;

promises! {
    a_timeline_has_the_order_of_what_happened;
    the_feed_is_read_in_pages_below_the_sealed_horizon;
    a_feed_of_another_life_has_another_id;
}

async fn a_timeline_has_the_order_of_what_happened(world: World) {
    let (id, _) = world.paid("order", 7).await;
    world.paid("another", 8).await;
    seal(&world).await;
    let timeline = world.db.timeline(Some(world.partner.id), id).await.unwrap();
    let kinds: Vec<_> = timeline.iter().map(|event| event.kind.trim_start_matches("withdrawal.")).collect();
    assert_eq!(
        kinds,
        [
            "created",
            "approved",
            "queued",
            "wallet_funded",
            "processing",
            "signing",
            "broadcast",
            "confirming",
            "completed"
        ]
    );
    assert!(timeline.is_sorted_by(|a, b| a.number < b.number));
    for event in &timeline {
        assert_eq!((event.withdrawal, event.partner), (Some(id), world.partner.id));
        assert_eq!(
            (event.actor.as_str(), event.reason.as_str(), event.at),
            ("system:test", "because", world.now())
        );
        assert!(event.data.starts_with('{'), "{}", event.data);
    }
    assert_eq!(world.db.timeline(None, id).await.unwrap(), timeline);
}

async fn the_feed_is_read_in_pages_below_the_sealed_horizon(world: World) {
    let id = world.partner.id;
    for number in 0..9 {
        world.accepted(&format!("order-{number}")).await;
    }
    assert_eq!(world.db.events(id, 0, 100).await.unwrap(), [], "what is not sealed is not in the feed");
    let lease = world.db.lease("house", "sealer").await.unwrap().unwrap();
    assert_eq!(world.db.seal(lease.fence(), 10).await.unwrap(), 10);
    let mut feed = Vec::new();
    loop {
        let after = feed.last().map_or(0, |event: &sluice_core::port::reader::FeedEvent| event.number);
        let page = world.db.events(id, after, 4).await.unwrap();
        if page.is_empty() {
            // The rest is sealed while somebody reads.
            if world.db.seal(lease.fence(), 5).await.unwrap() == 0 {
                break;
            }
        }
        feed.extend(page);
    }
    let numbers: Vec<i64> = feed.iter().map(|event| event.number).collect();
    assert_eq!(numbers, (1..=19).collect::<Vec<i64>>(), "the wallet's adoption, and two of each request");
    assert_eq!(world.db.events(id, 19, 4).await.unwrap(), []);
}

async fn a_feed_of_another_life_has_another_id(world: World) {
    let (id, _) = world.paid("order", 7).await;
    seal(&world).await;
    let before = world.db.feed().await.unwrap();
    let told = world.db.events(world.partner.id, 0, 100).await.unwrap();
    assert!(!told.is_empty() && told.iter().all(|event| event.feed == before));
    world.applied(Change { feed: None, ..world.change() }).await;
    assert_eq!(world.db.feed().await.unwrap(), before, "nothing but a restore changes it");
    let after = FeedId::new(world.ulid());
    world.applied(Change { feed: Some(after), ..world.change() }).await;
    assert_eq!(world.db.feed().await.unwrap(), after);
    let again = world.db.timeline(None, id).await.unwrap();
    assert!(!again.is_empty() && again.iter().all(|event| event.feed == after));
}
