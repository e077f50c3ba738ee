//! The live feed: resumed without a gap, never above the sealed horizon, ended with its key.

use std::time::Duration;

use axum::body::BodyDataStream;
use futures_util::StreamExt as _;
use serde_json::Value;
use sluice_core::access::Scope;
use sluice_core::id::{FeedId, KeyId, Ulid};
use sluice_core::port::reader::Reader as _;
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::{Change, Store as _};
use sluice_http::HttpConfig;

use crate::support::{Request, World, cause, generous};

/// Reads messages as a browser does.
struct Reader {
    body: BodyDataStream,
    text: String,
}

impl Reader {
    async fn open(world: &World, request: Request) -> Self {
        let response = request.open(&world.router).await;
        assert_eq!(response.status(), 200);
        assert_eq!(response.headers()["content-type"], "text/event-stream");
        Self { body: response.into_body().into_data_stream(), text: String::new() }
    }

    /// The id and data of the next message; `None` when the stream has ended.
    async fn next(&mut self) -> Option<(u64, Value)> {
        loop {
            if let Some((message, rest)) = self.text.clone().split_once("\n\n") {
                self.text = rest.to_owned();
                let field =
                    |name: &str| message.lines().find_map(|line| line.strip_prefix(name)).map(str::trim);
                if let (Some(id), Some(data)) = (field("id:"), field("data:")) {
                    let (feed, number) = id.split_once(':').unwrap();
                    let data: Value = serde_json::from_str(data).unwrap();
                    assert_eq!(data["feed_id"], feed);
                    return Some((number.parse().unwrap(), data));
                }
                continue; // a heartbeat
            }
            let chunk =
                tokio::time::timeout(Duration::from_secs(10), self.body.next()).await.expect("in time")?;
            self.text.push_str(std::str::from_utf8(&chunk.unwrap()).unwrap());
        }
    }
}

#[tokio::test]
async fn the_stream_goes_on_where_the_last_one_ended() {
    let world = World::new().await;
    for number in 0..5 {
        world.withdraw(&world.a, &format!("order-{number}")).await;
    }
    world.seal().await;
    let mut first = Reader::open(&world, world.get(&world.a.key, "/v1/events/stream")).await;
    let mut seen = vec![];
    for _ in 0..3 {
        let (id, event) = first.next().await.unwrap();
        assert_eq!(event["number"], id);
        seen.push(id);
    }
    drop(first);
    world.withdraw(&world.a, "order-5").await;
    world.seal().await;
    let resumed = world.get(&world.a.key, "/v1/events/stream?after=0").header("Last-Event-ID", "3");
    let mut second = Reader::open(&world, resumed).await;
    let highest = world.get(&world.a.key, "/v1/events?limit=100").send(&world).await.json();
    let highest = highest["data"].as_array().unwrap().len() as u64;
    while seen.len() < usize::try_from(highest).unwrap() {
        seen.push(second.next().await.unwrap().0);
    }
    assert_eq!(seen, (1..=highest).collect::<Vec<_>>());
    // What is not sealed yet is not told; once it is, it comes by itself.
    world.withdraw(&world.a, "order-6").await;
    let early = tokio::time::timeout(Duration::from_millis(200), second.next()).await;
    assert!(early.is_err());
    world.seal().await;
    let (id, event) = second.next().await.unwrap();
    assert_eq!((id, event["type"].as_str()), (highest + 1, Some("withdrawal.created")));
}

/// Numbers after the copy are given out again: whoever names the feed it read them from is told, and no stream goes on from
/// one feed into the other.
#[tokio::test]
async fn a_number_of_another_life_of_the_feed_is_refused_in_both_languages() {
    let world = World::new().await;
    world.withdraw(&world.a, "order-1").await;
    world.seal().await;
    let ask = |query: &str| world.get(&world.a.key, &format!("/v1/events{query}"));
    let first = ask("").send(&world).await.json()["data"][0].clone();
    let feed = first["feed_id"].as_str().unwrap().to_owned();
    let known = format!("?after=1&feed_id={feed}");
    assert_eq!(ask(&known).send(&world).await.status, 200);
    let mut stream = Reader::open(&world, world.get(&world.a.key, "/v1/events/stream")).await;
    let (number, _) = stream.next().await.unwrap();
    let change = Change {
        feed: Some(FeedId::new(Ulid::new(world.clock.now_at(), 7))),
        cause: Some(cause(world.clock.now_at())),
        ..Change::default()
    };
    world.db.apply(None, vec![change]).await.unwrap();
    let present = world.db.feed().await.unwrap().to_string();
    for (lang, word) in [("en", "restored"), ("ko", "복원")] {
        let refused = ask(&known).header("Accept-Language", lang).send(&world).await;
        assert_eq!((refused.status, refused.code().as_str()), (409, "feed_changed"));
        let detail = refused.json()["detail"].as_str().unwrap().to_owned();
        assert!(detail.contains(word) && detail.contains(&present), "{detail}");
    }
    let resumed =
        world.get(&world.a.key, "/v1/events/stream").header("Last-Event-ID", format!("{feed}:{number}"));
    assert_eq!(resumed.send(&world).await.code(), "feed_changed");
    world.clock.forward_ms(1_000);
    while let Some((_, event)) = stream.next().await {
        assert_eq!(event["feed_id"], feed, "what was read before is told, and nothing of the other feed");
    }
    let there = ask(&format!("?feed_id={present}")).send(&world).await.json();
    assert_eq!(
        (&there["data"][0]["id"], &there["data"][0]["feed_id"]),
        (&first["id"], &Value::from(present))
    );
}

#[tokio::test]
async fn nobody_hears_another_partners_events() {
    let world = World::new().await;
    world.withdraw(&world.b, "order-1").await;
    world.seal().await;
    let mut stream = Reader::open(&world, world.get(&world.a.key, "/v1/events/stream")).await;
    world.withdraw(&world.a, "order-of-a").await;
    world.seal().await;
    loop {
        let (_, event) = stream.next().await.unwrap();
        assert_eq!(event["partner_id"], world.a.id.to_string());
        if event["type"] == "withdrawal.created" {
            assert_eq!(event["data"]["external_id"], "order-of-a");
            break;
        }
    }
}

#[tokio::test]
async fn a_stream_ends_with_its_key() {
    let world = World::new().await;
    let key = world.key(world.a.id, &[Scope::WithdrawalsRead]).await;
    let mut stream = Reader::open(&world, world.get(&key, "/v1/events/stream?after=1000")).await;
    let id = KeyId::parse(&key.id).unwrap();
    assert!(world.db.revoke_key(world.a.id, id, cause(world.clock.now_at())).await.unwrap());
    world.clock.forward_ms(1_000);
    assert_eq!(stream.next().await, None);
}

#[tokio::test]
async fn streams_are_bounded_and_a_place_comes_back() {
    let mut world = World::new().await;
    world.router = world.reconfigured(HttpConfig { streams_per_key_max: 2, ..generous() });
    let ask = || world.get(&world.a.key, "/v1/events/stream");
    let (first, _second) = (Reader::open(&world, ask()).await, Reader::open(&world, ask()).await);
    let third = ask().send(&world).await;
    assert_eq!((third.code().as_str(), third.header("retry-after")), ("overloaded", "1"));
    Reader::open(&world, world.get(&world.b.key, "/v1/events/stream")).await;
    drop(first);
    Reader::open(&world, ask()).await;
    let wrong = ask().header("Last-Event-ID", "three").send(&world).await;
    assert_eq!(wrong.code(), "query_malformed");
}
