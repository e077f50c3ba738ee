//! `asked | unknown -> unresolved`, `accepted -> short | unresolved`: the deadline has passed.

use super::{Arrival, Bought, Doubt, Order, State};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Order {
    /// Its deadline has passed, and so much of its energy is there. The need goes elsewhere; the order stays open until
    /// account and chain explain it. `vouched`: its vendor says that it delivered some of it, as in [`Order::prove`].
    ///
    /// # Errors
    /// [`Refusal`] unless asked, unknown or accepted; [`Refusal::Evidence`] before the deadline, when all of the energy is
    /// there ([`Order::prove`] it), or when `arrival` is no evidence for this order.
    pub fn expire(
        self,
        arrival: Option<Arrival>,
        vouched: bool,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        let (bought, doubt) = match &self.state {
            State::Asked(asked) => {
                (Bought { asked: *asked, provider_id: None, charged_sun: None }, Doubt::NoAnswer)
            }
            State::Unknown { bought, .. } => (bought.clone(), Doubt::NoAnswer),
            State::Accepted(bought) => (bought.clone(), Doubt::NotDelivered),
            State::Planned
            | State::Dropped
            | State::Refused { .. }
            | State::Delivered { .. }
            | State::Short { .. }
            | State::Failed(_)
            | State::Refunded { .. }
            | State::Unresolved { .. }
            | State::Absent(_)
            | State::Lost { .. } => return Err(self.not_from("expire")),
        };
        let why = |why| Err(Refusal::Evidence { transition: "expire an energy order", why });
        if at < self.deadline {
            return why("its deadline is ahead");
        }
        let state = match arrival {
            None => State::Unresolved { bought, doubt },
            Some(arrival) => {
                if let Some(unfit) = arrival.unfit(&self, bought.asked) {
                    return why(unfit);
                }
                if arrival.is_whole(&self) {
                    return why("all of its energy came");
                }
                let price = bought.charged_sun;
                let (bought, said_sun) = bought.priced(price, vouched);
                State::Short { bought, arrival, said_sun }
            }
        };
        Ok(self.moved(state))
    }
}
