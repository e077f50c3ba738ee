//! `asked | unknown | accepted | failed | short | unresolved -> delivered`: the chain shows the energy.

use super::{Bought, Order, State};
use crate::energy::Arrival;
use crate::moved::{Moved, Refusal};

impl Order {
    /// The energy is there. `None` while less of it is there than was ordered: see [`Order::expire`].
    ///
    /// # Errors
    /// [`Refusal`] before it was asked, and where it ended otherwise: energy that comes then is no order's.
    /// [`Refusal::Evidence`] when this is no evidence for this order.
    pub fn prove(self, arrival: Arrival) -> Result<Option<Moved<Self>>, Refusal> {
        let bought = match &self.state {
            State::Asked(asked) => Bought { asked: *asked, provider_id: None, charged_sun: None },
            State::Unknown { bought, .. }
            | State::Accepted(bought)
            | State::Short { bought, .. }
            | State::Unresolved { bought, .. } => bought.clone(),
            // Its vendor gave up, and may pay back whatever it named: what came may be anybody's. The account shows the cost.
            State::Failed(bought) => Bought { charged_sun: None, ..bought.clone() },
            State::Planned
            | State::Dropped
            | State::Refused { .. }
            | State::Delivered { .. }
            | State::Refunded { .. }
            | State::Absent(_)
            | State::Lost { .. } => return Err(self.not_from("prove")),
        };
        if let Some(why) = arrival.unfit(&self, bought.asked) {
            return Err(Refusal::Evidence { transition: "prove an energy order", why });
        }
        let whole = arrival.is_whole(&self);
        Ok(whole.then(|| self.moved(State::Delivered { bought, arrival })))
    }
}
