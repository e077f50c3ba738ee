//! One byte string for a slot, before and after it is signed.

use crate::amount::Cost;
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

/// What an EVM attempt offers for its inclusion. The only thing that differs between attempts of one kind (M3).
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
    /// Fees it offers.
    pub fees: Fees,
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
