//! Energy of the pool that this lane has for a time. In: loans whose time is over. Out: loans that nothing of the lane counts on,
//! which the house may take back. The lane decides it, for it alone knows what is signed: from the commit on that ends a
//! loan its energy is taken for nothing new, and what was open then is waited for.

use sluice_core::energy::{Loan, LoanState};
use sluice_core::id::TransferId;
use sluice_core::port::store::Change;
use sluice_core::port::world::Topic;
use sluice_core::transfer::{State, Transfer};

use super::Lane;
use crate::StageError;

/// Lets go of what is over.
pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let now = lane.now();
    let mut loans = Vec::new();
    for loan in lane.view.loans.clone() {
        match &loan.state {
            LoanState::Lent { until, .. } if now >= *until => loans.push(loan.end(counting(lane), now)?),
            LoanState::Ending { .. } => {
                let open: Vec<TransferId> = lane.transfers().map(|it| it.id).collect();
                loans.extend(loan.free(&open, now)?);
            }
            LoanState::Asked
            | LoanState::Late
            | LoanState::Absent
            | LoanState::Lent { .. }
            | LoanState::Free { .. }
            | LoanState::Returning { .. }
            | LoanState::Returned => {}
        }
    }
    if loans.is_empty() {
        return Ok(());
    }
    lane.apply(vec![Change { loans, cause: Some(lane.cause("loan")), ..Change::default() }]).await?;
    lane.ports.wake.signal(Topic::Energy);
    Ok(())
}

/// What was given energy and is not final.
fn counting(lane: &Lane<'_>) -> Vec<TransferId> {
    let counts = |transfer: &&Transfer| match transfer.state {
        State::Fuelled(_) | State::Built(_) | State::Signed(_) | State::Seen(_) => true,
        State::Planned | State::Funded(_) | State::Fuelling(_) | State::Final(_) | State::Dropped { .. } => {
            false
        }
    };
    lane.transfers().filter(counts).map(|it| it.id).collect()
}

/// Energy that the wallet may have and that nothing new counts on.
pub(super) fn going_back(lane: &Lane<'_>) -> u64 {
    let loans = lane.view.loans.iter().filter(|loan: &&Loan| loan.state.is_going_back());
    loans.fold(0, |sum, loan| sum.saturating_add(loan.energy))
}
