//! What a witness makes of a commit and of a signature.

use std::collections::BTreeSet;

use sluice_core::attempt::Kind;
use sluice_core::intent::SigningRequest;
use sluice_core::journal::LostFact;
use sluice_core::port::signer::Signature;
use sluice_core::port::store::{Change, Pause};
use sluice_core::proof::{DeathKind, Proof, Verdict};
use sluice_core::slot::Slot;
use sluice_core::transfer::{State, Transfer};

use super::{Death, Seen, Signed};
use crate::executor::ProcessId;
use crate::oracle::Violation;

impl Seen {
    /// Whoever finalized the wrong fork is first proven right again, as far as it had come.
    fn judge_pause(&mut self, change: &Change) {
        if let Some(learned) = &change.chain {
            self.stored.finalized =
                self.stored.finalized.max(learned.finalized.map_or(0, |block| block.number));
            if learned.pause == Pause::Over {
                self.stored.reversed = None;
            }
        }
        let is_final = |transfer: &Transfer| matches!(transfer.state, State::Final(_));
        for step in &change.transfers {
            if step.before().is_some_and(&is_final) && !is_final(step.after()) {
                self.stored.reversed = Some(self.stored.finalized);
            }
        }
        let Some(until) = self.stored.reversed else { return };
        for proof in change.proofs.iter().filter(|proof| proof.transfer().is_some()) {
            let Some(head) = proof.head() else { continue };
            if matches!(proof.verdict(), Verdict::PaidElsewhere { .. }) {
                continue; // Two persons' word.
            }
            if head.number < until {
                let detail = format!(
                    "{} was settled under final block {}, and {until} had been final before it left the chain",
                    proof.id(),
                    head.number
                );
                self.violations.push(Violation::new("M16 settlement waits after a reversal", detail));
            } else {
                self.stored.reversed = None;
            }
        }
    }

    pub(super) fn committed(&mut self, change: &Change) {
        self.judge_pause(change);
        self.judge_ends(change);
        self.judge_window(change);
        for fact in &change.lost {
            match fact {
                LostFact::Signed { txid, .. } => {
                    self.stored.durable_signed.insert(*txid);
                }
                LostFact::Died(death) => self.died(death.slot(), death.proof()),
                LostFact::Reserved(_) => {}
            }
        }
        self.stored.durable_unsigned.extend(change.attempts.iter().map(|attempt| attempt.digest));
        for attempt in &change.attempts {
            if let Ok(read) = sluice_codec::tron::decode_raw(&attempt.bytes) {
                self.expires_at_ms.insert(attempt.slot.to_string(), read.terms.expiration_ms);
            }
        }
        for signed in &change.signatures {
            self.stored.durable_signed.insert(signed.txid);
            if signed.unsigned.kind == Kind::Void {
                let epoch = self.signed.get(&signed.txid).map_or(i64::MAX, |(_, it)| it.epoch);
                self.voided.insert(signed.unsigned.slot.to_string(), epoch);
            }
        }
        for proof in &change.proofs {
            let of = |step: &&sluice_core::moved::Moved<sluice_core::transfer::Transfer>| {
                Some(step.after().id) == proof.transfer()
            };
            let slot = change.transfers.iter().find(of).and_then(|step| step.after().slot());
            if let Some(slot) = slot {
                self.died(slot, proof);
            }
        }
    }

    /// After a byte may have left, what is known of a transfer comes from the chain: nothing else ends it.
    fn judge_ends(&mut self, change: &Change) {
        let over = |transfer: &Transfer| matches!(transfer.state, State::Final(_) | State::Dropped { .. });
        for step in change.transfers.iter().filter(|step| over(step.after())) {
            let before = step.before().filter(|transfer| !over(transfer));
            let Some(slot) = before.and_then(Transfer::slot).map(ToString::to_string) else { continue };
            let id = step.after().id;
            let read = |proof: &Proof| proof.transfer() == Some(id) && proof.head().is_some();
            if self.left.contains(&slot) && !change.proofs.iter().any(read) {
                let detail =
                    format!("{id} ended in {slot}, whose bytes were sent, by nothing read on the chain");
                self.violations.push(Violation::new("M5 after a byte left only the chain ends it", detail));
            }
        }
    }

    /// A lane allocates no slot beyond its window. One that was ever included is not counted, whatever left the chain since,
    /// nor what fills a hole below the others; and what is imported from the signer's journal was allocated before.
    fn judge_window(&mut self, change: &Change) {
        for step in &change.transfers {
            let (after, lane) = (step.after(), self.stored.awaited.entry(step.after().wallet).or_default());
            let waits = matches!(after.state, State::Built(_) | State::Signed(_)) && !after.items.is_empty();
            let new = step.before().is_none_or(|before| before.slot().is_none());
            if waits && new {
                lane.insert(after.id);
                if lane.len() > self.window && !self.shut {
                    let detail =
                        format!("{} waits for {} slots of {}", after.wallet, lane.len(), self.window);
                    self.violations.push(Violation::new("M14 a lane stays in its window", detail));
                }
            } else if !waits {
                lane.remove(&after.id);
            }
        }
    }

