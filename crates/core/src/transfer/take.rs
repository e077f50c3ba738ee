//! `signed | seen -> signed -> final`: a stranger's transaction has consumed the slot, or one of ours that did not do what
//! it was made for (M6). It is noted at once, and ends the transfer once it lies as deep as a new slot asks for (M4).

use super::{End, Life, Seen, Signed, State, Transfer};
use crate::id::ProofId;
use crate::moved::{Moved, Refusal};
use crate::proof::{Death, Effect, Final, Inclusion, NotDead, Proof, SlotReading, Stranger, Verdict};
use crate::time::Timestamp;

impl Transfer {
    /// Notes the stranger that a quorum sees in the slot, or, when it no longer does, takes the note back. What one node
    /// had shown as included is not.
    ///
    /// # Errors
    /// [`Refusal`] unless signed or seen; [`Refusal::Evidence`] when the reading is an outcome of our own attempt,
    /// which ends the transfer by [`Transfer::settle`], or when nobody shows what is in the slot.
    pub fn take(self, reading: &Final<SlotReading>, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let signed = self.in_the_air("note a stranger in the slot of")?;
        let taken_by = match *reading.reading() {
            SlotReading::Foreign(stranger) => Some(stranger),
            SlotReading::Open => None,
            SlotReading::Unaccounted => {
                return Err(Refusal::Evidence {
                    transition: "note a stranger in the slot",
                    why: "nobody shows what is in it",
                });
            }
            reading @ SlotReading::Ours(Inclusion { effect: Effect::Mismatch, .. }) => reading.stranger(),
            SlotReading::Ours(_) | SlotReading::Absent(_) => {
                return Err(Refusal::Evidence {
                    transition: "note a stranger in the slot",
                    why: "one of our own attempts is in it, or nothing will ever be",
                });
            }
        };
        Ok(self.moved(State::Signed(Signed { taken_by, ..signed }), at))
    }

    /// The stranger that was noted in its slot.
    pub const fn taken_by(&self) -> Option<Stranger> {
        match &self.0.state {
            State::Signed(signed) | State::Seen(Seen { signed, .. }) => signed.taken_by,
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Final(_)
            | State::Dropped { .. } => None,
        }
    }

    /// Ends it: the stranger that was noted is still in the slot, as deep as a new slot asks for.
    ///
    /// # Errors
    /// [`Refusal`] unless signed or seen, and noted; the inner [`NotDead`] says what the evidence lacks.
    pub fn lost(
        self,
        reading: &Final<SlotReading>,
        proof_id: ProofId,
        death_extra_blocks: u64,
        at: Timestamp,
    ) -> Result<Result<(Moved<Self>, Proof), NotDead>, Refusal> {
        let signed = self.in_the_air("lose the slot of")?;
        let Some(noted) = signed.taken_by else {
            return Err(Refusal::Evidence {
                transition: "lose the slot",
                why: "no stranger was noted in it",
            });
        };
        let death = match Death::of_foreign(reading, noted, death_extra_blocks) {
            Ok(death) => death,
            Err(lacking) => return Ok(Err(lacking)),
        };
        let proof = self.proof(proof_id, Verdict::Dead(death), reading, at);
        let ended = self.ended(signed, proof_id, Life::Dead(proof_id), End::Taken(noted), at);
        Ok(Ok((ended, proof)))
    }
}
