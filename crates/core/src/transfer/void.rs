//! The one way to use a slot up: `built -> built`, `signed -> signed`, with the mode turned to void. Never back (M3).

use super::{Allotment, Built, Life, Mode, Signed, State, Transfer};
use crate::attempt::{Kind, Unsigned};
use crate::id::ProofId;
use crate::moved::{Moved, Refusal};
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
        let built = match &self.state {
            State::Built(built) if built.mode == Mode::Pay => built.clone(),
            State::Built(_)
            | State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("void")),
        };
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
            let fuelled = built.fuelled.clone().covering(&attempt);
            transfer.state =
                State::Built(Built { mode, attempt: attempt.id, asked: false, fuelled, ..built });
        });
        Ok(Allotment { transfer, attempt })
    }

    /// Turns a signed slot to void: both outcomes stay legal until the chain decides. A paying attempt that waits for
    /// its signature is given up.
    ///
    /// # Errors
    /// [`Refusal`] unless signed, still paying and with no stranger in the slot; [`Refusal::Evidence`] when the attempt is no void of its slot.
    pub fn void_signed(self, code: &str, attempt: Unsigned, at: Timestamp) -> Result<Allotment, Refusal> {
        let signed = match &self.state {
            State::Signed(signed) if signed.mode == Mode::Pay && signed.taken_by.is_none() => signed.clone(),
            State::Signed(_)
            | State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("void")),
        };
        self.same_slot("void", &signed.slot, Kind::Void, &attempt)?;
        let mode = Mode::Void { code: code.into(), races: true };
        let fuelled = signed.fuelled.clone().covering(&attempt);
        let state = State::Signed(Signed { mode, pending: Some(attempt.id), fuelled, ..signed });
        Ok(Allotment { transfer: self.moved(state, at), attempt })
    }

    /// Draws the void of a slot that was never signed again, with other fees: the signer refused the one before, or its
    /// fees no longer suit the market.
    ///
    /// # Errors
    /// [`Refusal`] unless built and void; [`Refusal::Evidence`] when the attempt is no void of its slot.
    pub fn redraw(self, attempt: Unsigned, at: Timestamp) -> Result<Allotment, Refusal> {
        let built = match &self.state {
            State::Built(built) if matches!(built.mode, Mode::Void { .. }) => built.clone(),
            State::Built(_)
            | State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("draw the void again of")),
        };
        self.same_slot("draw the void again of", &built.slot, Kind::Void, &attempt)?;
        let fuelled = built.fuelled.clone().covering(&attempt);
        let state = State::Built(Built { attempt: attempt.id, asked: false, fuelled, ..built });
        Ok(Allotment { transfer: self.moved(state, at), attempt })
    }
}

impl Transfer {
    /// Notes that the signer is about to be asked: from now on it may hold a signature we have not recorded.
    ///
    /// # Errors
    /// [`Refusal`] unless built.
    pub fn ask(self, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::Built(built) => {
                let built = Built { asked: true, ..built.clone() };
                Ok(self.moved(State::Built(built), at))
            }
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => Err(self.not_from("sign")),
        }
    }
}
