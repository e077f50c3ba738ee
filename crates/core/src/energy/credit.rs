//! What energy of the pool is charged and what is paid ahead for it, in the books of the pool's wallet, by the same double entry as
//! everything: a loan is charged in the commit that decides it, given back in the commit that finds it late or absent, and charged again
//! in the commit that finds a late one lent after all; a top-up is credited in the commit that finds it. What a partner owes, or has
//! paid ahead, is its `energy_credit`.

use super::{Loan, LoanState, Prepayment};
use crate::amount::Cost;
use crate::asset::Asset;
use crate::canonical::Canonical;
use crate::chain::ChainId;
use crate::event::Event;
use crate::id::{PartnerId, WalletId};
use crate::ledger::{Account, Posting};
use crate::moved::Moved;
use crate::time::Timestamp;

/// The rule of the store that a loan which is paid ahead breaks where its partner's credit does not cover it.
pub const COVERED: &str = "energy_credit_covers";
/// The rule of the store that a loan on account breaks where its partner would owe more than it may.
pub const BOUNDED: &str = "energy_owed_is_bounded";
/// A credit that was low is enough again from this share of the threshold on, per cent: one that goes to and fro around the threshold
/// is told once.
pub const ENOUGH_PERCENT: i64 = 125;
/// Who pays on account is told where less than this share of its bound is left at most, per cent: a threshold that is meant for what is
/// paid ahead may be more than the whole bound.
const NEAR_PERCENT: u128 = 20;
/// The highest bound of a partner that pays on account, sun: a bound that nobody reaches is none.
pub const OWED_MAX_SUN: u64 = 10_000_000_000_000;

/// When a partner pays for energy of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Billing {
    /// Before: nothing is lent to whom has not paid ahead what it costs.
    #[default]
    Prepaid,
    /// Afterwards, each loan by itself: nothing is lent after which more would be owed than may be.
    OnAccount {
        /// The most that may be owed, sun.
        owed_max_sun: u64,
    },
    /// Afterwards: what is owed holds up no loan.
    Postpaid,
}

impl Billing {
    /// The name in the configuration and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepaid => "prepaid",
            Self::OnAccount { .. } => "on_account",
            Self::Postpaid => "postpaid",
        }
    }

    /// The most that may be owed once a loan is charged, sun; `None` where nothing bounds it.
    pub const fn owed_max_sun(self) -> Option<u64> {
        match self {
            Self::Prepaid => Some(0),
            Self::OnAccount { owed_max_sun } => Some(owed_max_sun),
            Self::Postpaid => None,
        }
    }

    /// The rule of the store that a loan breaks after which more would be owed.
    pub const fn rule(self) -> &'static str {
        match self {
            Self::Prepaid | Self::Postpaid => COVERED,
            Self::OnAccount { .. } => BOUNDED,
        }
    }

    /// What may still be charged, sun: what is paid ahead and what may be owed; `None` where nothing bounds it.
    pub fn left_sun(self, balance_sun: i64) -> Option<i128> {
        self.owed_max_sun().map(|owed_max_sun| i128::from(balance_sun) + i128::from(owed_max_sun))
    }

    /// Whether so much may be charged. Where nothing bounds what is owed, and where nothing is paid, it always may.
    pub fn covers(self, balance_sun: i64, price: Cost) -> bool {
        self.left_sun(balance_sun).is_none_or(|left| price <= Cost(u128::try_from(left).unwrap_or_default()))
    }

    /// The partner is told where less than so much is left, sun; never where it is nothing. `low_credit_sun` is the threshold of what
    /// is paid ahead.
    pub fn low_below_sun(self, low_credit_sun: u64) -> u64 {
        match self {
            Self::Prepaid => low_credit_sun,
            Self::OnAccount { owed_max_sun } => {
                let near = u128::from(owed_max_sun) * NEAR_PERCENT / 100;
                low_credit_sun.min(u64::try_from(near).unwrap_or(u64::MAX))
            }
            Self::Postpaid => 0,
        }
    }
}

/// How a partner's credit stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Level {
    /// It does for a while.
    #[default]
    Enough,
    /// Below the threshold: the partner and a person are told.
    Low,
}

