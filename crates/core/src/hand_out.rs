//! Handing a transaction out to whoever holds an external key (ADR 0027).
//!
//! ```text
//! wish ─▶ wished ─┬─ make ─▶ made ─ tell ─▶ told   the lane built the bytes and counts them as in flight, then the signer's
//!                 │                                journal learned of a mark from after that, and only then they are told
//!                 └─ lapse ─▶ lapsed               its time went by, or the lane cannot
//! ```
//! A person wishes; the wallet's own lane carries it out under its fence, so that there is one writer of slots (M7). What was
//! made ends with its transfer: nothing here ends it.

use std::fmt;

use crate::access::Actor;
use crate::canonical::Canonical;
use crate::chain::{ChainId, ChainProfile};
use crate::event::Event;
use crate::id::{AttemptId, HandOutId, PartnerId, TransferId, WalletId, WithdrawalId};
use crate::moved::{Moved, Reached, Refusal};
use crate::proof::SCAN_BLOCKS_MAX;
use crate::time::Timestamp;

/// Shortest life of what is handed out, milliseconds: ten minutes.
pub const LIFE_MS_MIN: i64 = 10 * 60_000;
/// Longest, milliseconds: an hour. A proof of death reads every block of it.
pub const LIFE_MS_MAX: i64 = 60 * 60_000;
/// How long whoever it was handed to has it alone, milliseconds. Afterwards anybody who may is told the same bytes.
pub const LEASE_MS: i64 = 10 * 60_000;
/// How long a wish stands, milliseconds. A lane that cannot carry it out by then leaves it to be wished again.
pub const WISH_MS: i64 = 2 * 60_000;
/// A store that went back in time hands nothing out for so long, milliseconds: whatever it has forgotten has expired by then,
/// and clocks may differ by minutes.
pub const QUIET_MS: i64 = LIFE_MS_MAX + 10 * 60_000;

/// How long what is handed out may live, milliseconds: between [`LIFE_MS_MIN`] and [`LIFE_MS_MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life(i64);

impl Life {
    /// `None` outside its bounds.
    pub const fn from_ms(ms: i64) -> Option<Self> {
        if ms < LIFE_MS_MIN || ms > LIFE_MS_MAX { None } else { Some(Self(ms)) }
    }

    /// Milliseconds.
    pub const fn ms(self) -> i64 {
        self.0
    }
}

/// Blocks of a proof of death that lie before what is handed out begins to live, and after it: it leans on a solid block.
const BLOCKS_BESIDE: u64 = 100;

/// How long it may live on a chain, milliseconds: no longer than a proof of its death can read (M4).
pub fn life_on(profile: &ChainProfile, wanted: Life) -> i64 {
    let blocks = u64::from(SCAN_BLOCKS_MAX).saturating_sub(BLOCKS_BESIDE);
    let provable = i64::try_from(blocks.saturating_mul(profile.block_time_ms)).unwrap_or(i64::MAX);
    wanted.ms().min(provable)
}

/// Who has it in hand: a key, an operator, or the console.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holder(Actor);

impl Holder {
    /// `None` for a part of the engine: bytes go to somebody who answers for them.
    pub fn of(actor: &Actor) -> Option<Self> {
        match actor {
            Actor::System(_) => None,
            Actor::Key(_) | Actor::Operator(_) | Actor::Console => Some(Self(actor.clone())),
        }
    }
}

impl fmt::Display for Holder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// What was built for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Made {
    /// The transfer whose bytes they are.
    pub transfer: TransferId,
    /// The bytes.
    pub attempt: AttemptId,
    /// Their id on chain.
    pub txid: [u8; 32],
    /// No block past this contains them; milliseconds since 1970, by the chain's clock.
    pub expires_at_ms: i64,
    /// When they were built, and began to count as in flight.
    pub at: Timestamp,
    /// Until when the holder has them alone.
    pub lease_until: Timestamp,
}

/// Where a hand-out stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Somebody wants the bytes; there are none.
    Wished,
    /// They are durable and in flight; nobody has been told of them.
    Made(Made),
    /// They may have been told.
    Told(Made),
    /// It came to nothing.
    Lapsed {
        /// Stable code of why.
        code: String,
    },
}

impl State {
    /// The name in columns and on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Wished => "wished",
            Self::Made(_) => "made",
            Self::Told(_) => "told",
            Self::Lapsed { .. } => "lapsed",
        }
    }

    /// What was built, told or not.
    pub const fn made(&self) -> Option<&Made> {
        match self {
            Self::Made(made) | Self::Told(made) => Some(made),
            Self::Wished | Self::Lapsed { .. } => None,
        }
    }
}

/// A hand-out.
pub type HandOut = Reached<Record>;

/// What is known of a hand-out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name.
    pub id: HandOutId,
    /// The errand.
    pub withdrawal: WithdrawalId,
    /// Whose.
    pub partner: PartnerId,
    /// The desk.
    pub wallet: WalletId,
    /// Its chain.
    pub chain: ChainId,
    /// Who has it in hand, or wants it.
    pub holder: Holder,
    /// How long the bytes may live.
    pub life: Life,
    /// When it was wished.
    pub wished_at: Timestamp,
    /// Until when the wish stands.
    pub wish_until: Timestamp,
    /// Where it stands.
    pub state: State,
    /// Changes with every stored change.
    pub version: i64,
}

