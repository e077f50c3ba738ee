//! Wallets. A managed hot one is a lane: an ordered stream of transfers, worked by one process at a time. An external one
//! whose key was shown is a desk: a lane that does errands alone, each signed by a person (ADR 0027). Every other one is looked
//! at and reconciled, and never gets a slot.

mod desk;
mod explain;
mod register;
mod revert;
mod speed_up;
mod tier;

use crate::address::Address;
use crate::amount::Units;
use crate::asset::AssetId;
use crate::chain::{BlockRef, ChainId};
use crate::id::{PartnerId, WalletId};
use crate::moved::{Moved, Reached, Refusal};
use crate::resource::Resources;
use crate::time::Timestamp;
use crate::withdrawal::Waiting;

pub use register::{Registration, Unfit};
pub use revert::{REVERTS_MAX, Revert};
pub use speed_up::SpeedUp;
pub use tier::{Custody, Tier};

/// Whether a lane takes new work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LaneState {
    /// Takes and sends.
    Open,
    /// Takes nothing, builds nothing; what is in flight is tracked, resent and bumped.
    Paused,
    /// Takes nothing; finishes what it has.
    Draining,
    /// Something left this wallet that we cannot explain (M6). Nothing is built or signed until two persons act.
    Frozen {
        /// What was seen, in one sentence.
        evidence: String,
        /// What it goes back to.
        was: Rest,
    },
    /// Left service; the key is barred.
    Retired,
}

/// What a lane was before it froze, and is again once two persons have opened it: whoever paused it has not spoken yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rest {
    /// See [`LaneState::Open`].
    Open,
    /// See [`LaneState::Paused`].
    Paused,
    /// See [`LaneState::Draining`].
    Draining,
}

impl From<Rest> for LaneState {
    fn from(was: Rest) -> Self {
        match was {
            Rest::Open => Self::Open,
            Rest::Paused => Self::Paused,
            Rest::Draining => Self::Draining,
        }
    }
}

impl LaneState {
    /// The name in columns and on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Paused => "paused",
            Self::Draining => "draining",
            Self::Frozen { .. } => "frozen",
            Self::Retired => "retired",
        }
    }
}

/// A fee cap an operator raised for a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RaisedCap {
    /// Allowed fee per gas, wei.
    pub max_fee_wei: u128,
    /// Until when.
    pub until: Timestamp,
}

/// What keeps a lane from sending, as its own loop last saw it. Answers "why is it not sent".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Obstacle {
    /// What it waits for.
    pub waiting: Waiting,
    /// Since when.
    pub since: Timestamp,
}

/// A wallet. Its address is unique across the installation; it belongs to one partner.
pub type Wallet = Reached<Record>;

/// What is known of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name.
    pub id: WalletId,
    /// Owner.
    pub partner: PartnerId,
    /// Chain.
    pub chain: ChainId,
    /// Account.
    pub address: Address,
    /// For people.
    pub label: String,
    /// What it is for.
    pub tier: Tier,
    /// Who holds its key.
    pub custody: Custody,
    /// From when on money may be sent to it: a wallet that was registered by its address waits, so that whoever sees it
    /// registered can object.
    pub trusted_from: Timestamp,
    /// Whether it takes work.
    pub state: LaneState,
    /// Why it is in this state, in the words of who put it there.
    pub reason: String,
    /// Next nonce to allocate. Only the lane moves it, in the commit that writes the slots.
    pub next_nonce: u64,
    /// Fee cap raised by an operator.
    pub raised_cap: Option<RaisedCap>,
    /// An order to raise the offer of its oldest slot.
    pub speed_up: Option<SpeedUp>,
    /// What keeps it from sending.
    pub obstacle: Option<Obstacle>,
    /// Equal reverts in a row, each recipient once; at [`REVERTS_MAX`] the breaker opens.
    pub reverts: Vec<Revert>,
    /// When the key of an external wallet was shown; `None`: the wallet is looked at, and nothing of it is handed out.
    pub key_shown_at: Option<Timestamp>,
    /// A desk hands nothing out before this: the store went back in time, and what it has forgotten may be with a person (M17).
    pub quiet_until: Option<Timestamp>,
    /// Adopted at.
    pub adopted_at: Timestamp,
    /// Changes with every stored change.
    pub version: i64,
}

/// What the chain said a wallet holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Wallet.
    pub wallet: WalletId,
    /// Asset.
    pub asset: AssetId,
    /// Exact units.
    pub units: Units,
    /// Block it was read at.
    pub block: BlockRef,
    /// When it was read.
    pub at: Timestamp,
}

