//! The signer's journal as the store is compared with it: a store that went back in time pays nothing (M17).
//!
//! A journal that is ahead of the store proves nothing by itself: between a signature and the commit that records it a
//! process may die, and asking again returns the signature. What proves it is *content*. The bytes of an attempt are
//! durable before the signer is asked (M2), and a payment is stored before it is admitted. So an entry about an attempt,
//! a payment or a nonce that the store has never heard of can only mean that the store forgot.

mod back;

use std::collections::{BTreeMap, BTreeSet};

pub use back::{Back, Pending, Place};

use crate::address::Address;
use crate::attempt::{Kind, TronTerms, Unsigned};
use crate::id::{AttemptId, PartnerId, ProofId, TransferId, WalletId, WithdrawalId};
use crate::intent::PaymentKey;
use crate::port::chain;
use crate::proof::{Death, Final, NotDead, Proof, SlotReading, Verdict};
use crate::slot::Slot;
use crate::time::Timestamp;
use crate::wallet::Wallet;
use crate::withdrawal::Withdrawal;

/// Most entries of one page of an export.
pub const PAGE_MAX: usize = 500;

/// One entry of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Place, dense from 1.
    pub seq: u64,
    /// When it was written, by the signer's clock.
    pub at: Timestamp,
    /// What it and every entry before it say, in one hash.
    pub hash: [u8; 32],
    /// What it says.
    pub fact: Fact,
}

/// What an entry says, as far as payments and slots are concerned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fact {
    /// A payment was admitted to the caps.
    Admitted {
        /// The payment.
        key: PaymentKey,
    },
    /// An attempt was about to be signed: from here on a signature may exist.
    Reserved {
        /// Wallet whose key signs.
        wallet: WalletId,
        /// The attempt with its bytes.
        attempt: Box<Unsigned>,
        /// What it pays; `None` for a void.
        pays: Option<Pays>,
    },
    /// An attempt was signed.
    Signed {
        /// The attempt.
        attempt: AttemptId,
        /// The bytes a node takes.
        raw: Vec<u8>,
        /// Transaction hash.
        txid: [u8; 32],
    },
    /// A slot was closed: nothing was signed for it and no payment ever will be (M4).
    Closed {
        /// The slot.
        slot: Slot,
    },
    /// The store had made so many marks.
    Marked {
        /// How many.
        mark: u64,
    },
    /// About neither: enrolments, epochs, stops.
    Other,
}

/// What a paying attempt pays.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pays {
    /// Identity of the payment.
    pub key: PaymentKey,
    /// Hash of everything the slot pays (M3).
    pub hash: [u8; 32],
}

/// What the store knows of the things a page of the journal speaks of.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// Attempts, with the transfer that carries them; `None` for those that were imported as [`Lost`].
    pub attempts: BTreeMap<AttemptId, Option<TransferId>>,
    /// Marks that the store has made: one more with what it commits, before the journal is told.
    pub mark: u64,
    /// The entry that store and journal were last compared up to: a journal that has another one there was exchanged.
    pub place: Option<Place>,
    /// The store went back in time and has not imported yet what it lost.
    pub back: Option<Pending>,
    /// When it last had imported what it lost; `None` where it never went back.
    pub imported_at: Option<Timestamp>,
    /// Payments that have a withdrawal here, whether or not this version can read it.
    pub payments: BTreeSet<PaymentKey>,
    /// Withdrawals by the identity of their payment.
    pub withdrawals: BTreeMap<PaymentKey, Withdrawal>,
}

/// An attempt that the journal holds and that no transfer of a restored store can carry, because the store has lost
/// what it was for. It explains its transaction to the watcher, and its payment is never paid by the engine again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lost {
    /// Wallet whose key signs.
    pub wallet: WalletId,
    /// The attempt.
    pub attempt: AttemptId,
    /// Pay or void.
    pub kind: Kind,
    /// Its slot.
    pub slot: Slot,
    /// Its terms on TRON: where a proof that it is nowhere begins and ends.
    pub tron: Option<TronTerms>,
    /// The payment; `None` for a void.
    pub pays: Option<PaymentKey>,
    /// Place of the reservation in the journal.
    pub seq: u64,
}

/// What is written about lost attempts: by an import, and by whoever gives their payment up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LostFact {
    /// One was reserved.
    Reserved(Lost),
    /// One was signed.
    Signed {
        /// The attempt.
        attempt: AttemptId,
        /// The bytes a node takes.
        raw: Vec<u8>,
        /// Transaction hash.
        txid: [u8; 32],
    },
    /// A slot of one is dead. Its proof goes into the same change.
    Died(Box<LostDeath>),
}

