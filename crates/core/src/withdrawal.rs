//! A withdrawal: one customer's request to pay `amount` of `asset` to `address`. The business half of the two state
//! machines; the on-chain half is [`crate::transfer`].
//!
//! ```text
//! requested -> approved -> assigned -> paid
//!     |  \         |  ^       |  \-> needs_attention -> queued | paid | failed
//!     |   held ----/  |       |
//!     |    |       queued <---/  (lane gave it back, or its slot is proven dead)
//!  rejected  rejected | cancelled      cancelled | failed   (only unslotted, or after a proof of death)
//! ```
//! Terminal and final: `paid`, `rejected`, `cancelled`, `failed`. The one edge out of them is `reopen`: a proof whose
//! block left the chain is no proof (M16); it leads back to the same slot, never to a new one.

mod approve;
mod assign;
mod attention;
mod cancel;
mod doubt;
mod fail;
mod give_back;
mod hold;
mod pay;
mod pinned;
mod recognise;
mod reject;
mod reopen;
mod request;
pub mod status;

pub use attention::{AttentionCode, Resolution};
pub use cancel::CancelEffect;
pub use give_back::Why as GivenBackWhy;
pub use request::{
    ID_MAX, MEMO_MAX, METADATA_MAX, METADATA_TEXT_MAX, NewRequest, Request, RequestError, SCHEDULE_DAYS_MAX,
    Type, allowance_ms, deadline_ms,
};
pub use status::{Status, Waiting, on_lane};

use crate::access::Actor;
use crate::chain::BlockRef;
use crate::id::{PartnerId, ProofId, TransferId, WalletId, WithdrawalId};
use crate::intent::PaymentKey;
use crate::moved::{Moved, Reached, Refusal};
use crate::time::Timestamp;

/// One customer request and where it stands.
pub type Withdrawal = Reached<Record>;

/// What is known of a withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name.
    pub id: WithdrawalId,
    /// Tenant.
    pub partner: PartnerId,
    /// What was asked for. Never changes.
    pub request: Request,
    /// Identity of the payment (M1).
    pub key: PaymentKey,
    /// When it was accepted.
    pub accepted_at: Timestamp,
    /// Rank in its queue, fixed at acceptance: earliest first, so nobody starves (ADR 0006).
    pub due_at: Timestamp,
    /// When its type promises it done. A deadline, never a minimum wait.
    pub deadline_at: Timestamp,
    /// Tries so far; 0 until the first. One that went back to the queue before it had a slot does not count.
    pub attempt_no: u32,
    /// Transfers that ended without payment since a person last looked; bounded by [`RETRIES_MAX`].
    pub retries: u32,
    /// Somebody asked to cancel, and who. The answer is known only when the slot's outcome is.
    pub cancel_requested: Option<CancelRequest>,
    /// Changes with every stored change.
    pub version: i64,
    /// Where it stands.
    pub state: State,
}

/// Past this many unpaid transfers a person looks (`needs_attention: retries_exhausted`).
pub const RETRIES_MAX: u32 = 3;

/// A wish to cancel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CancelRequest {
    /// Who.
    pub by: Actor,
    /// Why.
    pub reason: String,
    /// When.
    pub at: Timestamp,
}

/// Where a withdrawal stands, with the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// Accepted and not yet decided.
    Requested,
    /// Waits for something named.
    Held(Held),
    /// Decided; belongs to the queue.
    Approved(Approved),
    /// Back in the queue after a lane gave it up or its slot was proven dead.
    Queued(Queued),
    /// A transfer pays it.
    Assigned(Assigned),
    /// Paid, with proof.
    Paid(Paid),
    /// Something only a person may decide. Not terminal: reservations are kept, "do not refund".
    NeedsAttention(NeedsAttention),
    /// Refused before anything happened.
    Rejected(Ended),
    /// Called off before a signature existed, or after a proof of death.
    Cancelled(Ended),
    /// Given up, with a proof of death for every slot it ever had.
    Failed(Ended),
}

