//! Transactions from accounts that the node holds the keys of.
//!
//! For setting a stage: deployments, mints, refusals. What Sluice itself sends, it signs itself.

use std::time::Duration;

use alloy_primitives::{Address, B256, Bytes, U64, U256};
use serde::{Deserialize, Serialize};

use crate::rpc::{Rpc, RpcError};

/// How long [`settle`] waits for a block. Longer than the slowest block time anyone runs a devnet with.
const SETTLE_LIMIT: Duration = Duration::from_secs(60);

/// A transaction for `eth_sendTransaction`. What is left out, the node fills in.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Transaction {
    /// An unlocked or impersonated account.
    pub from: Address,
    /// The recipient; none deploys a contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<Address>,
    /// The native coin to send, in wei.
    pub value: U256,
    /// Call data, or the code that deploys.
    pub data: Bytes,
    /// The most gas it may use. Left out, anvil estimates; and where the estimate reverts, it takes the limit of the
    /// block, so that the transaction is mined all the same.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gas: Option<U64>,
    /// The sender's sequence number.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nonce: Option<U64>,
    /// The tip, in wei for each gas. Anvil mines the highest first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_priority_fee_per_gas: Option<U256>,
    /// The most to pay, in wei for each gas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_fee_per_gas: Option<U256>,
}

impl Transaction {
    /// Calls a contract.
    pub fn call(from: Address, to: Address, data: impl Into<Bytes>) -> Self {
        Self { from, to: Some(to), data: data.into(), ..Self::default() }
    }

    /// Deploys a contract.
    pub fn deploy(from: Address, code: impl Into<Bytes>) -> Self {
        Self { from, data: code.into(), ..Self::default() }
    }

    /// The same with a gas limit.
    #[must_use]
    pub fn with_gas(mut self, gas: u64) -> Self {
        self.gas = Some(U64::from(gas));
        self
    }

    /// The same with a fixed place in the sender's sequence.
    #[must_use]
    pub fn with_nonce(mut self, nonce: u64) -> Self {
        self.nonce = Some(U64::from(nonce));
        self
    }
}

/// What became of a mined transaction.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Receipt {
    /// Which transaction.
    pub transaction_hash: B256,
    /// The block that holds it.
    pub block_hash: B256,
    /// The height of that block.
    pub block_number: U64,
    /// 1 if it did what it says, 0 if it reverted.
    pub status: U64,
    /// The gas it was charged for.
    pub gas_used: U64,
    /// The price it paid, in wei for each gas.
    pub effective_gas_price: U256,
    /// The contract it made, for a deployment.
    pub contract_address: Option<Address>,
    /// What the contracts announced.
    pub logs: Vec<Log>,
}

impl Receipt {
    /// True if the transaction did what it says. A reverted one is mined and paid for as well.
    pub fn succeeded(&self) -> bool {
        self.status == U64::from(1)
    }
}

/// One event.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Log {
    /// The contract that announced it.
    pub address: Address,
    /// The event's signature hash, then its indexed values.
    pub topics: Vec<B256>,
    /// The other values.
    pub data: Bytes,
}

/// Why a transaction did not do what it says.
#[derive(Debug, thiserror::Error)]
pub enum TransactionError {
    /// The node did not answer, or refused. A node that foresees a revert refuses too, with the reason.
    #[error("the transaction could not be sent or followed")]
    Rpc(#[from] RpcError),
    /// It was mined and reverted.
    #[error("transaction {hash} reverted in block {block}: {}", reason.as_deref().unwrap_or("no reason given"))]
    Reverted {
        /// Which transaction.
        hash: B256,
        /// Where it reverted.
        block: u64,
        /// The contract's words, found by calling it again on top of that block.
        reason: Option<String>,
    },
    /// No block took it.
    #[error(
        "transaction {hash} was not mined within {waited_ms} ms; look at the pool, its fee may be too low"
    )]
    NotMined {
        /// Which transaction.
        hash: B256,
        /// How long was waited.
        waited_ms: u128,
    },
}

impl TransactionError {
    /// The contract's reason, whether the node foresaw the revert or mined it.
    pub fn revert_reason(&self) -> Option<&str> {
        match self {
            Self::Rpc(error) => error.revert_reason(),
            Self::Reverted { reason, .. } => reason.as_deref(),
            Self::NotMined { .. } => None,
        }
    }
}

/// Puts a transaction in the node's pool. Anvil answers before it is mined, even when it mines at once.
pub async fn send(rpc: &Rpc, transaction: &Transaction) -> Result<B256, RpcError> {
    rpc.call("eth_sendTransaction", (transaction,)).await
}

/// The receipt, if the transaction is in a block.
pub async fn receipt(rpc: &Rpc, hash: B256) -> Result<Option<Receipt>, RpcError> {
    rpc.call("eth_getTransactionReceipt", (hash,)).await
}

/// Waits until the transaction is in a block, whatever became of it there. On a chain that mines on demand only,
/// this demands one block, with whatever else is pending: the caller asked for a result, and nobody else will mine.
pub async fn settle(rpc: &Rpc, hash: B256) -> Result<Receipt, TransactionError> {
    let settled = tokio::time::timeout(SETTLE_LIMIT, mined(rpc, hash)).await;
    settled.unwrap_or(Err(TransactionError::NotMined { hash, waited_ms: SETTLE_LIMIT.as_millis() }))
}

/// Asks until there is a receipt. The caller bounds it.
async fn mined(rpc: &Rpc, hash: B256) -> Result<Receipt, TransactionError> {
    let mut pause = Duration::from_millis(5);
    let mut demanded = false;
    loop {
        if let Some(receipt) = receipt(rpc, hash).await? {
            return Ok(receipt);
        }
        if !demanded && mines_on_demand(rpc).await? {
            let _: () = rpc.call("anvil_mine", (U64::from(1),)).await?;
            demanded = true;
            continue;
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(Duration::from_millis(100));
    }
}

/// Sends, waits for the block, and takes a revert for an error.
pub async fn execute(rpc: &Rpc, transaction: &Transaction) -> Result<Receipt, TransactionError> {
    let hash = send(rpc, transaction).await?;
    let receipt = settle(rpc, hash).await?;
    if receipt.succeeded() {
        return Ok(receipt);
    }
    let again: Result<Bytes, RpcError> = rpc.call("eth_call", (transaction, receipt.block_number)).await;
    let reason = again.err().and_then(|error| error.revert_reason().map(str::to_owned));
    Err(TransactionError::Reverted { hash, block: receipt.block_number.to(), reason })
}

async fn mines_on_demand(rpc: &Rpc) -> Result<bool, RpcError> {
    let automine: bool = rpc.call("anvil_getAutomine", [(); 0]).await?;
    if automine {
        return Ok(false);
    }
    let interval_s: Option<u64> = rpc.call("anvil_getIntervalMining", [(); 0]).await?;
    Ok(interval_s.is_none())
}
