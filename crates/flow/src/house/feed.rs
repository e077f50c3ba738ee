//! In: events that were committed. Out: each has its dense number and its link in the trail (M15). It asks the store alone,
//! so that neither a silent chain nor a silent signer delays the feed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};

use super::{Hand, fence};
use crate::{Done, StageError};

/// Events numbered in one turn.
const SEAL_MAX: usize = 1_000;
/// Longest sleep without looking, milliseconds: sealed within 2 s at most (M15), and half of what the lease lasts.
const SWEEP_MS: u64 = 1_000;

pub(super) struct Feed {
    /// Whether something was sealed that has no mark in the signer's journal yet.
    unmarked: Arc<AtomicBool>,
    /// The lease under which it sealed last.
    epoch: Option<i64>,
}

impl Feed {
    pub(super) const fn new(unmarked: Arc<AtomicBool>) -> Self {
        Self { unmarked, epoch: None }
    }
}

impl Hand for Feed {
    fn wakes(&self) -> (Topic, &'static str) {
        (Topic::Events, "feed")
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>> {
        Box::pin(async move {
            let fence = fence(ports, owner).await?;
            // Under a lease in between somebody else may have sealed, and have died before its mark.
            if self.epoch.replace(fence.epoch()) != Some(fence.epoch()) {
                self.unmarked.store(true, Ordering::SeqCst);
            }
            // Before it is sealed: where the answer is late, or lost, what was committed is marked all the same.
            let before = self.unmarked.swap(true, Ordering::SeqCst);
            let sealed = ports.store.seal(&fence, SEAL_MAX).await?;
            // And after it: a mark made meanwhile may be older than this commit.
            self.unmarked.fetch_or(sealed > 0, Ordering::SeqCst);
            if sealed > 0 {
                ports.wake.signal(Topic::Feed);
            } else if !before {
                self.unmarked.store(false, Ordering::SeqCst);
            }
            Ok(Done::more_if(sealed == SEAL_MAX, SWEEP_MS))
        })
    }
}
