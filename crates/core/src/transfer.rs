//! A transfer: one intended on-chain effect. The on-chain half of the two state machines.
//!
//! ```text
//! planned -> funded -> (fuelling) -> fuelled -> built -> signed <-> seen -> final
//!     \________\___________\__________/  |        ^                  |       |
//!               dropped (no slot)        |        \--- void ---      |       |
//!                                      bump, void: new attempts      \-------/ reopen (M16)
//! ```
//! Up to `fuelled` it has no slot and may be dropped; from `built` on it has one, for ever, and only the chain ends it: or,
//! where a slot that nothing was signed in needs no filling, the signer's tombstone (`built -> final`, TRON).

mod build;
mod bury;
mod drop;
mod failure;
mod fuel;
mod fund;
mod hand_out;
mod import;
mod last;
mod phase;
mod plan;
mod reopen;
mod see;
mod settle;
mod sign;
mod take;
mod void;

pub use build::{Allotment, may_follow};
pub use failure::{Failure, Remedy};
pub use last::Last;
pub use phase::Phase;
pub use settle::{End, Outcome};

use crate::amount::{Amount, Cost};
use crate::asset::Asset;
use crate::chain::BlockRef;
use crate::id::{AttemptId, PartnerId, ProofId, TransferId, WalletId, WithdrawalId};
use crate::intent::{Approved, payments_hash};
use crate::moved::{Moved, Reached, Refusal};
use crate::proof::{Inclusion, Stranger};
use crate::receipt::Estimate;
use crate::slot::Slot;
use crate::time::Timestamp;

/// What a transfer is for. Every purpose obeys the same rules (M1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Purpose {
    /// Pays withdrawals.
    Payout,
    /// Fills a nonce that belongs to nothing: after a restore, or a gap (M4, M17).
    Fill,
}

impl Purpose {
    /// The name in columns.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Payout => "payout",
            Self::Fill => "fill",
        }
    }
}

/// What became of one withdrawal inside a transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Life {
    /// This transfer may pay it.
    Live,
    /// This transfer has paid it.
    Paid(ProofId),
    /// This transfer can never pay it.
    Dead(ProofId),
}

/// One withdrawal inside a transfer. One item for a plain transfer, many for a vault batch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// The withdrawal.
    pub withdrawal: WithdrawalId,
    /// What it is paid, and by which decision.
    pub approved: Approved,
    /// What became of it.
    pub life: Life,
}

/// One intended on-chain effect and where it stands.
pub type Transfer = Reached<Record>;

/// What is known of a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record {
    /// Name.
    pub id: TransferId,
    /// Tenant.
    pub partner: PartnerId,
    /// Lane.
    pub wallet: WalletId,
    /// What moves.
    pub asset: Asset,
    /// What for.
    pub purpose: Purpose,
    /// What it pays.
    pub items: Vec<Item>,
    /// When it was planned.
    pub planned_at: Timestamp,
    /// When the state last changed.
    pub changed_at: Timestamp,
    /// Changes with every stored change.
    pub version: i64,
    /// Where it stands.
    pub state: State,
}

/// Where a transfer stands, with the evidence for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// On a lane.
    Planned,
    /// Its amount is reserved.
    Funded(Funded),
    /// TRON: energy is on order. EVM passes over it.
    Fuelling(Fuelling),
    /// Gas or energy is reserved.
    Fuelled(Fuelled),
    /// Slot and unsigned bytes are durable; no signature is recorded.
    Built(Built),
    /// In flight: a signature is recorded, or the bytes are with a person who may sign and send them (see
    /// [`Transfer::hand_out`]); a byte may have left.
    Signed(Signed),
    /// One of its attempts is in a block that is not final.
    Seen(Seen),
    /// The chain has ended it.
    Final(Ended),
    /// Given back before it had a slot.
    Dropped {
        /// Stable code of why.
        code: String,
    },
}

/// Evidence of `funded`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Funded {
    /// Block at which the balance was enough (M8).
    pub balance_at: BlockRef,
}

/// Evidence of `fuelling`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fuelling {
    /// Evidence before.
    pub funded: Funded,
    /// Our id of the energy order, written before the vendor was called.
    pub order: String,
}

/// Evidence of `fuelled`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fuelled {
    /// Evidence before.
    pub funded: Funded,
    /// Gas limit the preflight asked for, with margin; on TRON the energy that it needs.
    pub gas_limit: u64,
    /// Reserved for gas, or for energy and bandwidth that are burned.
    pub gas_budget: Cost,
    /// TRON: what it was expected to cost. Transfers are moved about a lot.
    pub estimate: Option<Box<Estimate>>,
}

/// What the slot is used for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mode {
    /// To pay.
    Pay,
    /// To be used up. One-way (M3).
    Void {
        /// Stable code of why.
        code: String,
        /// A paying attempt was signed before; it may still win.
        races: bool,
    },
}

