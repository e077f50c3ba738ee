//! Why a slot can never pay again (M4). Every constructor demands final evidence; a timeout, a missing receipt and an
//! error text are none.

use super::{Effect, Final, Inclusion, SlotReading, Stranger};
use crate::chain::BlockRef;
use crate::id::{ProofId, TransferId};
use crate::journal::{Entry, Fact};
use crate::slot::Slot;

/// Why a slot can never pay again. Stored before anything new is built for its withdrawal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Death(DeathKind);

/// The ways a slot dies. Read-only: a [`Death`] is made by the constructors below.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeathKind {
    /// R1: our void consumed the nonce.
    VoidFinal(Inclusion),
    /// R1: our own attempt consumed the nonce and reverted. TRON: a solidified receipt of the transaction says another
    /// result than SUCCESS.
    RevertedFinal(Inclusion),
    /// R1: this transaction, which is none of our attempts, consumed the nonce (M6). It may have paid the very recipient,
    /// so a person decides what follows.
    Foreign(Stranger),
    /// R1: our own attempt consumed the nonce and did something else than pay: a token that takes a fee, or moved nothing
    /// (M6). The recipient may have been paid in part, so a person decides what follows.
    Mismatched(Inclusion),
    /// No signature was ever made and the signer has closed the slot in its journal.
    NeverSigned {
        /// Place of the tombstone in the signer's journal.
        journal_seq: u64,
    },
    /// R2: final time is past the latest `validBefore` ever signed and the authorization is unused.
    AuthorizationExpired {
        /// Latest `validBefore` ever signed for the nonce, seconds.
        valid_before: i64,
        /// Time of the final block, seconds.
        final_time: i64,
    },
    /// R3: the id is unpaid at finality and every carrier that contains it is dead by its own nonce.
    VaultItemDead {
        /// Dead carriers, one proof each.
        carriers: Vec<ProofId>,
    },
    /// TRON: one linked run of solid blocks from the reference block to past the expiration holds no such txid.
    TronExpired {
        /// Height of the reference block.
        from: u64,
        /// Height of the first solid block at or after the expiration.
        to: u64,
    },
}

/// Why evidence does not prove a death.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotDead {
    /// The slot is open, or was consumed by something else than our own dead attempt.
    #[error("the slot was not consumed by our own void or our own reverted attempt")]
    NotConsumedByUs,
    /// The slot was not consumed by a stranger, or not by the one that was noted in it.
    #[error("the slot is not seen consumed by the stranger that was noted in it")]
    NotTaken,
    /// The block is final, but not as deep as a new slot asks for.
    #[error("final, but {missing} blocks short of the depth a proof of death needs")]
    NotDeepEnough {
        /// Blocks still missing.
        missing: u64,
    },
    /// The authorization or transaction may still execute.
    #[error("it may still execute")]
    StillValid,
    /// The scan has a hole, or its blocks do not link.
    #[error("the blocks read do not form one linked run over the whole validity")]
    ScanBroken,
}

impl Death {
    /// R1: a nonce consumed by our no-op or by our reverted attempt, `extra_blocks` below the final head. TRON: our
    /// transaction failed there.
    ///
    /// # Errors
    /// [`NotDead`] says what is missing.
    pub fn of_nonce(slot: &Final<SlotReading>, extra_blocks: u64) -> Result<Self, NotDead> {
        let SlotReading::Ours(inclusion) = *slot.reading() else { return Err(NotDead::NotConsumedByUs) };
        let kind = match inclusion.effect {
            Effect::Voided => DeathKind::VoidFinal(inclusion),
            Effect::Reverted | Effect::OutOfEnergy => DeathKind::RevertedFinal(inclusion),
            Effect::Paid { .. } | Effect::Mismatch => return Err(NotDead::NotConsumedByUs),
        };
        deep_enough(inclusion.block, slot.head(), extra_blocks).map(|()| Self(kind))
    }

