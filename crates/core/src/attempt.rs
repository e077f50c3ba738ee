//! One byte string for a slot, before and after it is signed.

use crate::amount::Cost;
use crate::chain::BlockRef;
use crate::id::{AttemptId, TransferId};
use crate::slot::Slot;
use crate::time::Timestamp;

/// What an attempt does to its slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// Executes the payment.
    Pay,
    /// Uses the slot up with nothing: 0 native to ourselves, no data. One-way (M3).
    Void,
}

impl Kind {
    /// The name in columns and on the wire.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pay => "pay",
            Self::Void => "void",
        }
    }
}

/// Paying attempts of one slot. Each offers at least a tenth more than the one before, so the last one offers some ninety
/// times the first: no market is followed further than that by itself.
pub const PAYS_MAX: u32 = 48;
/// Attempts of one slot that was ever signed, its voids included.
pub const ATTEMPTS_MAX: u32 = 96;

/// What an EVM attempt offers for its inclusion.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Gas limit.
    pub gas_limit: u64,
    /// `maxFeePerGas`, wei.
    pub max_fee_wei: u128,
    /// `maxPriorityFeePerGas`, wei.
    pub tip_wei: u128,
}

impl Fees {
    /// The most this attempt can cost; `None` past u128.
    pub fn worst(&self) -> Option<Cost> {
        Cost::of(self.max_fee_wei, self.gas_limit)
    }
}

/// What a TRON transaction burns beside its energy at most, sun: its bandwidth, some 345 bytes at 1,000 sun and a memo's, a
/// fee of 1 TRX for a memo, and 1.1 TRX where it makes its recipient's account. Above that: the prices are voted on.
pub const BURN_BESIDE_MAX_SUN: u64 = 3_000_000;

/// Until when a TRON attempt can be included, and what it may burn. Its bytes are made from this and the payment; any
/// other terms are another transaction, and another slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TronTerms {
    /// The solid block it leans on (TAPOS). A proof of its death begins there.
    pub reference: BlockRef,
    /// No block whose parent's time is at or past this contains it; milliseconds since 1970.
    pub expires_at_ms: i64,
    /// The `timestamp` of the transaction, milliseconds since 1970. The chain does not look at it: it makes twins differ.
    pub made_at_ms: i64,
    /// The most energy it may use, lent energy included, at the price of energy, sun.
    pub fee_limit_sun: u64,
    /// Permission whose key signs; 0 is the owner's.
    pub permission: u8,
}

impl TronTerms {
    /// The most this attempt can burn.
    pub const fn worst(&self) -> Cost {
        Cost(self.fee_limit_sun as u128 + BURN_BESIDE_MAX_SUN as u128)
    }
}

/// On which terms an attempt may be included: all that attempts of one kind may differ in (M3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Terms {
    /// On an EVM chain: what it offers.
    Evm(Fees),
    /// On TRON.
    Tron(TronTerms),
}

impl Terms {
    /// The most the attempt can cost, in the chain's smallest unit; `None` past u128.
    pub fn worst(&self) -> Option<Cost> {
        match self {
            Self::Evm(fees) => fees.worst(),
            Self::Tron(terms) => Some(terms.worst()),
        }
    }

    /// What it offers on an EVM chain.
    pub const fn evm(&self) -> Option<&Fees> {
        match self {
            Self::Evm(fees) => Some(fees),
            Self::Tron(_) => None,
        }
    }

    /// Its terms on TRON.
    pub const fn tron(&self) -> Option<&TronTerms> {
        match self {
            Self::Evm(_) => None,
            Self::Tron(terms) => Some(terms),
        }
    }
}

/// Bytes to be signed. Durable before a signature is asked for (M2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unsigned {
    /// Name of the attempt.
    pub id: AttemptId,
    /// Transfer it belongs to.
    pub transfer: TransferId,
    /// 0 for the first attempt of the transfer, counting up.
    pub serial: u32,
    /// Pay or void.
    pub kind: Kind,
    /// Slot it executes in.
    pub slot: Slot,
    /// On which terms.
    pub terms: Terms,
    /// The unsigned transaction.
    pub bytes: Vec<u8>,
    /// What is signed: keccak-256 of the bytes on EVM, the txid on TRON.
    pub digest: [u8; 32],
    /// When it was built.
    pub built_at: Timestamp,
}

/// A signed attempt. Durable before the first byte is sent (M2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// What was signed.
    pub unsigned: Unsigned,
    /// The bytes a node takes.
    pub raw: Vec<u8>,
    /// Transaction hash.
    pub txid: [u8; 32],
    /// Place in the signer's journal.
    pub journal_seq: u64,
    /// When the signature was recorded. From here on a byte may have left.
    pub signed_at: Timestamp,
}

/// An attempt as stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Attempt {
    /// Not signed as far as the store knows; the signer knows better.
    Unsigned(Unsigned),
    /// Signed.
    Signed(Signed),
}

impl Attempt {
    /// The part that both share.
    pub const fn unsigned(&self) -> &Unsigned {
        match self {
            Self::Unsigned(unsigned) | Self::Signed(Signed { unsigned, .. }) => unsigned,
        }
    }

    /// The signed form, when there is one.
    pub const fn signed(&self) -> Option<&Signed> {
        match self {
            Self::Signed(signed) => Some(signed),
            Self::Unsigned(_) => None,
        }
    }
}

/// Proof by type that a value was read from, or written to, durable storage. Only `store` makes one
/// (`clippy.toml` refuses [`Durable::stored`] elsewhere), so neither the signer nor a node can be handed bytes that a
/// crash would forget (M2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Durable<T>(T);

impl<T> Durable<T> {
    /// Called by `store` alone, after the commit.
    pub const fn stored(value: T) -> Self {
        Self(value)
    }

    /// The value.
    pub const fn get(&self) -> &T {
        &self.0
    }

    /// The value, giving up the proof.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl Durable<Attempt> {
    /// The signed form, when there is one, still durable.
    pub fn signed(&self) -> Option<Durable<Signed>> {
        self.0.signed().cloned().map(Durable)
    }

    /// The unsigned form, when it is still unsigned, still durable.
    pub fn unsigned(&self) -> Option<Durable<Unsigned>> {
        match &self.0 {
            Attempt::Unsigned(unsigned) => Some(Durable(unsigned.clone())),
            Attempt::Signed(_) => None,
        }
    }
}
