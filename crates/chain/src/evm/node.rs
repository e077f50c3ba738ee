//! One node, one typed method per RPC used: the seam below quorum and above JSON.
//!
//! `http` implements it over JSON-RPC; the simulator implements it over a model chain. Quorum, watching and submission
//! are written against this trait and run unchanged over both (ADR 0007).

use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::chain::BlockRef;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;

use crate::crew::{Peer, Top, exactly};

pub use crate::crew::{NodeError, Tag};

/// Which block a question is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum At {
    /// The latest block.
    Latest,
    /// The pool on top of the latest block (nonces only).
    Pending,
    /// The block with exactly this hash (EIP-1898); an error when it is not canonical.
    Hash([u8; 32]),
}

/// A block header, as far as we read it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Height and hash.
    pub block: BlockRef,
    /// Parent's hash.
    pub parent: [u8; 32],
    /// Seconds.
    pub time: i64,
    /// Base fee, wei per gas; 0 where the chain has none.
    pub base_fee_wei: u128,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Emitter.
    pub address: EvmAddress,
    /// Topics.
    pub topics: Vec<[u8; 32]>,
    /// Data.
    pub data: Vec<u8>,
    /// Index in the block.
    pub index: u64,
}

/// A log and the hash of its transaction.
pub type TxLog = ([u8; 32], Log);

/// A receipt.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// Transaction.
    pub txid: [u8; 32],
    /// Its block.
    pub block: BlockRef,
    /// Sender.
    pub from: EvmAddress,
    /// Status 1.
    pub success: bool,
    /// Gas used.
    pub gas_used: u64,
    /// Price paid, wei per gas.
    pub gas_price_wei: u128,
    /// Logs.
    pub logs: Vec<Log>,
}

/// A transaction of a block, as far as we read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Hash.
    pub txid: [u8; 32],
    /// Sender.
    pub from: EvmAddress,
    /// Nonce.
    pub nonce: u64,
    /// To whom; `None` for a contract's creation.
    pub to: Option<EvmAddress>,
    /// Native value, wei.
    pub value: Units,
}

/// A call to simulate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// As whom.
    pub from: EvmAddress,
    /// To whom.
    pub to: EvmAddress,
    /// Native value, wei.
    pub value: Units,
    /// Call data.
    pub data: Vec<u8>,
    /// The gas it may take; `None` leaves that to the node.
    pub gas: Option<u64>,
}

/// What a simulated call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// It returned.
    Returned(Vec<u8>),
    /// It reverted.
    Reverted(Vec<u8>),
}

/// One node of one operator.
pub trait Node: Send + Sync {
    /// Shown in alerts: `operator/host`.
    fn name(&self) -> &str;

    /// Who runs it. Quorum counts operators, not URLs (M4).
    fn operator(&self) -> &str;

    /// `eth_chainId`.
    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>>;

    /// `eth_getBlockByNumber`; `None` when there is no such block.
    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>>;

    /// Senders and nonces of a block's transactions, by hash (`eth_getBlockByHash` with full transactions).
    fn transactions(&self, block: [u8; 32]) -> Fut<'_, Result<Option<Vec<Sent>>, NodeError>>;

    /// Transfer and Approval logs of a block whose first indexed account is one of `wallets`, each with its transaction
    /// (`eth_getLogs` by block hash).
    fn wallet_logs<'a>(
        &'a self,
        block: [u8; 32],
        wallets: &'a [EvmAddress],
    ) -> Fut<'a, Result<Vec<TxLog>, NodeError>>;

    /// Receipts, one answer per hash, in order (`eth_getTransactionReceipt`, batched).
    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Fut<'a, Result<Vec<Option<Receipt>>, NodeError>>;

    /// Nonces of accounts at one block, in order (`eth_getTransactionCount`, batched).
    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Fut<'a, Result<Vec<u64>, NodeError>>;

    /// Native balance (`eth_getBalance`).
    fn balance(&self, account: EvmAddress, at: At) -> Fut<'_, Result<Units, NodeError>>;

    /// Simulates calls at one block, in order (`eth_call`, batched).
    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Fut<'a, Result<Vec<Called>, NodeError>>;

    /// Gas a call needs, in order (`eth_estimateGas`, batched); `None` where it reverts.
    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Fut<'a, Result<Vec<Option<u64>>, NodeError>>;

    /// Low-percentile tip of recent blocks, wei per gas (`eth_feeHistory`).
    fn tip(&self) -> Fut<'_, Result<u128, NodeError>>;

    /// Code of an account is not empty (`eth_getCode`).
    fn has_code(&self, account: EvmAddress) -> Fut<'_, Result<bool, NodeError>>;

    /// Sends raw bytes; one answer per transaction, in order (`eth_sendRawTransaction`, batched). A node that answered has
    /// said something, at worst [`Heard::Unclear`]; an error is that it gave no answer, and proves no more (M5).
    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>>;
}

impl Peer for dyn Node + '_ {
    fn name(&self) -> &str {
        Node::name(self)
    }

    fn operator(&self) -> &str {
        Node::operator(self)
    }

    fn reference(&self) -> Fut<'_, Result<u64, NodeError>> {
        self.chain_id()
    }

    fn top(&self, tag: Tag) -> Fut<'_, Result<Option<Top>, NodeError>> {
        Box::pin(async move {
            let header = self.header(tag).await?;
            Ok(header.map(|header| Top { block: header.block, time: header.time }))
        })
    }

    fn holds(&self, txid: [u8; 32]) -> Fut<'_, Result<Option<u64>, NodeError>> {
        Box::pin(async move {
            let receipts = exactly(1, self.receipts(&[txid]).await?, "receipts")?;
            Ok(receipts.into_iter().flatten().next().map(|receipt| receipt.block.number))
        })
    }
}
