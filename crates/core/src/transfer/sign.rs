//! `built -> signed`, and the recording of every later signature of the slot.

use super::{Built, Ended, Seen, Signed, State, Transfer};
use crate::attempt;
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Transfer {
    /// Records a signature. From this commit on a byte may leave (M2, M5). `height` is the head it will first be sent
    /// at; bumps count blocks from there.
    ///
    /// # Errors
    /// [`Refusal`] when no attempt waits for a signature, or another than this one does.
    pub fn signed(
        self,
        attempt: &attempt::Signed,
        height: u64,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        let id = attempt.unsigned.id;
        let waits_for_other = || Refusal::Evidence {
            transition: "sign",
            why: "the signature is of another attempt than awaited",
        };
        match &self.state {
            State::Built(Built { fuelled, slot, mode, attempt: awaited, .. }) => {
                if *awaited != id || attempt.unsigned.slot != *slot {
                    return Err(waits_for_other());
                }
                let signed = Signed {
                    fuelled: fuelled.clone(),
                    slot: slot.clone(),
                    mode: mode.clone(),
                    attempt: id,
                    pending: None,
                    sent_at_height: height,
                    first_signed_at: at,
                    taken_by: None,
                };
                Ok(self.moved(State::Signed(signed), at))
            }
            State::Signed(signed) => {
                if signed.pending != Some(id) || attempt.unsigned.slot != signed.slot {
                    return Err(waits_for_other());
                }
                let signed = Signed { attempt: id, pending: None, sent_at_height: height, ..signed.clone() };
                Ok(self.moved(State::Signed(signed), at))
            }
            // The slot's outcome is in sight; the signature still belongs to the record, for outcomes are read by slot.
            State::Seen(seen) if seen.signed.pending == Some(id) => {
                let signed = Signed { pending: None, ..seen.signed.clone() };
                let seen = Seen { signed, inclusion: seen.inclusion };
                Ok(self.moved(State::Seen(seen), at))
            }
            State::Final(ended) if ended.signed.pending == Some(id) => {
                let signed = Signed { pending: None, ..ended.signed.clone() };
                let ended = Ended { signed, ..ended.clone() };
                Ok(self.moved(State::Final(ended), at))
            }
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from("sign")),
        }
    }

    /// The signer refuses the pending attempt, or it was overtaken: what is signed stays what is sent. The next attempt
    /// is drawn as if this one had been sent at `height`, so that refusals are paced by blocks.
    ///
    /// # Errors
    /// [`Refusal`] unless an attempt of a signed slot is pending.
    pub fn abandon_pending(self, height: u64, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Signed(signed) if signed.pending.is_some() => {
                let sent_at_height = signed.sent_at_height.max(height);
                let signed = Signed { pending: None, sent_at_height, ..signed.clone() };
                Ok(self.moved(State::Signed(signed), at))
            }
            State::Signed(_)
            | State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from("abandon the pending attempt of")),
        }
    }
}