    /// R1: a nonce consumed by `noted`, a transaction that is no outcome of the slot, `extra_blocks` below the final head.
    /// That none of our attempts is seen in it proves nothing; what is there has to be shown.
    ///
    /// # Errors
    /// [`NotDead`] says what is missing.
    pub fn of_foreign(
        slot: &Final<SlotReading>,
        noted: Stranger,
        extra_blocks: u64,
    ) -> Result<Self, NotDead> {
        let kind = match *slot.reading() {
            SlotReading::Foreign(stranger) if stranger == noted => DeathKind::Foreign(stranger),
            reading @ SlotReading::Ours(inclusion) if reading.stranger() == Some(noted) => {
                DeathKind::Mismatched(inclusion)
            }
            SlotReading::Foreign(_)
            | SlotReading::Ours(_)
            | SlotReading::Open
            | SlotReading::Unaccounted
            | SlotReading::Absent(_) => {
                return Err(NotDead::NotTaken);
            }
        };
        deep_enough(noted.block, slot.head(), extra_blocks).map(|()| Self(kind))
    }

    /// The signer has journaled that it never signed for this slot and never will.
    pub const fn never_signed(tombstone: &Tombstone) -> Self {
        Self(DeathKind::NeverSigned { journal_seq: tombstone.journal_seq })
    }

    /// R2: `unused` and `final_time` (seconds) were read at the same final block; `valid_before` is the latest ever
    /// signed for the nonce.
    ///
    /// # Errors
    /// [`NotDead::StillValid`] unless the authorization is unused and expired at finality.
    pub fn of_authorization(reading: &Final<(bool, i64)>, valid_before: i64) -> Result<Self, NotDead> {
        let (used, final_time) = *reading.reading();
        if used || final_time < valid_before {
            return Err(NotDead::StillValid);
        }
        Ok(Self(DeathKind::AuthorizationExpired { valid_before, final_time }))
    }

    /// R3: `paid` was read at finality; every carrier that contains the item must be dead.
    ///
    /// # Errors
    /// [`NotDead::StillValid`] when the item is paid or a carrier is alive.
    pub fn of_vault_item(
        paid: &Final<bool>,
        carriers: &[(Option<ProofId>, TransferId)],
    ) -> Result<Self, NotDead> {
        if *paid.reading() {
            return Err(NotDead::StillValid);
        }
        let dead: Option<Vec<ProofId>> = carriers.iter().map(|(proof, _)| *proof).collect();
        dead.map(|carriers| Self(DeathKind::VaultItemDead { carriers })).ok_or(NotDead::StillValid)
    }

    /// TRON: a transaction that leans on the block `reference` and expires at `expires_at_ms` is in none of the solid blocks
    /// from that height on, up to one of that time or later; a second operator has read the same. The last of them lies
    /// `extra_blocks` below the final head.
    ///
    /// Another block may stand at that height: the chain took the reference back, although it was solid. No block below can
    /// hold the transaction then either, for it is valid only on top of what it leans on.
    ///
    /// # Errors
    /// [`NotDead::NotConsumedByUs`] when the reading is no scan, [`NotDead::ScanBroken`] when the scan does not begin where
    /// the transaction does, [`NotDead::StillValid`] when it ends before the transaction does.
    pub fn of_tron_expiry(
        slot: &Final<SlotReading>,
        reference: BlockRef,
        expires_at_ms: i64,
        extra_blocks: u64,
    ) -> Result<Self, NotDead> {
        let SlotReading::Absent(scan) = *slot.reading() else { return Err(NotDead::NotConsumedByUs) };
        if scan.from().number != reference.number {
            return Err(NotDead::ScanBroken);
        }
        if scan.until_ms() < expires_at_ms || scan.to().number > slot.head().number {
            return Err(NotDead::StillValid);
        }
        deep_enough(scan.to(), slot.head(), extra_blocks)?;
        Ok(Self(DeathKind::TronExpired { from: scan.from().number, to: scan.to().number }))
    }

    /// What kind of death.
    pub const fn kind(&self) -> &DeathKind {
        &self.0
    }

