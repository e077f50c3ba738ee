//! The receipt of one transaction under a final head: as one node has it, and how such answers are judged.

use sluice_core::chain::BlockRef;

use super::node::{Node, NodeError, Receipt};
use crate::crew::{exactly, hashes};

/// The receipt of `txid` at or below `top`; `None` when no final block holds it. The outer `None`: this node cannot tell.
pub(super) async fn under(
    node: &dyn Node,
    txid: [u8; 32],
    top: BlockRef,
) -> Result<Option<Option<Receipt>>, NodeError> {
    let Some(Some(receipt)) = exactly(1, node.receipts(&[txid]).await?, "receipts")?.pop() else {
        return Ok(Some(None));
    };
    if receipt.txid != txid {
        return Err(NodeError::Nonsense("the receipt of another transaction".to_owned()));
    }
    if receipt.block.number > top.number {
        return Ok(Some(None));
    }
    let hashes = hashes(node, [receipt.block.number, top.number].into()).await?;
    let on_chain = |block: &BlockRef| hashes.get(&block.number) == Some(&block.hash);
    Ok((on_chain(&top) && on_chain(&receipt.block)).then_some(Some(receipt)))
}