impl Level {
    /// After a reading of what is left, from this one; both in sun. A threshold of nothing is never gone below.
    #[must_use]
    pub fn after(self, left_sun: i128, low_sun: u64) -> Self {
        let low = i128::from(low_sun);
        let enough = low * i128::from(ENOUGH_PERCENT);
        match self {
            _ if low == 0 => Self::Enough,
            Self::Enough if left_sun < low => Self::Low,
            Self::Low if left_sun * 100 < enough => Self::Low,
            Self::Enough | Self::Low => Self::Enough,
        }
    }
}

/// What a partner has with a pool.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The pool's wallet.
    pub wallet: WalletId,
    /// The partner.
    pub partner: PartnerId,
    /// What is paid ahead, sun; below zero what is owed.
    pub balance_sun: i64,
    /// How that was told last.
    pub level: Level,
}

/// A partner's credit comes to be low, or enough again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turned {
    /// The pool's chain.
    pub chain: ChainId,
    /// How it stood before, and what there is now.
    pub standing: Standing,
    /// How it stands now.
    pub level: Level,
    /// When it pays.
    pub billing: Billing,
    /// The threshold of what is left, sun.
    pub low_sun: u64,
    /// When.
    pub at: Timestamp,
}

impl Turned {
    /// `None` while it stands as it was told last. `low_credit_sun` is the threshold of what is paid ahead.
    pub fn of(
        chain: ChainId,
        standing: Standing,
        billing: Billing,
        low_credit_sun: u64,
        at: Timestamp,
    ) -> Option<Self> {
        let low_sun = billing.low_below_sun(low_credit_sun);
        let level = match billing.left_sun(standing.balance_sun) {
            Some(left_sun) => standing.level.after(left_sun, low_sun),
            None => Level::Enough,
        };
        (level != standing.level).then_some(Self { chain, standing, level, billing, low_sun, at })
    }

    /// The event, in the partner's feed.
    pub fn event(&self) -> Event {
        let kind = match self.level {
            Level::Low => "energy.credit_low",
            Level::Enough => "energy.credit_enough",
        };
        let owed_max_sun = match self.billing {
            Billing::OnAccount { owed_max_sun } => Some(Canonical::text(owed_max_sun)),
            Billing::Prepaid | Billing::Postpaid => None,
        };
        Event {
            kind: kind.to_owned(),
            partner: self.standing.partner,
            withdrawal: None,
            transfer: None,
            wallet: None,
            data: Canonical::map([
                ("balance_sun", Some(Canonical::text(self.standing.balance_sun))),
                ("chain", Some(Canonical::text(self.chain))),
                ("low_credit_sun", Some(Canonical::text(self.low_sun))),
                ("owed_max_sun", owed_max_sun),
            ]),
        }
    }
}

/// What a step of a loan posts: its price where it is decided; that price back where it is not there in time; and once more where it was
/// lent all the same, unless its need had gone elsewhere by then. Only its proof may have been late: the lane uses energy that the chain
/// shows. `coin` is that of its chain. Nothing where it costs nothing.
pub fn postings(step: &Moved<Loan>, coin: &Asset) -> Vec<Posting> {
    let loan = step.after();
    let price = loan.charge_sun();
    let charged = match (step.before().map(|loan| &loan.state), &loan.state) {
        (None, _) => price,
        (Some(LoanState::Asked), LoanState::Late | LoanState::Absent) => price.saturating_neg(),
        (Some(LoanState::Late), LoanState::Lent { unneeded: false, .. }) => price,
        (Some(_), _) => 0,
    };
    both((loan.partner, loan.lender), coin, Account::EnergyCharged, charged)
}

/// What a top-up posts: less is owed, or more is paid ahead. Nothing while nobody knows whose it is. Neither account is in what the
/// wallet holds.
pub fn topped_up(topup: &Prepayment, coin: &Asset) -> Vec<Posting> {
    let Some(partner) = topup.partner else { return vec![] };
    let sun = i64::try_from(topup.sun).unwrap_or(i64::MAX);
    both((partner, topup.wallet), coin, Account::EnergyPaid, sun.saturating_neg())
}

/// So much more is owed, against an account.
fn both(whose: (PartnerId, WalletId), coin: &Asset, against: Account, owed: i64) -> Vec<Posting> {
    if owed == 0 {
        return vec![];
    }
    let (partner, wallet) = whose;
    let line = |account, atoms| Posting { partner, wallet, asset: coin.id, account, atoms };
    vec![line(Account::EnergyCredit, owed), line(against, owed.saturating_neg())]
}
