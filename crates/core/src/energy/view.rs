//! What the broker reads of the store in one piece.

use std::collections::{BTreeMap, BTreeSet};

use super::credit::Standing;
use super::{Account, Loan, LoanState, Money, Need, Order, Prepayment, Request};
use crate::amount::Cost;
use crate::id::{EnergyNeedId, EnergyOrderId, PartnerId, WalletId};
use crate::port::market::VendorId;
use crate::time::Timestamp;

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

impl Booked {
    /// What the account should hold after these orders, which are not ended. `None` where that is less than nothing.
    pub fn account<'a>(&self, open: impl IntoIterator<Item = &'a Order>) -> Option<Account> {
        let ended = self.credited_sun.0.checked_sub(self.kept_sun.0).map(Cost)?;
        open.into_iter().try_fold(Account::opening(ended), Account::with)
    }
}

/// An account at a vendor with what is open of it, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VendorBooks {
    /// What was paid in, and what orders have cost that are ended.
    pub booked: Booked,
    /// What the account held when it was first asked, in sun; part of what was paid in.
    pub opening_sun: Cost,
    /// When that was.
    pub opened_at: Timestamp,
    /// Its orders that are not ended, of every chain; oldest first.
    pub open: Vec<Order>,
}

impl VendorBooks {
    /// What it should hold. `None` where it would hold less than nothing.
    pub fn account(&self) -> Option<Account> {
        self.booked.account(&self.open)
    }

    /// A sum over its open orders.
    pub fn sum(&self, of: impl Fn(Money) -> Cost) -> Cost {
        Cost(self.open.iter().fold(0, |sum, order| of(order.money()).0.saturating_add(sum)))
    }
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
    /// Needs of late loans that went to another source: it was paid, or may be, or TRX is burned.
    pub elsewhere: BTreeSet<EnergyNeedId>,
    /// Requests for energy that have not ended, oldest first.
    pub requests: Vec<Request>,
    /// Accounts that were booked, each vendor once.
    pub accounts: Vec<Booked>,
    /// What orders cost, or may have cost, since the time that was asked about, in sun.
    pub spent_sun: Cost,
    /// What partners have with pools of the chain, each that was ever charged or has paid ahead.
    pub credit: Vec<Standing>,
    /// The height at which the next look for top-ups begins, by the pool's wallet.
    pub topups_from: BTreeMap<WalletId, u64>,
    /// Top-ups that are nobody's yet, oldest first.
    pub unknown: Vec<Prepayment>,
    /// Which orders were proven by the transactions that were asked about, ended or not.
    pub explained: BTreeMap<[u8; 32], EnergyOrderId>,
}

impl View {
    /// What a partner has paid ahead at a pool, sun; below zero what it owes.
    pub fn balance_sun(&self, pool: WalletId, partner: PartnerId) -> i64 {
        let found = self.credit.iter().find(|it| it.wallet == pool && it.partner == partner);
        found.map_or(0, |it| it.balance_sun)
    }

    /// What of it another loan may be charged against, sun: what late loans were charged and given back they may be charged again.
    pub fn to_lend_on_sun(&self, pool: WalletId, partner: PartnerId) -> i64 {
        let late = self
            .loans
            .iter()
            .filter(|it| it.state == LoanState::Late && it.lender == pool && it.partner == partner)
            .fold(0i64, |sum, it| sum.saturating_add(it.charge_sun()));
        self.balance_sun(pool, partner).saturating_sub(late)
    }

    /// An account by our books, had `without` never been. `None` where it was never booked, or would hold less than nothing.
    pub fn account(&self, vendor: &VendorId, without: Option<&Order>) -> Option<Account> {
        let booked = self.accounts.iter().find(|it| it.vendor == *vendor)?;
        let open = self.orders.iter().filter(|it| {
            it.vendor == *vendor && !it.is_ended() && without.is_none_or(|without| without.id != it.id)
        });
        booked.account(open)
    }
}
