//! The house loop: seals the feed and the trail, and reconciles books with the chain. It takes no input: it looks at
//! everything each time, so a missed signal costs latency and nothing else.

mod reconcile;

use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};
use sluice_core::time::Timestamp;

use crate::{Done, StageError, Turn};

/// Events numbered in one turn.
const SEAL_MAX: usize = 1_000;
/// Longest sleep without looking, milliseconds (M15: sealed within 2 s at most).
const SWEEP_MS: u64 = 1_000;
/// Time between two reconciliations of all wallets, milliseconds.
const RECONCILE_MS: i64 = 30_000;

/// What the loop remembers between turns. Losing it costs one early reconciliation.
#[derive(Default)]
pub struct Memory {
    reconciled_at: Option<Timestamp>,
    candidates: reconcile::Candidates,
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
    let sealed = ports.store.seal(&lease.fence, SEAL_MAX).await?;
    if sealed > 0 {
        ports.wake.signal(Topic::Feed);
    }
    if sealed == SEAL_MAX {
        return Ok(Done::More);
    }
    let now = ports.clock.now();
    if memory.reconciled_at.is_none_or(|at| now.since_ms(at) >= RECONCILE_MS) {
        memory.reconciled_at = Some(now);
        reconcile::run(ports, &lease.fence, &mut memory.candidates).await?;
    }
    Ok(Done::Idle(SWEEP_MS))
}
