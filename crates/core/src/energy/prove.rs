//! `asked | unknown | accepted | failed | short | unresolved -> delivered`: the chain shows the energy.

use super::{Bought, Order, State};
use crate::amount::Cost;
use crate::energy::Arrival;
use crate::moved::{Moved, Refusal};

impl Order {
    /// The energy is there. `None` while less of it is there than was ordered: see [`Order::expire`].
    ///
    /// That it is this order's is a guess unless its vendor says that it delivered, or names the transactions (`vouched`): it may
    /// be another vendor's that is late, and this one may yet give up and pay back. Then its price is what was said, and what it
    /// cost is not known before its vendor says so too ([`Order::look`]), or its account shows it ([`Order::reconcile`]).
    ///
    /// # Errors
    /// [`Refusal`] before it was asked, and where it ended otherwise: energy that comes then is no order's.
    /// [`Refusal::Evidence`] when this is no evidence for this order.
    pub fn prove(self, arrival: Arrival, vouched: bool) -> Result<Option<Moved<Self>>, Refusal> {
        let bought = match &self.state {
            State::Asked(asked) => Bought { asked: *asked, provider_id: None, charged_sun: None },
            State::Unknown { bought, .. }
            | State::Accepted(bought)
            | State::Short { bought, .. }
            | State::Failed(bought)
            | State::Unresolved { bought, .. } => bought.clone(),
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
        if !arrival.is_whole(&self) {
            return Ok(None);
        }
        let (bought, said_sun) = bought.priced(self.state.price(), vouched);
        Ok(Some(self.moved(State::Delivered { bought, arrival, said_sun })))
    }
}

impl Bought {
    /// What it cost, where that is known; else what was said of it.
    pub(super) fn priced(self, price: Option<Cost>, vouched: bool) -> (Self, Option<Cost>) {
        match vouched {
            true => (Self { charged_sun: price, ..self }, None),
            false => (Self { charged_sun: None, ..self }, price),
        }
    }
}