    /// Reads back what the store holds. The store is where a proof is kept, so it may restore one; nothing else does.
    pub const fn restored(kind: DeathKind) -> Self {
        Self(kind)
    }
}

fn deep_enough(block: BlockRef, head: BlockRef, extra_blocks: u64) -> Result<(), NotDead> {
    match block.number.saturating_add(extra_blocks).checked_sub(head.number) {
        None | Some(0) => Ok(()),
        Some(missing) => Err(NotDead::NotDeepEnough { missing }),
    }
}

/// The signer's word that no payment was signed for a slot and that it is closed for ever.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tombstone {
    slot: Slot,
    journal_seq: u64,
}

impl Tombstone {
    /// Called by `signer` alone, once the journal holds it.
    pub const fn journaled(slot: Slot, journal_seq: u64) -> Self {
        Self { slot, journal_seq }
    }

    /// The tombstone that an entry of the signer's journal is, where it is one.
    pub fn of(entry: &Entry) -> Option<Self> {
        match &entry.fact {
            Fact::Closed { slot } => Some(Self { slot: slot.clone(), journal_seq: entry.seq }),
            Fact::Admitted { .. }
            | Fact::Reserved { .. }
            | Fact::Signed { .. }
            | Fact::Marked { .. }
            | Fact::Other => None,
        }
    }

    /// The closed slot.
    pub const fn slot(&self) -> &Slot {
        &self.slot
    }

