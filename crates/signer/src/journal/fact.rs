//! What one entry of the journal says. This shape is on disk for ever: fields are only added, as `Option`.

use serde::{Deserialize, Serialize};
use sluice_core::attempt::{Fees, Kind, Terms, TronTerms, Unsigned};
use sluice_core::chain::BlockRef;
use sluice_core::id::{AttemptId, TransferId};
use sluice_core::slot::Slot;
use sluice_core::time::Timestamp;

/// One recorded fact. Ids, slots, amounts and times are the text their core type prints; bytes are hex.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "fact", rename_all = "snake_case")]
pub enum Fact {
    /// The first entry: whose journal this is (M1).
    Genesis {
        /// Installation.
        deployment: String,
        /// Version of this shape.
        v: u32,
    },
    /// A wallet is bound to an account, for ever.
    Enrol {
        /// Wallet.
        wallet: String,
        /// Its owner.
        partner: String,
        /// Its chain.
        chain: String,
        /// Its account, in lower case.
        address: String,
    },
    /// A higher epoch of a lane was seen (M7).
    Epoch {
        /// Wallet.
        wallet: String,
        /// From now on the lowest that is obeyed.
        epoch: i64,
    },
    /// A payment was admitted and counted.
    Ticket {
        /// Identity of the payment.
        payment_key: String,
        /// Hash of the payment without its expiry.
        terms: String,
        /// Wallet it was admitted for.
        wallet: String,
        /// Partner whose hour it counts in.
        partner: String,
        /// What is paid.
        asset: String,
        /// How much, atoms at the accounting precision.
        atoms: i64,
        /// Canonical form of the payment, so that a journal alone can explain every transfer (M17).
        payment: String,
    },
    /// An admitted payment was counted again: for another slot after its first, or because its ticket was not used within
    /// its hour.
    Recount {
        /// Identity of the payment.
        payment_key: String,
        /// How many slots of it are counted from now on.
        slots: u32,
    },
    /// The intent to sign: committed before the key is used.
    Reserve(Box<Reserve>),
    /// A signature was made.
    Signature {
        /// Attempt.
        attempt: String,
        /// Its slot.
        slot: String,
        /// The bytes a node takes.
        raw: String,
        /// Their hash.
        txid: String,
        /// `r` of the signature: the same one twice over other bytes gives the key away.
        r: String,
    },
    /// Nothing was signed for a slot, and no payment ever will be (M4).
    Close {
        /// Slot.
        slot: String,
        /// Wallet.
        wallet: String,
        /// The refusal that closed it, or `asked`.
        why: String,
    },
    /// The intent to show that a wallet's key is held: committed before the key is used.
    Show {
        /// Wallet.
        wallet: String,
        /// What was asked.
        challenge: String,
        /// Digest of the statement.
        digest: String,
    },
    /// It was shown.
    Shown {
        /// Wallet.
        wallet: String,
        /// What was asked.
        challenge: String,
        /// `r` of the signature.
        r: String,
    },
    /// A wallet's key is never used again.
    Bar {
        /// Wallet.
        wallet: String,
        /// Why.
        reason: String,
    },
    /// From here on nothing in this scope is paid (M12).
    Stop {
        /// Kind of the scope.
        scope: String,
        /// What is stopped.
        subject: String,
        /// Why.
        reason: String,
        /// `engine` or `console`: who alone lifts it. Absent in an entry of before stops had setters: the console's.
        #[serde(skip_serializing_if = "Option::is_none")]
        setter: Option<String>,
    },
    /// How many marks the store had made (M17).
    Mark {
        /// How many.
        mark: u64,
    },
    /// The stop ends.
    Lift {
        /// Kind of the scope.
        scope: String,
        /// What was stopped.
        subject: String,
        /// Why.
        reason: String,
        /// Whose stop; absent in an entry of before stops had setters.
        #[serde(skip_serializing_if = "Option::is_none")]
        setter: Option<String>,
    },
}

