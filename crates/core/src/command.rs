//! What people command, how many persons each command takes (M4, M6, M12), and the record of a command that waits for
//! the second of them.
//!
//! The first person's command is stored and does nothing. The second person gives the same command; it is carried out in
//! the commit that ends the record, so it is done once, on two persons' word, and on what is true at that moment.
//!
//! ```text
//! ask ─▶ pending ─┬─ complete ─▶ done        another person gave the same command
//!                 ├─ withdraw ─▶ withdrawn   somebody who may give it took it back
//!                 └─ expire ───▶ expired     24 h went by, the first person's key ended, or its facts changed
//! ```

mod ask;
mod complete;
mod expire;
pub mod person;
#[cfg(test)]
mod tests;
mod withdraw;

use std::fmt;

use crate::access::Scope;
use crate::canonical::Canonical;
use crate::id::{CommandId, KeyId, PartnerId};
use crate::moved::{Moved, Reached, Refusal};
use crate::time::Timestamp;

pub use complete::Objection;
pub use person::Person;

/// How long a command waits for its second person, milliseconds: 24 hours.
pub const EXPIRY_MS: i64 = 24 * 3_600_000;

macro_rules! kinds {
    ($($(#[$doc:meta])* $name:ident = $word:literal, $persons:ident, $scope:ident;)*) => {
        /// What can be commanded: its name, how many persons it takes, and the scope each of them needs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Kind { $($(#[$doc])* $name,)* }

        impl Kind {
            /// Every kind.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable name in columns and on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $word),* }
            }

            /// How many persons it takes.
            pub const fn persons(self) -> Persons {
                match self { $(Self::$name => Persons::$persons),* }
            }

            /// What a key must be allowed to do to give it.
            pub const fn scope(self) -> Scope {
                match self { $(Self::$name => Scope::$scope),* }
            }

            /// Reads a stable name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($word => Some(Self::$name),)* _ => None }
            }
        }
    };
}

// The one table of who may do what alone. Whatever opens what was shut for safety, or says what the chain alone should
// say, takes two; whatever shuts or slows takes one.
kinds! {
    /// Books what was paid in at a vendor of energy.
    EnergyBook = "energy.book", Two, AttentionOperate;
    /// Says what a vendor has kept for an order of energy that account and chain do not explain.
    EnergyResolve = "energy.resolve", Two, AttentionOperate;
    /// Explains a transaction of a managed wallet that the engine did not make.
    LaneAdopt = "lane.adopt", Two, LanesOperate;
    /// Raises a fee cap for a time, below the signer's own.
    LaneCap = "lane.cap", One, LanesOperate;
    /// Takes nothing new.
    LaneDrain = "lane.drain", One, LanesOperate;
    /// Signs and sends nothing new.
    LanePause = "lane.pause", One, LanesOperate;
    /// Opens a paused or drained lane.
    LaneResume = "lane.resume", One, LanesOperate;
    /// Offers more for the oldest transaction, within the caps.
    LaneSpeedUp = "lane.speed_up", One, LanesOperate;
    /// Opens a lane that froze.
    LaneUnfreeze = "lane.unfreeze", Two, LanesOperate;
    /// Lifts a stop.
    StopLift = "stop.lift", Two, StopLift;
    /// Stops payments.
    StopSet = "stop.set", One, StopSet;
    /// Takes a wallet into service.
    WalletAdopt = "wallet.adopt", One, WalletsManage;
    /// Has a wallet looked at whose key somebody else holds, and to which money may be sent after a wait.
    WalletRegister = "wallet.register", Two, WalletsManage;
    /// Takes a wallet out of service for ever.
    WalletRetire = "wallet.retire", Two, WalletsManage;
    /// Ends a withdrawal unpaid, when every slot of it is proven dead.
    WithdrawalGiveUp = "withdrawal.give_up", TwoWhenDoubtful, AttentionOperate;
    /// Tries a withdrawal again in a new slot.
    WithdrawalRedrive = "withdrawal.redrive", TwoWhenDoubtful, AttentionOperate;
    /// Completes a withdrawal by a transaction made outside the engine.
    WithdrawalResolve = "withdrawal.resolve", Two, AttentionOperate;
}

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// How many persons a command takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persons {
    /// One is enough.
    One,
    /// Two, always.
    Two,
    /// Two where the proof that its last slot is dead does not free the payment by itself: it is one node operator's word,
    /// or a stranger consumed the slot and may have paid (M4, M6). One otherwise. Whoever is told that a withdrawal has
    /// failed pays it another way, so giving up on such a proof is as dear as a new slot.
    TwoWhenDoubtful,
}

