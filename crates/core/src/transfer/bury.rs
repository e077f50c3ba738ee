//! `built -> final`: nothing was ever signed in a slot that nobody has to fill, and the signer has closed it (TRON).

use super::{End, Ended, Last, Life, Mode, State, Transfer};
use crate::moved::{Moved, Refusal};
use crate::proof::{DeathKind, Proof, Verdict};
use crate::slot::Slot;
use crate::time::Timestamp;

impl Transfer {
    /// Ends it by the signer's tombstone. A transaction that was never signed on a chain without nonces leaves nothing
    /// behind that would have to be used up.
    ///
    /// # Errors
    /// [`Refusal`] unless built to pay; [`Refusal::Evidence`] when the proof is no tombstone of this transfer, or its slot
    /// is a nonce, which is filled ([`Transfer::void_unsigned`]).
    pub fn bury(self, proof: &Proof, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let built = match &self.state {
            State::Built(built) if built.mode == Mode::Pay => built.clone(),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("bury")),
        };
        let tombstone = matches!(&proof.verdict, Verdict::Dead(death) if matches!(death.kind(), DeathKind::NeverSigned { .. }));
        if proof.transfer != Some(self.id) || !tombstone {
            return Err(Refusal::Evidence { transition: "bury", why: "the signer's tombstone is missing" });
        }
        if !matches!(built.slot, Slot::TronTransaction { .. }) {
            return Err(Refusal::Evidence { transition: "bury", why: "its nonce has to be filled" });
        }
        let end = End::NeverSigned(built.fuelled.funded.balance_at);
        let proof = proof.id;
        Ok(self.changed(at, |transfer| {
            for item in &mut transfer.items {
                item.life = Life::Dead(proof);
            }
            transfer.state = State::Final(Ended { last: Last::Built(built), proof, end, at });
        }))
    }
}
