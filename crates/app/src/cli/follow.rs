//! Withdrawals followed until they end. The event feed says what changed, so that watching a thousand costs no more than
//! watching one; what the feed does not say in time is asked for.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use sluice_api::client::{Client, ClientError};
use sluice_api::event::Event;
use sluice_api::list::LIMIT_MAX;
use sluice_api::status::Status;
use sluice_api::withdrawal::Withdrawal;
use sluice_core::time::Timestamp;

use super::fail::Fail;
use super::session::Session;

/// Between two looks at the feed.
pub(super) const LOOK: Duration = Duration::from_millis(400);
/// Calls at the same time.
pub(super) const CALLS_MAX: usize = 8;
/// How long no word of a withdrawal is fine; then it is asked for.
const SILENCE_MS: i64 = 3_000;
/// Silent withdrawals asked for in one turn.
const ASKED_MAX: usize = 64;
/// Pages of the feed read in one turn.
const PAGES_MAX: usize = 50;
/// How long a server may be gone before we give up on it.
const GONE_MS: i64 = 120_000;

/// A withdrawal under watch.
#[derive(Clone, Debug)]
pub(super) struct Watched {
    /// As it was last read.
    pub(super) withdrawal: Withdrawal,
    /// Where it stands, by the newest word of it.
    pub(super) status: Status,
    heard_at: Timestamp,
}

impl Watched {
    /// Whether it has ended, and was read after that.
    pub(super) fn over(&self) -> bool {
        self.status.is_terminal() && self.withdrawal.status.is_terminal()
    }
}

/// Withdrawals under watch.
pub(super) struct Follow<'a> {
    session: &'a Session,
    after: u64,
    watched: BTreeMap<String, Watched>,
    gone_since: Option<Timestamp>,
}

impl<'a> Follow<'a> {
    /// Nothing yet. `after` is a number of the feed at or before the first event of interest.
    pub(super) fn new(session: &'a Session, after: u64) -> Self {
        Self { session, after, watched: BTreeMap::new(), gone_since: None }
    }

    /// Watches one more.
    pub(super) fn add(&mut self, withdrawal: Withdrawal) {
        // Never heard of, as it were: the feed may have told of it before it was watched, so it is asked for once.
        let heard_at = Timestamp::default();
        let watched = Watched { status: withdrawal.status, heard_at, withdrawal: withdrawal.clone() };
        self.watched.insert(withdrawal.id, watched);
    }

    /// All of them, by id.
    pub(super) fn watched(&self) -> &BTreeMap<String, Watched> {
        &self.watched
    }

    /// Whether every one has ended.
    pub(super) fn over(&self) -> bool {
        self.watched.values().all(Watched::over)
    }

    /// Whether the server is gone at the moment.
    pub(super) fn gone(&self) -> bool {
        self.gone_since.is_some()
    }

    /// Looks once, and tells the new events of what is watched, oldest first. A server that is gone for a while is waited
    /// for: nothing is lost by that, and it may be restarting.
    ///
    /// # Errors
    /// What the calls fail with, when waiting does not mend it.
    pub(super) async fn turn(&mut self) -> Result<Vec<Event>, Fail> {
        match self.look().await {
            Ok(events) => {
                self.gone_since = None;
                Ok(events)
            }
            Err(fail) if fail.may_pass() => {
                let now = self.session.now();
                let since = *self.gone_since.get_or_insert(now);
                if now.since_ms(since) > GONE_MS { Err(fail) } else { Ok(Vec::new()) }
            }
            Err(fail) => Err(fail),
        }
    }

    async fn look(&mut self) -> Result<Vec<Event>, Fail> {
        let mut told = Vec::new();
        let now = self.session.now();
        for _ in 0..PAGES_MAX {
            let page = match self.session.client.events_after(self.after, LIMIT_MAX).await {
                Ok(page) => page,
                // What was heard before is told first: the feed does not repeat it.
                Err(_) if !told.is_empty() => return Ok(told),
                Err(error) => return Err(self.session.failed(error)),
            };
            for event in page.data {
                self.after = self.after.max(event.number);
                if let Some(watched) = event.withdrawal_id.as_ref().and_then(|id| self.watched.get_mut(id)) {
                    if let Some(status) = status_of(&event.kind)
                        && !watched.over()
                    {
                        watched.status = status;
                        watched.heard_at = now;
                    }
                    told.push(event);
                }
            }
            if !page.has_more {
                break;
            }
        }
        match self.ask(now).await {
            Err(fail) if told.is_empty() => Err(fail),
            Ok(()) | Err(_) => Ok(told),
        }
    }