impl Persons {
    /// Whether a second person is needed.
    pub const fn two(self, doubtful: bool) -> bool {
        match self {
            Self::One => false,
            Self::Two => true,
            Self::TwoWhenDoubtful => doubtful,
        }
    }
}

/// What is commanded. Two persons agree when these are equal; their reasons are their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// What.
    pub kind: Kind,
    /// Id of the thing it is about; of several orders about one thing that may wait side by side, with a slash and what
    /// tells them apart.
    pub subject: String,
    /// What else it says: canonical JSON.
    pub says: String,
    /// What it rests on: why the lane froze, since when the stop stands, which transfer was tried last. Canonical JSON. A
    /// command whose facts have changed is over: its persons agreed on something else.
    pub facts: String,
}

impl Order {
    /// An order about a thing.
    pub fn new(kind: Kind, subject: impl ToString, says: &Canonical, facts: &Canonical) -> Self {
        Self { kind, subject: subject.to_string(), says: says.json(), facts: facts.json() }
    }
}

impl Order {
    /// Id of the thing it is about, alone.
    pub fn thing(&self) -> &str {
        self.subject.split('/').next().unwrap_or_default()
    }
}

/// How a command ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// By whom.
    pub by: crate::access::Actor,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// How far a command is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// The second person is missing.
    Pending,
    /// Another person gave it too, and it was carried out in that commit.
    Done(Ended),
    /// Taken back; nothing was done.
    Withdrawn(Ended),
    /// Nobody completed it in time, or before its facts changed; nothing was done.
    Expired(Ended),
}

impl State {
    /// The name in columns and on the wire.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Done(_) => "done",
            Self::Withdrawn(_) => "withdrawn",
            Self::Expired(_) => "expired",
        }
    }

    /// How it ended, if it did.
    pub const fn ended(&self) -> Option<&Ended> {
        match self {
            Self::Pending => None,
            Self::Done(ended) | Self::Withdrawn(ended) | Self::Expired(ended) => Some(ended),
        }
    }
}

/// A command that takes two persons. One of a kind and subject is open at a time.
pub type Command = Reached<Record>;

/// What is known of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name.
    pub id: CommandId,
    /// Whose thing it is about; the platform's for what concerns everybody.
    pub partner: PartnerId,
    /// What is commanded.
    pub order: Order,
    /// Who gave it first.
    pub asked_by: KeyId,
    /// Why, in that person's words.
    pub reason: String,
    /// When it was given first.
    pub asked_at: Timestamp,
    /// Until when another person may complete it.
    pub expires_at: Timestamp,
    /// How far it is.
    pub state: State,
    /// Rises with every step.
    pub version: i64,
}

impl Command {
    fn ended(self, state: State) -> Moved<Self> {
        let after = Self(Record { state, version: self.version.saturating_add(1), ..self.0.clone() });
        Moved::new(self, after)
    }

    /// Every transition starts from `pending` and from nowhere else.
    fn must_be_open(&self, transition: &'static str) -> Result<(), Refusal> {
        match &self.state {
            State::Pending => Ok(()),
            State::Done(_) | State::Withdrawn(_) | State::Expired(_) => {
                Err(Refusal::NotFrom { thing: "command", transition, state: self.state.as_str() })
            }
        }
    }
}
