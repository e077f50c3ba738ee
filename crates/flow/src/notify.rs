//! The deliver loop: alerts to their sinks, at least once. The event feed needs no loop: it is the sealed numbers.
//! A crash delivers an alert again.

use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};

use crate::{Done, StageError, Turn};

/// Alerts handed over in one turn.
const SLICE_MAX: usize = 32;
/// Longest sleep without looking, milliseconds.
const SWEEP_MS: u64 = 1_000;

/// Runs the loop for ever.
pub async fn run(ports: Ports, owner: String) {
    let mut work = Work { ports: ports.clone(), owner };
    crate::keep(&ports, Topic::Alerts, "deliver", &mut work).await;
}

struct Work {
    ports: Ports,
    owner: String,
}

impl Turn for Work {
    fn turn(&mut self) -> Fut<'_, Result<Done, StageError>> {
        Box::pin(turn(&self.ports, &self.owner))
    }
}

/// One turn.
///
/// # Errors
/// [`StageError`] of the store. A sink that refuses is no error of the engine: the alert stays undelivered, is tried
/// again, and health shows it.
pub async fn turn(ports: &Ports, owner: &str) -> Result<Done, StageError> {
    ports.store.lease("deliver:0", owner).await?.ok_or(StageError::LeaseLost)?;
    let alerts = ports.store.undelivered_alerts(SLICE_MAX).await?;
    if alerts.is_empty() {
        return Ok(Done::Idle(SWEEP_MS));
    }
    match ports.deliver.alerts(&alerts).await {
        Ok(()) => {
            ports.store.alerts_delivered(&alerts, ports.clock.now()).await?;
            Ok(Done::more_if(alerts.len() == SLICE_MAX, SWEEP_MS))
        }
        Err(error) => {
            tracing::warn!(%error, "Alerts could not be delivered; they will be tried again");
            Ok(Done::Idle(SWEEP_MS * 5))
        }
    }
}
