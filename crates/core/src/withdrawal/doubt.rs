//! `requested | held | approved | queued | assigned | needs_attention -> needs_attention`: the store went back in time, and
//! what it says of a withdrawal that has no slot may not be the last word on it (M17).

use super::{AttentionCode, NeedsAttention, State, Withdrawal};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Withdrawal {
    /// Hands it to a person, who knows whether the partner was told in the lost time that it was cancelled or had failed,
    /// and has paid it another way. `slotless` says that the transfer it is assigned to never had a slot.
    ///
    /// # Errors
    /// [`Refusal`] from terminal states, and where the signer's journal has the last word because a slot may be alive or
    /// has paid it.
    pub fn doubt(self, slotless: bool, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let evidence = |why| Err(Refusal::Evidence { transition: "doubt", why });
        let (decision, last) = match &self.state {
            State::Requested | State::Held(_) => (None, None),
            State::Approved(state) => (Some(state.decision.clone()), None),
            State::Queued(state) => (Some(state.decision.clone()), state.last),
            State::Assigned(_) if !slotless => return evidence("it has a slot"),
            State::Assigned(state) => (Some(state.decision.clone()), state.last),
            State::NeedsAttention(state) if state.paid_before_restore() => {
                return evidence("the signer's journal shows what became of it");
            }
            State::NeedsAttention(state) if !state.slots_dead => {
                return evidence("a slot of it is not proven dead");
            }
            State::NeedsAttention(state) => (state.decision.clone(), state.last),
            State::Paid(_) | State::Rejected(_) | State::Cancelled(_) | State::Failed(_) => {
                return Err(self.not_from("doubt"));
            }
        };
        let code = AttentionCode::StoreWentBack;
        let attention = NeedsAttention { decision, code, since: at, last, slots_dead: true };
        Ok(self.moved(State::NeedsAttention(attention)))
    }
}

impl NeedsAttention {
    /// It is known from a copy alone: only two persons who know more may have it paid.
    pub fn went_back(&self) -> bool {
        self.code == AttentionCode::StoreWentBack
    }
}
