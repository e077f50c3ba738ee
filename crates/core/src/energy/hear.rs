//! `asked -> accepted | refused | unknown`: what the vendor said, or that nobody heard it.

use super::{Asked, Bought, Order, State, brief};
use crate::moved::{Moved, Refusal};
use crate::port::market::Placed;

impl Order {
    /// The vendor's answer. A rejection ends the order only when it was the first time: said to a repetition, it says
    /// nothing about what was taken before.
    ///
    /// # Errors
    /// [`Refusal`] unless asked.
    pub fn hear(self, placed: Placed) -> Result<Moved<Self>, Refusal> {
        let asked = self.in_the_air("hear of")?;
        let state = match placed {
            Placed::Accepted { provider_id, charged_sun } => {
                State::Accepted(Bought { asked, provider_id: Some(provider_id), charged_sun })
            }
            Placed::Rejected(why) if asked.times == 1 => State::Refused { asked, why },
            Placed::Rejected(why) => unknown(asked, &format!("asked again, it says {}", why.as_str())),
            Placed::Unknown(why) => unknown(asked, &why),
        };
        Ok(self.moved(state))
    }

    /// Whoever asked is gone, and what was answered with it.
    ///
    /// # Errors
    /// [`Refusal`] unless asked.
    pub fn doubt(self) -> Result<Moved<Self>, Refusal> {
        let asked = self.in_the_air("doubt")?;
        Ok(self.moved(unknown(asked, "the process that asked has ended")))
    }

    fn in_the_air(&self, transition: &'static str) -> Result<Asked, Refusal> {
        match &self.state {
            State::Asked(asked) => Ok(*asked),
            State::Planned
            | State::Dropped
            | State::Refused { .. }
            | State::Unknown { .. }
            | State::Accepted(_)
            | State::Delivered { .. }
            | State::Short { .. }
            | State::Failed(_)
            | State::Refunded { .. }
            | State::Unresolved { .. }
            | State::Absent(_)
            | State::Lost { .. } => Err(self.not_from(transition)),
        }
    }
}

fn unknown(asked: Asked, why: &str) -> State {
    State::Unknown { bought: Bought { asked, provider_id: None, charged_sun: None }, why: brief(why) }
}
