//! What all requests share: the ports, the caches, the bounds.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use sluice_api::health::Verdict;
use sluice_core::chain::ChainId;
use sluice_core::fee::Market;
use sluice_core::id::KeyId;
use sluice_core::time::Timestamp;
use tokio::sync::{Semaphore, watch};

use crate::api::Api;
use crate::auth::{Keys, Rates};

/// Shared state. Nothing in it is truth: losing it costs a few reads.
pub(crate) struct Server {
    pub api: Api,
    pub keys: Keys,
    pub rates: Rates,
    /// Places for requests; none free means overloaded.
    pub room: Arc<Semaphore>,
    /// Turns true once, when the process is asked to end: event streams end then.
    pub closing: watch::Sender<bool>,
    pub started_at: Timestamp,
    streams: Mutex<BTreeMap<KeyId, usize>>,
    verdicts: Mutex<BTreeMap<String, (Verdict, Timestamp)>>,
    markets: Mutex<BTreeMap<ChainId, (Timestamp, Option<Market>)>>,
}

/// Oldest market that is told again without asking a node, milliseconds.
const MARKET_FRESH_MS: i64 = 5_000;

impl Server {
    pub fn new(api: Api) -> Arc<Self> {
        let clock = Arc::clone(&api.ports.clock);
        Arc::new(Self {
            keys: Keys::default(),
            rates: Rates::new(&api.config, Arc::clone(&clock)),
            room: Arc::new(Semaphore::new(api.config.in_flight_max)),
            closing: watch::Sender::new(false),
            started_at: clock.now(),
            streams: Mutex::default(),
            verdicts: Mutex::default(),
            markets: Mutex::default(),
            api,
        })
    }

    pub fn now(&self) -> Timestamp {
        self.api.ports.clock.now()
    }

    /// A place for one more event stream of this key, while there is one.
    pub fn stream_place(self: &Arc<Self>, key: KeyId) -> Option<StreamPlace> {
        let mut streams = self.streams.lock().unwrap_or_else(PoisonError::into_inner);
        let (all, own) = (streams.values().sum::<usize>(), streams.get(&key).copied().unwrap_or(0));
        if all >= self.api.config.streams_max || own >= self.api.config.streams_per_key_max {
            return None;
        }
        streams.insert(key, own.saturating_add(1));
        Some(StreamPlace { server: Arc::clone(self), key })
    }

    /// Since when a part has been like this.
    pub fn like_this_since(&self, part: &str, verdict: Verdict, now: Timestamp) -> Timestamp {
        let mut verdicts = self.verdicts.lock().unwrap_or_else(PoisonError::into_inner);
        match verdicts.get(part) {
            Some((last, since)) if *last == verdict => *since,
            Some(_) | None => {
                verdicts.insert(part.to_owned(), (verdict, now));
                now
            }
        }
    }

    /// The market as last read, if that was a moment ago.
    pub fn market_known(&self, chain: ChainId, now: Timestamp) -> Option<Option<Market>> {
        let markets = self.markets.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, market) = markets.get(&chain)?;
        (0..MARKET_FRESH_MS).contains(&now.since_ms(*at)).then_some(*market)
    }

    pub fn market_read(&self, chain: ChainId, market: Option<Market>, now: Timestamp) {
        self.markets.lock().unwrap_or_else(PoisonError::into_inner).insert(chain, (now, market));
    }
}

/// One event stream's place; free again when dropped.
pub(crate) struct StreamPlace {
    server: Arc<Server>,
    key: KeyId,
}

impl Drop for StreamPlace {
    fn drop(&mut self) {
        let mut streams = self.server.streams.lock().unwrap_or_else(PoisonError::into_inner);
        match streams.get_mut(&self.key) {
            Some(count) if *count > 1 => *count = count.saturating_sub(1),
            Some(_) | None => {
                streams.remove(&self.key);
            }
        }
    }
}
