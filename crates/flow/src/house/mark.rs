//! In: a feed that has grown. Out: the signer's journal knows of it by a mark, so that a store that goes back is found out
//! where nothing was signed in between (M17). What was sealed since the last mark is what a copy may lose unnoticed.

use sluice_core::port::Ports;
use sluice_core::time::Timestamp;

use crate::{StageError, journal};

/// Time between two marks, milliseconds: each is an entry that the journal keeps for ever.
const MARK_MS: i64 = 5_000;

/// What is remembered of marks. Losing it costs one mark.
#[derive(Default)]
pub(super) struct Marks {
    /// Everything sealed so far has its mark.
    done: bool,
    at: Option<Timestamp>,
}

impl Marks {
    /// Whether there is more to mark.
    pub(super) const fn grew(&mut self, grown: bool) {
        self.done &= !grown;
    }

    /// Makes a mark where one is due, or compares.
    pub(super) async fn keep(&mut self, ports: &Ports, now: Timestamp) -> Result<(), StageError> {
        if self.at.is_some_and(|at| now.since_ms(at) < MARK_MS) {
            return Ok(());
        }
        self.at = Some(now);
        // With nothing to mark it is still looked whether the store was exchanged under the engine.
        let looked = match self.done {
            true => journal::compare(ports).await.map(|_| ()),
            false => journal::mark(ports).await,
        };
        match looked {
            Ok(()) => {
                self.done = true;
                Ok(())
            }
            // The lanes say that the signer is down; the next look tries again.
            Err(StageError::Signer(_)) => Ok(()),
            Err(other) => Err(other),
        }
    }
}
