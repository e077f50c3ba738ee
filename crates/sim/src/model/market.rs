//! Vendors of energy: each sells from our account there, and as badly as its plan says. What they say is in `answer`, what
//! goes wrong in `plan`.
//!
//! What they take and deliver is the truth that the oracle holds against our books. They keep, beside what a vendor knows,
//! which order of ours a sale was for: also where an order carries no id that the vendor would know it by.

mod answer;
pub mod plan;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::energy::Policy;
use sluice_core::port::market::{Ask, ProviderId, VendorFacts, VendorId};

use super::block::{Loan, Tx};
use crate::rng::mix;
use plan::{Delivering, Lie, Mishap};

/// Who gets what was ordered for somebody else.
const ELSEWHERE: TronAddress = TronAddress([0xdd; 20]);
/// A price stands for so long, microseconds.
const PRICE_US: i64 = 2_000_000;

/// The vendors of a history, and what we may spend there.
pub struct Stall {
    /// Our bounds.
    pub policy: Policy,
    desks: Mutex<Desks>,
}

/// What all of them know.
#[derive(Default)]
pub struct Desks {
    /// The vendors, in the order of the configuration.
    pub vendors: Vec<Vendor>,
    /// What was sold, oldest first.
    pub sales: Vec<Sale>,
    /// What went wrong, by its name, and how often.
    pub met: BTreeMap<&'static str, u64>,
}

/// One vendor.
pub struct Vendor {
    /// What is published of it.
    pub facts: VendorFacts,
    /// It says what an order cost.
    pub says_price: bool,
    /// It names the transactions that it made.
    pub names_txids: bool,
    /// Middle of its price, thousandths of a sun for each energy.
    pub milli_sun: u64,
    /// Decides how its price moves.
    pub seed: u64,
    /// What our account held first, sun.
    pub opening_sun: u64,
    /// Our account, whenever it changed: microseconds since 1970, sun.
    pub account: Vec<(i64, u64)>,
    /// What goes wrong with the next orders, in order. Past its end nothing does.
    pub plan: Vec<Mishap>,
    /// When it is wrong about our account.
    pub lies: Vec<Lie>,
    /// Orders that reached it and were new to it.
    pub heard: usize,
    /// We have booked what our account held first: before that nobody lies about it.
    pub booked: bool,
}

/// Something that was sold.
#[derive(Clone)]
pub struct Sale {
    /// By which vendor, its place among them.
    pub vendor: usize,
    /// What was asked.
    pub ask: Ask,
    /// The vendor's name for it.
    pub name: ProviderId,
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// What it took, sun.
    pub charged_sun: u64,
    /// What it gave back, sun.
    pub refunded_sun: u64,
    /// When it gives its money back, microseconds since 1970: it has given up.
    pub refunds_at_us: Option<i64>,
    /// From when on it knows nothing of it, microseconds since 1970.
    pub forgets_at_us: Option<i64>,
    /// It does not say how the order fares.
    pub mute: bool,
    /// What it lends for it.
    pub loans: Vec<Lending>,
}

/// Energy that a vendor lends.
#[derive(Clone)]
pub struct Lending {
    /// When, microseconds since 1970.
    pub at_us: i64,
    /// To whom.
    pub receiver: TronAddress,
    /// How much.
    pub energy: u64,
    /// The transaction, once it is made.
    pub lent: Option<Arc<Tx>>,
    /// It is taken back so many blocks after the next signature of the wallet.
    pub vanishes: Option<u64>,
    /// Signatures that the wallet had when the energy was there.
    pub signatures: Option<usize>,
    /// The block after which it is taken back.
    pub until: Option<u64>,
    /// The transaction that took it back.
    pub back: Option<Arc<Tx>>,
}

impl Lending {
    const fn new(at_us: i64, receiver: TronAddress, energy: u64, vanishes: Option<u64>) -> Self {
        Self { at_us, receiver, energy, lent: None, vanishes, signatures: None, until: None, back: None }
    }

    /// Its transaction, or that which takes it back.
    pub const fn loan(&self, back: bool) -> Loan {
        if back { Loan::TakesBack(self.energy) } else { Loan::Lends(self.energy) }
    }
}

impl Sale {
    /// What it cost so far, sun.
    pub const fn kept_sun(&self) -> u64 {
        self.charged_sun.saturating_sub(self.refunded_sun)
    }

    /// Whether the vendor still knows of it.
    pub fn is_known(&self, now_us: i64) -> bool {
        self.forgets_at_us.is_none_or(|at| at > now_us)
    }

    /// Energy that its transactions lent to whom it was sold, of those that `there` says were executed.
    pub fn came(&self, there: impl Fn(&[u8; 32]) -> bool) -> u64 {
        let ours = self.loans.iter().filter(|loan| loan.receiver == self.ask.receiver);
        let there = ours.filter(|loan| loan.lent.as_ref().is_some_and(|tx| there(&tx.hash)));
        there.map(|loan| loan.energy).sum()
    }
}

impl Vendor {
    /// What our account there really holds, sun.
    pub fn held_sun(&self) -> u64 {
        self.account.last().map_or(self.opening_sun, |(_, sun)| *sun)
    }

