//! What a wallet is for and who holds its key. Together they say whether it is a lane, and nothing else does; a desk is an external
//! one whose key was shown besides.

use super::Wallet;
use crate::moved::Refusal;
use crate::time::Timestamp;

/// What a wallet is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Tier {
    /// Pays withdrawals.
    Hot,
    /// Refills hot wallets, once or twice a week, by people.
    Warm,
    /// Keeps the bulk; its key is offline.
    Cold,
    /// Registered beforehand as a place that money is rescued to. Nothing else is sent there, and nothing comes from there.
    Safe,
}

impl Tier {
    /// Every tier, the most exposed first.
    pub const ALL: &'static [Self] = &[Self::Hot, Self::Warm, Self::Cold, Self::Safe];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hot => "hot",
            Self::Warm => "warm",
            Self::Cold => "cold",
            Self::Safe => "safe",
        }
    }

    /// Reads a stable name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|tier| tier.as_str() == text)
    }
}

/// Who holds the key of a wallet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Custody {
    /// The signer of this installation, which has shown it.
    Managed,
    /// Somebody else: the engine can never sign for the wallet. It looks at it, and hands out what a person may sign once the
    /// key was shown.
    External,
}

impl Custody {
    /// Both.
    pub const ALL: &'static [Self] = &[Self::Managed, Self::External];

    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Managed => "managed",
            Self::External => "external",
        }
    }

    /// Reads a stable name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|custody| custody.as_str() == text)
    }
}

impl Wallet {
    /// Whether it is a lane: a hot wallet whose key the signer holds. Nothing else pays withdrawals.
    pub const fn is_lane(&self) -> bool {
        matches!((self.0.tier, self.0.custody), (Tier::Hot, Custody::Managed))
    }

    /// Whether the signer holds its key, so that nothing may leave it that the engine did not send (M6).
    pub const fn is_managed(&self) -> bool {
        matches!(self.0.custody, Custody::Managed)
    }

    /// Whether money may be sent to it: in service, not frozen, and registered for long enough.
    pub fn is_trusted(&self, now: Timestamp) -> bool {
        use super::LaneState::{Draining, Frozen, Open, Paused, Retired};
        match self.state {
            Open | Paused | Draining => now >= self.trusted_from,
            Frozen { .. } | Retired => false,
        }
    }

    /// Whether what it is sent can leave it again: its lane pays it out, or whoever holds its key does. The signer holds the key of a
    /// managed warm or cold wallet, and nothing of it ever gets a slot.
    pub const fn gives_back(&self) -> bool {
        self.is_lane() || !self.is_managed()
    }

    /// Whether anything of it ever gets a slot.
    pub const fn gets_slots(&self) -> bool {
        self.is_lane() || self.is_desk()
    }

    /// Orders to whatever has a stream of transfers mean nothing to another wallet.
    pub(super) const fn must_get_slots(&self, transition: &'static str) -> Result<(), Refusal> {
        if self.is_desk() { Ok(()) } else { self.must_be_a_lane(transition) }
    }

    /// Orders to a lane mean nothing to another wallet.
    pub(super) const fn must_be_a_lane(&self, transition: &'static str) -> Result<(), Refusal> {
        if self.is_lane() {
            return Ok(());
        }
        let state = match self.0.custody {
            Custody::External => self.0.custody.as_str(),
            Custody::Managed => self.0.tier.as_str(),
        };
        Err(Refusal::NotFrom { thing: "wallet", transition, state })
    }
}
