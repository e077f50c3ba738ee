//! The one way to use a slot up: `built -> built`, `signed -> signed`, with the mode turned to void. Never back (M3).

use super::{Allotment, Built, Life, Mode, Signed, State, Transfer};
use crate::attempt::{Kind, Unsigned};
use crate::id::ProofId;
use crate::moved::Refusal;
use crate::proof::{Death, DeathKind, Proof, Tombstone, Verdict};
use crate::time::Timestamp;

impl Transfer {
    /// The proof that no payment was ever signed for its slot: the signer has closed this very slot.
    ///
    /// # Errors
    /// [`Refusal`] unless built; [`Refusal::Evidence`] when the tombstone is of another slot.
    pub fn never_signed(&self, tombstone: &Tombstone, id: ProofId, at: Timestamp) -> Result<Proof, Refusal> {
        let State::Built(built) = &self.state else { return Err(self.not_from("bury")) };
        if *tombstone.slot() != built.slot {
            return Err(Refusal::Evidence { transition: "bury", why: "the tombstone is of another slot" });
        }
        Ok(Proof {
            id,
            partner: self.partner,
            transfer: Some(self.id),
            verdict: Verdict::Dead(Death::never_signed(tombstone)),
            head: None,
            operators: vec![],
            at,
        })
    }

    /// Turns a slot that was never signed to void: the signer has journaled its tombstone, so every item is dead by
    /// `proof` at once, and the nonce is filled by `attempt`.
    ///
    /// # Errors
    /// [`Refusal`] unless built; [`Refusal::Evidence`] when the proof is no tombstone of this transfer or the attempt is
    /// no void of its slot.
    pub fn void_unsigned(
        self,
        proof: &Proof,
        code: &str,
        attempt: Unsigned,
        at: Timestamp,
    ) -> Result<Allotment, Refusal> {
        let built = self.to_be_signed("void")?;
        if built.mode != Mode::Pay {
            return Err(self.not_from("void"));
        }
        let tombstone = matches!(&proof.verdict, Verdict::Dead(death) if matches!(death.kind(), DeathKind::NeverSigned { .. }));
        if proof.transfer != Some(self.id) || !tombstone {
            return Err(Refusal::Evidence { transition: "void", why: "the signer's tombstone is missing" });
        }
        self.same_slot("void", &built.slot, Kind::Void, &attempt)?;
        let mode = Mode::Void { code: code.into(), races: false };
        let transfer = self.changed(at, |transfer| {
            for item in &mut transfer.items {
                item.life = Life::Dead(proof.id);
            }
            transfer.state = State::Built(Built { mode, ..built }.awaiting(&attempt));
        });
        Ok(Allotment { transfer, attempt })
    }

    /// Turns a signed slot to void: both outcomes stay legal until the chain decides. A paying attempt that waits for
    /// its signature is given up.
    ///
    /// # Errors
    /// [`Refusal`] unless signed, still paying and with no stranger in the slot; [`Refusal::Evidence`] when the attempt
    /// is no void of its slot.
    pub fn void_signed(self, code: &str, attempt: Unsigned, at: Timestamp) -> Result<Allotment, Refusal> {
        let signed = self.sent("void")?;
        if signed.mode != Mode::Pay || signed.taken_by.is_some() {
            return Err(self.not_from("void"));
        }
        self.same_slot("void", &signed.slot, Kind::Void, &attempt)?;
        let mode = Mode::Void { code: code.into(), races: true };
        let state = State::Signed(Signed { mode, ..signed }.awaiting(&attempt));
        Ok(Allotment { transfer: self.moved(state, at), attempt })
    }

    /// Draws the void of a slot that was never signed again, with other fees: the signer refused the one before, or its
    /// fees no longer suit the market.
    ///
    /// # Errors
    /// [`Refusal`] unless built and void; [`Refusal::Evidence`] when the attempt is no void of its slot.
    pub fn redraw(self, attempt: Unsigned, at: Timestamp) -> Result<Allotment, Refusal> {
        let built = self.to_be_signed("draw the void again of")?;
        if built.mode == Mode::Pay {
            return Err(self.not_from("draw the void again of"));
        }
        self.same_slot("draw the void again of", &built.slot, Kind::Void, &attempt)?;
        let state = State::Built(built.awaiting(&attempt));
        Ok(Allotment { transfer: self.moved(state, at), attempt })
    }
}

impl Built {
    /// The same, with another first attempt that the signer was not asked for yet.
    fn awaiting(mut self, attempt: &Unsigned) -> Self {
        (self.attempt, self.asked) = (attempt.id, false);
        self.fuelled = self.fuelled.covering(attempt);
        self
    }
}
