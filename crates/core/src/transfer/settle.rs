//! `seen | signed -> final`: the chain has ended it, by quorum and finality.

use super::{Ended, Last, Life, Signed, State, Transfer};
use crate::attempt::TronTerms;
use crate::chain::BlockRef;
use crate::id::ProofId;
use crate::moved::{Moved, Refusal};
use crate::proof::{Death, Effect, Final, Inclusion, NotDead, Proof, SlotReading, Stranger, Verdict};
use crate::time::Timestamp;

/// What a final reading of a slot means for its transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It is over; transfer and proof commit together.
    Ended {
        /// The transfer's step.
        transfer: Box<Moved<Transfer>>,
        /// The proof.
        proof: Box<Proof>,
    },
    /// Consumed by our own dead attempt, but not yet as deep as a new slot asks for (M4).
    NotDeepEnough {
        /// Blocks still missing.
        missing: u64,
    },
    /// Nothing final is in the slot yet.
    Open,
    /// Consumed by what is no outcome of it: none of our attempts, or one that did not do what it was made for. Freeze the
    /// lane (M6), and see [`Transfer::take`].
    Foreign,
    /// It is consumed, and nobody shows by what: freeze the lane (M6).
    Unexplained {
        /// One sentence.
        evidence: String,
    },
}

/// How the chain ended a transfer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum End {
    /// By one of its attempts.
    Included(Inclusion),
    /// By a transaction that is no outcome of it (M6). What it did is booked by whoever explains it. If its block
    /// leaves the chain, the slot is open to question again.
    Taken(Stranger),
    /// TRON: by the time of this solid block, which is past its expiration.
    Expired(BlockRef),
    /// By the signer's tombstone. It rests on no block; this is the one its balance was read at.
    NeverSigned(BlockRef),
}

impl End {
    /// The block it rests on.
    pub const fn block(&self) -> BlockRef {
        match self {
            Self::Included(inclusion) => inclusion.block,
            Self::Taken(stranger) => stranger.block,
            Self::Expired(block) | Self::NeverSigned(block) => *block,
        }
    }

    /// The inclusion of one of our attempts.
    pub const fn inclusion(&self) -> Option<&Inclusion> {
        match self {
            Self::Included(inclusion) => Some(inclusion),
            Self::Taken(_) | Self::Expired(_) | Self::NeverSigned(_) => None,
        }
    }
}

impl Transfer {
    /// Judges a final reading of its slot. `terms` are those of its attempt on TRON.
    ///
    /// # Errors
    /// [`Refusal`] unless signed or seen.
    pub fn settle(
        self,
        reading: &Final<SlotReading>,
        terms: Option<&TronTerms>,
        proof_id: ProofId,
        death_extra_blocks: u64,
        at: Timestamp,
    ) -> Result<Outcome, Refusal> {
        let signed = self.in_the_air("settle")?;
        let inclusion = match *reading.reading() {
            SlotReading::Open => return Ok(Outcome::Open),
            SlotReading::Foreign(_) => return Ok(Outcome::Foreign),
            SlotReading::Unaccounted => {
                return Ok(Outcome::Unexplained {
                    evidence: format!(
                        "slot {} is consumed at final block {}, and no node shows by which transaction",
                        signed.slot,
                        reading.head().number
                    ),
                });
            }
            SlotReading::Absent(scan) => {
                let Some(terms) = terms else { return Ok(Outcome::Open) };
                let (from, until_ms) = (terms.reference, terms.expires_at_ms);
                let death = match Death::of_tron_expiry(reading, from, until_ms, death_extra_blocks) {
                    Ok(death) => death,
                    Err(NotDead::NotDeepEnough { missing }) => return Ok(Outcome::NotDeepEnough { missing }),
                    Err(
                        NotDead::NotConsumedByUs
                        | NotDead::NotTaken
                        | NotDead::StillValid
                        | NotDead::ScanBroken,
                    ) => return Ok(Outcome::Open),
                };
                let proof = self.proof(proof_id, Verdict::Dead(death), reading, at);
                let end = End::Expired(scan.to());
                let transfer = self.ended(signed, proof_id, Life::Dead(proof_id), end, at);
                return Ok(Outcome::Ended { transfer: Box::new(transfer), proof: Box::new(proof) });
            }
            SlotReading::Ours(inclusion) => inclusion,
        };
        let verdict = match inclusion.effect {
            Effect::Paid { .. } => Verdict::Paid(inclusion),
            Effect::Voided | Effect::Reverted | Effect::OutOfEnergy => {
                match Death::of_nonce(reading, death_extra_blocks) {
                    Ok(death) => Verdict::Dead(death),
                    Err(NotDead::NotDeepEnough { missing }) => return Ok(Outcome::NotDeepEnough { missing }),
                    Err(
                        NotDead::NotConsumedByUs
                        | NotDead::NotTaken
                        | NotDead::StillValid
                        | NotDead::ScanBroken,
                    ) => {
                        return Ok(Outcome::Open);
                    }
                }
            }
            Effect::Mismatch => return Ok(Outcome::Foreign),
        };
        let paid = matches!(verdict, Verdict::Paid(_));
        let proof = self.proof(proof_id, verdict, reading, at);
        let signed = Signed { taken_by: None, ..signed };
        let life = if paid { Life::Paid(proof_id) } else { Life::Dead(proof_id) };
        let transfer = self.ended(signed, proof_id, life, End::Included(inclusion), at);
        Ok(Outcome::Ended { transfer: Box::new(transfer), proof: Box::new(proof) })
    }

    /// What a final reading of its slot shows.
    pub(super) fn proof(
        &self,
        id: ProofId,
        verdict: Verdict,
        reading: &Final<SlotReading>,
        at: Timestamp,
    ) -> Proof {
        Proof {
            id,
            partner: self.partner,
            transfer: Some(self.id),
            verdict,
            head: Some(reading.head()),
            operators: reading.operators().to_vec(),
            at,
        }
    }

    pub(super) fn ended(
        self,
        signed: Signed,
        proof: ProofId,
        life: Life,
        end: End,
        at: Timestamp,
    ) -> Moved<Self> {
        self.changed(at, |transfer| {
            for item in &mut transfer.items {
                // An item that died by the signer's tombstone keeps that proof.
                if item.life == Life::Live {
                    item.life = life;
                }
            }
            transfer.state = State::Final(Ended { last: Last::Signed(signed), proof, end, at });
        })
    }
}
