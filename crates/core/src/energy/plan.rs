//! `-> planned -> dropped`: an order is decided, or given up before anything left.

use super::{Order, Record, State};
use crate::address::TronAddress;
use crate::id::{EnergyNeedId, EnergyOrderId, WalletId};
use crate::moved::{Moved, Refusal};
use crate::port::market::{Quote, VendorFacts};
use crate::time::Timestamp;

/// What an order is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// Its name.
    pub id: EnergyOrderId,
    /// What it is for.
    pub need: EnergyNeedId,
    /// The lane.
    pub wallet: WalletId,
    /// The lane's account.
    pub receiver: TronAddress,
    /// When it must be on the chain.
    pub deadline: Timestamp,
}

/// The quote is none for this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unplannable {
    /// It is another vendor's.
    #[error("the quote is another vendor's")]
    OtherVendor,
    /// It is no longer taken for the price.
    #[error("the quote is no longer valid")]
    Stale,
    /// No energy, or more than the vendor sells.
    #[error("the vendor does not sell so much energy")]
    Energy,
    /// The energy could not come in time.
    #[error("the deadline has passed")]
    TooLate,
}

impl Order {
    /// Decides on an order at a quoted price. What it may cost is what was quoted.
    ///
    /// # Errors
    /// [`Unplannable`] names what does not fit.
    pub fn plan(
        plan: Plan,
        facts: &VendorFacts,
        quote: &Quote,
        at: Timestamp,
    ) -> Result<Moved<Self>, Unplannable> {
        if facts.id != quote.vendor {
            return Err(Unplannable::OtherVendor);
        }
        if at > quote.valid_until {
            return Err(Unplannable::Stale);
        }
        if quote.energy < facts.energy_min.max(1) || quote.energy > facts.energy_max {
            return Err(Unplannable::Energy);
        }
        if at >= plan.deadline {
            return Err(Unplannable::TooLate);
        }
        Ok(Moved::born(Self(Record {
            id: plan.id,
            need: plan.need,
            wallet: plan.wallet,
            vendor: facts.id.clone(),
            recovery: facts.recovery,
            receiver: plan.receiver,
            energy: quote.energy,
            duration_s: quote.duration_s,
            max_total_sun: quote.total_sun,
            deadline: plan.deadline,
            state: State::Planned,
            planned_at: at,
            version: 1,
        })))
    }

    /// Gives it up.
    ///
    /// # Errors
    /// [`Refusal`] unless planned: afterwards something may have left.
    pub fn drop_unasked(self) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Planned => Ok(self.moved(State::Dropped)),
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
            | State::Lost { .. } => Err(self.not_from("drop")),
        }
    }
}
