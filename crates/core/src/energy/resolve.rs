//! `.. -> absent | lost | refunded`, or another cost: a person has read the vendor's own statement.

use super::{Bought, Order, SETTLES_MS, State};
use crate::amount::Cost;
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Order {
    /// A person says what the vendor has kept, where account and chain do not show it, or show that what is written is
    /// wrong: a vendor that takes no bound took more than was quoted, several orders are open at once, a refund that was
    /// told never came. `None` when that is what is written.
    ///
    /// # Errors
    /// [`Refusal`] before it was asked, and while it is under way or unknown: its deadline comes first. [`Refusal::Evidence`]
    /// where nothing came of it and [`Order::settles_at`] is yet to come: its vendor would be open for the wallet while the order
    /// may still be taken and delivered.
    pub fn resolve(self, kept_sun: Cost, at: Timestamp) -> Result<Option<Moved<Self>>, Refusal> {
        let early = self.settles_at().is_some_and(|settled| at < settled);
        let named = |bought: &Bought| Bought { charged_sun: Some(kept_sun), ..bought.clone() };
        let state = match &self.state {
            State::Delivered { bought, arrival, .. } => {
                State::Delivered { bought: named(bought), arrival: arrival.clone(), said_sun: None }
            }
            State::Short { bought, arrival, .. } => {
                State::Short { bought: named(bought), arrival: arrival.clone(), said_sun: None }
            }
            State::Refused { asked, .. } | State::Absent(asked) if kept_sun > Cost::ZERO => {
                let bought = Bought { asked: *asked, provider_id: None, charged_sun: Some(kept_sun) };
                State::Lost { bought, lost_sun: kept_sun }
            }
            State::Refused { .. } | State::Absent(_) => return Ok(None),
            State::Unresolved { .. } | State::Failed(_) if early => {
                let why = "it may still be taken and delivered";
                return Err(Refusal::Evidence { transition: "resolve an energy order", why });
            }
            State::Unresolved { bought, .. }
            | State::Failed(bought)
            | State::Lost { bought, .. }
            | State::Refunded { bought, .. } => match (kept_sun, &bought.provider_id) {
                (Cost::ZERO, None) => State::Absent(bought.asked),
                (Cost::ZERO, Some(_)) => {
                    let refunded_sun = bought.charged_sun.unwrap_or(Cost::ZERO);
                    let bought = Bought { charged_sun: Some(refunded_sun), ..bought.clone() };
                    State::Refunded { bought, refunded_sun }
                }
                (lost_sun, _) => State::Lost { bought: named(bought), lost_sun },
            },
            State::Planned
            | State::Dropped
            | State::Asked(_)
            | State::Unknown { .. }
            | State::Accepted(_) => return Err(self.not_from("resolve")),
        };
        Ok((state != self.state).then(|| self.moved(state)))
    }

    /// From when on nobody expects it any more: so long after it was asked for what was taken is taken, and what comes has
    /// come. `None` before it was asked.
    pub fn settles_at(&self) -> Option<Timestamp> {
        self.state.asked().map(|asked| asked.at.plus_ms(SETTLES_MS))
    }
}
