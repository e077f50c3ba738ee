//! Energy that somebody asks to have got ahead: for withdrawals that no lane has taken yet, such as those of a batch that is
//! scheduled or waits for funds. A lane asks for energy once it has funded a payout; a request has it ask before.
//!
//! ```text
//! open <--> asked --> served      its energy is there, or came
//!   |  \      |  \--> burning     no source is cheaper, or none delivers in time
//!   |   \-----|-----> dropped     none of its withdrawals waits for energy any more
//!   |         |-----> expired     its time passed first
//!   \---------\-----> cancelled
//! ```
//! A request orders nothing: under its own fence its lane opens the need that it would open later, and everything that holds for a
//! need holds for it: one at a time, one order at a vendor, the caps, the proof.
//!
//! # Invariants
//! - A withdrawal is named by one open request at most.
//! - A lane has one request at a time that is asked.
//! - Needs of a request never ask for more energy together than it says.

use super::{Burning, Need, NeedState, Policy};
use crate::chain::ChainId;
use crate::id::{EnergyNeedId, EnergyRequestId, PartnerId, WalletId, WithdrawalId};
use crate::moved::{Moved, Reached, Refusal};
use crate::time::Timestamp;

/// Most withdrawals of one request.
pub const REQUEST_ITEMS_MAX: usize = 100;
/// Longest that a request stands open, milliseconds: a day.
pub const REQUEST_LASTS_MAX_MS: i64 = 86_400_000;
/// What was put to a broker ends by its need; a request whose need has ended, and that no lane has heard of for so long after its
/// time, has no lane any more. Milliseconds.
const UNHEARD_MS: i64 = 600_000;

/// Where a request stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestState {
    /// Its lane has not asked for its energy, or not for all of it.
    Open,
    /// Its lane asks for it.
    Asked {
        /// By this need.
        need: EnergyNeedId,
    },
    /// Its energy was there, or came.
    Served,
    /// Nothing is got ahead: burning costs no more, or no source delivers within its caps.
    Burning(Burning),
    /// None of its withdrawals waits for energy any more.
    Dropped,
    /// Its time passed.
    Expired,
    /// It was called off.
    Cancelled,
}

impl RequestState {
    /// The name in columns and on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Asked { .. } => "asked",
            Self::Served => "served",
            Self::Burning(_) => "burning",
            Self::Dropped => "dropped",
            Self::Expired => "expired",
            Self::Cancelled => "cancelled",
        }
    }

    /// Nothing more is done for it.
    pub const fn is_ended(&self) -> bool {
        !matches!(self, Self::Open | Self::Asked { .. })
    }
}

/// One withdrawal, and what it takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestItem {
    /// Which.
    pub withdrawal: WithdrawalId,
    /// Energy that it was found to take when it was asked for; at least one.
    pub energy: u64,
}

/// A request for energy.
pub type Request = Reached<RequestRecord>;

/// What is known of a request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RequestRecord {
    /// Name.
    pub id: EnergyRequestId,
    /// Whose.
    pub partner: PartnerId,
    /// The lane that is to have the energy.
    pub wallet: WalletId,
    /// Its chain.
    pub chain: ChainId,
    /// The caller's name for it; a partner has no two of the same.
    pub external_id: String,
    /// What it is for, by the names of the withdrawals.
    pub items: Vec<RequestItem>,
    /// Nothing is asked for before.
    pub not_before: Timestamp,
    /// Nothing is asked for from then on.
    pub expires_at: Timestamp,
    /// What its needs asked for that were served.
    pub got: u64,
    /// Where it stands.
    pub state: RequestState,
    /// When somebody asked.
    pub requested_at: Timestamp,
    /// When it came to stand there.
    pub changed_at: Timestamp,
    /// Changes with every stored change.
    pub version: i64,
}

impl RequestRecord {
    /// Energy of all its withdrawals: what is asked for at most.
    pub fn energy(&self) -> u64 {
        self.items.iter().fold(0, |sum, item| sum.saturating_add(item.energy))
    }

    /// Whether its lane may ask for its energy now.
    pub fn is_due(&self, now: Timestamp) -> bool {
        self.state == RequestState::Open && (self.not_before..self.expires_at).contains(&now)
    }

