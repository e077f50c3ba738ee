//! `approved | queued | assigned | needs_attention -> failed`: nothing can ever pay it, by proof.

use super::{Ended, State, Withdrawal};
use crate::journal::{LostDeath, LostPayment, LostSlot};
use crate::moved::{Moved, Refusal};
use crate::proof::Proof;
use crate::time::Timestamp;

impl Withdrawal {
    /// Gives it up for good. From `assigned` this needs proof that its slot is dead, or that it never had one; from
    /// `needs_attention` it is refused while any slot is alive.
    ///
    /// # Errors
    /// [`Refusal`] from other states, and when the evidence is missing.
    pub fn fail(
        self,
        code: &str,
        proof: Option<&Proof>,
        slotless: bool,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        let evidence = |why| Err(Refusal::Evidence { transition: "give up", why });
        match &self.state {
            State::Approved(_) | State::Queued(_) if proof.is_some() => {
                return evidence("it has no slot that the proof could be of");
            }
            State::Approved(_) | State::Queued(_) => {}
            State::Assigned(assigned) => match proof {
                None if slotless => {}
                None => return evidence("its slot has no proof of death"),
                // A stranger's transaction may have paid the recipient: only a person may give that up.
                Some(proof) if proof.by_a_stranger() => return evidence("a stranger consumed its slot"),
                Some(proof) if proof.transfer == Some(assigned.transfer) && proof.proves_death() => {}
                Some(_) => return evidence("the proof does not establish that its slot is dead"),
            },
            State::NeedsAttention(attention) if attention.paid_before_restore() => {
                return evidence(
                    "it was signed before the store was restored; resolve it with that transaction",
                );
            }
            State::NeedsAttention(attention) if !attention.slots_dead => {
                return evidence("a slot of it is not proven dead");
            }
            State::NeedsAttention(attention) => {
                let last = attention.last.map(|(transfer, _)| transfer);
                if proof
                    .is_some_and(|proof| last.is_none() || proof.transfer != last || !proof.proves_death())
                {
                    return evidence("the proof is not the death of its last slot");
                }
            }
            State::Requested
            | State::Held(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("give up")),
        }
        let ended = Ended { code: code.into(), proof: proof.map(|proof| proof.id), at };
        Ok(self.moved(State::Failed(ended)))
    }

    /// Gives up what was signed before the store was restored, once each slot that the signer's journal has of it is proven
    /// dead: what was signed for it never paid (M4, M17). Of its own last transfer the state says so.
    ///
    /// # Errors
    /// [`Refusal`] unless it waits for a person for that reason; [`Refusal::Evidence`] while one of its slots may have
    /// paid it, or `lost` is another payment.
    pub fn fail_lost(
        self,
        code: &str,
        lost: &LostPayment,
        deaths: &[LostDeath],
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::NeedsAttention(attention) if attention.paid_before_restore() => {
                let dead = |slot: &LostSlot| deaths.iter().any(|death| *death.slot() == slot.slot);
                if lost.key != self.key
                    || lost.slots.is_empty()
                    || !lost.slots.iter().all(dead)
                    || !attention.slots_dead
                {
                    return Err(Refusal::Evidence {
                        transition: "give up",
                        why: "it was signed before the store was restored, and not every slot of it is proven dead",
                    });
                }
            }
            State::NeedsAttention(_)
            | State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("give up")),
        }
        let ended = Ended { code: code.into(), proof: None, at };
        Ok(self.moved(State::Failed(ended)))
    }
}
