//! `planned -> asked`, and `unknown -> asked` where the vendor knows orders by our id. What goes out is durable first: the
//! ask is in the step that the store commits.

use super::{ASKS_MAX, Asked, Order, State, Uncharged};
use crate::moved::{Moved, Refusal};
use crate::port::market::{Ask, Recovery};
use crate::time::Timestamp;

impl Order {
    /// It is about to be put to the vendor, once.
    ///
    /// # Errors
    /// [`Refusal`] unless planned; [`Refusal::Evidence`] when its deadline has passed.
    pub fn ask(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        if at >= self.deadline {
            return Err(late("ask for"));
        }
        match &self.state {
            State::Planned => Ok(self.moved(State::Asked(Asked { at, times: 1 }))),
            State::Dropped
            | State::Asked(_)
            | State::Refused { .. }
            | State::Unknown { .. }
            | State::Accepted(_)
            | State::Delivered { .. }
            | State::Short { .. }
            | State::Failed(_)
            | State::Refunded { .. }
            | State::Unresolved { .. }
            | State::Absent(_)
            | State::Lost { .. } => Err(self.not_from("ask for")),
        }
    }

    /// It is about to be put to the vendor again, under the same id: the vendor answers the order that is there. Should it
    /// have forgotten that one, the account would show what it took; so this asks for an account that shows nothing.
    ///
    /// # Errors
    /// [`Refusal`] unless unknown; [`Refusal::Evidence`] at a vendor that takes no id of ours, for another order's
    /// evidence, past the deadline, or when it was asked [`ASKS_MAX`] times.
    pub fn repeat(self, uncharged: &Uncharged, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let why = |why| Err(Refusal::Evidence { transition: "ask again for an energy order", why });
        match &self.state {
            State::Unknown { bought, .. } => {
                let asked = bought.asked;
                match self.recovery {
                    Recovery::None => return why("the vendor would sell it a second time"),
                    Recovery::Repeat => {}
                }
                if uncharged.order() != self.id || uncharged.asked() != asked {
                    return why("the account was read for another order, or before it was asked last");
                }
                if asked.times >= ASKS_MAX {
                    return why("it was asked as often as an order may be");
                }
                if at >= self.deadline {
                    return Err(late("ask again for"));
                }
                Ok(self.moved(State::Asked(Asked { at, times: asked.times.saturating_add(1) })))
            }
            State::Planned
            | State::Dropped
            | State::Asked(_)
            | State::Refused { .. }
            | State::Accepted(_)
            | State::Delivered { .. }
            | State::Short { .. }
            | State::Failed(_)
            | State::Refunded { .. }
            | State::Unresolved { .. }
            | State::Absent(_)
            | State::Lost { .. } => Err(self.not_from("ask again for")),
        }
    }

    /// What goes out, while it is asked. The store makes it durable in the commit that stores the state, and whoever asked
    /// sends it once: an order that somebody else finds asked may have left, and is doubted ([`Order::doubt`]).
    pub fn outgoing(&self) -> Option<Ask> {
        matches!(self.state, State::Asked(_)).then(|| self.as_asked())
    }

    /// What went out, for questions about it.
    pub fn as_asked(&self) -> Ask {
        Ask {
            order: self.id,
            vendor: self.vendor.clone(),
            receiver: self.receiver,
            energy: self.energy,
            duration_s: self.duration_s,
            max_total_sun: self.max_total_sun,
        }
    }
}

const fn late(transition: &'static str) -> Refusal {
    Refusal::Evidence { transition, why: "its deadline has passed" }
}
