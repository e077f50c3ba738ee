//! `requested | held | approved | queued | assigned | needs_attention -> needs_attention`: the signer's journal shows
//! that it was signed in a life that the store has lost (M17).

use super::{AttentionCode, NeedsAttention, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Withdrawal {
    /// Hands it to a person: its payment was signed before the store was restored. A new request is not judged first: no
    /// limit may reject it, for a partner who reads `rejected` pays another way. `slot_dead` says that the transfer it is
    /// assigned to never had a slot.
    ///
    /// # Errors
    /// [`Refusal`] from terminal states, and where it was recognised already.
    pub fn recognise(self, slot_dead: bool, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let (decision, last, slots_dead) = match &self.state {
            State::Requested | State::Held(_) => (None, None, true),
            State::Approved(state) => (Some(state.decision.clone()), None, true),
            State::Queued(state) => (Some(state.decision.clone()), None, true),
            State::Assigned(state) => {
                let last = if slot_dead { state.last } else { Some((state.transfer, state.wallet)) };
                (Some(state.decision.clone()), last, slot_dead)
            }
            // Whatever a person was asked before: a redrive would now pay a second time.
            State::NeedsAttention(state) if !state.paid_before_restore() => {
                (state.decision.clone(), state.last, state.slots_dead)
            }
            State::NeedsAttention(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("recognise")),
        };
        let code = AttentionCode::PaidBeforeRestore;
        let attention = NeedsAttention { decision, code, since: at, last, slots_dead };
        Ok(self.moved(State::NeedsAttention(attention)))
    }
}

impl NeedsAttention {
    /// Its payment was signed in a life that the store has lost: only the transaction that made it ends it.
    pub fn paid_before_restore(&self) -> bool {
        self.code == AttentionCode::PaidBeforeRestore
    }
}
