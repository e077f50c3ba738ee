//! What the signer must know: the stops of the store, how far the feed has grown, and whose keys have left service. A
//! signer that is silent delays these and nothing else.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};

use super::mark::Marks;
use super::{Hand, bar, fence};
use crate::stops::Agreement;
use crate::{Done, StageError};

/// Longest sleep without looking, milliseconds.
const SWEEP_MS: u64 = 1_000;

pub(super) struct Keys {
    stops: Agreement,
    marks: Marks,
    barred: bar::Barred,
}

impl Keys {
    pub(super) fn new(unmarked: Arc<AtomicBool>) -> Self {
        Self { stops: Agreement::default(), marks: Marks::new(unmarked), barred: bar::Barred::default() }
    }
}

impl Hand for Keys {
    fn wakes(&self) -> (Topic, &'static str) {
        (Topic::Time("keys".into()), "keys")
    }

    fn turn<'a>(&'a mut self, ports: &'a Ports, owner: &'a str) -> Fut<'a, Result<Done, StageError>> {
        Box::pin(async move {
            let _ours = fence(ports, owner).await?;
            let now = ports.clock.now();
            self.stops.keep(ports, now).await?;
            self.marks.keep(ports, now).await?;
            self.barred.keep(ports, now).await?;
            Ok(Done::Idle(SWEEP_MS))
        })
    }
}
