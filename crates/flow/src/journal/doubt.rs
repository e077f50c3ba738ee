//! In: a store that went back in time and has imported what the journal knows. Out: what has no slot waits for two persons:
//! in the lost time the partner may have been told that it was cancelled, or had failed, and have paid it another way.
//! The journal says nothing of that, for nothing was signed. A crash leaves the place seen where it was, and everything
//! is doubted again.

use sluice_core::id::WithdrawalId;
use sluice_core::port::Ports;
use sluice_core::port::store::{Change, Outcome};
use sluice_core::withdrawal::{State, Withdrawal};

use super::import::slotless;
use super::{TRIES_MAX, cause};
use crate::StageError;

/// Withdrawals doubted in one commit.
const PAGE: usize = 128;

/// Doubts everything that is not terminal and has no slot.
pub(super) async fn run(ports: &Ports) -> Result<(), StageError> {
    let mut after: Option<WithdrawalId> = None;
    loop {
        let page = ports.store.unended(after, PAGE).await?;
        let Some(last) = page.last().map(|withdrawal| withdrawal.id) else { return Ok(()) };
        all(ports, page).await?;
        after = Some(last);
    }
}

async fn all(ports: &Ports, mut left: Vec<Withdrawal>) -> Result<(), StageError> {
    for _ in 0..TRIES_MAX {
        let (mut ids, mut changes) = (Vec::new(), Vec::new());
        for withdrawal in left {
            let id = withdrawal.id;
            if let Some(change) = doubted(ports, withdrawal).await? {
                ids.push(id);
                changes.push(change);
            }
        }
        if changes.is_empty() {
            return Ok(());
        }
        let outcomes = ports.store.apply(None, changes).await?;
        let mut again = Vec::new();
        for (id, outcome) in ids.into_iter().zip(outcomes) {
            match outcome {
                Outcome::Applied => {}
                Outcome::Moved | Outcome::Fenced => again.push(id),
                Outcome::Refused(rule) => {
                    return Err(StageError::Inconsistent(format!("{id} cannot be doubted: {rule}")));
                }
            }
        }
        left = ports.store.withdrawals(&again).await?;
        if left.len() < again.len() {
            return Err(StageError::Inconsistent("a withdrawal cannot be read any more".into()));
        }
    }
    if left.is_empty() { Ok(()) } else { Err(StageError::Overtaken) }
}

/// The change that hands one to a person; `None` where a slot or the journal has the last word, and where it was done.
async fn doubted(ports: &Ports, withdrawal: Withdrawal) -> Result<Option<Change>, StageError> {
    let mut change = Change { cause: Some(cause(ports)), ..Change::default() };
    match &withdrawal.state {
        State::Assigned(assigned) => match slotless(ports, assigned.transfer).await? {
            Some(dropped) => change.transfers.push(dropped),
            None => return Ok(None),
        },
        State::NeedsAttention(attention)
            if attention.went_back() || attention.paid_before_restore() || !attention.slots_dead =>
        {
            return Ok(None);
        }
        State::Paid(_) | State::Rejected(_) | State::Cancelled(_) | State::Failed(_) => return Ok(None),
        State::Requested
        | State::Held(_)
        | State::Approved(_)
        | State::Queued(_)
        | State::NeedsAttention(_) => {}
    }
    change.withdrawals.push(withdrawal.doubt(true, ports.clock.now())?);
    Ok(Some(change))
}
