//! How often a key may call: a bucket for each key (GCRA), told in every answer.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::{HeaderMap, HeaderName, HeaderValue};
use governor::middleware::StateInformationMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DefaultKeyedStateStore;
use governor::{Quota, RateLimiter};
use sluice_api::problem::{Code, Refusal};
use sluice_core::id::KeyId;
use sluice_core::port::world::Clock;

use crate::problem::Reject;

/// What is left, <https://datatracker.ietf.org/doc/draft-ietf-httpapi-ratelimit-headers/>.
const RATE_LIMIT: HeaderName = HeaderName::from_static("ratelimit");
/// What is allowed.
const RATE_LIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// Buckets that are full again are forgotten each time so many requests have passed.
const FORGET_EVERY: u32 = 4_096;

type Buckets = RateLimiter<KeyId, DefaultKeyedStateStore<KeyId>, Forward, StateInformationMiddleware>;

/// The buckets.
pub(crate) struct Rates {
    buckets: Buckets,
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
    pub fn new(per_s: NonZeroU32, burst: NonZeroU32, clock: Arc<dyn Clock>) -> Self {
        let clock = Forward { clock, last: Arc::default() };
        let quota = Quota::per_second(per_s).allow_burst(burst);
        let buckets = Buckets::new(quota, DefaultKeyedStateStore::default(), clock.clone());
        Self { buckets, clock, per_s: per_s.get(), burst: burst.get(), taken: AtomicU32::new(0) }
    }

    /// What a throttled key has left.
    pub(super) const fn nothing_left(&self) -> Left {
        Left { burst: self.burst, per_s: self.per_s, left: 0 }
    }

    /// Takes one request out of a key's bucket.
    pub(super) fn take(&self, key: KeyId) -> Result<Left, Reject> {
        if self.taken.fetch_add(1, Ordering::Relaxed) % FORGET_EVERY == FORGET_EVERY - 1 {
            self.buckets.retain_recent();
        }
        match self.buckets.check_key(&key) {
            Ok(state) => {
                Ok(Left { burst: self.burst, per_s: self.per_s, left: state.remaining_burst_capacity() })
            }
            Err(early) => {
                let wait = early.wait_time_from(governor::clock::Clock::now(&self.clock));
                let seconds = wait.as_secs().saturating_add(1);
                let refusal = Refusal::new(Code::RateLimited).with("retry_after_s", seconds);
                Err(Reject { refusal, retry_after_s: Some(seconds) })
            }
        }
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

    #[test]
    fn a_key_may_burst_and_then_keeps_its_pace_and_no_other_key_feels_it() {
        let hand = Arc::new(Hand(AtomicI64::new(1_000_000_000)));
        let two = NonZeroU32::new(2).unwrap();
        let rates = Rates::new(two, NonZeroU32::new(4).unwrap(), hand.clone());
        for left in [3, 2, 1, 0] {
            assert_eq!(rates.take(key(1)).ok().map(|it| it.left), Some(left));
        }
        let reject = rates.take(key(1)).err().unwrap();
        assert_eq!((reject.refusal.code, reject.retry_after_s), (Code::RateLimited, Some(1)));
        assert!(reject.refusal.is_complete());
        assert!(rates.take(key(2)).is_ok());
        hand.0.fetch_add(500_000, Ordering::Relaxed);
        assert!(rates.take(key(1)).is_ok() && rates.take(key(1)).is_err());
    }

    #[test]
    fn a_clock_that_is_set_back_locks_nobody_out() {
        let hand = Arc::new(Hand(AtomicI64::new(5_000_000_000)));
        let one = NonZeroU32::MIN;
        let rates = Rates::new(one, one, hand.clone());
        assert!(rates.take(key(1)).is_ok());
        hand.0.store(1_000_000_000, Ordering::Relaxed);
        assert!(rates.take(key(1)).is_err());
        hand.0.fetch_add(1_000_000, Ordering::Relaxed);
        assert!(rates.take(key(1)).is_ok());
    }

    #[test]
    fn the_headers_say_what_is_left() {
        let mut headers = HeaderMap::new();
        Left { burst: 10, per_s: 2, left: 3 }.tell(&mut headers);
        assert_eq!(headers["ratelimit"], "\"key\";r=3;t=4");
        assert_eq!(headers["ratelimit-policy"], "\"key\";q=10;w=5");
    }
}
