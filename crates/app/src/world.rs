//! Time, chance and waiting as the real world has them. The one place of the program that reads them.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use sluice_core::port::Fut;
use sluice_core::port::world::{Clock, Entropy, Topic, Wake};
use sluice_core::time::Timestamp;
use tokio::sync::watch;

/// The machine's clock.
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the clock port: everybody else asks it")]
    fn now(&self) -> Timestamp {
        // A clock before 1970 is a broken machine; the epoch makes every lease and deadline look long past.
        let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Timestamp::from_micros(i64::try_from(since.as_micros()).unwrap_or(i64::MAX))
    }
}

/// The operating system's generator.
pub struct SystemEntropy;

impl Entropy for SystemEntropy {
    fn bits(&self) -> u128 {
        u128::from_be_bytes(random())
    }
}

/// Bytes from the operating system. A machine without them cannot make ids, let alone secrets: it must not go on.
#[expect(clippy::disallowed_methods, reason = "this is the entropy port: everybody else asks it")]
#[expect(clippy::expect_used, reason = "without randomness nothing that follows would be unique or secret")]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).expect("the operating system gives random bytes");
    bytes
}

/// Signals inside one process. Other processes find work by their sweeps.
#[derive(Default)]
pub struct LocalWake {
    topics: Mutex<BTreeMap<Topic, watch::Sender<u64>>>,
}

impl LocalWake {
    fn sender<T>(&self, topic: &Topic, look: impl FnOnce(&watch::Sender<u64>) -> T) -> T {
        // A poisoned lock guards a map of counters; they are valid whatever happened to its last holder.
        let mut topics = self.topics.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        look(topics.entry(topic.clone()).or_insert_with(|| watch::channel(0).0))
    }
}

impl Wake for LocalWake {
    fn wait<'a>(&'a self, topic: Topic, ms: u64) -> Fut<'a, ()> {
        let mark = self.mark(&topic);
        self.wait_since(topic, mark, ms)
    }

    fn mark(&self, topic: &Topic) -> u64 {
        self.sender(topic, |sender| *sender.borrow())
    }

    fn wait_since<'a>(&'a self, topic: Topic, mark: u64, ms: u64) -> Fut<'a, ()> {
        let mut signals = self.sender(&topic, watch::Sender::subscribe);
        Box::pin(async move {
            let signalled = signals.wait_for(|count| *count > mark);
            // Time is up, a signal came, or the topic is gone: each is a reason to look.
            let _ended = tokio::time::timeout(Duration::from_millis(ms), signalled).await;
        })
    }

    fn signal(&self, topic: Topic) {
        let topics = self.topics.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        for (_, sender) in topics.iter().filter(|(waited, _)| topic.ends(waited)) {
            sender.send_modify(|count| *count = count.wrapping_add(1));
        }
    }
}

#[cfg(test)]
mod tests {
    use sluice_core::id::{Ulid, WalletId};

    use super::*;

    #[tokio::test]
    async fn a_signal_sent_while_a_loop_looks_around_is_not_lost() {
        let wake = LocalWake::default();
        let mark = wake.mark(&Topic::Lanes);
        wake.signal(Topic::Lanes);
        tokio::time::timeout(Duration::from_secs(5), wake.wait_since(Topic::Lanes, mark, 60_000))
            .await
            .unwrap();
    }

    #[tokio::test]
    async fn a_signal_for_every_lane_ends_the_wait_of_each_and_one_for_a_lane_only_its_own() {
        let wake = LocalWake::default();
        let lane = |number| Topic::Lane(WalletId::new(Ulid::new(Timestamp::default(), number)));
        let waits = |topic: Topic, mark| {
            tokio::time::timeout(Duration::from_millis(40), wake.wait_since(topic, mark, 60_000))
        };
        let (one, two) = (wake.mark(&lane(1)), wake.mark(&lane(2)));
        wake.signal(lane(1));
        assert!(waits(lane(1), one).await.is_ok());
        assert!(waits(lane(2), two).await.is_err());
        wake.signal(Topic::Lanes);
        assert!(waits(lane(2), two).await.is_ok());
    }

    #[tokio::test]
    async fn waiting_ends_by_time_and_other_topics_do_not_end_it() {
        let wake = LocalWake::default();
        let waited = tokio::time::timeout(Duration::from_millis(40), wake.wait(Topic::Chains, 60_000));
        wake.signal(Topic::Lanes);
        assert!(waited.await.is_err());
        tokio::time::timeout(Duration::from_secs(5), wake.wait(Topic::Chains, 10)).await.unwrap();
    }
}