/// A payment whose attempts are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostPayment {
    /// The payment.
    pub key: PaymentKey,
    /// Every slot that something was reserved in for it.
    pub slots: Vec<LostSlot>,
}

impl LostPayment {
    /// Whether this transaction is one of those that may have made it.
    pub fn may_be_made_by(&self, txid: &[u8; 32]) -> bool {
        let mut attempts = self.slots.iter().flat_map(|slot| &slot.attempts);
        attempts.any(|attempt| attempt.kind == Kind::Pay && attempt.txid == *txid)
    }
}

/// A slot of a payment whose attempts are lost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostSlot {
    /// The slot.
    pub slot: Slot,
    /// Everything of ours that was signed for it, in the lost life and since to fill it. On TRON a slot is one transaction,
    /// and that is here as soon as its signature was asked for.
    pub attempts: Vec<chain::Known>,
}

/// The death of a lost slot, as a quorum read it. [`LostSlot::died`] alone makes one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostDeath {
    slot: Slot,
    proof: Proof,
}

impl LostDeath {
    /// The slot that is dead.
    pub const fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Why.
    pub const fn proof(&self) -> &Proof {
        &self.proof
    }
}

impl LostSlot {
    /// Its death by what a quorum reads in it, `extra_blocks` below the final head: a void of ours, an attempt of ours that
    /// reverted, a transaction that is none of ours, or on TRON none at all while it could be included. An attempt of ours that moved something is no death, whatever it
    /// moved: the request may be another than the one it was made for.
    ///
    /// # Errors
    /// [`NotDead`] says what is missing.
    pub fn died(
        &self,
        id: ProofId,
        partner: PartnerId,
        reading: &Final<SlotReading>,
        extra_blocks: u64,
        at: Timestamp,
    ) -> Result<LostDeath, NotDead> {
        let death = match *reading.reading() {
            SlotReading::Foreign(stranger) => Death::of_foreign(reading, stranger, extra_blocks)?,
            SlotReading::Absent(_) => {
                let terms = self.attempts.iter().find_map(|known| known.tron).ok_or(NotDead::ScanBroken)?;
                Death::of_tron_expiry(reading, terms.reference, terms.expires_at_ms, extra_blocks)?
            }
            SlotReading::Ours(_) | SlotReading::Open | SlotReading::Unaccounted => {
                Death::of_nonce(reading, extra_blocks)?
            }
        };
        let proof = Proof {
            id,
            partner,
            transfer: None,
            verdict: Verdict::Dead(death),
            head: Some(reading.head()),
            operators: reading.operators().to_vec(),
            at,
        };
        Ok(LostDeath { slot: self.slot.clone(), proof })
    }
}

/// A transaction that an attempt of the lost life is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LostTxid {
    /// Its hash.
    pub txid: [u8; 32],
    /// The withdrawal of its payment, where that has ended and not by this slot: then nothing explains it any more (M6).
    pub ended: Option<WithdrawalId>,
}

impl LostTxid {
    /// What is wrong with it, after a comma, for people; `None` while its payment explains it.
    pub fn unexplained(&self) -> Option<String> {
        self.ended.map(|withdrawal| {
            format!("which was signed before the store was restored, for {withdrawal}, and that has ended without it")
        })
    }
}

/// A slot that no transfer of this store has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unheld {
    /// The slot.
    pub slot: Slot,
    /// The signer's journal holds something reserved for it, as far as it was imported: nothing else is ever signed there.
    pub taken: bool,
    /// What the signer's journal holds signed for it, as far as it was imported: the bytes a node takes.
    pub signed: Vec<Vec<u8>>,
}

/// A step of the place that the store has seen in the journal. A store that stands before `from` was exchanged for an
/// older one meanwhile: what lies between was never compared with it, and the step is not made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// The place seen when the question was asked.
    pub from: u64,
    /// The place that a reply carried.
    pub to: u64,
}

/// What to ask the store about a page.
pub fn mentions(page: &[Entry]) -> (BTreeSet<AttemptId>, BTreeSet<PaymentKey>) {
    let (mut attempts, mut keys) = (BTreeSet::new(), BTreeSet::new());
    for entry in page {
        match &entry.fact {
            Fact::Admitted { key } => {
                keys.insert(*key);
            }
            Fact::Reserved { attempt, pays, .. } => {
                attempts.insert(attempt.id);
                keys.extend(pays.map(|pays| pays.key));
            }
            Fact::Signed { attempt, .. } => {
                attempts.insert(*attempt);
            }
            Fact::Closed { .. } | Fact::Marked { .. } | Fact::Other => {}
        }
    }
    (attempts, keys)
}

