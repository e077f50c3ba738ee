//! `built -> built` when the signer is asked, `built -> signed`, and the recording of every later signature of the slot.

use super::{Built, Ended, Last, Seen, Signed, State, Transfer};
use crate::attempt::{self, Unsigned};
use crate::moved::{Moved, Refusal};
use crate::time::Timestamp;

impl Transfer {
    /// Notes that the signer is about to be asked: from now on it may hold a signature we have not recorded.
    ///
    /// # Errors
    /// [`Refusal`] unless built.
    pub fn ask(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let built = Built { asked: true, ..self.to_be_signed("sign")? };
        Ok(self.moved(State::Built(built), at))
    }

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
            State::Final(ended @ Ended { last: Last::Signed(signed), .. }) if signed.pending == Some(id) => {
                let last = Last::Signed(Signed { pending: None, ..signed.clone() });
                let ended = Ended { last, ..ended.clone() };
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
    /// [`Refusal`] unless an attempt of a signed slot is pending; what a person has in hand is abandoned by nobody.
    pub fn abandon_pending(self, height: u64, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let signed = self.sent("abandon the pending attempt of")?;
        if signed.pending.is_none() || signed.is_handed_out() {
            return Err(self.not_from("abandon the pending attempt of"));
        }
        let sent_at_height = signed.sent_at_height.max(height);
        Ok(self.moved(State::Signed(Signed { pending: None, sent_at_height, ..signed }), at))
    }

    /// What waits for its first signature.
    pub(super) fn to_be_signed(&self, transition: &'static str) -> Result<Built, Refusal> {
        match &self.state {
            State::Built(built) => Ok(built.clone()),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from(transition)),
        }
    }

    /// What is signed and in no block.
    pub(super) fn sent(&self, transition: &'static str) -> Result<Signed, Refusal> {
        match &self.state {
            State::Signed(signed) => Ok(signed.clone()),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from(transition)),
        }
    }

    /// What is signed and not final.
    pub(super) fn in_the_air(&self, transition: &'static str) -> Result<Signed, Refusal> {
        match &self.state {
            State::Signed(signed) | State::Seen(Seen { signed, .. }) => Ok(signed.clone()),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from(transition)),
        }
    }
}

impl Signed {
    /// The same, with a newer attempt that waits for its signature.
    pub(super) fn awaiting(mut self, attempt: &Unsigned) -> Self {
        self.pending = Some(attempt.id);
        self.fuelled = self.fuelled.covering(attempt);
        self
    }
}
