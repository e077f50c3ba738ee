//! Who does something, and what a caller may do.

use std::fmt;

use crate::id::{KeyId, OperatorId};

/// Who caused a command or an event. Recorded with every one of them (M15).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Actor {
    /// A part of the engine, by the name of its loop or stage.
    System(&'static str),
    /// An API key.
    Key(KeyId),
    /// A person.
    Operator(OperatorId),
    /// Somebody with a shell on the engine's machine, who used the command line against the store.
    Console,
}

impl fmt::Display for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System(part) => write!(f, "system:{part}"),
            Self::Key(key) => key.fmt(f),
            Self::Operator(operator) => operator.fmt(f),
            Self::Console => f.write_str("console"),
        }
    }
}

macro_rules! scopes {
    ($($(#[$doc:meta])* $name:ident = $text:literal;)*) => {
        /// What an API key may do. A route asks for exactly one.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Scope { $($(#[$doc])* $name,)* }

        impl Scope {
            /// Every scope.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The stable name used in keys and problems.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// Reads a stable name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }

            /// Whether keys of the platform alone may have it.
            pub const fn platform_only(self) -> bool {
                matches!(self, Self::PartnersManage)
            }
        }
    };
}

scopes! {
    /// Read withdrawals, their events and statistics.
    WithdrawalsRead = "withdrawals:read";
    /// Create withdrawals.
    WithdrawalsCreate = "withdrawals:create";
    /// Ask for a cancellation.
    WithdrawalsCancel = "withdrawals:cancel";
    /// Read wallets, balances and lanes.
    WalletsRead = "wallets:read";
    /// Take wallets into service and out of it.
    WalletsManage = "wallets:manage";
    /// Pause, resume, drain, speed up and unfreeze lanes.
    LanesOperate = "lanes:operate";
    /// Redrive, resolve or give up what needs a person.
    AttentionOperate = "attention:operate";
    /// Read and acknowledge alerts.
    AlertsOperate = "alerts:operate";
    /// Stop payments of this partner.
    StopSet = "stop:set";
    /// Lift a stop.
    StopLift = "stop:lift";
    /// Create, list and revoke API keys of this partner.
    KeysManage = "keys:manage";
    /// Read commands that wait for a second person; taking one back needs the command's own scope too.
    CommandsRead = "commands:read";
    /// Order refills of wallets.
    TreasuryOperate = "treasury:operate";
    /// Take what has to be signed outside into one's hands, and hand signatures in.
    SignaturesHandOut = "signatures:handout";
    /// Create and read partners: the platform's own keys only.
    PartnersManage = "partners:manage";
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