    fn moves(&mut self, now_us: i64, sun: u64) {
        self.account.push((now_us, sun));
    }

    /// Its account, as of some time.
    fn held_at(&self, us: i64) -> u64 {
        let before = self.account.iter().rev().find(|(at, _)| *at <= us);
        before.map_or(self.opening_sun, |(_, sun)| *sun)
    }

    /// What so much costs now, sun: within a tenth of its middle, and another price every two seconds.
    fn price(&self, energy: u64, now_us: i64) -> u64 {
        let step = now_us.div_euclid(PRICE_US).unsigned_abs();
        let span = (self.milli_sun / 5).max(1);
        let milli = self.milli_sun.saturating_sub(span / 2) + mix(self.seed ^ mix(step)) % span;
        energy.saturating_mul(milli).div_ceil(1_000)
    }
}

impl Stall {
    /// Vendors before their first order.
    pub fn new(policy: Policy, vendors: Vec<Vendor>) -> Arc<Self> {
        Arc::new(Self { policy, desks: Mutex::new(Desks { vendors, ..Desks::default() }) })
    }

    /// What they know.
    pub fn desks(&self) -> MutexGuard<'_, Desks> {
        self.desks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Leaves of what goes wrong only what `keeps` says, by its place and in words.
    pub fn keep(&self, mut keeps: impl FnMut(usize, String) -> bool) {
        let mut desks = self.desks();
        let mut places = 0..;
        for Vendor { facts, plan, lies, .. } in &mut desks.vendors {
            for (order, mishap) in plan.iter_mut().enumerate().filter(|(_, it)| **it != Mishap::default()) {
                let what = format!("{}, order {order}: {mishap:?}", facts.id);
                if !places.next().is_some_and(|place| keeps(place, what)) {
                    *mishap = Mishap::default();
                }
            }
            lies.retain(|lie| {
                places.next().is_some_and(|place| keeps(place, format!("{}: {lie:?}", facts.id)))
            });
        }
    }

    /// Money of what was given up goes back when its time has come.
    pub fn refund(&self, now_us: i64) {
        let mut desks = self.desks();
        let Desks { vendors, sales, .. } = &mut *desks;
        for sale in sales {
            if sale.kept_sun() > 0
                && sale.refunds_at_us.is_some_and(|at| at <= now_us)
                && let Some(vendor) = vendors.get_mut(sale.vendor)
            {
                let held = vendor.held_sun().saturating_add(sale.kept_sun());
                sale.refunded_sun = sale.charged_sun;
                vendor.moves(now_us, held);
            }
        }
    }
}

impl Desks {
    /// Something went wrong.
    pub fn meets(&mut self, what: &'static str) {
        *self.met.entry(what).or_default() += 1;
    }

    /// The place of a vendor.
    fn place_of(&self, vendor: &VendorId) -> Option<usize> {
        self.vendors.iter().position(|it| it.facts.id == *vendor)
    }

    /// Takes the money, and plans what is lent for it.
    fn sell(
        &mut self,
        place: usize,
        ask: &Ask,
        total_sun: u64,
        mishap: &Mishap,
        now_us: i64,
    ) -> Option<usize> {
        let number = self.sales.len();
        let vendor = self.vendors.get_mut(place)?;
        let held = vendor.held_sun().checked_sub(total_sun)?;
        vendor.moves(now_us, held);
        let soon =
            now_us + 100_000 + i64::try_from(mix(vendor.seed ^ number as u64) % 1_000_000).unwrap_or(0);
        let whole = |at_us, to, vanishes| Lending::new(at_us, to, ask.energy, vanishes);
        let to = ask.receiver;
        let mut refunds_at_us = None;
        let loans = match mishap.delivering {
            Delivering::Well => vec![whole(soon, to, None)],
            Delivering::Never => vec![],
            Delivering::Late(us) => vec![whole(soon + us, to, None)],
            Delivering::Short(permille) => {
                vec![Lending::new(soon, to, (ask.energy * permille / 1_000).max(1), None)]
            }
            Delivering::Twice => vec![whole(soon, to, None), whole(soon + 700_000, to, None)],
            Delivering::Elsewhere => vec![whole(soon, ELSEWHERE, None)],
            Delivering::GivesUp(us) => {
                refunds_at_us = Some(now_us + us);
                vec![]
            }
            Delivering::Vanishes(blocks) => vec![whole(soon, to, Some(blocks))],
        };
        self.meets(mishap.delivering.as_str());
        let name = ProviderId::parse(&format!("sale-{number}")).ok()?;
        let forgets_at_us = mishap.forgets_us.map(|us| now_us + us);
        self.sales.push(Sale {
            vendor: place,
            ask: ask.clone(),
            name,
            at_us: now_us,
            charged_sun: total_sun,
            refunded_sun: 0,
            refunds_at_us,
            forgets_at_us,
            mute: mishap.mute,
            loans,
        });
        Some(number)
    }
}

/// An account of a vendor: whose stake is lent.
pub const fn lender(vendor: usize) -> EvmAddress {
    EvmAddress([0xe0 + (vendor as u8 & 0x0f); 20])
}
