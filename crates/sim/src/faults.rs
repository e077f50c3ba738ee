//! Faults: every port call is a place where one may strike, named `port.method`.
//!
//! A plan says which faults strike when; a [`Site`] wraps the calls of one process and asks the plan at each of them.
//! Two kinds of plan: *systematic*, one given fault at the n-th call of the history, and *random*, drawn from a seed.

pub mod market;
pub mod node;
pub mod plan;
pub mod signer;
pub mod site;
pub mod stage;
pub mod store;
pub mod tron;

use crate::oracle::Witness;

pub use plan::{Coverage, Plan, When};
pub use site::Site;
pub use stage::STAGES;

/// What is around every call of a process: faults, and a witness on what is really committed and signed.
#[derive(Clone)]
pub struct Chaos {
    /// Where calls come from.
    pub site: Site,
    /// Sees what is done.
    pub witness: Witness,
}

/// What may strike a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Fault {
    /// The call never arrives, and says so.
    FailBefore,
    /// The call is done, and its answer is lost.
    FailAfter,
    /// The call takes long: up to past the lease.
    Delay,
    /// The call arrives twice.
    Duplicate,
    /// The process dies before the call leaves.
    KillBefore,
    /// The process dies after the call was done.
    KillAfter,
    /// The process sleeps past its lease before the call leaves.
    PauseBefore,
    /// The process sleeps past its lease after the call was done.
    PauseAfter,
}

impl Fault {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::FailBefore,
        Self::FailAfter,
        Self::Delay,
        Self::Duplicate,
        Self::KillBefore,
        Self::KillAfter,
        Self::PauseBefore,
        Self::PauseAfter,
    ];

    /// The name in coverage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FailBefore => "fail_before",
            Self::FailAfter => "fail_after",
            Self::Delay => "delay",
            Self::Duplicate => "duplicate",
            Self::KillBefore => "kill_before",
            Self::KillAfter => "kill_after",
            Self::PauseBefore => "pause_before",
            Self::PauseAfter => "pause_after",
        }
    }
}

/// The pairs of fault and stage that the history of a seed owes: seeds in a row go through all of them, each three times.
pub fn owed(seed: u64) -> [(Fault, &'static str); 3] {
    let all = Fault::ALL.len() * STAGES.len();
    let place = usize::try_from(seed % all as u64).unwrap_or_default();
    [place, (place + all / 3) % all, (place + 2 * all / 3) % all]
        .map(|place| (Fault::ALL[place % Fault::ALL.len()], STAGES[place / Fault::ALL.len()]))
}

/// Calls of vendors of energy, where a history has some. Faults are drawn for them beside the others.
pub const MARKET: &[&str] = &["market.quote", "market.place", "market.lookup", "market.balance"];

/// Every other port call there is: [`Site::ask`] takes no other, and coverage is measured against it.
pub const METHODS: &[&str] = &[
    "store.lease",
    "store.release",
    "store.accept",
    "store.apply",
    "store.lane",
    "store.wallets",
    "store.assets",
    "store.claimable",
    "store.withdrawals",
    "store.transfers",
    "store.attempts_by_txid",
    "store.cursor",
    "store.settleable",
    "store.included_in",
    "store.revived",
    "store.proof",
    "store.expired_holds",
    "store.overdue",
    "store.intake_facts",
    "store.seal",
    "store.undelivered_alerts",
    "store.alerts_delivered",
    "store.open_alerts",
    "store.untold_attention",
    "store.journal_seq",
    "store.journal_known",
    "store.unheld",
    "store.unended",
    "store.lost_payments",
    "store.lost_txids",
    "store.outbid",
    "store.stops",
    "store.is_adopted",
    "store.ended_since",
    "store.retired",
    "store.open_command",
    "store.expired_commands",
    "store.person",
    "store.booked",
    "store.energy",
    "store.stood",
    "store.paid_hours",
    "store.asks",
    "store.burned",
    "store.ending",
    "signer.hello",
    "signer.admit",
    "signer.sign",
    "signer.held",
    "signer.show",
    "signer.bar",
    "signer.close",
    "signer.export",
    "signer.mark",
    "signer.stop",
    "signer.lift",
    "node.chain_id",
    "node.header",
    "node.transactions",
    "node.wallet_logs",
    "node.receipts",
    "node.nonces",
    "node.balance",
    "node.calls",
    "node.estimates",
    "node.tip",
    "node.has_code",
    "node.send",
    "node.block",
    "node.blocks",
    "node.infos",
    "node.infos_of",
    "node.knows",
    "node.account",
    "node.left",
    "node.lendable",
    "node.collectable",
    "node.loan",
    "node.prices",
    "node.is_contract",
];
