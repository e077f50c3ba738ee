//! `requested | approved | queued | assigned -> needs_attention`: the signer's journal shows that it was signed in a life
//! that the store has lost (M17).

use super::{NeedsAttention, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

/// Code of the attention: attempts of it are in the signer's journal and in no transfer of this store. It is completed
/// by the transaction that paid it, and by nothing else.
pub const PAID_BEFORE_RESTORE: &str = "paid_before_restore";

impl Withdrawal {
    /// Hands it to a person: its payment was signed before the store was restored. A new request is not judged first: no
    /// limit may reject it, for a partner who reads `rejected` pays another way. `slot_dead` says that the transfer it is
    /// assigned to never had a slot.
    ///
    /// # Errors
    /// [`Refusal`] from terminal states, and where a person has it already.
    pub fn recognise(self, slot_dead: bool, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let (decision, last, slots_dead) = match &self.state {
            State::Requested => (PAID_BEFORE_RESTORE.to_owned(), None, true),
            State::Approved(state) => (state.decision.clone(), None, true),
            State::Queued(state) => (state.decision.clone(), None, true),
            State::Assigned(state) => {
                let last = Some((state.transfer, state.wallet)).filter(|_| !slot_dead);
                (state.decision.clone(), last, slot_dead)
            }
            State::Held(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("recognise")),
        };
        let code = PAID_BEFORE_RESTORE.into();
        let attention = NeedsAttention { decision, code, since: at, last, slots_dead };
        Ok(self.moved(State::NeedsAttention(attention)))
    }
}

impl NeedsAttention {
    /// Its payment was signed in a life that the store has lost: only the transaction that made it ends it.
    pub fn paid_before_restore(&self) -> bool {
        self.code == PAID_BEFORE_RESTORE
    }
}
