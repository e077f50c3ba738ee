//! Where transactions stand: in which block, by its own bytes, and behind which logs.
//!
//! A receipt names a height and no hash, so it is a hint where to look and nothing more. What counts is a block that holds the
//! transaction's bytes, and the receipts of that whole block, one for each of its transactions in their order.
//!
//! The root over a block's transactions is not checked: it is made over results that the API does not show byte by byte. That
//! a node leaves a transaction out of a block is found out by the others.

use std::collections::{BTreeMap, BTreeSet};

use futures_util::future::join_all;
use sluice_core::chain::BlockRef;

use super::errors::REFUSED;
use super::node::{Api, Block, Info, Node, NodeError, Tx};

/// Blocks asked for at once on one node.
const BLOCKS_AT_ONCE: usize = 4;

/// A transaction in its block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) block: BlockRef,
    pub(super) tx: Tx,
    /// Its receipt; `None` while the node has not the receipts of the whole block.
    pub(super) info: Option<Info>,
    /// Logs of the block before its own: the index of its first log in the block.
    pub(super) first_log: u64,
}

/// Those of the transactions that stand in blocks of these heights, as one node has them.
///
/// # Errors
/// [`NodeError`] also where the node has no block of one of the heights: it cannot tell.
pub(super) async fn placed(
    node: &dyn Node,
    heights: &BTreeSet<u64>,
    wanted: &BTreeSet<[u8; 32]>,
    api: Api,
) -> Result<BTreeMap<[u8; 32], Placed>, NodeError> {
    let heights: Vec<u64> = heights.iter().copied().collect();
    let mut found = BTreeMap::new();
    for few in heights.chunks(BLOCKS_AT_ONCE) {
        for of_block in join_all(few.iter().map(|number| in_block(node, *number, wanted, api))).await {
            found.extend(of_block?.into_iter().map(|placed| (placed.tx.txid(), placed)));
        }
    }
    Ok(found)
}

async fn in_block(
    node: &dyn Node,
    number: u64,
    wanted: &BTreeSet<[u8; 32]>,
    api: Api,
) -> Result<Vec<Placed>, NodeError> {
    let missing = || NodeError::Rpc { code: REFUSED, message: format!("block #{number} is not shown") };
    let block = node.block(number, api).await?.ok_or_else(missing)?;
    if !block.transactions.iter().any(|tx| wanted.contains(&tx.txid())) {
        return Ok(Vec::new());
    }
    let infos = infos_of(node, &block, api).await?;
    let mut infos = infos.unwrap_or_default().into_iter();
    let (mut placed, mut first_log) = (Vec::new(), 0u64);
    for tx in block.transactions {
        let info = infos.next();
        let logs = info.as_ref().map_or(0, |info| info.logs.len());
        if wanted.contains(&tx.txid()) {
            placed.push(Placed { block: block.header.block, tx, info, first_log });
        }
        first_log = first_log.saturating_add(u64::try_from(logs).unwrap_or(u64::MAX));
    }
    Ok(placed)
}

/// The receipts of a block, one for each of its transactions, in their order; `None` where the node has others: it is late
/// with them, or its chain changed between two questions.
pub(super) async fn infos_of(
    node: &dyn Node,
    block: &Block,
    api: Api,
) -> Result<Option<Vec<Info>>, NodeError> {
    let number = block.header.block.number;
    let infos = node.infos_of(number, api).await?;
    if infos.iter().any(|info| info.number != number) {
        return Err(NodeError::Nonsense(format!("receipts of block #{number} name another block")));
    }
    let same = infos.iter().map(|info| info.txid).eq(block.transactions.iter().map(Tx::txid));
    Ok(same.then_some(infos))
}