/// Evidence of `built`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Built {
    /// Evidence before.
    pub fuelled: Fuelled,
    /// The slot.
    pub slot: Slot,
    /// What the slot is used for.
    pub mode: Mode,
    /// The attempt that waits for its signature.
    pub attempt: AttemptId,
    /// The signer was asked; it may hold a signature we have not recorded.
    pub asked: bool,
}

/// Evidence of `signed`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// Evidence before.
    pub fuelled: Fuelled,
    /// The slot.
    pub slot: Slot,
    /// What the slot is used for.
    pub mode: Mode,
    /// The latest signed attempt; or the one that was handed out.
    pub attempt: AttemptId,
    /// A newer attempt that waits for its signature; the same one, where it was handed out and no signature came back.
    pub pending: Option<AttemptId>,
    /// Head when the latest signed attempt was first sent; bumps count blocks from here.
    pub sent_at_height: u64,
    /// When the first signature was recorded.
    pub first_signed_at: Timestamp,
    /// What a quorum saw in the slot that is none of its attempts. Nothing dearer is offered for it from then on; its
    /// death is proven once that transaction lies deep enough.
    pub taken_by: Option<Stranger>,
}

/// Evidence of `seen`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Evidence before; back to it on a reorg.
    pub signed: Signed,
    /// Where and what.
    pub inclusion: Inclusion,
}

/// Evidence of `final`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// Evidence before.
    pub last: Last,
    /// The proof.
    pub proof: ProofId,
    /// What the chain says happened.
    pub end: End,
    /// When it was established.
    pub at: Timestamp,
}

impl Transfer {
    /// The sum of what it pays. More than the books can hold is the most they can: no wallet is ever found to have it.
    pub fn amount(&self) -> Amount {
        self.carried().fold(Amount::ZERO, |sum, item| sum.saturating_add(item.approved.payment.amount))
    }

    /// What bytes of its slot pay: all of its items, whatever became of them, for a reorganisation may give a slot its bytes
    /// back after its withdrawals have moved on; none once the signer has closed the slot before it was signed.
    pub fn carried(&self) -> impl Iterator<Item = &Item> {
        let closed = match (&self.state, self.mode()) {
            (State::Final(Ended { end: End::NeverSigned(_), .. }), _)
            | (_, Some(Mode::Void { races: false, .. })) => true,
            (_, None | Some(Mode::Pay | Mode::Void { races: true, .. })) => false,
        };
        self.items.iter().filter(move |_| !closed)
    }

    /// What every paying attempt of its slot carries (M3).
    pub fn payment_hash(&self) -> [u8; 32] {
        payments_hash(self.items.iter().map(|item| &item.approved.payment))
    }

    /// Its slot, once it has one.
    pub const fn slot(&self) -> Option<&Slot> {
        match &self.0.state {
            State::Built(built) => Some(&built.slot),
            State::Signed(signed) | State::Seen(Seen { signed, .. }) => Some(&signed.slot),
            State::Final(ended) => Some(ended.last.slot()),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Dropped { .. } => None,
        }
    }

    /// Whether the chain at a block, which the watcher has followed, may hold an outcome of it: its nonce is below the next
    /// one there; without a nonce, it was seen in that block or below, or sent by then and not seen since.
    pub fn stands_in(&self, next_nonce: u64, block: BlockRef) -> bool {
        match (self.slot().and_then(Slot::nonce), &self.0.state) {
            (Some(nonce), _) => nonce < next_nonce,
            (None, State::Seen(seen)) => seen.inclusion.block.number <= block.number,
            (None, State::Signed(signed)) => signed.sent_at_height <= block.number,
            (None, _) => false,
        }
    }

    /// What its slot is used for, once it has one.
    pub const fn mode(&self) -> Option<&Mode> {
        match &self.0.state {
            State::Built(built) => Some(&built.mode),
            State::Signed(signed) | State::Seen(Seen { signed, .. }) => Some(&signed.mode),
            State::Final(ended) => Some(ended.last.mode()),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Dropped { .. } => None,
        }
    }

    /// Items this transfer may still pay.
    pub fn live(&self) -> impl Iterator<Item = &Item> {
        self.items.iter().filter(|item| item.life == Life::Live)
    }

    fn moved(self, state: State, at: Timestamp) -> Moved<Self> {
        self.changed(at, |transfer| transfer.state = state)
    }

    fn changed(self, at: Timestamp, change: impl FnOnce(&mut Record)) -> Moved<Self> {
        let mut after = self.clone();
        change(&mut after.0);
        after.0.changed_at = at;
        after.0.version = self.version.saturating_add(1);
        Moved::new(self, after)
    }

    fn not_from(&self, transition: &'static str) -> Refusal {
        Refusal::NotFrom { thing: "transfer", transition, state: self.state.as_str() }
    }
}

#[cfg(test)]
mod tests;
