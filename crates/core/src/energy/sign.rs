//! What an order that moved says of its vendor.

use super::{Order, State};
use crate::moved::Moved;
use crate::port::market::Rejection;

/// What a vendor's breaker is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sign {
    /// It delivered, on chain and in time.
    Served,
    /// It was of no use, and nothing was lost.
    Troubled,
    /// It took money for nothing, or more than it was told that it may.
    Harmed,
}

/// What this step says of the vendor; `None` when nothing: a price that is too high is no trouble.
pub fn sign_of(step: &Moved<Order>) -> Option<Sign> {
    let (before, after) = (step.before(), step.after());
    if after.overcharged().is_some() && before.is_none_or(|before| before.overcharged().is_none()) {
        return Some(Sign::Harmed);
    }
    let arrives = before.is_some_and(|before| before.state.as_str() != after.state.as_str());
    if !arrives {
        return None;
    }
    match &after.state {
        State::Delivered { .. } => match before.map(|before| &before.state) {
            // Past its deadline the need went elsewhere: late energy is no service.
            Some(State::Unresolved { .. } | State::Short { .. } | State::Failed(_)) => None,
            _ => Some(Sign::Served),
        },
        State::Refused { why, .. } => is_trouble(*why).then_some(Sign::Troubled),
        State::Unknown { .. } | State::Short { .. } | State::Failed(_) => Some(Sign::Troubled),
        State::Unresolved { .. } => Some(Sign::Harmed),
        State::Planned
        | State::Dropped
        | State::Asked(_)
        | State::Accepted(_)
        | State::Refunded { .. }
        | State::Absent(_)
        | State::Lost { .. } => None,
    }
}

/// The vendor, or our standing there, is the reason, and not what was asked for.
const fn is_trouble(why: Rejection) -> bool {
    match why {
        Rejection::NotSent
        | Rejection::Unauthorized
        | Rejection::Malformed
        | Rejection::Throttled
        | Rejection::NoFunds => true,
        Rejection::TooLittle
        | Rejection::TooMuch
        | Rejection::Price
        | Rejection::NoSupply
        | Rejection::Receiver => false,
    }
}
