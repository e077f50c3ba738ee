//! The decide loop: holds and commands that expire, deadlines that pass. Versions guard every step; the lease only
//! saves work. A crash leaves what was not yet committed for the next turn.

use sluice_core::access::Actor;
use sluice_core::alert::{Code, Raise};
use sluice_core::event::Cause;
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::port::{Fut, Ports};

use crate::{Done, StageError, Turn};

/// Rows looked at in one turn.
const SLICE_MAX: usize = 64;
/// Longest sleep without looking, milliseconds.
const SWEEP_MS: u64 = 1_000;

/// Runs the loop for ever.
pub async fn run(ports: Ports, owner: String) {
    let mut work = Work { ports: ports.clone(), owner };
    crate::keep(&ports, Topic::Alerts, "decide", &mut work).await;
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
/// [`StageError`] of the store.
pub async fn turn(ports: &Ports, owner: &str) -> Result<Done, StageError> {
    let lease = ports.store.lease("decide", owner).await?.ok_or(StageError::LeaseLost)?;
    let now = ports.clock.now();
    let cause = |reason: &str| Some(Cause { actor: Actor::System("decide"), reason: reason.into(), at: now });
    let mut changes = Vec::new();
    for held in ports.store.expired_holds(now, SLICE_MAX).await? {
        let step = held.reject("hold_expired", now)?;
        changes.push(Change { withdrawals: vec![step], cause: cause("hold_expired"), ..Change::default() });
    }
    for command in ports.store.expired_commands(now, SLICE_MAX).await? {
        let why = Cause { actor: Actor::System("decide"), reason: "command_expired".into(), at: now };
        let step = command.expire(&why)?;
        changes.push(Change { commands: vec![step], cause: Some(why), ..Change::default() });
    }
    let expired = changes.len();
    let overdue: Vec<Raise> = ports
        .store
        .overdue(now, SLICE_MAX)
        .await?
        .into_iter()
        .map(|withdrawal| Raise {
            code: Code::DeadlineMissed,
            subject: withdrawal.id.to_string(),
            partner: Some(withdrawal.partner),
            detail: format!("it was due by {} and is {}", withdrawal.deadline_at, withdrawal.state.as_str()),
        })
        .collect();
    let late = overdue.len();
    if late > 0 {
        changes.push(Change { raise: overdue, cause: cause("deadline"), ..Change::default() });
    }
    if !changes.is_empty() {
        ports.store.apply(Some(lease.into_fence()), changes).await?;
        ports.wake.signal(Topic::Events);
    }
    Ok(Done::more_if(expired >= SLICE_MAX || late == SLICE_MAX, SWEEP_MS))
}
