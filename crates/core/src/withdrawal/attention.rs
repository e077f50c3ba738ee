//! `approved | queued | assigned -> needs_attention`, and the ways out a person has.

use super::status::named;
use super::{NeedsAttention, Paid, Queued, State, Withdrawal};
use crate::amount::Units;
use crate::id::ProofId;
use crate::moved::{Moved, Refusal};
use crate::port::chain::{TransferLog, TransferLogs};
use crate::proof::{DeathKind, Final, Proof, Verdict};
use crate::time::Timestamp;

named! {
    /// Why a person is asked.
    AttentionCode {
        /// It was tried as often as it may be.
        RetriesExhausted = "retries_exhausted",
        /// Its slot is dead by the word of one operator only.
        SingleSourceDeath = "single_source_death",
        /// A transaction that is not ours consumed the slot: it may have paid the very recipient.
        SlotConsumedByStranger = "slot_consumed_by_stranger",
        /// Our own transaction consumed the slot and moved something else than was asked, or nothing.
        PaymentDiffers = "payment_differs",
        /// The deaths of several of its slots left the chain at once, or that of one while a newer one was closed unsigned:
        /// what came back to life may pay.
        SlotsReopened = "slots_reopened",
        /// The signer refuses for good.
        SignerRefused = "signer_refused",
        /// Attempts of it are in the signer's journal and in no transfer of this store. It is completed by the transaction
        /// that paid it, and by nothing else (M17).
        PaidBeforeRestore = "paid_before_restore",
        /// The store went back in time and does not know what the partner was told of it since (M17).
        StoreWentBack = "store_went_back",
    }
}

impl AttentionCode {
    /// What a person is told of a slot that was consumed by what is no outcome of it.
    pub const fn of(proof: &Proof) -> Option<Self> {
        match proof.verdict() {
            Verdict::Dead(death) => match death.kind() {
                DeathKind::Foreign(_) => Some(Self::SlotConsumedByStranger),
                DeathKind::Mismatched(_) => Some(Self::PaymentDiffers),
                DeathKind::VoidFinal(_)
                | DeathKind::RevertedFinal(_)
                | DeathKind::NeverSigned { .. }
                | DeathKind::AuthorizationExpired { .. }
                | DeathKind::VaultItemDead { .. }
                | DeathKind::TronExpired { .. } => None,
            },
            Verdict::Paid(_) | Verdict::PaidElsewhere { .. } => None,
        }
    }
}

/// How a person ends the attention.
#[derive(Clone, Copy, Debug)]
pub enum Resolution<'a> {
    /// All gates run again and a new slot is taken. Refused while a slot is alive.
    Redrive,
    /// It was paid outside the engine: recipient, asset and amount were matched on chain. Refused while a slot is alive.
    PaidElsewhere(&'a Proof),
}

impl Withdrawal {
    /// Hands it to a person. `slot_dead` says that the slot of its present transfer is proven dead, or never existed.
    ///
    /// # Errors
    /// [`Refusal`] from undecided and terminal states.
    pub fn needs_attention(
        self,
        code: AttentionCode,
        slot_dead: bool,
        at: Timestamp,
    ) -> Result<Moved<Self>, Refusal> {
        let (decision, last, slots_dead) = match &self.state {
            State::Approved(state) => (Some(state.decision.clone()), None, true),
            State::Queued(state) => (Some(state.decision.clone()), None, true),
            State::Assigned(state) => {
                (Some(state.decision.clone()), Some((state.transfer, state.wallet)), slot_dead)
            }
            State::Requested
            | State::Held(_)
            | State::Paid(_)
            | State::NeedsAttention(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("ask a person about")),
        };
        let attention = NeedsAttention { decision, code, since: at, last, slots_dead };
        Ok(self.moved(State::NeedsAttention(attention)))
    }

    /// The slot of its last transfer has been proven dead while a person was awaited.
    ///
    /// # Errors
    /// [`Refusal`] unless a person is awaited and the proof is of that transfer.
    pub fn slot_died(self, proof: &Proof) -> Result<Moved<Self>, Refusal> {
        match &self.state {
            State::NeedsAttention(attention) => {
                let of_last = attention.last.is_some_and(|(transfer, _)| proof.transfer == Some(transfer));
                if !of_last || !proof.proves_death() {
                    return Err(Refusal::Evidence {
                        transition: "note the death of a slot of",
                        why: "the proof does not establish that its slot is dead",
                    });
                }
                let mut attention = NeedsAttention { slots_dead: true, ..attention.clone() };
                // What a restored store has lost stays lost, whoever took the slot (M17).
                if let Some(code) = AttentionCode::of(proof)
                    && !attention.paid_before_restore()
                {
                    attention.code = code;
                }
                Ok(self.moved(State::NeedsAttention(attention)))
            }
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => Err(self.not_from("note the death of a slot of")),
        }
    }

