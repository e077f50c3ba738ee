//! `GET /v1/events/stream`: follows the feed as server-sent events.
//!
//! Each message has `<feed>:<number>` as its `id`; `Last-Event-ID` goes on after it, `?after=` does for the first time. A
//! number of another life of the feed is refused, and the stream ends when the feed changes under it.
//! A comment every 15 s keeps proxies from closing the connection. A signal after each sealing makes it quick, a look every
//! second makes it right. It ends when its key is revoked or the process ends; the caller connects again and has missed
//! nothing.

use std::collections::VecDeque;
use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::response::IntoResponse as _;
use axum::response::sse::{Event as Message, KeepAlive, Sse};
use futures_util::stream;
use sluice_api::problem::{Code, Fault};
use sluice_api::query::EventQuery;
use sluice_core::id::FeedId;
use sluice_core::port::reader::FeedEvent;
use sluice_core::port::store::StoreError;
use sluice_core::port::world::Topic;
use tokio::sync::watch;

use crate::call::{Answer, Call, Caller};
use crate::problem::Reject;
use crate::server::{Server, StreamPlace};
use crate::wire::event::event;

/// Longest time without a look at the feed, milliseconds.
const POLL_MS: u64 = 1_000;
/// Longest time without a byte.
const HEARTBEAT: Duration = Duration::from_secs(15);
/// Events read at once.
const SLICE_MAX: usize = 100;
/// The header a browser sends when it connects again.
const LAST_EVENT_ID: &str = "last-event-id";

pub(crate) async fn run(call: Call) -> Answer {
    let query: EventQuery = call.query()?;
    let (named, after) = last_event_id(&call)?.unwrap_or((query.feed_id, query.after));
    super::same_feed(&call, named.as_deref()).await?;
    let feed = call.reader().feed().await?;
    let place = call.server.stream_place(call.caller.key).ok_or_else(Reject::overloaded)?;
    let follower = Follower {
        feed,
        after: super::number(after),
        ready: VecDeque::new(),
        closing: call.server.closing.subscribe(),
        server: call.server,
        caller: call.caller,
        _place: place,
    };
    let messages = stream::unfold(follower, async |mut follower| {
        let event = follower.next().await?;
        Some((Ok::<_, Infallible>(message(&event)), follower))
    });
    Ok(Sse::new(messages).keep_alive(KeepAlive::new().interval(HEARTBEAT)).into_response())
}

/// What the caller heard last: `<feed>:<number>`, or a number alone.
fn last_event_id(call: &Call) -> Result<Option<(Option<String>, u64)>, Reject> {
    let Some(value) = call.headers.get(LAST_EVENT_ID) else { return Ok(None) };
    let split = |text: &str| match text.split_once(':') {
        Some((feed, number)) => {
            FeedId::parse(feed).ok().map(|feed| (Some(feed.to_string()), number.to_owned()))
        }
        None => Some((None, text.to_owned())),
    };
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let heard = value.to_str().ok().and_then(split).filter(|(_, number)| digits(number));
    match heard.map(|(feed, number)| (feed, number.parse())) {
        Some((feed, Ok(number))) => Ok(Some((feed, number))),
        _ => Err(Fault::new(Code::QueryMalformed, "Last-Event-ID").with("parameter", "Last-Event-ID").into()),
    }
}

fn message(told: &FeedEvent) -> Message {
    let data = serde_json::to_string(&event(told)).unwrap_or_else(|_| "{}".to_owned());
    Message::default().id(format!("{}:{}", told.feed, told.number)).data(data)
}

struct Follower {
    server: Arc<Server>,
    caller: Caller,
    feed: FeedId,
    after: i64,
    ready: VecDeque<FeedEvent>,
    closing: watch::Receiver<bool>,
    _place: StreamPlace,
}

impl Follower {
    /// The next event, however long it takes; `None` when the stream is over.
    async fn next(&mut self) -> Option<FeedEvent> {
        loop {
            if let Some(event) = self.ready.pop_front() {
                self.after = event.number;
                return Some(event);
            }
            let api = &self.server.api;
            let now = self.server.now();
            if *self.closing.borrow() || !self.server.keys.still_in_force(api, self.caller.key, now).await {
                return None;
            }
            let mark = api.ports.wake.mark(&Topic::Feed);
            match self.read().await {
                Ok(None) => return None,
                Ok(Some(events)) if !events.is_empty() => {
                    self.ready = events.into();
                    continue;
                }
                Ok(Some(_)) => {}
                Err(error) => {
                    tracing::warn!(error = %error, "The feed cannot be read; it will be tried again")
                }
            }
            tokio::select! {
                biased;
                _ = self.closing.changed() => return None,
                () = api.ports.wake.wait_since(Topic::Feed, mark, POLL_MS) => {}
            }
        }
    }

    /// What is new; `None` when the feed is another one: its numbers mean nothing to this caller.
    async fn read(&self) -> Result<Option<Vec<FeedEvent>>, StoreError> {
        let reader = &self.server.api.reader;
        let events = reader.events(self.caller.partner, self.after, SLICE_MAX).await?;
        let same = match events.first() {
            Some(first) => first.feed == self.feed,
            None => reader.feed().await? == self.feed,
        };
        Ok(same.then_some(events))
    }
}
