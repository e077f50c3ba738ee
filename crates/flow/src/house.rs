//! The house loop: seals the feed and the trail, reconciles books with the chain, keeps alerts true and the signer's stops
//! those of the store. It takes no
//! input: it looks at everything each time, so a missed signal costs latency and nothing else.

mod bar;
mod idle;
mod mark;
mod reconcile;
mod standing;

use std::collections::BTreeSet;

use sluice_core::id::{AlertId, WalletId};
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::time::Timestamp;

use crate::stops::Agreement;
use crate::told::Told;
use crate::{Done, StageError, Turn};

/// Events numbered in one turn.
const SEAL_MAX: usize = 1_000;
/// Longest sleep without looking, milliseconds (M15: sealed within 2 s at most).
const SWEEP_MS: u64 = 1_000;
/// Time between two reconciliations of all wallets, milliseconds.
const RECONCILE_MS: i64 = 30_000;
/// Time between two looks at open alerts, milliseconds.
const STANDING_MS: i64 = 1_000;
/// Time between two looks for idle lanes, milliseconds.
const IDLE_MS: i64 = 10_000;

/// Time between two looks for retired wallets whose key is not barred yet, milliseconds.
const BAR_MS: i64 = 10_000;

/// What the loop remembers between turns. Losing it costs one early look at everything.
#[derive(Default)]
pub struct Memory {
    reconciled_at: Option<Timestamp>,
    candidates: reconcile::Candidates,
    stood_at: Option<Timestamp>,
    place: Option<AlertId>,
    idled_at: Option<Timestamp>,
    idle: Told,
    stops: Agreement,
    marks: mark::Marks,
    barred_at: Option<Timestamp>,
    barred: BTreeSet<WalletId>,
}

/// Runs the loop for ever.
pub async fn run(ports: Ports, owner: String) {
    let mut work = Work { ports: ports.clone(), owner, memory: Memory::default() };
    crate::keep(&ports, Topic::Events, "house", &mut work).await;
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
/// [`StageError`] of store or chain.
pub async fn turn(ports: &Ports, owner: &str, memory: &mut Memory) -> Result<Done, StageError> {
    let lease = ports.store.lease("house", owner).await?.ok_or(StageError::LeaseLost)?;
    let sealed = ports.store.seal(lease.fence(), SEAL_MAX).await?;
    if sealed > 0 {
        ports.wake.signal(Topic::Feed);
    }
    memory.marks.grew(sealed > 0);
    if sealed == SEAL_MAX {
        return Ok(Done::More);
    }
    let now = ports.clock.now();
    let due = |at: Option<Timestamp>, every_ms: i64| at.is_none_or(|at| now.since_ms(at) >= every_ms);
    if due(memory.stood_at, STANDING_MS) {
        memory.stood_at = Some(now);
        standing::run(ports, lease.fence(), &mut memory.place).await?;
    }
    if due(memory.idled_at, IDLE_MS) {
        memory.idled_at = Some(now);
        idle::run(ports, lease.fence(), &mut memory.idle).await?;
    }
    if due(memory.barred_at, BAR_MS) {
        memory.barred_at = Some(now);
        // A signer that is down must not keep the books from being looked at; its alert is the lanes' business.
        match bar::run(ports, &mut memory.barred).await {
            Ok(()) => {}
            Err(StageError::Signer(error)) => tracing::warn!(%error, "Retired keys are barred later"),
            Err(other) => return Err(other),
        }
    }
    if due(memory.reconciled_at, RECONCILE_MS) {
        memory.reconciled_at = Some(now);
        reconcile::run(ports, lease.fence(), &mut memory.candidates).await?;
    }
    memory.stops.keep(ports, now).await?;
    memory.marks.keep(ports, now).await?;
    Ok(Done::Idle(SWEEP_MS))
}
