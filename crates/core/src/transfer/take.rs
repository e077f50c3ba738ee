//! `signed | seen -> signed -> final`: a stranger's transaction has consumed the slot (M6). It is noted at once, and
//! ends the transfer once that note lies as deep as a new slot asks for (M4).

use super::{End, Life, Seen, Signed, State, Transfer};
use crate::chain::BlockRef;
use crate::id::ProofId;
use crate::moved::{Moved, Refusal};
use crate::proof::{Death, Final, NotDead, Proof, SlotReading, Verdict};
use crate::time::Timestamp;

impl Transfer {
    /// Notes that a quorum sees the slot consumed by none of its attempts, or, when it no longer does, takes the note
    /// back. What one node had shown as included is not.
    ///
    /// # Errors
    /// [`Refusal`] unless signed or seen; [`Refusal::Evidence`] when the reading is of our own attempt, which ends the
    /// transfer by [`Transfer::settle`].
    pub fn take(self, reading: &Final<SlotReading>, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let signed = self.in_the_air("note a stranger in the slot of")?;
        let taken_under = match reading.reading() {
            SlotReading::Foreign => Some(reading.head()),
            SlotReading::Open => None,
            SlotReading::Ours(_) => {
                return Err(Refusal::Evidence {
                    transition: "note a stranger in the slot",
                    why: "one of our own attempts is in it",
                });
            }
        };
        Ok(self.moved(State::Signed(Signed { taken_under, ..signed }), at))
    }

    /// The final head under which a stranger was first seen in its slot.
    pub const fn taken_under(&self) -> Option<BlockRef> {
        match &self.state {
            State::Signed(signed) | State::Seen(Seen { signed, .. }) => signed.taken_under,
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Final(_)
            | State::Dropped { .. } => None,
        }
    }

    /// Ends it: the stranger is still in the slot, as deep as a new slot asks for. `there` says by quorum whether the
    /// block of the note is still on the chain.
    ///
    /// # Errors
    /// [`Refusal`] unless signed or seen, and noted; the inner [`NotDead`] says what the evidence lacks.
    pub fn lost(
        self,
        reading: &Final<SlotReading>,
        there: &Final<bool>,
        proof_id: ProofId,
        death_extra_blocks: u64,
        at: Timestamp,
    ) -> Result<Result<(Moved<Self>, Proof), NotDead>, Refusal> {
        let signed = self.in_the_air("lose the slot of")?;
        let Some(under) = signed.taken_under else {
            return Err(Refusal::Evidence {
                transition: "lose the slot",
                why: "no stranger was noted in it",
            });
        };
        let death = match Death::of_foreign(reading, under, there, death_extra_blocks) {
            Ok(death) => death,
            Err(lacking) => return Ok(Err(lacking)),
        };
        let proof = self.proof(proof_id, Verdict::Dead(death), reading, at);
        let ended = self.ended(signed, proof_id, Life::Dead(proof_id), End::Taken { under }, at);
        Ok(Ok((ended, proof)))
    }

    fn in_the_air(&self, transition: &'static str) -> Result<Signed, Refusal> {
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