/// The first entry of a page that a store of the present would know and this one does not, in one sentence.
pub fn forgotten(page: &[Entry], known: &Known, wallets: &[Wallet]) -> Option<String> {
    page.iter().find_map(|entry| {
        let what = match &entry.fact {
            Fact::Admitted { key } if !known.payments.contains(key) => format!("payment {key}"),
            Fact::Reserved { attempt, .. } if !known.attempts.contains_key(&attempt.id) => {
                format!("attempt {} in slot {}", attempt.id, attempt.slot)
            }
            Fact::Closed { slot } if !given_out(slot, wallets) => format!("slot {slot}"),
            Fact::Marked { mark } if *mark > known.mark => format!("mark {mark}"),
            Fact::Admitted { .. }
            | Fact::Marked { .. }
            | Fact::Reserved { .. }
            | Fact::Signed { .. }
            | Fact::Closed { .. }
            | Fact::Other => return None,
        };
        Some(format!(
            "entry {} of the signer's journal speaks of {what}, which this store does not know",
            entry.seq
        ))
    })
}

/// Whether the store has given this nonce out. Slots of wallets it does not have are no nonces of its own.
fn given_out(slot: &Slot, wallets: &[Wallet]) -> bool {
    let Slot::EvmNonce { chain, sender, nonce } = slot else { return true };
    wallets
        .iter()
        .find(|wallet| wallet.chain == *chain && wallet.address == Address::Evm(*sender))
        .is_some_and(|wallet| *nonce < wallet.next_nonce)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::address::EvmAddress;
    use crate::samples;

    fn entry(seq: u64, fact: Fact) -> Entry {
        Entry { seq, at: samples::at(0), hash: [0; 32], fact }
    }

    fn attempt() -> Unsigned {
        samples::unsigned(1, samples::transfer_id(1), Kind::Pay, samples::slot(7))
    }

    fn wallet(next_nonce: u64) -> Wallet {
        let (id, at) = (samples::wallet(), samples::at(0));
        let account = EvmAddress([0x11; 20]).into();
        let (label, reason) = ("hot".to_owned(), "test".to_owned());
        Wallet::adopt(id, samples::partner(), samples::chain(), account, label, next_nonce, reason, at)
            .into_after()
    }

    #[test]
    fn a_signature_that_was_not_recorded_is_an_ordinary_crash() {
        let attempt = attempt();
        let page = [
            entry(8, Fact::Other),
            entry(
                9,
                Fact::Reserved { wallet: samples::wallet(), attempt: Box::new(attempt.clone()), pays: None },
            ),
            entry(10, Fact::Signed { attempt: attempt.id, raw: vec![1], txid: [1; 32] }),
        ];
        let mut known = Known::default();
        assert!(forgotten(&page, &known, &[]).is_some(), "its bytes would be durable");
        known.attempts.insert(attempt.id, Some(attempt.transfer));
        assert_eq!(forgotten(&page, &known, &[]), None);
    }

    #[test]
    fn a_payment_that_was_admitted_and_is_unknown_was_forgotten() {
        let withdrawal = samples::withdrawal();
        let key = withdrawal.key;
        let page = [entry(3, Fact::Admitted { key })];
        let mut known = Known::default();
        let why = forgotten(&page, &known, &[]).unwrap();
        assert!(why.contains("entry 3") && why.contains(&key.to_string()), "{why}");
        known.payments.insert(key);
        assert_eq!(forgotten(&page, &known, &[]), None, "admitted and not built: the process died between");
    }

    #[test]
    fn a_mark_that_the_store_never_made_was_forgotten() {
        let page = [entry(5, Fact::Marked { mark: 7 })];
        let known = |mark| Known { mark, ..Known::default() };
        assert!(forgotten(&page, &known(6), &[]).unwrap().contains("mark 7"));
        assert_eq!(forgotten(&page, &known(7), &[]), None);
        assert_eq!(
            forgotten(&page, &known(8), &[]),
            None,
            "made, and the process died before the journal was told"
        );
    }

    #[test]
    fn a_closed_nonce_beyond_what_was_given_out_was_forgotten() {
        let lane = wallet(8);
        let slot = |nonce| Slot::EvmNonce { chain: lane.chain, sender: EvmAddress([0x11; 20]), nonce };
        let closed = |nonce| [entry(1, Fact::Closed { slot: slot(nonce) })];
        let wallets = [lane.clone()];
        assert_eq!(forgotten(&closed(7), &Known::default(), &wallets), None);
        assert!(forgotten(&closed(8), &Known::default(), &wallets).is_some());
        let foreign = Slot::EvmNonce { chain: lane.chain, sender: EvmAddress([0x77; 20]), nonce: 0 };
        let page = [entry(1, Fact::Closed { slot: foreign })];
        assert!(forgotten(&page, &Known::default(), &wallets).is_some(), "a wallet this store has forgotten");
    }
}
