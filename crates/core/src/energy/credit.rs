//! What energy of the pool is charged and what is paid ahead for it, in the books of the pool's wallet, by the same double entry as
//! everything: a loan is charged in the commit that decides it, and given back in the commit that finds it late or absent; a top-up is
//! credited in the commit that finds it. What a partner owes, or has paid ahead, is its `energy_credit`.

use super::{Loan, LoanState, Prepayment};
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
/// A credit that was low is enough again from this share of the threshold on, per cent: one that goes to and fro around the threshold
/// is told once.
pub const ENOUGH_PERCENT: i64 = 125;

/// When partners pay for energy of the pool.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Billing {
    /// Before: nothing is lent to whom has not paid ahead what it costs.
    #[default]
    Prepaid,
    /// Afterwards: what is owed holds up no loan.
    Postpaid,
}

impl Billing {
    /// The name in the configuration and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Prepaid => "prepaid",
            Self::Postpaid => "postpaid",
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
    /// After a reading, from this one; both in sun. A threshold of nothing is never gone below.
    #[must_use]
    pub fn after(self, balance_sun: i64, low_sun: u64) -> Self {
        let low = i128::from(low_sun);
        let balance = i128::from(balance_sun);
        let enough = low * i128::from(ENOUGH_PERCENT);
        match self {
            _ if low == 0 => Self::Enough,
            Self::Enough if balance < low => Self::Low,
            Self::Low if balance * 100 < enough => Self::Low,
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
    /// The threshold, sun.
    pub low_sun: u64,
    /// When.
    pub at: Timestamp,
}

impl Turned {
    /// `None` while it stands as it was told last.
    pub fn of(chain: ChainId, standing: Standing, low_sun: u64, at: Timestamp) -> Option<Self> {
        let level = standing.level.after(standing.balance_sun, low_sun);
        (level != standing.level).then_some(Self { chain, standing, level, low_sun, at })
    }

    /// The event, in the partner's feed.
    pub fn event(&self) -> Event {
        let kind = match self.level {
            Level::Low => "energy.credit_low",
            Level::Enough => "energy.credit_enough",
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
            ]),
        }
    }
}

/// What a step of a loan posts: its price where it is decided, and that price again where it comes to nothing in time. `coin` is that
/// of its chain. Nothing where it costs nothing.
pub fn postings(step: &Moved<Loan>, coin: &Asset) -> Vec<Posting> {
    let loan = step.after();
    let price = i64::try_from(loan.price_sun.0).unwrap_or(i64::MAX);
    let charged = match (step.before().map(|loan| &loan.state), &loan.state) {
        (None, _) => price,
        (Some(LoanState::Asked), LoanState::Late | LoanState::Absent) => price.saturating_neg(),
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
