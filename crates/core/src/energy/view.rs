//! What the broker reads of the store in one piece.

use std::collections::BTreeMap;

use super::{Account, Loan, Need, Order};
use crate::amount::Cost;
use crate::id::EnergyOrderId;
use crate::port::market::VendorId;

/// An account at a vendor, as far as its orders have ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booked {
    /// Whose.
    pub vendor: VendorId,
    /// What was paid in by our books, in sun.
    pub credited_sun: Cost,
    /// What orders have cost that are ended, in sun.
    pub kept_sun: Cost,
}

/// Needs, orders, loans and accounts of a chain.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct View {
    /// Open needs, oldest first.
    pub needs: Vec<Need>,
    /// Orders that are not ended, and all of open needs; oldest first.
    pub orders: Vec<Order>,
    /// Loans of the pool that are not ended, and all of open needs; oldest first.
    pub loans: Vec<Loan>,
    /// Accounts that were booked, each vendor once.
    pub accounts: Vec<Booked>,
    /// What orders cost, or may have cost, since the time that was asked about, in sun.
    pub spent_sun: Cost,
    /// Which orders were proven by the transactions that were asked about, ended or not.
    pub explained: BTreeMap<[u8; 32], EnergyOrderId>,
}

impl View {
    /// An account by our books, had `without` never been. `None` where it was never booked, or would hold less than nothing.
    pub fn account(&self, vendor: &VendorId, without: Option<&Order>) -> Option<Account> {
        let booked = self.accounts.iter().find(|it| it.vendor == *vendor)?;
        let opening = booked.credited_sun.0.checked_sub(booked.kept_sun.0).map(Cost)?;
        let open = self.orders.iter().filter(|it| {
            it.vendor == *vendor && !it.is_ended() && without.is_none_or(|without| without.id != it.id)
        });
        open.into_iter().try_fold(Account::opening(opening), Account::with)
    }
}
