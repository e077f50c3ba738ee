//! A database that went back in time: what was found, and what is left for persons to do.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::status::Status;
use crate::tag;
use crate::text::Time;

crate::words::words! {
    /// How far the procedure after a restore has come.
    RestoredState {
        /// This database never went back.
        Never = "never",
        /// Shut, and not compared with the signer's journal yet: nothing opens before that.
        Pending = "pending",
        /// What the journal has was imported. Persons are asked for what is left.
        Persons = "persons",
        /// Nothing of it is left to do.
        Over = "over",
    }
}

crate::words::words! {
    /// How a withdrawal was found.
    FoundAs {
        /// The journal has what was signed for it; it is followed again.
        Carried = "carried",
        /// Something was signed for it in the lost time. Only the transaction that paid it, or the death of each of its slots, ends it.
        PaidBeforeRestore = "paid_before_restore",
        /// What became of it in the lost time is not known; two persons decide.
        StoreWentBack = "store_went_back",
    }
}

crate::words::words! {
    /// What is left to do.
    LeftToDo {
        /// Start the signer with the journal that this database has seen.
        BringTheJournal = "bring_the_journal",
        /// Explain transactions of the wallets.
        ExplainTransactions = "explain_transactions",
        /// Resolve, or give up, what was signed in the lost time.
        ResolvePaid = "resolve_paid",
        /// Redrive or give up what the partner knows more about.
        DecideDoubtful = "decide_doubtful",
        /// Unfreeze the lanes.
        UnfreezeLanes = "unfreeze_lanes",
        /// Lift the stop of everything.
        LiftTheStop = "lift_the_stop",
    }
}

/// The last time that the database went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Restored {
    /// Always `restored`.
    pub object: tag::Restored,
    /// How far the procedure has come.
    pub state: RestoredState,
    /// What shows it, in one sentence.
    pub evidence: Option<String>,
    /// When the copy was made, where one was put in place; otherwise the signer's journal showed it.
    pub copied_at: Option<Time>,
    /// When it was noticed, or put in place.
    pub noticed_at: Option<Time>,
    /// When every lane was shut for it.
    pub shut_at: Option<Time>,
    /// When what the journal has was imported.
    pub imported_at: Option<Time>,
    /// Last place in the signer's journal that the copy had seen.
    pub journal_from: Option<u64>,
    /// Last place in the signer's journal that was imported.
    pub journal_to: Option<u64>,
    /// Attempts of the journal that the database had lost and that are followed again.
    pub attempts_carried: u64,
    /// Attempts of the journal that the database had lost and that nothing in it carries.
    pub attempts_lost: u64,
    /// Withdrawals that were found again or wait for persons, the first 500.
    pub withdrawals: Vec<FoundWithdrawal>,
    /// How many more there are.
    pub withdrawals_more: u64,
    /// Wallets whose lanes are shut for it.
    pub wallets: Vec<ShutWallet>,
    /// Everything is stopped.
    pub stopped: bool,
    /// What is left to do, in this order.
    pub left: Vec<Left>,
}

/// A withdrawal of a database that went back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FoundWithdrawal {
    /// Its id.
    pub id: String,
    /// The partner's own id.
    pub external_id: String,
    /// Its partner.
    pub partner_id: String,
    /// Where it stands now.
    pub status: Status,
    /// How it was found.
    pub found: FoundAs,
}

/// A wallet whose lane is shut.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ShutWallet {
    /// Its id.
    pub id: String,
    /// Transactions of it that nothing explains yet.
    pub unexplained: u64,
}

/// One thing that is left to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Left {
    /// What.
    pub step: LeftToDo,
    /// Of how many.
    pub count: u64,
}
