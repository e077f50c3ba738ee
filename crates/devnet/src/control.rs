//! What only a development node can do: mine at will, undo blocks, lose transactions, act as anyone.
//!
//! Each method is one call of the node. Anvil is more lenient than the clients it stands for: it takes a
//! replacement that pays 9% more, has no limit on transactions of one account, and undoes finalized blocks.

use std::collections::BTreeMap;

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Serialize};

use crate::rpc::{Rpc, RpcError};

/// Which block to look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockTag {
    /// The newest.
    Latest,
    /// Anvil: the newest, less one epoch.
    Safe,
    /// Anvil: the newest, less two epochs.
    Finalized,
}

/// The head of a block.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct BlockHead {
    /// The height.
    pub number: U64,
    /// The block's hash.
    pub hash: B256,
    /// The hash of the block below.
    pub parent_hash: B256,
    /// Seconds since 1970. Two blocks of one second may have the same.
    pub timestamp: U64,
    /// Wei for each gas that the block burns.
    pub base_fee_per_gas: U256,
    /// The transactions in it, in order.
    pub transactions: Vec<B256>,
}

/// What waits to be mined.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct TxPool {
    /// Can be mined now: by sender, then by nonce.
    pub pending: BTreeMap<Address, BTreeMap<u64, PooledTransaction>>,
    /// Waits for an earlier nonce: by sender, then by nonce.
    pub queued: BTreeMap<Address, BTreeMap<u64, PooledTransaction>>,
}

/// A transaction in the pool.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PooledTransaction {
    /// Which transaction.
    pub hash: B256,
    /// Who sent it.
    pub from: Address,
    /// The recipient; none for a deployment.
    pub to: Option<Address>,
    /// The sender's sequence number.
    pub nonce: U64,
    /// The native coin it carries, in wei.
    pub value: U256,
    /// Its call data.
    pub input: Bytes,
    /// The most it pays, in wei for each gas; none for a legacy transaction.
    pub max_fee_per_gas: Option<U256>,
    /// Its tip, in wei for each gas; none for a legacy transaction.
    pub max_priority_fee_per_gas: Option<U256>,
}

/// A point to come back to. Good for one return.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize)]
#[serde(transparent)]
pub struct SnapshotId(U256);

/// The levers of one development node.
#[derive(Debug, Clone)]
pub struct Control {
    rpc: Rpc,
}

impl Control {
    /// Takes the levers of this node.
    pub fn new(rpc: Rpc) -> Self {
        Self { rpc }
    }

    // Blocks

    /// The head of a block.
    pub async fn block(&self, tag: BlockTag) -> Result<BlockHead, RpcError> {
        self.rpc.call("eth_getBlockByNumber", (tag, false)).await
    }

    /// The height of the newest block.
    pub async fn block_number(&self) -> Result<u64, RpcError> {
        self.rpc.call::<_, U64>("eth_blockNumber", [(); 0]).await.map(|number| number.to())
    }

    /// Mines this many blocks now, whatever the mining mode.
    pub async fn mine(&self, blocks: u64) -> Result<(), RpcError> {
        self.rpc.call("anvil_mine", (U64::from(blocks),)).await
    }

    /// Mines each transaction as it comes, or stops doing so.
    pub async fn set_automine(&self, on: bool) -> Result<(), RpcError> {
        self.rpc.call("evm_setAutomine", (on,)).await
    }

    /// True if each transaction is mined as it comes.
    pub async fn automine(&self) -> Result<bool, RpcError> {
        self.rpc.call("anvil_getAutomine", [(); 0]).await
    }

    /// Mines a block every so many seconds; 0 stops. Anvil takes whole seconds here; fractions only at start.
    pub async fn set_interval_mining(&self, seconds: u64) -> Result<(), RpcError> {
        self.rpc.call("evm_setIntervalMining", (seconds,)).await
    }

    /// Replaces the newest `depth` blocks by as many empty ones. The transactions in them are gone, not pending.
    pub async fn reorg(&self, depth: u64) -> Result<(), RpcError> {
        self.reorg_with(depth, &[]).await
    }

    /// Replaces the newest `depth` blocks by as many that hold these signed transactions, each with the position of
    /// its block among the new ones, from 0.
    pub async fn reorg_with(&self, depth: u64, transactions: &[(Bytes, u64)]) -> Result<(), RpcError> {
        self.rpc.call("anvil_reorg", (depth, transactions)).await
    }

