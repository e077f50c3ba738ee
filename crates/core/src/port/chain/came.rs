//! What runs of solid blocks show of energy that was lent and of TRX that came.

use crate::address::TronAddress;
use crate::chain::BlockRef;
use crate::time::Timestamp;

/// Energy that somebody lent to a wallet of ours on TRON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lent {
    /// The transaction.
    pub txid: [u8; 32],
    /// Whose stake it is; `None` where that cannot be read.
    pub from: Option<TronAddress>,
    /// Who may use it.
    pub receiver: TronAddress,
    /// What the stake that was lent yields now.
    pub energy: u64,
    /// The solid block it is in.
    pub block: BlockRef,
    /// That block's time.
    pub at: Timestamp,
}

/// What a run of solid blocks shows of energy that was lent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LentRun {
    /// The last block of it and its time; `None` where none is solid there yet.
    pub through: Option<(BlockRef, Timestamp)>,
    /// In the order of the chain.
    pub lent: Vec<Lent>,
}

/// TRX that somebody sent to an account by a plain transfer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CoinIn {
    /// The transaction.
    pub txid: [u8; 32],
    /// Who sent it.
    pub from: TronAddress,
    /// How much, sun.
    pub sun: u64,
    /// The solid block it is in.
    pub block: BlockRef,
    /// That block's time.
    pub at: Timestamp,
}

/// What a run of solid blocks shows of TRX that came to an account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PaidIn {
    /// The last block of it.
    pub through: BlockRef,
    /// In the order of the chain.
    pub coins: Vec<CoinIn>,
}
