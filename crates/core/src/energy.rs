//! Energy bought from vendors: one order, from the decision to the last sun that is explained.
//!
//! ```text
//! planned -> asked -> accepted -> delivered          proven on chain, never by a vendor's word
//!    |         | \        |  \--> short              some of it, and the deadline has passed
//!    |         |  \       |  \--> failed             in the vendor's words; it ends as what is unresolved does
//!    v         v   v      v
//! dropped   refused  unknown -> unresolved -> absent, lost, refunded, delivered
//! ```
//!
//! `asked` is durable before a byte leaves. An answer that is not listed, or none, is `unknown`; past the deadline that is
//! `unresolved`: booked as lost until account and chain have explained it, and the vendor takes nothing more for that
//! wallet ([`closed`]). Which way an order goes is decided here; who asks and stores is `flow`.
//!
//! # Invariants
//! - A need is put to one vendor once. Again only where the vendor certainly took nothing.
//! - A wallet has at most one order at a vendor whose fate or cost is not known.
//! - Asking again for the same order needs a vendor that knows orders by our id *and* an account that shows no charge.
//! - Energy shows that somebody delivered. What it cost is known once the order's own vendor says so too, or its account does;
//!   that it came back, its account alone says.

mod account;
pub mod advice;
mod ask;
pub mod breaker;
pub mod choice;
pub mod closed;
pub mod credit;
pub mod depletion;
mod evidence;
mod expire;
pub mod forecast;
mod hear;
mod loan;
mod look;
pub mod mode;
mod need;
mod plan;
mod policy;
mod pool;
mod prepayment;
pub mod price;
mod prove;
mod reconcile;
mod request;
mod resolve;
mod sign;
pub mod stake;
pub mod together;
mod told;
mod top_up;
pub mod unstake;
pub mod unusual;
mod view;
mod whose;

use crate::address::TronAddress;
use crate::amount::Cost;
use crate::id::{EnergyNeedId, EnergyOrderId, WalletId};
use crate::moved::{Moved, Reached, Refusal};
use crate::port::market::{ProviderId, Recovery, Rejection, VendorId};
use crate::time::Timestamp;

pub use account::{Account, Credit, Money, Origin};
pub use evidence::{Accounts, Arrival, NotShown, SETTLES_MS, Settlement, Uncharged, Watched};
pub use loan::{Loan, LoanRecord, LoanState, TRIES_TOLD, Terms};
pub use need::{Burning, Need, NeedRecord, NeedState, Wanted};
pub use plan::{Plan, Unplannable};
pub use policy::{Policy, VENDORS_MAX};
pub use pool::{Lendable, POOL, Pool};
pub use prepayment::{Assigned, Look, Prepayment, STRANGER_MIN_SUN};
pub use request::{
    REQUEST_ITEMS_MAX, REQUEST_LASTS_MAX_MS, Request, RequestItem, RequestRecord, RequestState, Requested,
    Unrequestable,
};
pub use sign::{Sign, sign_of};
pub use told::{of_credit, of_loan, of_need, of_order, of_request};
pub use top_up::{REFERENCE_CHARS_MAX, Reference, TOP_UP_SUN_MAX, TopUp, Unbookable};
pub use view::{Booked, VendorBooks, View};
pub use whose::{Known, whose};

/// How often one order may be put to a vendor that knows it by our id.
pub const ASKS_MAX: u32 = 4;
/// Most characters that are kept of why an answer was unclear.
const WHY_CHARS_MAX: usize = 200;

/// When an order left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asked {
    /// The last time: a byte may have left from then on.
    pub at: Timestamp,
    /// How often, from 1.
    pub times: u32,
}

/// What was bought, or may have been.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bought {
    /// When it was asked for.
    pub asked: Asked,
    /// The vendor's name for it, once it was heard.
    pub provider_id: Option<ProviderId>,
    /// What it cost, in sun, once that is known.
    pub charged_sun: Option<Cost>,
}

/// Why an order is unresolved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubt {
    /// Whether the vendor took it is not known.
    NoAnswer,
    /// The vendor took it, and its energy is not on the chain.
    NotDelivered,
}

/// Where an order stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Decided. Nothing has left.
    Planned,
    /// Given up before anything left.
    Dropped,
    /// About to be asked, or asked: after a crash nobody knows which.
    Asked(Asked),
    /// The vendor certainly took nothing.
    Refused {
        /// When it was asked.
        asked: Asked,
        /// Why not.
        why: Rejection,
    },
    /// The vendor may have taken it.
    Unknown {
        /// When it was asked for; nothing else is known.
        bought: Bought,
        /// What was heard instead of an answer, for people.
        why: String,
    },
    /// The vendor took it.
    Accepted(Bought),
    /// All of its energy came, on chain.
    Delivered {
        /// What was bought.
        bought: Bought,
        /// The evidence.
        arrival: Arrival,
        /// What its vendor said that it takes, in sun, while that is not known: see [`Order::prove`].
        said_sun: Option<Cost>,
    },
    /// Some of its energy came, and the deadline has passed.
    Short {
        /// What was bought.
        bought: Bought,
        /// The evidence for what came.
        arrival: Arrival,
        /// As above.
        said_sun: Option<Cost>,
    },
    /// The vendor says that it gave up. Its money may come back.
    Failed(Bought),
    /// Its money came back.
    Refunded {
        /// What was bought.
        bought: Bought,
        /// How much came back, in sun.
        refunded_sun: Cost,
    },
    /// Past its deadline, and neither its energy nor its money is accounted for.
    Unresolved {
        /// What may have been bought.
        bought: Bought,
        /// Why.
        doubt: Doubt,
    },
    /// Account and chain show that nothing was kept for it, and nothing came.
    Absent(Asked),
    /// Account and chain show that it was paid and never came.
    Lost {
        /// What was bought.
        bought: Bought,
        /// What it cost, in sun.
        lost_sun: Cost,
    },
}

