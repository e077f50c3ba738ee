//! In: a feed that has grown. Out: the signer's journal knows of it by a mark, so that a store that goes back is found out
//! where nothing was signed in between (M17). What was sealed since the last mark is what a copy may lose unnoticed.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use sluice_core::port::Ports;
use sluice_core::time::Timestamp;

use super::due;
use crate::{StageError, journal};

/// Time between two marks, milliseconds: each is an entry that the journal keeps for ever.
const MARK_MS: i64 = 5_000;

/// What is remembered of marks. Losing it costs one mark.
pub(super) struct Marks {
    /// Whether something sealed has no mark yet. The feed's hand sets it.
    unmarked: Arc<AtomicBool>,
    /// The last mark, or look.
    at: Option<Timestamp>,
}

impl Marks {
    pub(super) const fn new(unmarked: Arc<AtomicBool>) -> Self {
        Self { unmarked, at: None }
    }

    /// Makes a mark where one is due, or compares.
    pub(super) async fn keep(&mut self, ports: &Ports, now: Timestamp) -> Result<(), StageError> {
        if !due(self.at, MARK_MS, now) {
            return Ok(());
        }
        // Taken before the mark: what is sealed while it is made is for the next one.
        let unmarked = self.unmarked.swap(false, Ordering::SeqCst);
        // With nothing to mark it is still looked whether the store was exchanged under the engine.
        let looked = match unmarked {
            true => journal::mark(ports).await.map(|_| ()),
            false => journal::compare(ports).await.map(|_| ()),
        };
        match looked {
            Ok(()) => self.at = Some(now),
            // Tried again in the next turn.
            Err(_) => {
                self.unmarked.fetch_or(unmarked, Ordering::SeqCst);
            }
        }
        match looked {
            // The lanes say that the signer is down; the next look tries again.
            Err(StageError::Signer(_)) => Ok(()),
            looked => looked,
        }
    }
}