    /// The need by which it is asked for.
    pub const fn asked_by(&self) -> Option<EnergyNeedId> {
        match self.state {
            RequestState::Asked { need } => Some(need),
            RequestState::Open
            | RequestState::Served
            | RequestState::Burning(_)
            | RequestState::Dropped
            | RequestState::Expired
            | RequestState::Cancelled => None,
        }
    }

    /// Whether its energy is of account at a time: while it stands open, and after it was served as long as that energy is rented.
    pub fn counts(&self, rent_ms: i64, now: Timestamp) -> bool {
        match self.state {
            RequestState::Open | RequestState::Asked { .. } => true,
            RequestState::Served => now.since_ms(self.changed_at) < rent_ms,
            RequestState::Burning(_)
            | RequestState::Dropped
            | RequestState::Expired
            | RequestState::Cancelled => false,
        }
    }
}

/// What is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Requested {
    /// Name.
    pub id: EnergyRequestId,
    /// Whose.
    pub partner: PartnerId,
    /// The lane.
    pub wallet: WalletId,
    /// Its chain.
    pub chain: ChainId,
    /// The caller's name for it.
    pub external_id: String,
    /// What it is for.
    pub items: Vec<RequestItem>,
    /// Nothing is asked for before.
    pub not_before: Timestamp,
    /// Nothing is asked for from then on.
    pub expires_at: Timestamp,
}

/// It is no request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unrequestable {
    /// No withdrawal, more than [`REQUEST_ITEMS_MAX`], or one of them twice.
    #[error("a request names between one and {REQUEST_ITEMS_MAX} withdrawals, each once")]
    Items,
    /// It ends before it begins, or more than [`REQUEST_LASTS_MAX_MS`] from now.
    #[error("a request ends after it begins, and within a day")]
    Time,
}

impl Request {
    /// Somebody asks.
    ///
    /// # Errors
    /// [`Unrequestable`].
    pub fn open(wanted: Requested, at: Timestamp) -> Result<Moved<Self>, Unrequestable> {
        let Requested { id, partner, wallet, chain, external_id, mut items, not_before, expires_at } = wanted;
        items.sort_unstable_by_key(|item| item.withdrawal);
        let twice =
            items.windows(2).any(|pair| matches!(pair, [one, two] if one.withdrawal == two.withdrawal));
        if twice || !(1..=REQUEST_ITEMS_MAX).contains(&items.len()) {
            return Err(Unrequestable::Items);
        }
        if expires_at <= not_before.max(at) || expires_at.since_ms(at) > REQUEST_LASTS_MAX_MS {
            return Err(Unrequestable::Time);
        }
        for item in &mut items {
            item.energy = item.energy.max(1);
        }
        Ok(Moved::born(Self(RequestRecord {
            id,
            partner,
            wallet,
            chain,
            external_id,
            items,
            not_before,
            expires_at,
            got: 0,
            state: RequestState::Open,
            requested_at: at,
            changed_at: at,
            version: 1,
        })))
    }

    /// How much a need of it asks for, where so much of it is missing: no more than is left of the request, and no more than one
    /// order brings, so that the loss at a vendor stays that of one order.
    pub fn portion(&self, missing: u64, order_max: u64) -> u64 {
        missing.min(self.energy().saturating_sub(self.got)).min(order_max)
    }

    /// Its lane asks for it by this need, which is opened in the same commit.
    ///
    /// # Errors
    /// [`Refusal`] unless open, before its time or after it, and where the need is another lane's or asks for more than is left.
    pub fn ask(self, need: &Need, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let evidence = |why| Err(Refusal::Evidence { transition: "ask for a request for energy", why });
        if self.state != RequestState::Open {
            return Err(self.not_from("ask for"));
        }
        if !self.is_due(at) {
            return evidence("it is not its time");
        }
        if need.wallet != self.wallet || need.state != NeedState::Open {
            return evidence("the need is another lane's, or not open");
        }
        if need.energy > self.energy().saturating_sub(self.got) {
            return evidence("the need asks for more than is left of it");
        }
        Ok(self.moved(RequestState::Asked { need: need.id }, at))
    }