    /// A slot is proven dead, if that is what this proof says.
    fn died(&mut self, slot: &Slot, proof: &Proof) {
        let Verdict::Dead(death) = proof.verdict() else { return };
        let never_signed = matches!(death.kind(), DeathKind::NeverSigned { .. });
        let foreign = matches!(death.kind(), DeathKind::Foreign(_) | DeathKind::Mismatched(_));
        let text = slot.to_string();
        let expired = matches!(death.kind(), DeathKind::TronExpired { .. });
        // Of bytes that nobody has seen, no time is over.
        let until = || self.expires_at_ms.get(&text).copied().unwrap_or(i64::MAX);
        let expired_at_ms = expired.then(until);
        self.deaths.push(Death { slot: slot.clone(), never_signed, foreign, expired_at_ms });
        if never_signed && self.pays.contains_key(&text) {
            let detail = format!("{text} has a tombstone and a paying signature");
            self.violations.push(Violation::new("M4 never signed means never signed", detail));
        }
        if never_signed {
            self.tombs.insert(text.clone());
        }
        self.dead.insert(text);
    }

    pub(super) fn judge_signature(
        &mut self,
        process: ProcessId,
        task: u64,
        request: &SigningRequest,
        signature: &Signature,
        dead: &BTreeSet<String>,
    ) {
        let slot = request.slot.to_string();
        let highest = self.signer_epochs.entry(request.wallet).or_default();
        if request.epoch < *highest {
            let detail =
                format!("p{process} got a signature in {slot} with epoch {} after {highest}", request.epoch);
            self.violations.push(Violation::new("M7 no signature with a stale epoch", detail));
        }
        *highest = (*highest).max(request.epoch);
        let payment_hash = request.payment_hash();
        let key = request.payments.first().map(|approved| approved.payment.key.0);
        let known = self.signed.contains_key(&signature.txid);
        if request.kind == Kind::Pay {
            if *self.pays.entry(slot.clone()).or_insert(payment_hash) != payment_hash {
                self.violations.push(Violation::new("M3 same slot, same payment", slot.clone()));
            }
            if !known && (dead.contains(&slot) || self.tombs.contains(&slot)) {
                let detail = format!("{slot} got a paying signature after its proof of death");
                self.violations.push(Violation::new("M4 dead is dead", detail));
            }
            if !known && self.voided.contains_key(&slot) {
                let detail = format!("{slot} got a new paying signature after its void was durable");
                self.violations.push(Violation::new("M3 a void is one-way", detail));
            }
            if let Some(key) = key {
                let others = self.slots.entry(key).or_default();
                others.insert(slot.clone());
                let alive: Vec<_> =
                    others.iter().filter(|other| **other != slot && !self.dead.contains(*other)).collect();
                if !alive.is_empty() {
                    let detail =
                        format!("{slot} is signed while {alive:?} of the same payment has no proof of death");
                    self.violations.push(Violation::new("M4 no new slot without proof of death", detail));
                }
            }
            self.judge_stop(process, task, request, &slot);
        }
        let paid = request.payments.first().map(|approved| approved.payment.withdrawal);
        let pays = paid.filter(|_| request.kind == Kind::Pay);
        if self.shut && request.kind == Kind::Pay && !known {
            let detail = format!("p{process} got a paying signature in {slot} before a person let it");
            self.violations.push(Violation::new("M17 a store that went back pays nothing", detail));
        }
        let (wallet, epoch, digest) = (request.wallet, request.epoch, request.digest);
        let key = request.payments.first().map(|approved| approved.payment.key).filter(|_| pays.is_some());
        let given = Signed { kind: request.kind, wallet, epoch, pays, key, digest };
        self.signed.entry(signature.txid).or_insert((slot, given));
    }

    fn judge_stop(&mut self, process: ProcessId, task: u64, request: &SigningRequest, slot: &str) {
        let Some((since, scope)) = &self.stop else { return };
        let covered = request.payments.iter().any(|approved| {
            scope.covers(approved.payment.partner, approved.payment.asset, Some(request.wallet))
        });
        let knew = self.stops_read.get(&task).is_some_and(|at| at > since);
        if covered && knew {
            let detail = format!("p{process} had read the stop and signed a payment in {slot}");
            self.violations.push(Violation::new("M12 stop means stop", detail));
        }
    }
}
