//! Asking to cancel. The answer says the truth of this moment: cancelled, or requested and the chain will decide.

use sluice_core::event::Cause;
use sluice_core::id::{PartnerId, WithdrawalId};
use sluice_core::port::Ports;
use sluice_core::port::store::Change;
use sluice_core::withdrawal::{CancelEffect, CancelRequest, Withdrawal};

use super::{OrderError, TRIES_MAX, commit};

/// What became of the wish.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cancelled {
    /// It is cancelled; nothing will be paid.
    Now(Box<Withdrawal>),
    /// A signature may exist. Status and reservations stay until the chain has decided; do not refund before that.
    Requested(Box<Withdrawal>),
}

/// Asks to cancel a withdrawal of a partner.
///
/// # Errors
/// [`OrderError::NotFound`] for another tenant's; [`OrderError::Refused`] in terminal states and where a person decides.
pub async fn cancel(
    ports: &Ports,
    partner: PartnerId,
    id: WithdrawalId,
    cause: Cause,
) -> Result<Cancelled, OrderError> {
    for _ in 0..TRIES_MAX {
        let found = ports.store.withdrawals(&[id]).await?.into_iter().find(|it| it.partner == partner);
        let withdrawal = found.ok_or(OrderError::NotFound)?;
        // A person has it, or will: a life of this store that is lost has signed it (M17).
        if !withdrawal.state.terminal() && !ports.store.lost_payments(&[withdrawal.key]).await?.is_empty() {
            return Err(OrderError::Evidence(
                "the signer's journal holds a payment of it from before the store was restored".into(),
            ));
        }
        let wish = CancelRequest { by: cause.actor.clone(), reason: cause.reason.clone(), at: cause.at };
        let (step, now) = match withdrawal.clone().cancel(wish)? {
            CancelEffect::Already => return Ok(Cancelled::Requested(Box::new(withdrawal))),
            CancelEffect::Now(step) => (*step, true),
            CancelEffect::Requested(step) => (*step, false),
        };
        let after = Box::new(step.after().clone());
        if commit(ports, Change { withdrawals: vec![step], ..Change::default() }, cause.clone()).await? {
            return Ok(if now { Cancelled::Now(after) } else { Cancelled::Requested(after) });
        }
    }
    Err(OrderError::Moved)
}
