//! Clock, chance and waiting of one simulated process.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::task::{Poll, Waker};

use sluice_core::port::Fut;
use sluice_core::port::deliver::{Deliver, NotDelivered};
use sluice_core::port::world::{Clock, Entropy, Topic, Wake};
use sluice_core::time::Timestamp;

use crate::executor::{ProcessId, Sim};
use crate::rng::Rng;

/// Virtual time as one process sees it.
pub struct ProcessClock {
    /// Time.
    pub sim: Sim,
    /// Whose clock.
    pub process: ProcessId,
}

impl Clock for ProcessClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.sim.clock_us(self.process))
    }
}

/// Names, from the seed.
pub struct Chance(pub Sim);

impl Entropy for Chance {
    fn bits(&self) -> u128 {
        self.0.entropy()
    }
}

#[derive(Default)]
struct Desk {
    /// Signals so far; what a loop notes before it looks for work.
    count: u64,
    waiting: Vec<Weak<Waiter>>,
}

struct Waiter {
    signalled: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// Signals between and within processes. Some are lost: a signal is a hint.
pub struct Hub {
    sim: Sim,
    desks: Mutex<BTreeMap<Topic, Desk>>,
    luck: Mutex<Rng>,
    lost_permille: u64,
}

impl Hub {
    /// A hub that loses this share of what passes through it.
    pub fn new(sim: Sim, luck: Rng, lost_permille: u64) -> Arc<Self> {
        Arc::new(Self { sim, desks: Mutex::default(), luck: Mutex::new(luck), lost_permille })
    }
}

impl Hub {
    fn desks(&self) -> MutexGuard<'_, BTreeMap<Topic, Desk>> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lost(&self) -> bool {
        self.luck.lock().unwrap_or_else(PoisonError::into_inner).chance(self.lost_permille)
    }
}

impl Wake for Hub {
    fn wait<'a>(&'a self, topic: Topic, ms: u64) -> Fut<'a, ()> {
        let mark = self.mark(&topic);
        self.wait_since(topic, mark, ms)
    }

    fn mark(&self, topic: &Topic) -> u64 {
        self.desks().get(topic).map_or(0, |desk| desk.count)
    }

    fn wait_since<'a>(&'a self, topic: Topic, mark: u64, ms: u64) -> Fut<'a, ()> {
        let until = self.sim.now_us() + i64::try_from(ms).unwrap_or(i64::MAX / 2_000) * 1_000;
        let waiter = {
            let mut desks = self.desks();
            let desk = desks.entry(topic).or_default();
            let signalled = AtomicBool::new(desk.count > mark);
            let waiter = Arc::new(Waiter { signalled, waker: Mutex::default() });
            // Waits that ended by time leave nobody behind whom a signal could reach.
            desk.waiting.retain(|weak| weak.strong_count() > 0);
            desk.waiting.push(Arc::downgrade(&waiter));
            waiter
        };
        let mut timed = false;
        Box::pin(poll_fn(move |context| {
            if waiter.signalled.load(Ordering::Relaxed) || self.sim.now_us() >= until {
                return Poll::Ready(());
            }
            if !timed {
                timed = true;
                self.sim.timer(until, context.waker().clone());
            }
            *waiter.waker.lock().unwrap_or_else(PoisonError::into_inner) = Some(context.waker().clone());
            Poll::Pending
        }))
    }

    fn signal(&self, topic: Topic) {
        // A lost signal leaves no mark either: whoever looked a moment ago does not look again.
        let marked = !self.lost();
        let mut desks = self.desks();
        desks.entry(topic.clone()).or_default();
        for (_, desk) in desks.iter_mut().filter(|(waited, _)| topic.ends(waited)) {
            desk.count += u64::from(marked);
            let waiting = std::mem::take(&mut desk.waiting);
            for weak in waiting {
                let Some(waiter) = weak.upgrade() else { continue };
                if self.lost() {
                    desk.waiting.push(weak);
                    continue;
                }
                waiter.signalled.store(true, Ordering::Relaxed);
                if let Some(waker) = waiter.waker.lock().unwrap_or_else(PoisonError::into_inner).take() {
                    waker.wake();
                }
            }
        }
    }
}

/// A sink that takes every alert and counts them by code.
#[derive(Default)]
pub struct Pager(pub Mutex<BTreeMap<&'static str, u64>>);

impl Deliver for Pager {
    fn alerts<'a>(&'a self, alerts: &'a [sluice_core::alert::Alert]) -> Fut<'a, Result<(), NotDelivered>> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for alert in alerts {
            *counts.entry(alert.raise.code.as_str()).or_default() += 1;
        }
        Box::pin(std::future::ready(Ok(())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::executor::{Executor, Step};

    #[test]
    fn a_wait_ends_at_a_signal_or_at_its_time() {
        for (lost, ended_at_us) in [(0, 10), (1000, 50_000)] {
            let mut executor = Executor::new(1, 0, false);
            let sim = executor.sim().clone();
            let hub = Hub::new(sim.clone(), Rng::new(1), lost);
            let ended = Arc::new(Mutex::new(0));
            let (inner, at, waits) = (sim.clone(), Arc::clone(&ended), Arc::clone(&hub));
            sim.spawn(1, "waiter", async move {
                waits.wait(Topic::Lanes, 50).await;
                *at.lock().unwrap() = inner.now_us();
            });
            let inner = sim.clone();
            sim.spawn(2, "caller", async move {
                inner.sleep(10).await;
                hub.signal(Topic::Lanes);
            });
            while executor.step() != Step::Idle {}
            assert_eq!(*ended.lock().unwrap(), ended_at_us);
        }
    }
}