    /// The proof that `txid`, a final transaction made outside the engine, paid it: the log at `log_index` moves
    /// `exactly` its amount, as the token counts it, to its recipient. `found` is what a quorum shows of its asset there.
    ///
    /// # Errors
    /// [`Refusal`] unless a person is awaited; [`Refusal::Evidence`] when no such log is in it.
    pub fn paid_elsewhere(
        &self,
        id: ProofId,
        txid: [u8; 32],
        found: &Final<TransferLogs>,
        (log_index, exactly): (u64, Units),
        at: Timestamp,
    ) -> Result<Proof, Refusal> {
        let State::NeedsAttention(attention) = &self.state else { return Err(self.not_from("resolve")) };
        let (block, logs) = found.reading();
        if !logs.iter().any(|log| log.log_index == log_index && self.is_paid_by(log, exactly)) {
            return Err(Refusal::Evidence {
                transition: "resolve",
                why: "no transfer of this asset and amount to this recipient is there",
            });
        }
        Ok(Proof {
            id,
            partner: self.partner,
            transfer: attention.last.map(|(transfer, _)| transfer),
            verdict: Verdict::PaidElsewhere { txid, block: *block, log_index },
            head: Some(found.head()),
            operators: found.operators().to_vec(),
            at,
        })
    }

    /// Whether a transfer of its asset goes to its recipient and is `exactly` its amount, as the token counts it.
    pub fn is_paid_by(&self, log: &TransferLog, exactly: Units) -> bool {
        log.to == self.request.to && log.units == exactly
    }

    /// A person's way out.
    ///
    /// # Errors
    /// [`Refusal`] unless a person is awaited; [`Refusal::Evidence`] when a slot is alive, or the proof shows no payment.
    pub fn resolve(self, resolution: Resolution<'_>, at: Timestamp) -> Result<Moved<Self>, Refusal> {
        let attention = match &self.state {
            State::NeedsAttention(attention) => attention.clone(),
            State::Requested
            | State::Held(_)
            | State::Approved(_)
            | State::Queued(_)
            | State::Assigned(_)
            | State::Paid(_)
            | State::Rejected(_)
            | State::Cancelled(_)
            | State::Failed(_) => return Err(self.not_from("resolve")),
        };
        match resolution {
            // Its slot is in the signer's journal alone, so nothing here can show that it is dead (M17).
            Resolution::Redrive if attention.paid_before_restore() => Err(Refusal::Evidence {
                transition: "redrive",
                why: "it was signed before the store was restored; resolve it with that transaction",
            }),
            Resolution::Redrive if !attention.slots_dead => {
                Err(Refusal::Evidence { transition: "redrive", why: "a slot of it is not proven dead" })
            }
            Resolution::Redrive => {
                let Some(decision) = attention.decision else {
                    return Err(Refusal::Evidence {
                        transition: "redrive",
                        why: "nobody has let it pass; give it up, and have it asked for again under another external id",
                    });
                };
                let (why, last) = ("redriven".into(), attention.last);
                let queued = Queued { decision, why, last, since: at, not_before: at };
                Ok(self.changed(|withdrawal| {
                    withdrawal.retries = 0;
                    withdrawal.state = State::Queued(queued);
                }))
            }
            Resolution::PaidElsewhere(proof) => {
                let Verdict::PaidElsewhere { txid, block, .. } = proof.verdict else {
                    return Err(Refusal::Evidence {
                        transition: "resolve",
                        why: "the proof is not of a payment outside the engine",
                    });
                };
                // A slot that may still pay would pay a second time, after `completed` was said.
                if !attention.slots_dead {
                    return Err(Refusal::Evidence {
                        transition: "resolve",
                        why: "a slot of it is not proven dead",
                    });
                }
                if proof.transfer != attention.last.map(|(transfer, _)| transfer) {
                    return Err(Refusal::Evidence {
                        transition: "resolve",
                        why: "the proof is of another transfer",
                    });
                }
                Ok(self.moved(State::Paid(Paid {
                    decision: attention.decision,
                    by: attention.last,
                    proof: proof.id,
                    txid,
                    block,
                    at,
                })))
            }
        }
    }
}
