//! What a person should look at. Raised and closed by the engine, deduplicated by code and subject.

use crate::id::{AlertId, PartnerId};
use crate::time::Timestamp;

/// P1 pages at once, P4 can wait a day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// Money may be at risk: 15 minutes.
    P1,
    /// Payments stand still: one hour.
    P2,
    /// Something degrades: four hours.
    P3,
    /// For the record: a day.
    P4,
}

impl Severity {
    /// The name on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::P1 => "P1",
            Self::P2 => "P2",
            Self::P3 => "P3",
            Self::P4 => "P4",
        }
    }
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident;)*) => {
        /// Every kind of alert, with its severity. `docs/runbooks.md` has a section for each.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// Stable name.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$name => $text),* }
            }

            /// How urgent.
            pub const fn severity(self) -> Severity {
                match self { $(Self::$name => Severity::$severity),* }
            }

            /// Reads a stable name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

codes! {
    /// Something left a wallet that no attempt of ours explains.
    LaneFrozen = "lane_frozen", P1;
    /// A block below finality was replaced under a proof.
    FinalityReversed = "finality_reversed", P1;
    /// Nodes of different operators contradict each other about a final block.
    NodesDisagree = "nodes_disagree", P1;
    /// The store is older than the signer or the chain (M17).
    StoreWentBack = "store_went_back", P1;
    /// Books and chain differ.
    ReconciliationDifference = "reconciliation_difference", P1;
    /// Equal reverts opened a wallet's breaker.
    BreakerOpen = "breaker_open", P2;
    /// A lane has due work and does not send.
    LaneIdle = "lane_idle", P2;
    /// The fee market is above the cap.
    FeeAtCap = "fee_at_cap", P2;
    /// The chain's final block does not advance.
    FinalityStalled = "finality_stalled", P2;
    /// No node of a chain answers.
    NodesDown = "nodes_down", P2;
    /// The signer does not answer.
    SignerDown = "signer_down", P2;
    /// The signer refused a request.
    SignerRefused = "signer_refused", P2;
    /// A withdrawal needs a person.
    NeedsAttention = "needs_attention", P2;
    /// A hot wallet has not enough of an asset for what is due.
    FundsShort = "funds_short", P2;
    /// A wallet has too little native coin to pay for gas.
    GasLow = "gas_low", P2;
    /// A withdrawal is past its deadline.
    DeadlineMissed = "deadline_missed", P3;
    /// Too many transfers of a lane are unsettled; it sends nothing until some settle.
    UnsettledFull = "unsettled_full", P3;
    /// Our clock and the chain's differ too much.
    ClockSkew = "clock_skew", P3;
    /// A row was written by a newer version and is left alone.
    UnknownState = "unknown_state", P2;
    /// Completion rests on one operator's word.
    SingleSource = "single_source", P4;
}

/// What the engine says when it raises one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Raise {
    /// Kind.
    pub code: Code,
    /// What it is about: an id, a chain.
    pub subject: String,
    /// Tenant it concerns; `None` for the platform.
    pub partner: Option<PartnerId>,
    /// One sentence with the figures.
    pub detail: String,
}

/// An alert as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alert {
    /// Name.
    pub id: AlertId,
    /// What was said.
    pub raise: Raise,
    /// First seen.
    pub since: Timestamp,
    /// Last seen.
    pub last_seen: Timestamp,
    /// Times it was raised since.
    pub count: i64,
    /// Who took it.
    pub acknowledged_by: Option<String>,
    /// When it went away.
    pub resolved_at: Option<Timestamp>,
    /// When a sink last took it in its present form.
    pub delivered_at: Option<Timestamp>,
}