/// The intent to sign, with all that a store needs to import the attempt (M17).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reserve {
    /// Attempt.
    pub attempt: String,
    /// Transfer it belongs to.
    pub transfer: String,
    /// Its number within the transfer.
    pub serial: u32,
    /// `pay` or `void`.
    pub kind: String,
    /// Wallet whose key signs.
    pub wallet: String,
    /// Epoch it was asked under.
    pub epoch: i64,
    /// Slot.
    pub slot: String,
    /// Identity of what the slot pays; absent for a void.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_key: Option<String>,
    /// Hash of what the slot pays (M3); absent for a void.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_hash: Option<String>,
    /// Hash of the whole request.
    pub request_hash: String,
    /// Gas limit.
    pub gas_limit: u64,
    /// Fee per gas, wei.
    pub max_fee_wei: String,
    /// Tip per gas, wei.
    pub tip_wei: String,
    /// The unsigned bytes.
    pub unsigned: String,
    /// Their digest.
    pub digest: String,
    /// When they were built, UTC microseconds.
    pub built_at: i64,
    /// Its terms on TRON; absent on an EVM chain. Gas and fees are zero where it is there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tron: Option<Tron>,
    /// Most that the attempt can cost, gwei or sun, rounded up: what its hour counts. An entry of before there was a cap on an
    /// hour's cost has none, and counts as it did then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_gwei: Option<i64>,
}

/// Terms of an attempt on TRON.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tron {
    /// Height of the block it leans on.
    pub reference_number: u64,
    /// That block's id.
    pub reference_hash: String,
    /// Until when it may be included, milliseconds since 1970.
    pub expires_at_ms: i64,
    /// Its own time, milliseconds since 1970.
    pub made_at_ms: i64,
    /// Most energy it may use, sun.
    pub fee_limit_sun: u64,
    /// Permission whose key signs.
    pub permission: u8,
}

impl From<&TronTerms> for Tron {
    fn from(terms: &TronTerms) -> Self {
        Self {
            reference_number: terms.reference.number,
            reference_hash: hex::encode(terms.reference.hash),
            expires_at_ms: terms.expires_at_ms,
            made_at_ms: terms.made_at_ms,
            fee_limit_sun: terms.fee_limit_sun,
            permission: terms.permission,
        }
    }
}

impl Tron {
    /// As words of `core`; `None` where the hash is none.
    pub fn terms(&self) -> Option<TronTerms> {
        let mut hash = [0; 32];
        hex::decode_to_slice(&self.reference_hash, &mut hash).ok()?;
        Some(TronTerms {
            reference: BlockRef { number: self.reference_number, hash },
            expires_at_ms: self.expires_at_ms,
            made_at_ms: self.made_at_ms,
            fee_limit_sun: self.fee_limit_sun,
            permission: self.permission,
        })
    }
}

impl Reserve {
    fn terms(&self) -> Option<Terms> {
        match &self.tron {
            Some(tron) => tron.terms().map(Terms::Tron),
            None => Some(Terms::Evm(Fees {
                gas_limit: self.gas_limit,
                max_fee_wei: self.max_fee_wei.parse().ok()?,
                tip_wei: self.tip_wei.parse().ok()?,
            })),
        }
    }

    /// The attempt as the store kept it, for the import of what a restored store has lost. `None` for an entry of a
    /// newer program.
    pub fn unsigned(&self) -> Option<Unsigned> {
        let mut digest = [0; 32];
        hex::decode_to_slice(&self.digest, &mut digest).ok()?;
        Some(Unsigned {
            id: AttemptId::parse(&self.attempt).ok()?,
            transfer: TransferId::parse(&self.transfer).ok()?,
            serial: self.serial,
            kind: [Kind::Pay, Kind::Void].into_iter().find(|kind| kind.as_str() == self.kind)?,
            slot: Slot::parse(&self.slot).ok()?,
            terms: self.terms()?,
            bytes: hex::decode(&self.unsigned).ok()?,
            digest,
            built_at: Timestamp::from_micros(self.built_at),
        })
    }
}
