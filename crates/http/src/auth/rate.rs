//! How often a key may call, and all keys of a partner together: a bucket for each (GCRA). The key's is told in every
//! answer. The partner's is larger and keeps one that calls by many keys from taking the place of the others.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use sluice_api::problem::{Code, Refusal};
use sluice_core::id::{KeyId, PartnerId};
use sluice_core::port::world::Clock;

use crate::api::HttpConfig;
use crate::problem::Reject;

/// What is left, <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What is allowed.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Buckets that are full again are forgotten each time so many requests have passed.
const FORGET_EVERY: u32 = 4_096;

type Buckets<K> = RateLimiter<K, DefaultKeyedStateStore<K>, Forward, StateInformationMiddleware>;

/// The buckets.
pub(crate) struct Rates {
    keys: Buckets<KeyId>,
    partners: Buckets<PartnerId>,
    clock: Forward,
    per_s: u32,
    burst: u32,
    taken: AtomicU32,
}

/// What a key has left.
pub(super) struct Left {
    burst: u32,
    per_s: u32,
    left: u32,
}

impl Rates {
    pub fn new(config: &HttpConfig, clock: Arc<dyn Clock>) -> Self {
        let clock = Forward { clock, last: Arc::default() };
        let key = Quota::per_second(config.rate_per_s).allow_burst(config.rate_burst);
        let partner = Quota::per_second(config.partner_rate_per_s).allow_burst(config.partner_rate_burst);
        Self {
            keys: Buckets::new(key, DefaultKeyedStateStore::default(), clock.clone()),
            partners: Buckets::new(partner, DefaultKeyedStateStore::default(), clock.clone()),
            clock,
            per_s: config.rate_per_s.get(),
            burst: config.rate_burst.get(),
            taken: AtomicU32::new(0),
        }
    }

    /// What a throttled key has left.
    pub(super) const fn nothing_left(&self) -> Left {
        Left { burst: self.burst, per_s: self.per_s, left: 0 }
    }

    /// Takes one request out of the bucket of a key, and of its partner's.
    pub(super) fn take(&self, key: KeyId, partner: PartnerId) -> Result<Left, Reject> {
        if self.taken.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.keys.retain_recent();
            self.partners.retain_recent();
        }
        let early = match self.keys.check_key(&key) {
            Ok(state) => match self.partners.check_key(&partner) {
                Ok(_) => {
                    let left = state.remaining_burst_capacity();
                    return Ok(Left { burst: self.burst, per_s: self.per_s, left });
                }
                Err(early) => early,
            },
            Err(early) => early,
        };
        let wait = early.wait_time_from(governor::clock::Clock::now(&self.clock));
        let seconds = wait.as_secs().saturating_add(1);
        let refusal = Refusal::new(Code::RateLimited).with("retry_after_s", seconds);
        Err(Reject { refusal, retry_after_s: Some(seconds) })
    }
}

impl Left {
    /// Says it in the headers of an answer.
    pub fn tell(&self, headers: &mut HeaderMap) {
        let full_again_s = self.burst.saturating_sub(self.left).div_ceil(self.per_s.max(1));
        let window_s = self.burst.div_ceil(self.per_s.max(1));
        let policy = format!("\"key\";q={};w={window_s}", self.burst);
        let left = format!("\"key\";r={};t={full_again_s}", self.left);
        for (name, text) in [(RATE_LIMIT_POLICY, policy), (RATE_LIMIT, left)] {
            if let Ok(value) = HeaderValue::from_str(&text) {
                headers.insert(name, value);
            }
        }
    }
}

/// The clock port as a clock that never goes back: a correction of the wall clock must neither lock keys out nor give
/// them a second burst.
#[derive(Clone)]
struct Forward {
    clock: Arc<dyn Clock>,
    /// Last reading and the time that has passed in all, microseconds.
    last: Arc<Mutex<(Option<i64>, u64)>>,
}

impl governor::clock::Clock for Forward {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let reading = self.clock.now().micros();
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let step = last.0.map_or(0, |before| reading.saturating_sub(before));
        last.1 = last.1.saturating_add(u64::try_from(step).unwrap_or(0));
        last.0 = Some(reading);
        Nanos::from(Duration::from_micros(last.1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sluice_core::id::Ulid;
    use sluice_core::time::Timestamp;
    use std::sync::atomic::AtomicI64;

    struct Hand(AtomicI64);

    impl Clock for Hand {
        fn now(&self) -> Timestamp {
            Timestamp::from_micros(self.0.load(Ordering::Relaxed))
        }
    }

    fn key(chance: u128) -> KeyId {
        KeyId::new(Ulid::new(Timestamp::default(), chance))
    }

    fn partner(chance: u128) -> PartnerId {
        PartnerId::new(Ulid::new(Timestamp::default(), chance))
    }

    fn rates(per_s: u32, burst: u32, of_partner: u32, clock: Arc<Hand>) -> Rates {
        let some = |count| std::num::NonZeroU32::new(count).unwrap();
        let config = HttpConfig {
            rate_per_s: some(per_s),
            rate_burst: some(burst),
            partner_rate_per_s: some(of_partner),
            partner_rate_burst: some(of_partner),
            ..HttpConfig::default()
        };
        Rates::new(&config, clock)
    }

    #[test]
    fn the_keys_of_a_partner_share_its_rate_and_no_other_partner_feels_it() {
        let hand = Arc::new(Hand(AtomicI64::new(1_000_000_000)));
        let rates = rates(10, 10, 3, hand.clone());
        for each in [1, 2, 3] {
            assert!(rates.take(key(each), partner(1)).is_ok());
        }
        let reject = rates.take(key(4), partner(1)).err().unwrap();
        assert_eq!((reject.refusal.code, reject.retry_after_s), (Code::RateLimited, Some(1)));
        assert!(rates.take(key(5), partner(2)).is_ok());
        hand.0.fetch_add(1_000_000, Ordering::Relaxed);
        assert!(rates.take(key(4), partner(1)).is_ok());
    }

    #[test]
    fn a_key_may_burst_and_then_keeps_its_pace_and_no_other_key_feels_it() {
        let hand = Arc::new(Hand(AtomicI64::new(1_000_000_000)));
        let rates = rates(2, 4, 1_000, hand.clone());
        for left in [3, 2, 1, 0] {
            assert_eq!(rates.take(key(1), partner(1)).ok().map(|it| it.left), Some(left));
        }
        let reject = rates.take(key(1), partner(1)).err().unwrap();
        assert_eq!((reject.refusal.code, reject.retry_after_s), (Code::RateLimited, Some(1)));
        assert!(reject.refusal.is_complete());
        assert!(rates.take(key(2), partner(1)).is_ok());
        hand.0.fetch_add(500_000, Ordering::Relaxed);
        assert!(rates.take(key(1), partner(1)).is_ok() && rates.take(key(1), partner(1)).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let hand = Arc::new(Hand(AtomicI64::new(5_000_000_000)));
        let rates = rates(1, 1, 1_000, hand.clone());
        assert!(rates.take(key(1), partner(1)).is_ok());
        hand.0.store(1_000_000_000, Ordering::Relaxed);
        assert!(rates.take(key(1), partner(1)).is_err());
        hand.0.fetch_add(1_000_000, Ordering::Relaxed);
        assert!(rates.take(key(1), partner(1)).is_ok());
    }

    #[test]
    fn the_headers_say_what_is_left() {
        let mut headers = HeaderMap::new();
        Left { burst: 10, per_s: 2, left: 3 }.tell(&mut headers);
        assert_eq!(headers["ratelimit"], "\"key\";r=3;t=4");
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=10;w=5");
    }
}
