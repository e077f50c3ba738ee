//! What the signer's journal holds and a restored store has lost (M17): the attempt is written as what it is, so that
//! the watcher explains it and its payment is not made again. Allowed on evidence from the journal alone; the lane is
//! shut meanwhile.

use super::{Allotment, Built, Fuelled, Fuelling, Funded, Mode, Purpose, Signed, State, Transfer};
use crate::attempt::{Kind, Unsigned};
use crate::chain::BlockRef;
use crate::moved::Refusal;
use crate::proof::Proof;
use crate::time::Timestamp;

impl Transfer {
    /// Adds an attempt that the journal holds. Before a slot this gives it the attempt's own; the block its funds were
    /// judged at is lost with the store, and `known_at`, the last one the store followed, stands for it. `tombstone` is
    /// the proof that its slot was closed, where the journal says so.
    ///
    /// # Errors
    /// [`Refusal`] once it has ended; [`Refusal::Evidence`] when the attempt is of another transfer or slot,
    /// pays in a slot that is void, or voids a slot that was never signed without the signer's tombstone.
    pub fn import(
        self,
        attempt: Unsigned,
        tombstone: Option<&Proof>,
        known_at: BlockRef,
        at: Timestamp,
    ) -> Result<Allotment, Refusal> {
        let evidence = |why| Err(Refusal::Evidence { transition: "import", why });
        let funded = match &self.state {
            State::Planned => Funded { balance_at: known_at },
            State::Funded(funded)
            | State::Fuelling(Fuelling { funded, .. })
            | State::Fuelled(Fuelled { funded, .. }) => funded.clone(),
            State::Built(built) => {
                return match (&built.mode, attempt.kind, tombstone) {
                    (Mode::Pay, Kind::Void, Some(proof)) => self.void_unsigned(proof, IMPORTED, attempt, at),
                    (Mode::Void { .. }, Kind::Void, _) => self.redraw(attempt, at),
                    (Mode::Pay, Kind::Void, None) | (_, Kind::Pay, _) => {
                        evidence("its slot has another first attempt")
                    }
                };
            }
            State::Signed(signed) => return self.clone().import_signed(signed, attempt, at),
            // A block shows it, and may have left since: that it was voided after that must not be lost. What the block
            // shows is seen again.
            State::Seen(seen) => return self.clone().import_signed(&seen.signed, attempt, at),
            State::Final(_) | State::Dropped { .. } => return Err(self.not_from("import")),
        };
        let mode = match (self.purpose, attempt.kind) {
            (Purpose::Payout, Kind::Pay) => Mode::Pay,
            (Purpose::Fill, Kind::Void) => Mode::Void { code: "fill".into(), races: false },
            (Purpose::Payout, Kind::Void) | (Purpose::Fill, Kind::Pay) => {
                return evidence("its first attempt is not in the journal");
            }
        };
        let slot = attempt.slot.clone();
        self.same_slot("import", &slot, attempt.kind, &attempt)?;
        let Some(gas_budget) = attempt.terms.worst() else { return evidence("its cost is no number") };
        // What it needed on TRON is lost with the store; no energy is ordered for what is signed.
        let gas_limit = attempt.terms.evm().map_or(0, |fees| fees.gas_limit);
        let fuelled = Fuelled { funded, gas_limit, gas_budget, estimate: None };
        let built = Built { fuelled, slot, mode, attempt: attempt.id, asked: true };
        Ok(Allotment { transfer: self.moved(State::Built(built), at), attempt })
    }

    fn import_signed(self, signed: &Signed, attempt: Unsigned, at: Timestamp) -> Result<Allotment, Refusal> {
        let mode = match (&signed.mode, attempt.kind) {
            (Mode::Pay, Kind::Pay) | (Mode::Void { .. }, Kind::Void) => signed.mode.clone(),
            (Mode::Pay, Kind::Void) => Mode::Void { code: IMPORTED.into(), races: true },
            (Mode::Void { .. }, Kind::Pay) => {
                return Err(Refusal::Evidence { transition: "import", why: "its slot is void (M3)" });
            }
        };
        self.same_slot("import", &signed.slot, attempt.kind, &attempt)?;
        // A stranger that was noted in the slot may have been this very attempt: the chain is asked again.
        let signed = Signed { mode, taken_by: None, ..signed.clone() };
        let state = State::Signed(signed.awaiting(&attempt));
        Ok(Allotment { transfer: self.moved(state, at), attempt })
    }
}

/// Why a slot is void, where the reason was lost with the store.
const IMPORTED: &str = "imported_from_journal";