    /// What became of the need by which it is asked for; `None` while that is open. Where it was served and brought less than all,
    /// the rest is asked for again.
    ///
    /// # Errors
    /// [`Refusal`] unless asked, and for another need.
    pub fn hear(mut self, need: &Need, at: Timestamp) -> Result<Option<Moved<Self>>, Refusal> {
        let RequestState::Asked { need: asked } = self.state else {
            return Err(self.not_from("hear the need of"));
        };
        if need.id != asked {
            let why = "the need is of something else";
            return Err(Refusal::Evidence { transition: "hear the need of a request for energy", why });
        }
        let before = self.clone();
        let next = match need.state {
            NeedState::Open => return Ok(None),
            NeedState::Served => {
                self.0.got = self.got.saturating_add(need.energy);
                if self.got >= self.energy() { RequestState::Served } else { RequestState::Open }
            }
            NeedState::Burning(why) => RequestState::Burning(why),
            NeedState::Dropped => RequestState::Dropped,
        };
        let moved = self.moved(next, at);
        Ok(Some(Moved::new(before, moved.into_after())))
    }

    /// Its energy is there.
    ///
    /// # Errors
    /// [`Refusal`] unless open.
    pub fn serve(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        self.ended_open("serve", RequestState::Served, at)
    }

    /// None of its withdrawals waits for energy any more.
    ///
    /// # Errors
    /// [`Refusal`] unless open.
    pub fn drop_unwanted(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        self.ended_open("drop", RequestState::Dropped, at)
    }

    /// Its time has passed; `None` before. What is asked for ends by its need, for whose end its lane is waited for a while:
    /// `need_open` says whether that need is open.
    ///
    /// # Errors
    /// [`Refusal`] where it has ended.
    pub fn expire(self, need_open: bool, at: Timestamp) -> Result<Option<Moved<Self>>, Refusal> {
        let over = match self.state {
            RequestState::Open => at >= self.expires_at,
            RequestState::Asked { .. } => !need_open && at >= self.expires_at.plus_ms(UNHEARD_MS),
            RequestState::Served
            | RequestState::Burning(_)
            | RequestState::Dropped
            | RequestState::Expired
            | RequestState::Cancelled => return Err(self.not_from("expire")),
        };
        Ok(over.then(|| self.moved(RequestState::Expired, at)))
    }

    /// Nobody wants it any more. What its need has ordered comes all the same; what it has not is ordered no more, once its lane has
    /// ended the need.
    ///
    /// # Errors
    /// [`Refusal`] where it has ended.
    pub fn cancel(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match self.state {
            RequestState::Open | RequestState::Asked { .. } => Ok(self.moved(RequestState::Cancelled, at)),
            RequestState::Served
            | RequestState::Burning(_)
            | RequestState::Dropped
            | RequestState::Expired
            | RequestState::Cancelled => Err(self.not_from("cancel")),
        }
    }

    fn ended_open(
        self,
        transition: &'static str,
        state: RequestState,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        match self.state {
            RequestState::Open => Ok(self.moved(state, at)),
            RequestState::Asked { .. }
            | RequestState::Served
            | RequestState::Burning(_)
            | RequestState::Dropped
            | RequestState::Expired
            | RequestState::Cancelled => Err(self.not_from(transition)),
        }
    }

    fn moved(self, state: RequestState, at: Timestamp) -> Moved<Self> {
        let mut after = self.clone();
        after.0.state = state;
        after.0.changed_at = at;
        after.0.version = self.version.saturating_add(1);
        Moved::new(self, after)
    }

    fn not_from(&self, transition: &'static str) -> Refusal {
        Refusal::NotFrom { thing: "request for energy", transition, state: self.state.as_str() }
    }
}

impl Policy {
    /// So much energy costs no more than one order may, at the highest price that is taken.
    pub fn order_energy_max(&self) -> u64 {
        let micro = self.order_max_sun.0.saturating_mul(1_000_000);
        let energy = micro.checked_div(u128::from(self.energy_max_micro_sun)).unwrap_or(u128::MAX);
        u64::try_from(energy).unwrap_or(u64::MAX)
    }
}
