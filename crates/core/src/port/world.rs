//! Time, chance and waiting.

use super::Fut;
use crate::id::{Ulid, WalletId};
use crate::time::Timestamp;

/// Where time comes from. Decisions that money depends on use the database's time or a block's, not this.
pub trait Clock: Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
}

/// Where chance comes from: names and jitter, never secrets.
pub trait Entropy: Send + Sync {
    /// 128 bits.
    fn bits(&self) -> u128;

    /// A fresh name.
    fn ulid(&self, now: Timestamp) -> Ulid {
        Ulid::new(now, self.bits())
    }
}

/// What a loop waits for.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Topic {
    /// Something that may concern any lane: its signal ends the wait of each.
    Lanes,
    /// A withdrawal became due that this lane could pay, or the lane changed.
    Lane(WalletId),
    /// A lane asks for energy.
    Energy,
    /// A chain has a new block, or something new to watch.
    Chains,
    /// An event was committed: there is something to seal.
    Events,
    /// Events were sealed: the feed has grown.
    Feed,
    /// An alert was raised or closed.
    Alerts,
    /// Nothing but time, for one who waits alone: a loop that failed waits here, so that signals cannot make it busy.
    Time(String),
}

impl Topic {
    /// Whether a signal on this topic ends waits on another one.
    pub fn ends(&self, other: &Self) -> bool {
        self == other || (*self == Self::Lanes && matches!(other, Self::Lane(_)))
    }
}

/// Waiting and signalling. A signal is a hint: losing every one of them only costs latency.
pub trait Wake: Send + Sync {
    /// Ends at a signal on `topic` or after `ms` milliseconds, whichever is first. A signal sent while nobody waits may
    /// be lost or may end the next wait.
    fn wait<'a>(&'a self, topic: Topic, ms: u64) -> Fut<'a, ()>;

    /// Where the signals of a topic stand. Taken before a loop looks for work, so that a signal sent while it looks is
    /// not lost.
    fn mark(&self, _topic: &Topic) -> u64 {
        0
    }

    /// Like [`Wake::wait`], and ends at once when a signal was sent since `mark` was taken.
    fn wait_since<'a>(&'a self, topic: Topic, mark: u64, ms: u64) -> Fut<'a, ()> {
        let _ = mark;
        self.wait(topic, ms)
    }

    /// Ends every wait on `topic`, and on what its signal is for as well ([`Topic::ends`]).
    fn signal(&self, topic: Topic);
}
