//! `fuelled -> built`: slot and unsigned bytes become durable. Also every later attempt of the same slot.

use super::{Built, Mode, Purpose, State, Transfer};
use crate::attempt::{ATTEMPTS_MAX, Kind, PAYS_MAX, Unsigned};
use crate::moved::{Moved, Refusal};
use crate::slot::Slot;
use crate::time::Timestamp;

/// A transfer and the attempt that was built for it. They commit together (M2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allotment {
    /// The transfer's step.
    pub transfer: Moved<Transfer>,
    /// The new attempt.
    pub attempt: Unsigned,
}

/// Whether a slot that has `attempts` of them may have one more.
pub const fn may_follow(kind: Kind, attempts: u32) -> bool {
    match kind {
        Kind::Pay => attempts < PAYS_MAX,
        Kind::Void => attempts < ATTEMPTS_MAX,
    }
}

impl Transfer {
    /// Gives it its slot, once and for ever, with the bytes of its first attempt.
    ///
    /// # Errors
    /// [`Refusal`] unless fuelled; [`Refusal::Evidence`] when the attempt is of another transfer, or a paying transfer
    /// gets anything but a paying attempt.
    pub fn build(self, attempt: Unsigned, at: Timestamp) -> Result<Allotment, Refusal> {
        let fuelled = match &self.state {
            State::Fuelled(fuelled) => fuelled.clone(),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("build")),
        };
        let mode = match (self.purpose, attempt.kind) {
            (Purpose::Payout, Kind::Pay) => Mode::Pay,
            (Purpose::Fill, Kind::Void) => Mode::Void { code: "fill".into(), races: false },
            (Purpose::Payout, Kind::Void) | (Purpose::Fill, Kind::Pay) => {
                return Err(Refusal::Evidence {
                    transition: "build",
                    why: "the attempt does not do what it is for",
                });
            }
        };
        if attempt.transfer != self.id {
            return Err(Refusal::Evidence { transition: "build", why: "the attempt is of another transfer" });
        }
        let slot = attempt.slot.clone();
        let built = Built { fuelled, slot, mode, attempt: attempt.id, asked: false };
        Ok(Allotment { transfer: self.moved(State::Built(built), at), attempt })
    }

    /// Adds a dearer attempt of what the slot is used for (a fee bump).
    ///
    /// # Errors
    /// [`Refusal`] unless signed with nothing pending and no stranger in the slot; [`Refusal::Evidence`] when slot or kind
    /// differ (M3), or the slot has as many attempts as it may ([`PAYS_MAX`], [`ATTEMPTS_MAX`]).
    pub fn bump(self, attempt: Unsigned, at: Timestamp) -> Result<Allotment, Refusal> {
        let signed = self.sent("bump")?;
        if signed.pending.is_some() || signed.taken_by.is_some() {
            return Err(self.not_from("bump"));
        }
        let kind = match signed.mode {
            Mode::Pay => Kind::Pay,
            Mode::Void { .. } => Kind::Void,
        };
        self.same_slot("bump", &signed.slot, kind, &attempt)?;
        if !may_follow(kind, attempt.serial) {
            return Err(Refusal::Evidence {
                transition: "bump",
                why: "the slot has as many attempts as it may have",
            });
        }
        let state = State::Signed(signed.awaiting(&attempt));
        Ok(Allotment { transfer: self.moved(state, at), attempt })
    }

    pub(super) fn same_slot(
        &self,
        transition: &'static str,
        slot: &Slot,
        kind: Kind,
        attempt: &Unsigned,
    ) -> Result<(), Refusal> {
        if attempt.transfer != self.id || attempt.slot != *slot || attempt.kind != kind {
            return Err(Refusal::Evidence {
                transition,
                why: "the attempt is not of this slot and kind (M3)",
            });
        }
        Ok(())
    }
}
