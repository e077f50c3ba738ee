//! Stop and its lifting (M12). The answer says what cannot be recalled.

use sluice_core::event::Cause;
use sluice_core::port::Ports;
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::port::world::Topic;
use sluice_core::stop::{Scope, Stop};
use sluice_core::transfer::Transfer;

use super::OrderError;

/// Most transfers listed as irrevocable; a larger number is said as such.
const LIST_MAX: usize = 1_000;

/// What a stop did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stopped {
    /// It was not in force before.
    pub new: bool,
    /// Bytes of these may have left; the chain decides about them.
    pub cannot_recall: Vec<Transfer>,
}

/// Puts a stop in force. When this returns, no payment in its scope is signed, bumped or sent for the first time by any
/// process that reads this store: every one of them reads the stops again between the last commit and each signature or
/// send.
///
/// # Errors
/// [`OrderError::Store`].
pub async fn stop(
    ports: &Ports,
    registry: &dyn Registry,
    reader: &dyn Reader,
    scope: Scope,
    cause: Cause,
) -> Result<Stopped, OrderError> {
    let stop = Stop { scope, actor: cause.actor, reason: cause.reason, at: cause.at };
    let new = registry.stop(stop).await?;
    ports.wake.signal(Topic::Lanes);
    ports.wake.signal(Topic::Events);
    let cannot_recall = reader.irrevocable(scope, LIST_MAX).await?;
    Ok(Stopped { new, cannot_recall })
}

/// Lifts a stop; `false` when there was none.
///
/// # Errors
/// [`OrderError::Store`].
pub async fn lift(
    ports: &Ports,
    registry: &dyn Registry,
    scope: Scope,
    cause: Cause,
) -> Result<bool, OrderError> {
    let lifted = registry.lift(scope, cause).await?;
    ports.wake.signal(Topic::Lanes);
    ports.wake.signal(Topic::Events);
    Ok(lifted)
}
