//! `pending -> done`: another person gave the same command.

use super::{Command, Ended, Order, Person, State};
use crate::access::Actor;
use crate::event::Cause;
use crate::moved::{Moved, Refusal};

/// Why somebody's word does not complete a command. Nothing changed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Objection {
    /// It is over already.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Another command of this kind waits on the same thing, and says something else.
    #[error("another order on the same thing waits for its second person")]
    OtherOrder,
    /// Its time is over, or the first person's key has ended.
    #[error("it is over")]
    Over,
    /// The key may not act for the owner of the thing.
    #[error("the key may not act for the owner")]
    Foreign,
    /// It is the first person, or a key made by the same hand as the first person's: one key stands in the line of both,
    /// or where one of them comes from is not known.
    #[error("it cannot be told from the first person")]
    SameHand,
    /// The key is younger than the command.
    #[error("the key was made after the command was given")]
    TooNew,
}

impl Command {
    /// Records the second person's word. The caller carries the order out in the commit that stores this step.
    ///
    /// # Errors
    /// [`Objection`].
    pub fn complete(
        self,
        order: &Order,
        first: &Person,
        second: &Person,
        cause: &Cause,
    ) -> Result<Moved<Self>, Objection> {
        self.must_be_open("complete")?;
        if self.is_over(first, cause.at) {
            return Err(Objection::Over);
        }
        if self.order != *order {
            return Err(Objection::OtherOrder);
        }
        if !second.acts_for(self.partner) || !second.in_force(cause.at) {
            return Err(Objection::Foreign);
        }
        if first.key != self.asked_by || first.same_hand(second) {
            return Err(Objection::SameHand);
        }
        if second.created_at > self.asked_at {
            return Err(Objection::TooNew);
        }
        let by = Ended { by: Actor::Key(second.key), reason: cause.reason.clone(), at: cause.at };
        Ok(self.ended(State::Done(by)))
    }
}