/// What TRON gave a wallet to work with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Power {
    /// Wallet.
    pub wallet: WalletId,
    /// Energy and bandwidth.
    pub resources: Resources,
    /// Block they were read at.
    pub block: BlockRef,
    /// When they were read.
    pub at: Timestamp,
}

impl Wallet {
    /// Takes a lane into service. `next_nonce` is what pending, latest and final agreed on, or above it where a life that
    /// the store has lost signed something.
    #[expect(clippy::too_many_arguments, reason = "each is a different fact, and all are needed once")]
    pub fn adopt(
        id: WalletId,
        partner: PartnerId,
        chain: ChainId,
        address: Address,
        label: String,
        next_nonce: u64,
        reason: String,
        at: Timestamp,
    ) -> Moved<Self> {
        Moved::born(Self(Record {
            id,
            partner,
            chain,
            address,
            label,
            tier: Tier::Hot,
            custody: Custody::Managed,
            trusted_from: at,
            state: LaneState::Open,
            reason,
            next_nonce,
            raised_cap: None,
            speed_up: None,
            obstacle: None,
            reverts: vec![],
            key_shown_at: None,
            quiet_until: None,
            adopted_at: at,
            version: 1,
        }))
    }

    /// May new slots be allocated?
    pub fn takes_work(&self) -> bool {
        self.is_lane() && matches!(self.state, LaneState::Open) && self.reverts.len() < REVERTS_MAX
    }

    /// May what it already holds be signed for the first time?
    pub const fn may_sign(&self) -> bool {
        self.is_lane() && matches!(self.0.state, LaneState::Open | LaneState::Draining)
    }

    /// Allocates `count` nonces, from [`Record::next_nonce`] on.
    ///
    /// # Errors
    /// [`Refusal`] when the lane takes no new work.
    pub fn allocate(self, count: u64) -> Result<Moved<Self>, Refusal> {
        if !self.takes_work() {
            return Err(self.not_from("allocate a nonce on"));
        }
        Ok(self.moved(|wallet| wallet.next_nonce = wallet.next_nonce.saturating_add(count)))
    }

    /// The signer's journal shows that nonces below `next_nonce` were given out, and the store has lost which (M17).
    ///
    /// # Errors
    /// [`Refusal`] unless it is a frozen lane: one that works knows its own nonces.
    pub fn gave_out(self, next_nonce: u64) -> Result<Moved<Self>, Refusal> {
        self.must_be_a_lane("import the nonces of")?;
        match self.state {
            LaneState::Frozen { .. } => {
                Ok(self.moved(|wallet| wallet.next_nonce = wallet.next_nonce.max(next_nonce)))
            }
            LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Retired => {
                Err(self.not_from("import the nonces of"))
            }
        }
    }

