//! `unresolved -> absent | lost | refunded`, `failed -> lost | refunded`, `lost -> refunded`, and what a delivered order
//! cost: account and chain together show it.

use super::{Bought, Order, Settlement, State};
use crate::amount::Cost;
use crate::moved::{Moved, Refusal};

impl Order {
    /// Account and chain show what it cost. `None` when that is what was known.
    ///
    /// # Errors
    /// [`Refusal`] unless unresolved, failed, lost, delivered or short; [`Refusal::Evidence`] when it was judged for
    /// another order.
    pub fn reconcile(self, settlement: &Settlement) -> Result<Option<Moved<Self>>, Refusal> {
        let kept = settlement.kept_sun();
        let state = match &self.state {
            State::Unresolved { bought, .. } | State::Failed(bought) | State::Lost { bought, .. } => {
                ended(bought, kept)
            }
            State::Delivered { bought, arrival, .. } => {
                State::Delivered { bought: kept_of(bought, kept), arrival: arrival.clone(), said_sun: None }
            }
            State::Short { bought, arrival, .. } => {
                State::Short { bought: kept_of(bought, kept), arrival: arrival.clone(), said_sun: None }
            }
            State::Planned
            | State::Dropped
            | State::Asked(_)
            | State::Refused { .. }
            | State::Unknown { .. }
            | State::Accepted(_)
            | State::Refunded { .. }
            | State::Absent(_) => return Err(self.not_from("reconcile")),
        };
        if settlement.order() != self.id {
            return Err(Refusal::Evidence {
                transition: "reconcile an energy order",
                why: "account and chain were judged for another order",
            });
        }
        Ok((state != self.state).then(|| self.moved(state)))
    }
}

/// No energy came for it.
fn ended(bought: &Bought, kept: Cost) -> State {
    match (bought.charged_sun, kept) {
        (None, Cost::ZERO) if bought.provider_id.is_none() => State::Absent(bought.asked),
        (charged, Cost::ZERO) => {
            let refunded_sun = charged.unwrap_or(Cost::ZERO);
            let bought = Bought { charged_sun: Some(refunded_sun), ..bought.clone() };
            State::Refunded { bought, refunded_sun }
        }
        (_, lost_sun) => State::Lost { bought: kept_of(bought, lost_sun), lost_sun },
    }
}

/// The account's word goes before the vendor's page.
fn kept_of(bought: &Bought, kept: Cost) -> Bought {
    Bought { charged_sun: Some(kept), ..bought.clone() }
}
