//! A person says whose a top-up of the energy pool is, which came from an account that nobody has shown to be its own.

use sluice_core::energy::{Assigned, Prepayment};
use sluice_core::event::Cause;
use sluice_core::id::PartnerId;
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, Outcome};
use sluice_core::port::world::Topic;

use super::OrderError;

/// Credits a top-up to a partner, once.
///
/// # Errors
/// [`OrderError::Moved`] where it is somebody's already.
pub async fn assign(
    ports: &Ports,
    topup: Prepayment,
    partner: PartnerId,
    cause: Cause,
) -> Result<Prepayment, OrderError> {
    let assigned = Assigned::to(topup, partner).ok_or(OrderError::Moved)?;
    let topup = assigned.topup().clone();
    let change = Change { assigned: Some(assigned), cause: Some(cause), ..Change::default() };
    let outcomes = ports.store.apply(None, vec![change]).await?;
    match outcomes.first() {
        Some(Outcome::Applied) => {}
        Some(Outcome::Moved | Outcome::Fenced | Outcome::Refused(_)) | None => return Err(OrderError::Moved),
    }
    ports.wake.signal(Topic::Energy);
    ports.wake.signal(Topic::Events);
    Ok(topup)
}
