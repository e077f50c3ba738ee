//! What a person is asked to sign: an errand of a desk with whatever was handed out of it, and where that stands now (ADR 0027).

use crate::attempt::{Attempt, Unsigned};
use crate::hand_out::{HandOut, Holder, State as HandOutState};
use crate::id::WalletId;
use crate::port::reader::{WalletView, WithdrawalView};
use crate::time::Timestamp;
use crate::transfer::{Phase as TransferPhase, Transfer};
use crate::withdrawal::State;
use crate::withdrawal::status::named;

named! {
    /// Where a signature request stands, for whoever signs.
    Standing {
        /// Nobody has asked for its bytes, or what was made came to nothing and may be made anew.
        Waiting = "waiting",
        /// Somebody asked; the bytes are being made, and told to nobody.
        Making = "making",
        /// The bytes are with a person, and no signature came back.
        HandedOut = "handed_out",
        /// Their time is over; the chain has yet to show that they were not used.
        Expired = "expired",
        /// A signature came back, or the transaction was seen: it goes its way.
        Submitted = "submitted",
        /// Paid and final.
        Completed = "completed",
        /// Called off.
        Cancelled = "cancelled",
        /// It ended without being paid.
        Failed = "failed",
        /// A person has to look at it.
        NeedsAttention = "needs_attention",
    }
}

/// Which signature requests are listed; absent ones do not narrow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SignatureFilter {
    /// Of this desk.
    pub wallet: Option<WalletId>,
    /// That have not ended, or that have.
    pub open: Option<bool>,
}

/// A signature request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureRequest {
    /// The errand, with its transfers.
    pub errand: WithdrawalView,
    /// The desk, with what books and chain say of it.
    pub desk: WalletView,
    /// The wallet that is refilled, while it is registered.
    pub to: Option<WalletId>,
    /// Its last hand-out; `None` where nobody ever asked.
    pub hand_out: Option<HandOut>,
}

impl SignatureRequest {
    /// Where it stands.
    pub fn standing(&self, now: Timestamp) -> Standing {
        match &self.errand.withdrawal.state {
            State::Paid(_) => Standing::Completed,
            State::Cancelled(_) => Standing::Cancelled,
            State::Rejected(_) | State::Failed(_) => Standing::Failed,
            State::NeedsAttention(_) => Standing::NeedsAttention,
            State::Requested | State::Held(_) | State::Approved(_) | State::Queued(_) => {
                match self.hand_out.as_ref().is_some_and(|it| it.stands(now)) {
                    true => Standing::Making,
                    false => Standing::Waiting,
                }
            }
            State::Assigned(assigned) => {
                let mut of = self.errand.transfers.iter().map(|(transfer, _)| transfer);
                of.find(|it| it.id == assigned.transfer).map_or(Standing::Making, |it| self.on(it, now))
            }
        }
    }

    fn on(&self, transfer: &Transfer, now: Timestamp) -> Standing {
        match transfer.phase() {
            TransferPhase::Planned
            | TransferPhase::Funded
            | TransferPhase::Fuelling
            | TransferPhase::Fuelled
            | TransferPhase::Built
            | TransferPhase::Dropped => Standing::Making,
            TransferPhase::Signing => match self.hand_out.as_ref().map(|it| &it.state) {
                Some(HandOutState::Told(made) | HandOutState::Made(made))
                    if made.expires_at_ms <= now.millis() =>
                {
                    Standing::Expired
                }
                Some(HandOutState::Told(_)) => Standing::HandedOut,
                Some(HandOutState::Made(_) | HandOutState::Wished | HandOutState::Lapsed { .. }) | None => {
                    Standing::Making
                }
            },
            TransferPhase::Signed | TransferPhase::Seen | TransferPhase::Final => Standing::Submitted,
        }
    }

    /// The bytes that it was made of last, once the journal could tell (M17); nobody may be told of others.
    pub fn told(&self) -> Option<&Unsigned> {
        match self.hand_out.as_ref().map(|it| &it.state)? {
            HandOutState::Told(made) => {
                let mut attempts = self.errand.transfers.iter().flat_map(|(_, attempts)| attempts);
                attempts.find(|it| it.unsigned().id == made.attempt).map(Attempt::unsigned)
            }
            HandOutState::Wished | HandOutState::Made(_) | HandOutState::Lapsed { .. } => None,
        }
    }

    /// The bytes, for whoever has them in hand: nobody else is told of them here.
    pub fn in_hand(&self, holder: &Holder) -> Option<&Unsigned> {
        self.hand_out.as_ref().filter(|it| it.holder == *holder)?;
        self.told()
    }
}
