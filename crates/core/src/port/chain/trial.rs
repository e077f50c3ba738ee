//! A payment simulated before a slot is taken.

use crate::address::Address;
use crate::asset::Asset;
use crate::intent::Payment;

/// A payment to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trial {
    /// Who would send.
    pub from: Address,
    /// What.
    pub asset: Asset,
    /// To whom.
    pub to: Address,
    /// How much.
    pub payment: Payment,
}

/// What simulation said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preflight {
    /// It would succeed, using this much gas, or energy.
    Passes {
        /// Estimate, without margin.
        gas: u64,
        /// It makes the recipient's account, for which TRON takes a fee.
        activates: bool,
    },
    /// It would not.
    Fails(crate::transfer::Failure),
}

impl Preflight {
    /// Passes to an account that is there, or at a price that does not depend on that.
    pub const fn passes(gas: u64) -> Self {
        Self::Passes { gas, activates: false }
    }
}