/// A wish of somebody.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wish {
    /// Name.
    pub id: HandOutId,
    /// The errand.
    pub withdrawal: WithdrawalId,
    /// Whose.
    pub partner: PartnerId,
    /// The desk.
    pub wallet: WalletId,
    /// Its chain.
    pub chain: ChainId,
    /// Who wants it.
    pub holder: Holder,
    /// How long the bytes may live.
    pub life: Life,
}

impl HandOut {
    /// Somebody wants the bytes of an errand.
    pub fn wish(wish: Wish, at: Timestamp) -> Moved<Self> {
        let Wish { id, withdrawal, partner, wallet, chain, holder, life } = wish;
        Moved::born(Self(Record {
            id,
            withdrawal,
            partner,
            wallet,
            chain,
            holder,
            life,
            wished_at: at,
            wish_until: at.plus_ms(WISH_MS),
            state: State::Wished,
            version: 1,
        }))
    }

    /// Whether the lane should carry it out.
    pub fn stands(&self, now: Timestamp) -> bool {
        matches!(self.state, State::Wished) && now < self.wish_until
    }

    /// The bytes are durable, in the commit that carries this (M2). The holder has them alone from now on.
    ///
    /// # Errors
    /// [`Refusal`] unless wished, by a wish that still stands.
    pub fn make(
        self,
        (transfer, attempt, txid): (TransferId, AttemptId, [u8; 32]),
        expires_at_ms: i64,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        if !self.stands(at) {
            return Err(self.not_from("make"));
        }
        let lease_until = at.plus_ms(LEASE_MS);
        let made = Made { transfer, attempt, txid, expires_at_ms, at, lease_until };
        Ok(self.moved(|it| it.state = State::Made(made)))
    }

    /// The signer's journal knows of a time after they were made: a store from before it will be found out (M17), so they may be
    /// told.
    ///
    /// # Errors
    /// [`Refusal`] unless made.
    pub fn tell(self) -> Result<Moved<Self>, Refusal> {
        match self.state {
            State::Made(made) => Ok(self.moved(|it| it.state = State::Told(made))),
            State::Wished | State::Told(_) | State::Lapsed { .. } => Err(self.not_from("tell")),
        }
    }

    /// It comes to nothing.
    ///
    /// # Errors
    /// [`Refusal`] unless wished: what was made ends with its transfer.
    pub fn lapse(self, code: &str) -> Result<Moved<Self>, Refusal> {
        match self.state {
            State::Wished => Ok(self.moved(|it| it.state = State::Lapsed { code: code.to_owned() })),
            State::Made(_) | State::Told(_) | State::Lapsed { .. } => Err(self.not_from("lapse")),
        }
    }

    /// Somebody else takes the same bytes, once whoever had them has had his time.
    ///
    /// # Errors
    /// [`Refusal`] unless told; [`Refusal::Evidence`] while another holder's lease lasts.
    pub fn pass_on(self, holder: Holder, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let made = match self.state {
            State::Told(made) => made,
            State::Wished | State::Made(_) | State::Lapsed { .. } => return Err(self.not_from("pass on")),
        };
        if self.is_held_from(&holder, at) {
            return Err(Refusal::Evidence {
                transition: "pass on a hand-out",
                why: "somebody else has it in hand",
            });
        }
        let lease_until = at.plus_ms(LEASE_MS);
        Ok(self.moved(|it| {
            it.holder = holder;
            it.state = State::Told(Made { lease_until, ..made });
        }))
    }

    /// Whether somebody else has it alone for now: wanted, or in hand.
    pub fn is_held_from(&self, other: &Holder, now: Timestamp) -> bool {
        let lasts = match &self.state {
            State::Wished => self.stands(now),
            State::Made(made) | State::Told(made) => now < made.lease_until,
            State::Lapsed { .. } => false,
        };
        lasts && self.holder != *other
    }

    fn moved(self, change: impl FnOnce(&mut Record)) -> Moved<Self> {
        let mut after = self.clone();
        change(&mut after.0);
        after.0.version = self.version.saturating_add(1);
        Moved::new(self, after)
    }

    fn not_from(&self, transition: &'static str) -> Refusal {
        Refusal::NotFrom { thing: "hand-out", transition, state: self.state.as_str() }
    }
}

/// The event of a hand-out's step, in the timeline of its errand.
pub fn of_hand_out(step: &Moved<HandOut>) -> Event {
    let it = step.after();
    let passed_on = step.before().is_some_and(|before| before.holder != it.holder);
    let kind = if passed_on { "passed_on" } else { it.state.as_str() };
    let code = match &it.state {
        State::Lapsed { code } => Some(Canonical::text(code)),
        State::Wished | State::Made(_) | State::Told(_) => None,
    };
    let made = it.state.made();
    Event {
        kind: format!("hand_out.{kind}"),
        partner: it.partner,
        withdrawal: Some(it.withdrawal),
        transfer: made.map(|made| made.transfer),
        wallet: Some(it.wallet),
        data: Canonical::map([
            ("code", code),
            ("expires_at_ms", made.map(|made| Canonical::text(made.expires_at_ms))),
            ("hand_out", Some(Canonical::text(it.id))),
            ("holder", Some(Canonical::text(&it.holder))),
            ("lease_until", made.map(|made| Canonical::text(made.lease_until))),
            (
                "txid",
                made.map(|made| {
                    Canonical::Text(made.txid.iter().map(|byte| format!("{byte:02x}")).collect())
                }),
            ),
            ("wallet", Some(Canonical::text(it.wallet))),
            ("withdrawal", Some(Canonical::text(it.withdrawal))),
        ]),
    }
}

#[cfg(test)]
mod tests;