impl State {
    /// The name in columns and on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Dropped => "dropped",
            Self::Asked(_) => "asked",
            Self::Refused { .. } => "refused",
            Self::Unknown { .. } => "unknown",
            Self::Accepted(_) => "accepted",
            Self::Delivered { .. } => "delivered",
            Self::Short { .. } => "short",
            Self::Failed(_) => "failed",
            Self::Refunded { .. } => "refunded",
            Self::Unresolved { .. } => "unresolved",
            Self::Absent(_) => "absent",
            Self::Lost { .. } => "lost",
        }
    }

    /// What was bought, or may have been.
    pub const fn bought(&self) -> Option<&Bought> {
        match self {
            Self::Unknown { bought, .. }
            | Self::Accepted(bought)
            | Self::Delivered { bought, .. }
            | Self::Short { bought, .. }
            | Self::Failed(bought)
            | Self::Refunded { bought, .. }
            | Self::Unresolved { bought, .. }
            | Self::Lost { bought, .. } => Some(bought),
            Self::Planned | Self::Dropped | Self::Asked(_) | Self::Refused { .. } | Self::Absent(_) => None,
        }
    }

    /// What showed that energy came.
    pub const fn arrival(&self) -> Option<&Arrival> {
        match self {
            Self::Delivered { arrival, .. } | Self::Short { arrival, .. } => Some(arrival),
            Self::Planned
            | Self::Dropped
            | Self::Asked(_)
            | Self::Refused { .. }
            | Self::Unknown { .. }
            | Self::Accepted(_)
            | Self::Failed(_)
            | Self::Refunded { .. }
            | Self::Unresolved { .. }
            | Self::Absent(_)
            | Self::Lost { .. } => None,
        }
    }

    /// What its vendor said that it takes, in sun, be it known or not.
    pub fn price(&self) -> Option<Cost> {
        let said_sun = match self {
            Self::Delivered { said_sun, .. } | Self::Short { said_sun, .. } => *said_sun,
            Self::Planned
            | Self::Dropped
            | Self::Asked(_)
            | Self::Refused { .. }
            | Self::Unknown { .. }
            | Self::Accepted(_)
            | Self::Failed(_)
            | Self::Refunded { .. }
            | Self::Unresolved { .. }
            | Self::Absent(_)
            | Self::Lost { .. } => None,
        };
        self.bought().and_then(|bought| bought.charged_sun).or(said_sun)
    }

    /// When it was asked for, if ever.
    pub const fn asked(&self) -> Option<Asked> {
        match self {
            Self::Asked(asked) | Self::Refused { asked, .. } | Self::Absent(asked) => Some(*asked),
            Self::Unknown { bought, .. }
            | Self::Accepted(bought)
            | Self::Delivered { bought, .. }
            | Self::Short { bought, .. }
            | Self::Failed(bought)
            | Self::Refunded { bought, .. }
            | Self::Unresolved { bought, .. }
            | Self::Lost { bought, .. } => Some(bought.asked),
            Self::Planned | Self::Dropped => None,
        }
    }
}

/// An order of energy.
pub type Order = Reached<Record>;

/// What is known of an order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name; also the id that a vendor may know it by.
    pub id: EnergyOrderId,
    /// What it is for: a need may take several orders, each at another vendor.
    pub need: EnergyNeedId,
    /// The lane whose payouts need it.
    pub wallet: WalletId,
    /// Whom it is put to.
    pub vendor: VendorId,
    /// What can be done there after a lost reply.
    pub recovery: Recovery,
    /// The wallet's account.
    pub receiver: TronAddress,
    /// How much.
    pub energy: u64,
    /// For how long, in seconds.
    pub duration_s: u64,
    /// The most it may cost, in sun.
    pub max_total_sun: Cost,
    /// When it must be on the chain.
    pub deadline: Timestamp,
    /// Where it stands.
    pub state: State,
    /// When it was decided.
    pub planned_at: Timestamp,
    /// Changes with every stored change.
    pub version: i64,
}

impl Order {
    /// The vendor took more than it was told that it may.
    pub fn overcharged(&self) -> Option<Cost> {
        self.state.price().filter(|price| *price > self.max_total_sun)
    }

    /// When what it brought is gone, at the latest.
    pub fn ends_at(&self) -> Option<Timestamp> {
        let rent_ms = i64::try_from(self.duration_s.saturating_mul(1_000)).unwrap_or(i64::MAX);
        self.state.arrival().map(|arrival| arrival.block_at().plus_ms(rent_ms))
    }

    fn moved(self, state: State) -> Moved<Self> {
        let mut after = self.clone();
        after.0.state = state;
        after.0.version = self.version.saturating_add(1);
        Moved::new(self, after)
    }

    fn not_from(&self, transition: &'static str) -> Refusal {
        Refusal::NotFrom { thing: "purchase of energy", transition, state: self.state.as_str() }
    }
}

/// The first words of why, for people.
fn brief(why: &str) -> String {
    why.chars().filter(|letter| !letter.is_control()).take(WHY_CHARS_MAX).collect()
}

#[cfg(test)]
mod tests;