    /// Takes no new work and builds nothing, until resumed.
    ///
    /// # Errors
    /// [`Refusal`] from `frozen` and `retired`, and of what gets no slot.
    pub fn pause(self, reason: &str) -> Result<Moved<Self>, Refusal> {
        self.must_get_slots("pause")?;
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining => {
                Ok(self.into_state(LaneState::Paused, reason))
            }
            LaneState::Frozen { .. } | LaneState::Retired => Err(self.not_from("pause")),
        }
    }

    /// Takes no new work, finishes what it has.
    ///
    /// # Errors
    /// [`Refusal`] from `frozen` and `retired`, and of what gets no slot.
    pub fn drain(self, reason: &str) -> Result<Moved<Self>, Refusal> {
        self.must_get_slots("drain")?;
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining => {
                Ok(self.into_state(LaneState::Draining, reason))
            }
            LaneState::Frozen { .. } | LaneState::Retired => Err(self.not_from("drain")),
        }
    }

    /// Takes work again; an open breaker closes.
    ///
    /// # Errors
    /// [`Refusal`] from `frozen` (see [`Wallet::unfreeze`]) and `retired`, and of what gets no slot.
    pub fn resume(self, reason: &str) -> Result<Moved<Self>, Refusal> {
        self.must_get_slots("resume")?;
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining => {
                let mut moved = self.into_state(LaneState::Open, reason);
                moved = moved.then(|wallet| Ok(wallet.moved(|wallet| wallet.reverts.clear())))?;
                Ok(moved)
            }
            LaneState::Frozen { .. } | LaneState::Retired => Err(self.not_from("resume")),
        }
    }

    /// Something left this wallet that no stored attempt explains (M6). Allowed from every state but `retired`.
    ///
    /// # Errors
    /// [`Refusal`] from `retired`.
    pub fn freeze(self, evidence: String) -> Result<Moved<Self>, Refusal> {
        let was = match self.state {
            LaneState::Open => Rest::Open,
            LaneState::Paused => Rest::Paused,
            LaneState::Draining => Rest::Draining,
            LaneState::Frozen { was, .. } => was,
            LaneState::Retired => return Err(self.not_from("freeze")),
        };
        let reason = evidence.clone();
        Ok(self.into_state(LaneState::Frozen { evidence, was }, &reason))
    }

    /// Two persons have explained what froze the lane; one that had been paused or drained is so again. `next_nonce` is
    /// what the chain's pending count says, never below what we allocated.
    ///
    /// # Errors
    /// [`Refusal`] unless frozen.
    pub fn unfreeze(self, next_nonce: u64, reason: &str) -> Result<Moved<Self>, Refusal> {
        match self.state {
            LaneState::Frozen { was, .. } => {
                let moved = self.into_state(was.into(), reason);
                moved.then(|wallet| {
                    Ok(wallet.moved(|wallet| wallet.next_nonce = wallet.next_nonce.max(next_nonce)))
                })
            }
            LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Retired => {
                Err(self.not_from("unfreeze"))
            }
        }
    }

    /// Takes the wallet out of service for ever. The caller has shown it empty and idle.
    ///
    /// # Errors
    /// [`Refusal`] of an open lane or desk: retiring is never a surprise to one that works. What gets no slot has nothing to finish.
    pub fn retire(self, reason: &str) -> Result<Moved<Self>, Refusal> {
        match self.state {
            LaneState::Paused | LaneState::Draining | LaneState::Frozen { .. } => {
                Ok(self.into_state(LaneState::Retired, reason))
            }
            LaneState::Open if !self.gets_slots() => Ok(self.into_state(LaneState::Retired, reason)),
            LaneState::Open | LaneState::Retired => Err(self.not_from("retire")),
        }
    }

    /// Allows a higher fee for a time.
    ///
    /// # Errors
    /// [`Refusal`] from `retired`, and of what is no lane.
    pub fn raise_cap(self, cap: Option<RaisedCap>, reason: &str) -> Result<Moved<Self>, Refusal> {
        self.must_be_a_lane("raise the fee cap of")?;
        match self.state {
            LaneState::Open | LaneState::Paused | LaneState::Draining | LaneState::Frozen { .. } => {
                let reason = reason.to_owned();
                Ok(self.moved(|wallet| {
                    wallet.raised_cap = cap;
                    wallet.reason = reason;
                }))
            }
            LaneState::Retired => Err(self.not_from("raise the fee cap of")),
        }
    }

    /// Notes what keeps the lane from sending, or that nothing does. `None` when that is already what is stored.
    pub fn obstructed(self, waiting: Option<Waiting>, at: Timestamp) -> Option<Moved<Self>> {
        if self.obstacle.map(|obstacle| obstacle.waiting) == waiting {
            return None;
        }
        Some(self.moved(|wallet| wallet.obstacle = waiting.map(|waiting| Obstacle { waiting, since: at })))
    }

    /// The fee cap an operator raised, while it lasts.
    pub fn cap_in_force(&self, now: Timestamp) -> Option<u128> {
        self.raised_cap.filter(|cap| now < cap.until).map(|cap| cap.max_fee_wei)
    }

    fn into_state(self, state: LaneState, reason: &str) -> Moved<Self> {
        let reason = reason.to_owned();
        self.moved(|wallet| {
            // Nothing is raised from there: an order must not wake up when the lane does.
            if matches!(state, LaneState::Frozen { .. } | LaneState::Retired) {
                wallet.speed_up = None;
            }
            wallet.state = state;
            wallet.reason = reason;
        })
    }

    fn moved(self, change: impl FnOnce(&mut Record)) -> Moved<Self> {
        let mut after = self.clone();
        change(&mut after.0);
        after.0.version = self.version.saturating_add(1);
        Moved::new(self, after)
    }

    fn not_from(&self, transition: &'static str) -> Refusal {
        Refusal::NotFrom { thing: "wallet", transition, state: self.state.as_str() }
    }
}

#[cfg(test)]
mod tests;