/// Evidence of `held`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Stable code of what is waited for.
    pub code: String,
    /// Since.
    pub since: Timestamp,
    /// Ends by itself then, as `rejected: hold_expired`.
    pub expires_at: Timestamp,
}

/// Evidence of `approved`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Approved {
    /// The decision: rule ids, versions.
    pub decision: String,
    /// When.
    pub at: Timestamp,
}

/// Evidence of `queued`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Queued {
    /// The decision it was approved by.
    pub decision: String,
    /// Stable code of why it came back.
    pub why: String,
    /// The transfer whose slot died, and its lane, if it ever had a slot. Should that death ever be taken back, it
    /// belongs to that slot again (M16).
    pub last: Option<(TransferId, WalletId)>,
    /// Since.
    pub since: Timestamp,
    /// Not before then (backoff).
    pub not_before: Timestamp,
}

/// Evidence of `assigned`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Assigned {
    /// The decision it was approved by.
    pub decision: String,
    /// The transfer that pays it.
    pub transfer: TransferId,
    /// The lane.
    pub wallet: WalletId,
    /// The transfer whose slot died before this one was planned, and its lane: given back without a slot, it still
    /// replaces that one (M16).
    pub last: Option<(TransferId, WalletId)>,
    /// Since.
    pub since: Timestamp,
}

/// Evidence of `paid`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Paid {
    /// The decision it was approved by; `None` for what was recognised before anybody let it pass (M17).
    pub decision: Option<String>,
    /// Transfer that paid it, and its lane; absent when it was paid outside the engine and never had one.
    pub by: Option<(TransferId, WalletId)>,
    /// The proof.
    pub proof: ProofId,
    /// Transaction.
    pub txid: [u8; 32],
    /// Block.
    pub block: BlockRef,
    /// When it was established.
    pub at: Timestamp,
}

/// Evidence of `needs_attention`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeedsAttention {
    /// The decision it was approved by; `None` for what was handed to a person before anybody let it
    /// pass (M17): such a one never had a slot here.
    pub decision: Option<String>,
    /// Why.
    pub code: AttentionCode,
    /// Since.
    pub since: Timestamp,
    /// Its last transfer and lane, if it ever had one.
    pub last: Option<(TransferId, WalletId)>,
    /// Every slot it ever had is proven dead. While not, giving up and redriving are refused.
    pub slots_dead: bool,
}

/// Evidence of a refusal, cancellation or failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Stable reason code.
    pub code: String,
    /// The last proof of death, when it ever had a slot.
    pub proof: Option<ProofId>,
    /// When.
    pub at: Timestamp,
}

impl State {
    /// The name in columns.
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Requested => "requested",
            Self::Held(_) => "held",
            Self::Approved(_) => "approved",
            Self::Queued(_) => "queued",
            Self::Assigned(_) => "assigned",
            Self::Paid(_) => "paid",
            Self::NeedsAttention(_) => "needs_attention",
            Self::Rejected(_) => "rejected",
            Self::Cancelled(_) => "cancelled",
            Self::Failed(_) => "failed",
        }
    }

    /// Final: nothing pays this withdrawal again.
    pub const fn terminal(&self) -> bool {
        match self {
            Self::Paid(_) | Self::Rejected(_) | Self::Cancelled(_) | Self::Failed(_) => true,
            Self::Requested
            | Self::Held(_)
            | Self::Approved(_)
            | Self::Queued(_)
            | Self::Assigned(_)
            | Self::NeedsAttention(_) => false,
        }
    }
}

impl Withdrawal {
    fn moved(self, state: State) -> Moved<Self> {
        self.changed(|withdrawal| withdrawal.state = state)
    }

    fn changed(self, change: impl FnOnce(&mut Record)) -> Moved<Self> {
        let mut after = self.clone();
        change(&mut after.0);
        after.0.version = self.version.saturating_add(1);
        Moved::new(self, after)
    }

    fn not_from(&self, transition: &'static str) -> Refusal {
        Refusal::NotFrom { thing: "withdrawal", transition, state: self.state.as_str() }
    }
}

#[cfg(test)]
mod tests;
