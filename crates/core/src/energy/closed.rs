//! When a vendor takes no order of a wallet or a need: until what was put to it before is known.

use super::{Order, State};
use crate::id::{EnergyNeedId, EnergyOrderId, WalletId};
use crate::port::market::VendorId;

/// How often one need is put to one vendor that took nothing before.
pub const REFUSALS_MAX: usize = 3;

/// Why a vendor is closed for a wallet or a need.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// An order of the wallet is under way there.
    UnderWay(EnergyOrderId),
    /// Whether it took an order of the wallet is not known.
    Unknown(EnergyOrderId),
    /// It owes the wallet energy, or an account of its money.
    Unresolved(EnergyOrderId),
    /// What an order of the wallet cost is not known.
    Unpriced(EnergyOrderId),
    /// It was given this need already.
    HadIt(EnergyOrderId),
    /// It refused this need often enough.
    RefusedOften,
}

impl Closed {
    /// The name in traces.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::UnderWay(_) => "under_way",
            Self::Unknown(_) => "unknown",
            Self::Unresolved(_) => "unresolved",
            Self::Unpriced(_) => "unpriced",
            Self::HadIt(_) => "had_it",
            Self::RefusedOften => "refused_often",
        }
    }
}

/// Whether a vendor takes another order for a wallet's need. `orders` are those of the wallet there that are not ended, and
/// all of the need.
///
/// # Errors
/// [`Closed`] names the first order that stands in the way.
pub fn may_ask<'a>(
    vendor: &VendorId,
    wallet: WalletId,
    need: EnergyNeedId,
    orders: impl IntoIterator<Item = &'a Order>,
) -> Result<(), Closed> {
    let mut refusals = 0;
    for order in orders.into_iter().filter(|order| order.vendor == *vendor) {
        if order.wallet == wallet
            && let Some(closed) = order.holds_up()
        {
            return Err(closed);
        }
        if order.need == need {
            match took_nothing(order) {
                true => refusals += 1,
                false => return Err(Closed::HadIt(order.id)),
            }
        }
    }
    if refusals >= REFUSALS_MAX { Err(Closed::RefusedOften) } else { Ok(()) }
}

impl Order {
    /// Nothing of it is open any more: neither its energy nor its money.
    pub fn is_ended(&self) -> bool {
        self.holds_up().is_none()
    }

    /// How it keeps its vendor closed for its wallet.
    pub fn holds_up(&self) -> Option<Closed> {
        match &self.state {
            State::Planned | State::Asked(_) | State::Accepted(_) => Some(Closed::UnderWay(self.id)),
            State::Unknown { .. } => Some(Closed::Unknown(self.id)),
            State::Unresolved { .. } => Some(Closed::Unresolved(self.id)),
            // It owes what it took: who gives up and pays nothing back gets no second order to do the same with.
            State::Failed(bought) if bought.charged_sun.is_some() => Some(Closed::Unresolved(self.id)),
            State::Delivered { bought, .. } | State::Short { bought, .. } | State::Failed(bought) => {
                bought.charged_sun.is_none().then_some(Closed::Unpriced(self.id))
            }
            State::Dropped
            | State::Refused { .. }
            | State::Refunded { .. }
            | State::Absent(_)
            | State::Lost { .. } => None,
        }
    }
}

/// The vendor certainly took nothing, so that asking it again buys once.
const fn took_nothing(order: &Order) -> bool {
    match &order.0.state {
        State::Dropped | State::Refused { .. } => true,
        // It may have been taken and refunded.
        State::Absent(_)
        | State::Planned
        | State::Asked(_)
        | State::Unknown { .. }
        | State::Accepted(_)
        | State::Delivered { .. }
        | State::Short { .. }
        | State::Failed(_)
        | State::Refunded { .. }
        | State::Unresolved { .. }
        | State::Lost { .. } => false,
    }
}
