//! What ends a transfer: the chain evidence that it was paid, or that it can never execute (M4, M16).

mod death;
mod scan;

pub use death::{Death, DeathKind, NotDead, Tombstone};
pub use scan::{SCAN_BLOCKS_MAX, Scan, ScannedBlock};

use crate::amount::{Amount, Cost};
use crate::chain::BlockRef;
use crate::id::{AttemptId, PartnerId, ProofId, TransferId};
use crate::time::Timestamp;

/// A reading that enough independent operators agree on, pinned by the hash of a final block.
///
/// The quorum reader of `chain` is the only caller of [`Final::by_quorum`]; everybody else receives the result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Final<T> {
    reading: T,
    head: BlockRef,
    operators: Vec<String>,
}

/// Too few operators said the same.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{agreed} of the {needed} operators needed agree")]
pub struct NotAgreed {
    /// Distinct operators that agree.
    pub agreed: usize,
    /// How many must.
    pub needed: usize,
}

impl<T> Final<T> {
    /// Wraps a reading on which `operators` (distinct names; two URLs of one operator count once) agree under the final
    /// block `head`.
    ///
    /// # Errors
    /// [`NotAgreed`] when fewer than `needed` distinct operators agree, or none is needed.
    pub fn by_quorum(
        reading: T,
        head: BlockRef,
        mut operators: Vec<String>,
        needed: usize,
    ) -> Result<Self, NotAgreed> {
        operators.sort();
        operators.dedup();
        if needed == 0 || operators.len() < needed {
            return Err(NotAgreed { agreed: operators.len(), needed });
        }
        Ok(Self { reading, head, operators })
    }

    /// The reading.
    pub const fn reading(&self) -> &T {
        &self.reading
    }

    /// The final block it was read under.
    pub const fn head(&self) -> BlockRef {
        self.head
    }

    /// Who agreed, in order of name.
    pub fn operators(&self) -> &[String] {
        &self.operators
    }

    /// Fewer than two independent operators stand behind it: good enough to complete where so configured, never enough
    /// for a new slot without two persons (M4).
    pub fn single_source(&self) -> bool {
        self.operators.len() < 2
    }

    /// The same evidence about a part of the reading.
    pub fn map<U>(&self, part: impl FnOnce(&T) -> U) -> Final<U> {
        Final { reading: part(&self.reading), head: self.head, operators: self.operators.clone() }
    }
}

/// What one of our attempts did when it was included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// Status 1 and exactly the intended Transfer log, at this index in the block.
    Paid {
        /// Log index within the block.
        log_index: u64,
    },
    /// Status 0: the nonce is consumed and nothing moved. On TRON: the contract reverted.
    Reverted,
    /// TRON: included without the energy it needed. Nothing moved, and what there was is burned.
    OutOfEnergy,
    /// Our void: the nonce is consumed by nothing.
    Voided,
    /// It did something else than it was made for: status 1 without exactly the intended log, as with a token that takes a
    /// fee. It freezes the lane as a stranger's transaction does, and a person decides (M6).
    Mismatch,
}

/// One of our attempts inside a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Inclusion {
    /// Which attempt.
    pub attempt: AttemptId,
    /// Its hash.
    pub txid: [u8; 32],
    /// The block.
    pub block: BlockRef,
    /// What it did.
    pub effect: Effect,
    /// What the network took, exact.
    pub cost: Cost,
    /// What came back of stakes that were given up before, atoms of the coin: TRON pays out what is due by then with every
    /// transaction that gives one up.
    pub returned: Amount,
}

/// What has become of a slot, read by slot and not by any one hash (M6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SlotReading {
    /// Nothing has executed in it.
    Open,
    /// One of our attempts has.
    Ours(Inclusion),
    /// It is consumed by this transaction, which is none of our attempts: a second writer or a leaked key (M6).
    Foreign(Stranger),
    /// It is consumed, and nobody shows by what. Absence is never evidence: this ends nothing (M4, M5).
    Unaccounted,
    /// TRON: one linked run of solid blocks does not hold it, and ends after its expiration.
    Absent(Scan),
}

impl SlotReading {
    /// The transaction that consumed the slot without being an outcome of it: none of our attempts, or one that did not do
    /// what it was made for.
    pub const fn stranger(&self) -> Option<Stranger> {
        match self {
            Self::Foreign(stranger) => Some(*stranger),
            Self::Ours(Inclusion { txid, block, effect: Effect::Mismatch, .. }) => {
                Some(Stranger { txid: *txid, block: *block })
            }
            Self::Open | Self::Ours(_) | Self::Unaccounted | Self::Absent(_) => None,
        }
    }
}

