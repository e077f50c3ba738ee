//! Transactions, blocks, and the state after each block.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::chain::BlockRef;

use super::token::Token;
use crate::rng::mix;

/// A decoded transaction.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tx {
    /// Hash.
    pub hash: [u8; 32],
    /// Recovered sender.
    pub from: EvmAddress,
    /// Nonce.
    pub nonce: u64,
    /// Recipient or contract.
    pub to: EvmAddress,
    /// Native value, wei.
    pub value_wei: u128,
    /// Call data.
    pub data: Vec<u8>,
    /// Gas limit.
    pub gas_limit: u64,
    /// `maxFeePerGas`, wei.
    pub max_fee_wei: u128,
    /// `maxPriorityFeePerGas`, wei.
    pub tip_wei: u128,
    /// On a chain of the *expiry* shape: how long it may be included. It has no nonce there.
    pub validity: Option<Validity>,
}

/// What bounds the life and the cost of a transaction that has no nonce.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Validity {
    /// `raw_data`: the bytes that it is named by.
    pub raw: Arc<[u8]>,
    /// The block it leans on: two bytes of its height and eight of its id.
    pub tapos: ([u8; 2], [u8; 8]),
    /// No block whose parent is of this time or later holds it, milliseconds.
    pub expires_at_ms: i64,
    /// Most energy it may use, sun.
    pub fee_limit_sun: u128,
    /// Energy that it lends or takes back; of nobody's coin.
    pub loan: Option<Loan>,
}

/// Energy of somebody's stake, and the account that it is for: whom the transaction is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Loan {
    /// So much is lent.
    Lends(u64),
    /// So much is taken back.
    TakesBack(u64),
}

/// Energy of an account within a day, of which nothing recovers in a history.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Energy {
    /// Lent to it.
    pub lent: u64,
    /// Used of that.
    pub used: u64,
}

impl Energy {
    /// What it may still use.
    pub const fn left(self) -> u64 {
        self.lent.saturating_sub(self.used)
    }

    /// After a loan. What is taken back takes along its share of what was used (java-tron, `UnDelegateResourceActuator`).
    fn after(self, loan: Loan) -> Self {
        match loan {
            Loan::Lends(energy) => Self { lent: self.lent.saturating_add(energy), ..self },
            Loan::TakesBack(energy) => {
                let back = energy.min(self.lent);
                let share = u128::from(self.used) * u128::from(back) / u128::from(self.lent.max(1));
                let share = u64::try_from(share).unwrap_or(u64::MAX);
                Self { lent: self.lent - back, used: self.used.saturating_sub(share) }
            }
        }
    }
}

impl Tx {
    /// What the sender must own for it to be taken by a pool.
    pub const fn worst_wei(&self) -> u128 {
        (self.gas_limit as u128).saturating_mul(self.max_fee_wei).saturating_add(self.value_wei)
    }

    /// What a block pays its producer per gas, if it can include it at all.
    pub fn effective_tip(&self, base_fee_wei: u128) -> Option<u128> {
        self.max_fee_wei.checked_sub(base_fee_wei).map(|room| room.min(self.tip_wei))
    }
}

/// An event emitted by the token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Index in the block.
    pub index: u64,
    /// Emitting contract.
    pub token: EvmAddress,
    /// Payer.
    pub from: EvmAddress,
    /// Recipient.
    pub to: EvmAddress,
    /// Atoms.
    pub atoms: u128,
}

/// A transaction in a block.
#[derive(Clone, Debug)]
pub struct Executed {
    /// What was executed.
    pub tx: Arc<Tx>,
    /// Status 1.
    pub success: bool,
    /// Gas used.
    pub gas_used: u64,
    /// Price paid, wei per gas.
    pub price_wei: u128,
    /// The Transfer it emitted.
    pub event: Option<Event>,
    /// It ended for want of energy.
    pub starved: bool,
}

/// Money that one transaction moved.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    /// Who got it.
    pub to: EvmAddress,
    /// Atoms on chain.
    pub atoms: u128,
    /// It is the chain's coin, not the token.
    pub coin: bool,
}

impl Executed {
    /// What it moved: of the token by its event, of the coin by its value.
    pub fn moved(&self) -> Option<Moved> {
        let of_token =
            self.event.as_ref().map(|event| Moved { to: event.to, atoms: event.atoms, coin: false });
        let paid = self.success && self.tx.data.is_empty() && self.tx.value_wei > 0;
        of_token.or_else(|| paid.then_some(Moved { to: self.tx.to, atoms: self.tx.value_wei, coin: true }))
    }
}

/// Accounts after a block.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    /// Next nonce by account.
    pub nonces: BTreeMap<EvmAddress, u64>,
    /// Wei by account.
    pub native: BTreeMap<EvmAddress, u128>,
    /// The token.
    pub token: Token,
    /// Transactions without a nonce that were executed.
    pub done: BTreeSet<[u8; 32]>,
    /// Energy by account.
    pub energy: BTreeMap<EvmAddress, Energy>,
}

impl Accounts {
    /// Energy that an account may still use.
    pub fn energy_left(&self, account: EvmAddress) -> u64 {
        self.energy.get(&account).map_or(0, |energy| energy.left())
    }

    /// Energy is lent to an account, or taken back from it.
    pub fn lend(&mut self, account: EvmAddress, loan: Loan) {
        let energy = self.energy.entry(account).or_default();
        *energy = energy.after(loan);
    }
}

/// A block.
#[derive(Clone, Debug)]
pub struct Block {
    /// Height and hash.
    pub id: BlockRef,
    /// Parent's hash.
    pub parent: [u8; 32],
    /// Seconds.
    pub time_s: i64,
    /// Base fee, wei per gas.
    pub base_fee_wei: u128,
    /// What it executed.
    pub txs: Vec<Executed>,
    /// Accounts after it. Shared with its parent when it is empty.
    pub after: Arc<Accounts>,
}

impl Block {
    /// Its time, milliseconds.
    pub const fn time_ms(&self) -> i64 {
        self.time_s * 1_000
    }

    /// How a transaction names it.
    pub fn tapos(&self) -> ([u8; 2], [u8; 8]) {
        let [.., six, seven] = self.id.number.to_be_bytes();
        let mut eight = [0; 8];
        eight.copy_from_slice(&self.id.hash[8..16]);
        ([six, seven], eight)
    }
}

/// A hash that depends on everything given. Not cryptographic: nobody attacks a model.
pub fn hash(parts: impl IntoIterator<Item = u64>) -> [u8; 32] {
    let mut lanes = [1u64, 2, 3, 4];
    for part in parts {
        for (lane, seed) in lanes.iter_mut().zip(1u64..) {
            *lane = mix(*lane ^ part.wrapping_mul(seed | 1));
        }
    }
    let mut out = [0; 32];
    for (place, lane) in out.chunks_exact_mut(8).zip(lanes) {
        place.copy_from_slice(&lane.to_be_bytes());
    }
    out
}

/// The words of a hash, to be hashed again.
pub fn words(hash: &[u8; 32]) -> impl Iterator<Item = u64> {
    hash.chunks_exact(8).map(|eight| eight.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte)))
}
