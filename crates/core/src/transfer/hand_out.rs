//! `built -> signed` without a signature: the bytes go to a person who holds the key, and may sign and send them unseen.

use super::{Built, Ended, Last, Mode, Seen, Signed, State, Transfer};
use crate::id::AttemptId;
use crate::moved::{Moved, Refusal};
use crate::slot::Slot;
use crate::time::Timestamp;

impl Transfer {
    /// Hands its bytes out. From this commit on it is in flight, whether a signature ever comes back or not (M5): only the chain
    /// ends it. `height` is the highest block that was read then: nothing below holds it.
    ///
    /// # Errors
    /// [`Refusal`] unless built to pay, and nobody was asked; [`Refusal::Evidence`] where its slot is a nonce: what was handed out
    /// and never signed would hold up those behind it for ever.
    pub fn hand_out(self, height: u64, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let built = match &self.state {
            State::Built(built @ Built { mode: Mode::Pay, asked: false, .. }) => built.clone(),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Seen(_)
            | State::Final(_)
            | State::Dropped { .. } => return Err(self.not_from("hand out")),
        };
        if !matches!(built.slot, Slot::TronTransaction { .. }) {
            return Err(Refusal::Evidence { transition: "hand out", why: "its slot does not end by itself" });
        }
        let signed = Signed {
            fuelled: built.fuelled,
            slot: built.slot,
            mode: built.mode,
            attempt: built.attempt,
            pending: Some(built.attempt),
            sent_at_height: height,
            first_signed_at: at,
            taken_by: None,
        };
        Ok(self.moved(State::Signed(signed), at))
    }

    /// The attempt that may be on the chain although the store has no signature of it.
    pub fn handed_out(&self) -> Option<AttemptId> {
        let signed = match &self.state {
            State::Signed(signed)
            | State::Seen(Seen { signed, .. })
            | State::Final(Ended { last: Last::Signed(signed), .. }) => signed,
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Final(Ended { last: Last::Built(_), .. })
            | State::Dropped { .. } => return None,
        };
        signed.is_handed_out().then_some(signed.attempt)
    }
}

impl Signed {
    /// Its bytes are with a person, and no signature came back.
    pub fn is_handed_out(&self) -> bool {
        self.pending == Some(self.attempt)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::Cost;
    use crate::attempt::{Kind, Terms, TronTerms, Unsigned};
    use crate::chain::ChainId;
    use crate::samples::{at, block, built, planned, signed, transfer_id, unsigned};
    use crate::transfer::Phase;

    /// Built in a slot that ends by itself.
    fn expiring() -> (Transfer, Unsigned) {
        let slot = Slot::TronTransaction { chain: ChainId::tron(3_448_148_188), txid: [1; 32] };
        let terms = TronTerms {
            reference: block(1),
            expires_at_ms: 1_900_000_000_000,
            made_at_ms: 1_800_000_000_000,
            fee_limit_sun: 15_000_000,
            permission: 0,
        };
        let attempt = Unsigned { terms: Terms::Tron(terms), ..unsigned(1, transfer_id(1), Kind::Pay, slot) };
        let funded = planned().fund(block(1), at(2)).unwrap().into_after();
        let fuelled = funded.fuel(65_000, Cost(1), None, at(2)).unwrap().into_after();
        let built = fuelled.build(attempt.clone(), at(2)).unwrap().transfer.into_after();
        (built, attempt)
    }

    #[test]
    fn what_is_handed_out_is_in_flight_and_waits_for_its_signature() {
        let (built, attempt) = expiring();
        let handed = built.hand_out(90, at(5)).unwrap().into_after();
        assert_eq!((handed.phase(), handed.handed_out()), (Phase::Signing, Some(attempt.id)));
        assert!(handed.clone().drop_unslotted("no", at(6)).is_err(), "only the chain ends it");
        assert!(handed.clone().abandon_pending(91, at(6)).is_err(), "and nobody takes it back");
        assert!(handed.clone().hand_out(91, at(6)).is_err() && handed.clone().ask(at(6)).is_err());
        let back = handed.clone().signed(&signed(attempt), 95, at(7)).unwrap().into_after();
        assert_eq!((back.phase(), back.handed_out()), (Phase::Signed, None));
        assert!(back.signed(&signed(expiring().1), 95, at(8)).is_err(), "a signature is recorded once");
    }

    #[test]
    fn its_transaction_may_be_seen_before_any_signature_came_back() {
        let (built, attempt) = expiring();
        let handed = built.hand_out(90, at(5)).unwrap().into_after();
        let seen = handed.see(crate::samples::inclusion(crate::samples::PAID), at(6)).unwrap().into_after();
        assert_eq!(seen.handed_out(), Some(attempt.id));
        let late = seen.signed(&signed(attempt), 95, at(7)).unwrap().into_after();
        assert_eq!(
            (late.phase(), late.handed_out()),
            (Phase::Seen, None),
            "the signature still belongs to the record"
        );
    }

    #[test]
    fn what_the_signer_was_asked_for_is_not_handed_out_nor_is_a_nonce() {
        let (expiring, _) = expiring();
        assert!(expiring.ask(at(5)).unwrap().into_after().hand_out(90, at(5)).is_err());
        assert!(matches!(built().hand_out(90, at(5)), Err(Refusal::Evidence { .. })));
        assert!(planned().hand_out(90, at(5)).is_err());
    }
}