    /// Place in the signer's journal.
    pub const fn journal_seq(&self) -> u64 {
        self.journal_seq
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::amount::{Amount, Cost};
    use crate::id::{AttemptId, Ulid};
    use crate::proof::{Scan, ScannedBlock};
    use crate::samples::agreed;
    use crate::time::Timestamp;

    fn block(number: u64) -> BlockRef {
        BlockRef { number, hash: [number as u8; 32] }
    }

    fn consumed(effect: Effect, at: u64, head: u64) -> Final<SlotReading> {
        let attempt = AttemptId::new(Ulid::new(Timestamp::default(), 1));
        let inclusion = Inclusion {
            attempt,
            txid: [9; 32],
            block: block(at),
            effect,
            cost: Cost(1),
            returned: Amount::ZERO,
        };
        agreed(SlotReading::Ours(inclusion), head)
    }

    #[test]
    fn a_nonce_is_dead_only_by_our_own_dead_attempt_deep_enough() {
        assert!(Death::of_nonce(&consumed(Effect::Voided, 10, 12), 2).is_ok());
        assert!(Death::of_nonce(&consumed(Effect::Reverted, 10, 12), 2).is_ok());
        assert_eq!(
            Death::of_nonce(&consumed(Effect::Voided, 10, 11), 2),
            Err(NotDead::NotDeepEnough { missing: 1 })
        );
        for effect in [Effect::Paid { log_index: 0 }, Effect::Mismatch] {
            assert_eq!(Death::of_nonce(&consumed(effect, 10, 99), 2), Err(NotDead::NotConsumedByUs));
        }
        let stranger = Stranger { txid: [8; 32], block: block(10) };
        for reading in [SlotReading::Open, SlotReading::Foreign(stranger), SlotReading::Unaccounted] {
            let slot = agreed(reading, 99);
            assert_eq!(Death::of_nonce(&slot, 2), Err(NotDead::NotConsumedByUs));
        }
    }

    #[test]
    fn a_stranger_ends_a_nonce_only_by_its_own_transaction_and_never_by_absence() {
        let read = |reading, head| agreed(reading, head);
        let noted = Stranger { txid: [8; 32], block: block(10) };
        let of = |reading, head| Death::of_foreign(&read(reading, head), noted, 2);
        let death = of(SlotReading::Foreign(noted), 12).unwrap();
        assert_eq!(*death.kind(), DeathKind::Foreign(noted));
        let shallow = of(SlotReading::Foreign(noted), 11);
        assert_eq!(shallow, Err(NotDead::NotDeepEnough { missing: 1 }));
        let elsewhere = Stranger { block: block(9), ..noted };
        let another = Stranger { txid: [7; 32], ..noted };
        for reading in [
            SlotReading::Open,
            SlotReading::Unaccounted,
            SlotReading::Foreign(elsewhere),
            SlotReading::Foreign(another),
        ] {
            assert_eq!(of(reading, 99), Err(NotDead::NotTaken), "{reading:?}");
        }
        let ours = Death::of_foreign(&consumed(Effect::Voided, 10, 12), noted, 2);
        assert_eq!(ours, Err(NotDead::NotTaken), "our own void is another proof");
    }

    #[test]
    fn an_authorization_is_dead_only_unused_and_expired() {
        let read = |used, time| agreed((used, time), 1);
        assert!(Death::of_authorization(&read(false, 100), 100).is_ok());
        assert_eq!(Death::of_authorization(&read(false, 99), 100), Err(NotDead::StillValid));
        assert_eq!(Death::of_authorization(&read(true, 200), 100), Err(NotDead::StillValid));
    }

    #[test]
    fn a_transaction_on_tron_is_dead_only_where_a_scan_begins_and_ends_with_its_life() {
        let scanned = |number: u64, time_ms| ScannedBlock {
            block: block(number),
            parent: [(number - 1) as u8; 32],
            time_ms,
            contains: false,
        };
        let scan = Scan::of([scanned(1, 10), scanned(2, 20), scanned(3, 30)]).unwrap();
        let reading = agreed(SlotReading::Absent(scan), 9);
        let death = Death::of_tron_expiry(&reading, block(1), 30, 2).unwrap();
        assert_eq!(*death.kind(), DeathKind::TronExpired { from: 1, to: 3 });
        assert_eq!(Death::of_tron_expiry(&reading, block(1), 31, 2), Err(NotDead::StillValid));
        assert_eq!(Death::of_tron_expiry(&reading, block(2), 30, 2), Err(NotDead::ScanBroken));
        let gone = BlockRef { number: 1, hash: [99; 32] };
        assert!(
            Death::of_tron_expiry(&reading, gone, 30, 2).is_ok(),
            "another block took the reference's place"
        );
        let above = agreed(SlotReading::Absent(scan), 2);
        assert_eq!(Death::of_tron_expiry(&above, block(1), 30, 2), Err(NotDead::StillValid), "not solid");
        let shallow = agreed(SlotReading::Absent(scan), 4);
        let found = Death::of_tron_expiry(&shallow, block(1), 30, 2);
        assert_eq!(found, Err(NotDead::NotDeepEnough { missing: 1 }));
        for other in [SlotReading::Open, SlotReading::Unaccounted] {
            let reading = agreed(other, 99);
            assert_eq!(Death::of_tron_expiry(&reading, block(1), 30, 2), Err(NotDead::NotConsumedByUs));
        }
    }

    #[test]
    fn a_transaction_without_the_energy_it_needed_is_dead_as_deep_as_any() {
        assert!(Death::of_nonce(&consumed(Effect::OutOfEnergy, 10, 12), 2).is_ok());
        let shallow = Death::of_nonce(&consumed(Effect::OutOfEnergy, 10, 11), 2);
        assert_eq!(shallow, Err(NotDead::NotDeepEnough { missing: 1 }));
    }

    #[test]
    fn a_vault_item_is_dead_only_with_every_carrier() {
        let id = TransferId::new(Ulid::new(Timestamp::default(), 1));
        let proof = ProofId::new(Ulid::new(Timestamp::default(), 1));
        let unpaid = |paid| agreed(paid, 1);
        assert!(Death::of_vault_item(&unpaid(false), &[(Some(proof), id)]).is_ok());
        assert_eq!(
            Death::of_vault_item(&unpaid(false), &[(Some(proof), id), (None, id)]),
            Err(NotDead::StillValid)
        );
        assert_eq!(Death::of_vault_item(&unpaid(true), &[(Some(proof), id)]), Err(NotDead::StillValid));
    }
}
