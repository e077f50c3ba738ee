//! `accepted | unresolved -> failed`, and what an order costs: in the vendor's words, which never show that energy came, nor that money
//! came back. The account shows that: see [`Order::reconcile`].

use super::{Bought, Order, State};
use crate::amount::Cost;
use crate::moved::{Moved, Refusal};
use crate::port::market::{Found, Shown};

impl Order {
    /// What the vendor shows of it. `None` when that says nothing new: that it works on it, that it says it delivered, that
    /// it has forgotten the order, or nothing at all.
    ///
    /// # Errors
    /// [`Refusal`] unless accepted, delivered, short, failed, or unresolved after the vendor had named it.
    pub fn look(self, found: &Found) -> Result<Option<Moved<Self>>, Refusal> {
        let state = match &self.state {
            State::Accepted(bought) => match found {
                Found::Failed(shown) => Some(State::Failed(priced(bought, shown))),
                Found::Refunded => Some(State::Failed(bought.clone())),
                Found::Pending(shown) | Found::Delivered(shown) | Found::Partial(shown) => {
                    Some(State::Accepted(priced(bought, shown)))
                }
                Found::NotFound | Found::Unknown(_) => None,
            },
            State::Failed(bought) => shown(found).map(|shown| State::Failed(priced(bought, shown))),
            State::Short { bought, arrival, said_sun } => {
                let vouched = matches!(found, Found::Partial(_) | Found::Delivered(_));
                came(bought, *said_sun, found, vouched).map(|(bought, said_sun)| State::Short {
                    bought,
                    arrival: arrival.clone(),
                    said_sun,
                })
            }
            State::Delivered { bought, arrival, said_sun } => {
                let vouched = matches!(found, Found::Delivered(_));
                came(bought, *said_sun, found, vouched).map(|(bought, said_sun)| State::Delivered {
                    bought,
                    arrival: arrival.clone(),
                    said_sun,
                })
            }
            State::Unresolved { bought, doubt } if bought.provider_id.is_some() => match found {
                Found::Refunded => Some(State::Failed(bought.clone())),
                Found::Failed(shown) => Some(State::Failed(priced(bought, shown))),
                other => shown(other)
                    .map(|shown| State::Unresolved { bought: priced(bought, shown), doubt: *doubt }),
            },
            State::Unresolved { .. }
            | State::Planned
            | State::Dropped
            | State::Asked(_)
            | State::Refused { .. }
            | State::Unknown { .. }
            | State::Refunded { .. }
            | State::Absent(_)
            | State::Lost { .. } => return Err(self.not_from("look up")),
        };
        Ok(state.filter(|state| *state != self.state).map(|state| self.moved(state)))
    }
}

const fn shown(found: &Found) -> Option<&Shown> {
    match found {
        Found::Pending(shown) | Found::Delivered(shown) | Found::Partial(shown) | Found::Failed(shown) => {
            Some(shown)
        }
        Found::Refunded | Found::NotFound | Found::Unknown(_) => None,
    }
}

/// What it cost is what was said first: a vendor that says another figure later is believed by its account alone.
fn priced(bought: &Bought, shown: &Shown) -> Bought {
    Bought { charged_sun: bought.charged_sun.or(shown.charged_sun), ..bought.clone() }
}

/// Energy came for it: who says that it delivered says that it keeps its price. Who gives up and names a price may still pay it
/// back, and who says that it did may not have: the account shows it.
fn came(
    bought: &Bought,
    said_sun: Option<Cost>,
    found: &Found,
    vouched: bool,
) -> Option<(Bought, Option<Cost>)> {
    let shown =
        shown(found).filter(|_| bought.charged_sun.is_none() && !matches!(found, Found::Failed(_)))?;
    Some(bought.clone().priced(said_sun.or(shown.charged_sun), vouched))
}