/// A transaction in one of our slots that is no outcome of it: none of our attempts, or one of another [`Effect`] than it
/// was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stranger {
    /// Its hash.
    pub txid: [u8; 32],
    /// Its block.
    pub block: BlockRef,
}

/// What a proof establishes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was paid here.
    Paid(Inclusion),
    /// It can never be paid by this slot.
    Dead(Death),
    /// It was paid outside the engine, by a transaction two persons matched on chain (`resolve --paid-by`).
    PaidElsewhere {
        /// The transaction.
        txid: [u8; 32],
        /// Its block.
        block: BlockRef,
        /// Index of the matching Transfer log in the block.
        log_index: u64,
    },
}

/// A stored proof. It ends a transfer, or an item of one.
///
/// Whoever judges the evidence makes it, in this crate: [`Transfer::settle`], [`Transfer::lost`],
/// [`Transfer::never_signed`] and [`Withdrawal::paid_elsewhere`].
///
/// [`Transfer::settle`]: crate::transfer::Transfer::settle
/// [`Transfer::lost`]: crate::transfer::Transfer::lost
/// [`Transfer::never_signed`]: crate::transfer::Transfer::never_signed
/// [`Withdrawal::paid_elsewhere`]: crate::withdrawal::Withdrawal::paid_elsewhere
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proof {
    pub(crate) id: ProofId,
    pub(crate) partner: PartnerId,
    pub(crate) transfer: Option<TransferId>,
    pub(crate) verdict: Verdict,
    pub(crate) head: Option<BlockRef>,
    pub(crate) operators: Vec<String>,
    pub(crate) at: Timestamp,
}

impl Proof {
    /// Reads back what the store holds. The store is where a proof is kept, so it may restore one; nothing else does.
    pub const fn restored(
        id: ProofId,
        partner: PartnerId,
        transfer: Option<TransferId>,
        verdict: Verdict,
        head: Option<BlockRef>,
        operators: Vec<String>,
        at: Timestamp,
    ) -> Self {
        Self { id, partner, transfer, verdict, head, operators, at }
    }

    /// Name.
    pub const fn id(&self) -> ProofId {
        self.id
    }

    /// Tenant.
    pub const fn partner(&self) -> PartnerId {
        self.partner
    }

    /// Transfer it ends; absent when a withdrawal that never had one was paid outside the engine.
    pub const fn transfer(&self) -> Option<TransferId> {
        self.transfer
    }

    /// What it establishes.
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// Final block it was read under; absent for a tombstone.
    pub const fn head(&self) -> Option<BlockRef> {
        self.head
    }

    /// Operators that agreed.
    pub fn operators(&self) -> &[String] {
        &self.operators
    }

    /// When it was established.
    pub const fn at(&self) -> Timestamp {
        self.at
    }

    /// Fewer than two independent operators stand behind it.
    pub fn single_source(&self) -> bool {
        self.head.is_some() && self.operators.len() < 2
    }

    /// Whether it shows that the slot can never pay.
    pub const fn proves_death(&self) -> bool {
        matches!(self.verdict, Verdict::Dead(_))
    }

    /// Whether it shows that a stranger consumed the slot, or an attempt of ours that did not do what it was made for. The
    /// recipient may have been paid by that very transaction, so nothing follows from it but a person's decision.
    pub const fn by_a_stranger(&self) -> bool {
        match &self.verdict {
            Verdict::Dead(death) => {
                matches!(death.kind(), DeathKind::Foreign(_) | DeathKind::Mismatched(_))
            }
            Verdict::Paid(_) | Verdict::PaidElsewhere { .. } => false,
        }
    }

    /// Whether a new slot may follow from this proof without two persons (M4).
    pub fn frees_the_withdrawal(&self) -> bool {
        matches!(self.verdict, Verdict::Dead(_)) && !self.single_source() && !self.by_a_stranger()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn block(number: u64) -> BlockRef {
        BlockRef { number, hash: [number as u8; 32] }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "this is what it promises")]
    fn two_urls_of_one_operator_are_one_voice() {
        let voices = vec!["a".to_owned(), "a".to_owned()];
        assert_eq!(Final::by_quorum((), block(1), voices, 2), Err(NotAgreed { agreed: 1, needed: 2 }));
        assert!(Final::by_quorum((), block(1), vec!["a".into()], 1).unwrap().single_source());
        assert!(Final::by_quorum((), block(1), vec![], 0).is_err());
    }
}
