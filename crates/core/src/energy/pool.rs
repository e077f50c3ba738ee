//! The platform's own stake as a source of energy: what it costs, and how much of it a partner may be lent.

use std::collections::{BTreeMap, BTreeSet};

use super::credit::Billing;
use super::{LoanState, View};
use crate::address::TronAddress;
use crate::amount::Cost;
use crate::id::PartnerId;
use crate::intent::DeploymentId;

/// Name of the pool among the sources.
pub const POOL: &str = "hq";
/// More stake is lent than yields the energy exactly, percent: others stake meanwhile, and each energy gets dearer.
const MARGIN_PERCENT: u128 = 1;
/// Least that the chain lets anybody lend, sun.
const STAKE_MIN_SUN: u64 = 1_000_000;
const SUN: u128 = 1_000_000;
/// A partner's share of the pool, where nothing else is said.
const WEIGHT: u32 = 1;

/// The pool of a chain, as it is configured.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pool {
    /// Account of the managed wallet whose stake it is. Its lane does errands and pays nobody.
    pub wallet: TronAddress,
    /// The installation, which errands are asked for in the name of.
    pub deployment: DeploymentId,
    /// How much of the stake may work for others, percent.
    pub share_percent: u8,
    /// What each energy costs, millionths of a sun.
    pub base_micro_sun: u64,
    /// What is charged beside it for the service, millionths of a sun for each energy.
    pub fee_micro_sun: u64,
    /// How long a loan stays, seconds.
    pub stay_s: u64,
    /// From a decision to the energy in a block, as the operator expects it, milliseconds.
    pub delivers_ms: u64,
    /// When partners pay that are not named in `on_account`.
    pub billing: Billing,
    /// The most that each of these may owe, sun: they pay for each loan afterwards.
    pub on_account: BTreeMap<PartnerId, u64>,
    /// A partner is told that its credit is low below so much, sun; never where it is nothing.
    pub low_credit_sun: u64,
    /// Shares of partners against each other, one where none is named.
    pub weights: BTreeMap<PartnerId, u32>,
}

/// What a wallet could lend now, and what a stake yields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lendable {
    /// Stake that it could lend now, sun (`getcandelegatedmaxsize`).
    pub stake_sun: u64,
    /// Energy of the whole network, a day.
    pub network_energy: u64,
    /// Stake of the whole network for energy, TRX.
    pub network_stake_trx: u64,
}

impl Lendable {
    /// The stake that yields so much energy, with a margin, sun. `None` for a network without stakes, and past all TRX.
    pub fn stake_for(&self, energy: u64) -> Option<u64> {
        let all_sun = u128::from(self.network_stake_trx).checked_mul(SUN)?;
        let with_margin = u128::from(energy).checked_mul(100 + MARGIN_PERCENT)?;
        let per = u128::from(self.network_energy).checked_mul(100)?;
        let product = with_margin.checked_mul(all_sun).filter(|_| per > 0 && all_sun > 0)?;
        Some(u64::try_from(product.div_ceil(per)).ok()?.max(STAKE_MIN_SUN))
    }
}

impl Pool {
    /// What so much energy costs a partner: base and fee, rounded up. The owner of the stake pays nothing.
    pub fn price(&self, energy: u64, partner: PartnerId, owner: PartnerId) -> Cost {
        if partner == owner {
            return Cost::ZERO;
        }
        let each = u128::from(self.base_micro_sun).saturating_add(u128::from(self.fee_micro_sun));
        Cost(u128::from(energy).saturating_mul(each).div_ceil(1_000_000))
    }

    /// When a partner pays.
    pub fn billing_of(&self, partner: PartnerId) -> Billing {
        let owed_max_sun = self.on_account.get(&partner).copied();
        owed_max_sun.map_or(self.billing, |owed_max_sun| Billing::OnAccount { owed_max_sun })
    }

    /// Stake that a partner may be lent now, sun: what the chain would let the pool lend, less what is promised and not lent
    /// yet; within the share of the pool that works for others; and within the partner's part of that, against everybody
    /// who has energy of the pool or wants some.
    pub fn room(&self, lendable: &Lendable, view: &View, partner: PartnerId) -> u64 {
        let sum = |of: &dyn Fn(&super::Loan) -> bool| {
            let loans = view.loans.iter().filter(|loan| !loan.state.is_ended() && of(loan));
            loans.fold(0u64, |sum, loan| sum.saturating_add(loan.stake_sun))
        };
        let held = sum(&|_| true);
        let promised = sum(&|loan| matches!(loan.state, LoanState::Asked | LoanState::Late));
        let own = sum(&|loan| loan.partner == partner);
        let whole = u128::from(lendable.stake_sun).saturating_add(u128::from(held.saturating_sub(promised)));
        let whole = whole.saturating_mul(u128::from(self.share_percent.min(100))) / 100;
        let loans = view.loans.iter().filter(|loan| !loan.state.is_ended()).map(|loan| loan.partner);
        let wants = view.needs.iter().map(|need| need.partner);
        let all: BTreeSet<PartnerId> = loans.chain(wants).chain([partner]).collect();
        let weight = |of: &PartnerId| u128::from(self.weights.get(of).copied().unwrap_or(WEIGHT));
        let weights: u128 = all.iter().map(weight).sum();
        let part = whole.saturating_mul(weight(&partner)).checked_div(weights).unwrap_or_default();
        let left =
            |of: u128, taken: u64| u64::try_from(of.saturating_sub(u128::from(taken))).unwrap_or(u64::MAX);
        let free = lendable.stake_sun.saturating_sub(promised);
        free.min(left(whole, held)).min(left(part, own))
    }
}