    /// Reads what has ended by word of the feed, and what has been silent for long.
    async fn ask(&mut self, now: Timestamp) -> Result<(), Fail> {
        let mut ids: Vec<(Timestamp, String)> = self
            .watched
            .iter()
            .filter(|(_, it)| !it.over())
            .filter(|(_, it)| it.status.is_terminal() || now.since_ms(it.heard_at) >= SILENCE_MS)
            .map(|(id, it)| {
                (if it.status.is_terminal() { Timestamp::default() } else { it.heard_at }, id.clone())
            })
            .collect();
        ids.sort_unstable();
        ids.truncate(ASKED_MAX);
        let client = &self.session.client;
        let read: Vec<Result<Withdrawal, ClientError>> = futures_util::stream::iter(ids)
            .map(|(_, id)| async move { client.withdrawal(&id).await })
            .buffer_unordered(CALLS_MAX)
            .collect()
            .await;
        for withdrawal in read {
            let withdrawal = withdrawal.map_err(|error| self.session.failed(error))?;
            if let Some(watched) = self.watched.get_mut(&withdrawal.id) {
                watched.status = withdrawal.status;
                watched.heard_at = now;
                watched.withdrawal = withdrawal;
            }
        }
        Ok(())
    }
}

/// The status that an event announces, if it announces one.
pub(super) fn status_of(kind: &str) -> Option<Status> {
    match kind.strip_prefix("withdrawal.")? {
        "created" => Some(Status::Pending),
        "reopened" => Some(Status::Confirming),
        word => Status::parse(word),
    }
}

/// The number of the feed's last event. Numbers have no gaps, so it is found by halving: a feed of a million events takes
/// forty calls and not ten thousand.
///
/// # Errors
/// What a call fails with.
pub(super) async fn feed_end(client: &Client) -> Result<u64, ClientError> {
    let last_is_at_most = async |number: u64| -> Result<bool, ClientError> {
        Ok(client.events_after(number, 1).await?.data.is_empty())
    };
    if last_is_at_most(0).await? {
        return Ok(0);
    }
    let (mut below, mut end) = (0, 1);
    while !last_is_at_most(end).await? {
        below = end;
        // A server that never says "nothing more" is not believed for ever.
        match end.checked_mul(2) {
            Some(further) => end = further,
            None => return Ok(end),
        }
    }
    while end - below > 1 {
        let middle = below + (end - below) / 2;
        if last_is_at_most(middle).await? { end = middle } else { below = middle }
    }
    Ok(end)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::tests::{Server, block_on, page, session};
    use super::*;

    #[test]
    fn an_event_announces_a_status_or_none() {
        assert_eq!(status_of("withdrawal.completed"), Some(Status::Completed));
        assert_eq!(status_of("withdrawal.created"), Some(Status::Pending));
        assert_eq!(status_of("withdrawal.reopened"), Some(Status::Confirming));
        assert_eq!(status_of("withdrawal.cancel_requested"), None);
        assert_eq!(status_of("lane.frozen"), None);
    }

    #[test]
    fn the_end_of_a_long_feed_is_found_in_few_calls() {
        let last = 1_234_567u64;
        let server = Server::answering(move |asked| {
            let after: u64 =
                asked.target["/v1/events?after=".len()..].split('&').next().unwrap().parse().unwrap();
            let event = json!({
                "id": "ev_1", "object": "event", "feed_id": "fd_1", "number": after + 1, "type": "x", "partner_id": "pt_1",
                "created_at": "2026-11-21T00:00:00Z", "actor": { "kind": "system", "id": "x" }, "reason": "r", "data": {}
            });
            page(if after < last { vec![event] } else { vec![] })
        });
        let session = session(&server.url);
        assert_eq!(block_on(feed_end(&session.client)).unwrap(), last);
        assert!(server.asked().len() < 50, "{}", server.asked().len());
    }
}
