//! What a person should look at. Raised and closed by the engine, deduplicated by code and subject.

pub mod words;

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

/// Who looks first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Owner {
    /// Whoever runs the engine, its hosts and its nodes.
    Engineering,
    /// Whoever fills hot wallets.
    Treasury,
    /// Whoever answers for single withdrawals.
    Operations,
}

impl Owner {
    /// Stable name, a label of the alert.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Engineering => "engineering",
            Self::Treasury => "treasury",
            Self::Operations => "operations",
        }
    }
}

/// Who raises an alert: one place for each code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Raiser {
    /// The chain loop, from what the chain port sees of its nodes.
    Nodes,
    /// The chain loop, when it finds something on the chain; the lane, when it starts.
    Watch,
    /// The lane, from what it met in a turn.
    Lane,
    /// The house and decide loops, from what is stored.
    House,
    /// The store, when it reads.
    Store,
}

/// What ends an alert. Ends are derived from how things stand, not from the step that mended them: a crash between the
/// two leaves an alert open that the next look closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ends {
    /// Whoever raised it looks again and does not find it any more.
    Looked,
    /// What is stored of its subject: the house goes through all open alerts.
    Stored,
    /// A person takes it: it tells of something that happened and has no present.
    Acknowledged,
}

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $text:literal, $severity:ident, $owner:ident, $raiser:ident, $ends:ident;)*) => {
        /// Every kind of alert, with its severity, its owner, who raises it and what ends it. `docs/runbooks.md` has a
        /// section for each, under its stable name.
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

            /// Who looks first.
            pub const fn owner(self) -> Owner {
                match self { $(Self::$name => Owner::$owner),* }
            }

            /// Who raises it.
            pub const fn raiser(self) -> Raiser {
                match self { $(Self::$name => Raiser::$raiser),* }
            }

            /// What ends it.
            pub const fn ends(self) -> Ends {
                match self { $(Self::$name => Ends::$ends),* }
            }

            /// Reads a stable name.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$name),)* _ => None }
            }
        }
    };
}

codes! {
    /// Something left a wallet that no attempt of ours explains. Ends when the lane is unfrozen or retired.
    LaneFrozen = "lane_frozen", P1, Engineering, Watch, Stored;
    /// One node alone shows something leaving a wallet. Ends when another operator shows it too, or a quorum denies it.
    ClaimUnconfirmed = "claim_unconfirmed", P1, Engineering, Watch, Stored;
    /// A block below finality was replaced under a proof. Ends when the transfer is final again; where its withdrawal has
    /// moved on, a person must have taken it too.
    FinalityReversed = "finality_reversed", P1, Engineering, Watch, Stored;
    /// Nodes of different operators contradict each other about a final block. Ends when they agree.
    NodesDisagree = "nodes_disagree", P1, Engineering, Nodes, Looked;
    /// Store and signer's journal are not of the same time: one of them was restored (M17). Ends when the wallet is not
    /// frozen any more.
    StoreWentBack = "store_went_back", P1, Engineering, Lane, Stored;
    /// Books and chain differ. Ends when they are equal.
    ReconciliationDifference = "reconciliation_difference", P1, Engineering, House, Looked;
    /// Equal reverts opened a wallet's breaker, or the issuer refuses. Ends when the lane takes work again.
    BreakerOpen = "breaker_open", P2, Engineering, Lane, Looked;
    /// A lane has due work and does not send. Ends when it sends, or its work is gone.
    LaneIdle = "lane_idle", P2, Engineering, House, Looked;
    /// The fee market is above the cap. Ends when nothing waits for a lower one.
    FeeAtCap = "fee_at_cap", P2, Operations, Lane, Looked;
    /// The chain's final block does not advance. Ends when it does.
    FinalityStalled = "finality_stalled", P2, Engineering, Nodes, Looked;
    /// No node of a chain answers, or too few for a final block. Ends when enough do.
    NodesDown = "nodes_down", P2, Engineering, Nodes, Looked;
    /// The signer does not answer. Ends when it does.
    SignerDown = "signer_down", P2, Engineering, Lane, Looked;
    /// The signer refused a request. Ends when it refuses nothing of the lane any more.
    SignerRefused = "signer_refused", P2, Engineering, Lane, Looked;
    /// A withdrawal needs a person. Ends when a person has decided.
    NeedsAttention = "needs_attention", P2, Operations, House, Stored;
    /// A hot wallet has not enough of an asset for what is due. Ends when what is due fits.
    FundsShort = "funds_short", P2, Treasury, Lane, Looked;
    /// A lane waits for energy that nobody delivers, and burns no more TRX in this hour. Ends when what waits has energy.
    EnergyShort = "energy_short", P2, Treasury, Lane, Looked;
    /// A wallet has little left of the energy that its stakes and loans yield. Ends when it stands on a higher rung.
    EnergyLow = "energy_low", P3, Treasury, House, Looked;
    /// A wallet uses far more energy than its payouts were expected to take. Ends when an hour uses less.
    EnergyUnusual = "energy_unusual", P3, Operations, House, Looked;
    /// A vendor of energy took money, or may have, and neither energy nor money is accounted for. Ends when account and chain
    /// explain it, or a person has.
    EnergyUnresolved = "energy_unresolved", P2, Treasury, House, Looked;
    /// A partner has paid little ahead for energy of the pool. Ends when it has topped up a quarter above the threshold.
    EnergyCreditLow = "energy_credit_low", P3, Treasury, House, Looked;
    /// TRX came to the pool's wallet and nobody knows whose it is. Ends when a person has said so.
    EnergyTopupUnknown = "energy_topup_unknown", P3, Treasury, House, Looked;
    /// A refill is ordered, and nobody takes its bytes in hand to sign them. Ends when somebody does, or it is called off.
    SignatureAwaited = "signature_awaited", P3, Treasury, House, Looked;
    /// A wallet has too little native coin to pay for gas. Ends when gas can be reserved.
    GasLow = "gas_low", P2, Treasury, Lane, Looked;
    /// A withdrawal is past its deadline. Ends with the withdrawal, or when a person is awaited.
    DeadlineMissed = "deadline_missed", P3, Operations, House, Stored;
    /// Too many transfers of a lane are unsettled; it sends nothing until some settle. Ends when there is room.
    UnsettledFull = "unsettled_full", P3, Engineering, Lane, Looked;
    /// Our clock and the chain's differ too much. Ends with a block whose time fits.
    ClockSkew = "clock_skew", P3, Engineering, Nodes, Looked;
    /// A row was written by a newer version and is left alone. A person takes it.
    UnknownState = "unknown_state", P2, Engineering, Store, Acknowledged;
    /// Completion rests on one operator's word. Ends when two agree.
    SingleSource = "single_source", P4, Engineering, Nodes, Looked;
}

impl Code {
    /// Codes that this raiser looks at again and closes.
    pub fn looked_at_by(raiser: Raiser) -> Vec<Self> {
        let wanted = |code: &&Self| code.raiser() == raiser && code.ends() == Ends::Looked;
        Self::ALL.iter().filter(wanted).copied().collect()
    }
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
    /// When it was taken.
    pub acknowledged_at: Option<Timestamp>,
    /// When it went away.
    pub resolved_at: Option<Timestamp>,
    /// When a sink last took it in its present form.
    pub delivered_at: Option<Timestamp>,
}
