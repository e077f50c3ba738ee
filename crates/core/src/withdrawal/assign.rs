//! `approved | queued -> assigned`: a lane takes it.

use super::{Assigned, State, Withdrawal};
use crate::id::{TransferId, WalletId};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Withdrawal {
    /// Gives it to a transfer of a lane.
    ///
    /// # Errors
    /// [`Refusal`] from every state but `approved` and `queued`.
    pub fn assign(
        self,
        transfer: TransferId,
        wallet: WalletId,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        let (decision, last) = match &self.state {
            State::Approved(state) => (state.decision.clone(), None),
            State::Queued(state) => (state.decision.clone(), state.last),
            State::Requested
            | State::Held(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("assign")),
        };
        Ok(self.changed(|withdrawal| {
            withdrawal.attempt_no = withdrawal.attempt_no.saturating_add(1);
            withdrawal.state = State::Assigned(Assigned { decision, transfer, wallet, last, since: at });
        }))
    }
}
