//! What orders did to an account at a vendor, by our own books.

use super::top_up::Reference;
use super::{Order, State};
use crate::amount::Cost;
use crate::port::market::VendorId;
use crate::time::Timestamp;

/// What one order cost, or may have cost, in sun. At most one figure is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Money {
    /// Paid for energy that came or is on its way.
    pub spent_sun: Cost,
    /// Paid, or possibly paid, and nothing came for it so far: booked as `energy_unresolved`.
    pub unresolved_sun: Cost,
    /// The most that an order may cost whose cost is not known, and which is not given up.
    pub at_risk_sun: Cost,
    /// The figure is what the account shows, and not a bound.
    pub known: bool,
}

impl Order {
    /// What it cost, or may have.
    pub fn money(&self) -> Money {
        let most = self.max_total_sun;
        let nothing = Money { known: true, ..Money::default() };
        match &self.state {
            State::Planned
            | State::Dropped
            | State::Refused { .. }
            | State::Refunded { .. }
            | State::Absent(_) => nothing,
            State::Asked(_) | State::Unknown { .. } => Money { at_risk_sun: most, ..Money::default() },
            State::Accepted(bought) | State::Delivered { bought, .. } | State::Short { bought, .. } => {
                match bought.charged_sun {
                    Some(spent_sun) => Money { spent_sun, ..nothing },
                    None => Money { at_risk_sun: self.state.price().unwrap_or(most), ..Money::default() },
                }
            }
            State::Failed(bought) | State::Unresolved { bought, .. } => match bought.charged_sun {
                Some(unresolved_sun) => Money { unresolved_sun, ..nothing },
                None => Money { unresolved_sun: most, ..Money::default() },
            },
            State::Lost { lost_sun, .. } => Money { unresolved_sun: *lost_sun, ..nothing },
        }
    }
}

/// What was paid in at a vendor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Credit {
    /// Whose account.
    pub vendor: VendorId,
    /// How much, in sun.
    pub sun: Cost,
    /// Where it is from.
    pub origin: Origin,
}

/// Where money in an account is from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// The account held it when it was first asked, before any order; booked once.
    Opening,
    /// It was paid in later. Booked once under its reference.
    TopUp {
        /// What the payment is known by.
        reference: Reference,
        /// When the account showed it.
        paid_at: Timestamp,
    },
}

/// An account at a vendor by our books.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// What it should hold, in sun, as far as costs are known.
    pub expected_sun: Cost,
    /// Orders whose cost is not known.
    pub unexplained: u32,
    /// What those take together by their vendor's word, in sun; `None` where nothing was said of one.
    pub said_sun: Option<Cost>,
}

impl Account {
    /// An account that holds so much before any of the orders.
    pub const fn opening(sun: Cost) -> Self {
        Self { expected_sun: sun, unexplained: 0, said_sun: Some(Cost::ZERO) }
    }

    /// After one more order of it. `None` when it would hold less than nothing: an opening balance or an order is missing.
    pub fn with(self, order: &Order) -> Option<Self> {
        let money = order.money();
        if !money.known {
            let said_sun = self.said_sun.zip(order.state.price()).and_then(|(sum, sun)| sum.checked_add(sun));
            return Some(Self { unexplained: self.unexplained.saturating_add(1), said_sun, ..self });
        }
        let cost = money.spent_sun.checked_add(money.unresolved_sun)?;
        let expected_sun = self.expected_sun.0.checked_sub(cost.0).map(Cost)?;
        Some(Self { expected_sun, ..self })
    }
}