    /// Removes the newest `depth` blocks and puts nothing in their place. Goes below `finalized` if told to, like
    /// the wrong milestone that Polygon finalized in 2025.
    pub async fn rollback(&self, depth: u64) -> Result<(), RpcError> {
        self.rpc.call("anvil_rollback", (depth,)).await
    }

    /// Marks a point to come back to.
    pub async fn snapshot(&self) -> Result<SnapshotId, RpcError> {
        self.rpc.call("evm_snapshot", [(); 0]).await
    }

    /// Comes back to a point. False if there is no such point: each is good for one return, and a return spends
    /// the later ones.
    pub async fn revert(&self, snapshot: SnapshotId) -> Result<bool, RpcError> {
        self.rpc.call("evm_revert", (snapshot,)).await
    }

    /// Moves the clock of the blocks to come forward.
    pub async fn increase_time(&self, seconds: u64) -> Result<(), RpcError> {
        self.rpc.call::<_, i64>("evm_increaseTime", (seconds,)).await.map(drop)
    }

    /// Sets the base fee of the next block, in wei for each gas. Later blocks go on from there.
    pub async fn set_next_block_base_fee(&self, wei: U256) -> Result<(), RpcError> {
        self.rpc.call("anvil_setNextBlockBaseFeePerGas", (wei,)).await
    }

    // The pool

    /// What waits to be mined.
    pub async fn txpool_content(&self) -> Result<TxPool, RpcError> {
        self.rpc.call("txpool_content", [(); 0]).await
    }

    /// Loses a transaction, as nodes do. False if it is not in the pool.
    pub async fn drop_transaction(&self, hash: B256) -> Result<bool, RpcError> {
        let dropped: Option<B256> = self.rpc.call("anvil_dropTransaction", (hash,)).await?;
        Ok(dropped.is_some())
    }

    /// Empties the pool.
    pub async fn drop_all_transactions(&self) -> Result<(), RpcError> {
        self.rpc.call("anvil_dropAllTransactions", [(); 0]).await
    }

    // Accounts

    /// The accounts whose keys the node holds, in the order of the mnemonic.
    pub async fn accounts(&self) -> Result<Vec<Address>, RpcError> {
        self.rpc.call("eth_accounts", [(); 0]).await
    }

    /// Sets how much native coin an account has, in wei.
    pub async fn set_balance(&self, account: Address, wei: U256) -> Result<(), RpcError> {
        self.rpc.call("anvil_setBalance", (account, wei)).await
    }

    /// How much native coin an account has, in wei.
    pub async fn balance(&self, account: Address) -> Result<U256, RpcError> {
        self.rpc.call("eth_getBalance", (account, BlockTag::Latest)).await
    }

    /// How many transactions of this account are mined.
    pub async fn nonce(&self, account: Address) -> Result<u64, RpcError> {
        self.rpc
            .call::<_, U64>("eth_getTransactionCount", (account, BlockTag::Latest))
            .await
            .map(|nonce| nonce.to())
    }

    /// Sets the next sequence number of an account.
    pub async fn set_nonce(&self, account: Address, nonce: u64) -> Result<(), RpcError> {
        self.rpc.call("anvil_setNonce", (account, U64::from(nonce))).await
    }

    /// The code of an account, empty if it has none.
    pub async fn code(&self, account: Address) -> Result<Bytes, RpcError> {
        self.rpc.call("eth_getCode", (account, BlockTag::Latest)).await
    }

    /// Gives an account code.
    pub async fn set_code(&self, account: Address, code: Bytes) -> Result<(), RpcError> {
        self.rpc.call("anvil_setCode", (account, code)).await
    }

    /// Lets `eth_sendTransaction` act as this account. It needs native coin for gas all the same.
    pub async fn impersonate(&self, account: Address) -> Result<(), RpcError> {
        self.rpc.call("anvil_impersonateAccount", (account,)).await
    }

    /// Ends [`Self::impersonate`].
    pub async fn stop_impersonating(&self, account: Address) -> Result<(), RpcError> {
        self.rpc.call("anvil_stopImpersonatingAccount", (account,)).await
    }

    /// Makes the node write a line for every call and block, or none.
    pub async fn set_logging(&self, on: bool) -> Result<(), RpcError> {
        self.rpc.call("anvil_setLoggingEnabled", (on,)).await
    }
}
