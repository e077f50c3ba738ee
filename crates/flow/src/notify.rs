//! The deliver loop: alerts to their sinks, at least once. The event feed needs no loop: it is the sealed numbers.
//! A crash delivers an alert again.
//!
//! An alert waits until every sink has taken it, and one sink may be dead for long. So each turn hands over the newest of
//! what waits, and walks on through the rest: nothing new waits behind what is old, and nothing old is forgotten.

use sluice_core::alert::Alert;
use sluice_core::id::AlertId;
use sluice_core::port::store::Undelivered;
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};

use crate::{Done, StageError, Turn};

/// Newest alerts handed over in one turn.
const NEWEST_MAX: usize = 16;
/// Alerts of the walk through all that waits handed over in one turn.
const WALK_MAX: usize = 16;
/// Longest sleep without looking, milliseconds.
const SWEEP_MS: u64 = 1_000;

/// What the loop remembers between turns. Losing it begins the walk anew.
#[derive(Default)]
pub struct Memory {
    /// Where the walk through what waits has come to; `None` at its beginning.
    after: Option<AlertId>,
}

/// Runs the loop for ever.
pub async fn run(ports: Ports, owner: String) {
    let mut work = Work { ports: ports.clone(), owner, memory: Memory::default() };
    crate::keep(&ports, Topic::Alerts, "deliver", &mut work).await;
}

struct Work {
    ports: Ports,
    owner: String,
    memory: Memory,
}

impl Turn for Work {
    fn turn(&mut self) -> Fut<'_, Result<Done, StageError>> {
        Box::pin(turn(&self.ports, &self.owner, &mut self.memory))
    }
}

/// One turn.
///
/// # Errors
/// [`StageError`] of the store. A sink that refuses is no error of the engine: the alert stays undelivered, is tried
/// again, and health shows it.
pub async fn turn(ports: &Ports, owner: &str, memory: &mut Memory) -> Result<Done, StageError> {
    ports.store.lease("deliver:0", owner).await?.ok_or(StageError::LeaseLost)?;
    let alerts = slice(ports, memory).await?;
    if alerts.is_empty() {
        return Ok(Done::Idle(SWEEP_MS));
    }
    let walking = memory.after.is_some();
    match ports.deliver.alerts(&alerts).await {
        Ok(()) => {
            ports.store.alerts_delivered(&alerts, ports.clock.now()).await?;
            Ok(Done::more_if(walking || alerts.len() >= NEWEST_MAX, SWEEP_MS))
        }
        Err(error) => {
            tracing::warn!(%error, "Alerts could not be delivered; they will be tried again");
            Ok(Done::more_if(walking, SWEEP_MS * 5))
        }
    }
}

/// The newest of what waits, and the next step of the walk through all of it.
async fn slice(ports: &Ports, memory: &mut Memory) -> Result<Vec<Alert>, StageError> {
    let mut alerts = ports.store.undelivered_alerts(Undelivered::Newest, NEWEST_MAX).await?;
    let walked = ports.store.undelivered_alerts(Undelivered::After(memory.after), WALK_MAX).await?;
    memory.after = walked.last().map(|it| it.id).filter(|_| walked.len() == WALK_MAX);
    for alert in walked {
        if !alerts.iter().any(|it| it.id == alert.id) {
            alerts.push(alert);
        }
    }
    Ok(alerts)
}
