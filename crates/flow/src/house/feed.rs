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
    pub unmarked: Arc<AtomicBool>,
}

impl Hand for Feed {
    fn wakes(&self) -> (Topic, &'static str) {
        (Topic::Events, "feed")
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>> {
        Box::pin(async move {
            let sealed = ports.store.seal(&fence(ports, owner).await?, SEAL_MAX).await?;
            if sealed > 0 {
                self.unmarked.store(true, Ordering::SeqCst);
                ports.wake.signal(Topic::Feed);
            }
            Ok(Done::more_if(sealed == SEAL_MAX, SWEEP_MS))
        })
    }
}
