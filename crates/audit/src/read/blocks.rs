//! Every block of the range, whole: which transactions the wallets sent, and which brought them coin.

use std::collections::BTreeMap;

use ruint::aliases::U256;
use serde_json::{Value, json};

use super::{ReadError, Scope, fewer};
use crate::evm::{self, Address, Hash};
use crate::node::{Node, NodeError};
use crate::stand::Block;

const METHOD: &str = "eth_getBlockByNumber";

/// A transaction from or to a wallet, before its receipt is read.
#[derive(Clone, Debug)]
pub(super) struct Found {
    pub(super) txid: Hash,
    pub(super) block: Block,
    pub(super) from: Address,
    pub(super) to: Option<Address>,
    pub(super) nonce: u64,
    pub(super) value: U256,
    pub(super) input: Vec<u8>,
    pub(super) delegates: bool,
}

/// Reads the blocks and follows their hashes from one end of the range to the other.
pub(super) async fn of_wallets(node: &Node, scope: &Scope) -> Result<BTreeMap<Hash, Found>, ReadError> {
    let mut last = scope.opening.block();
    let mut found = BTreeMap::new();
    let mut size = scope.bounds.batch.max(1);
    while last.number < scope.closing.number {
        let left = usize::try_from(scope.closing.number - last.number).unwrap_or(usize::MAX);
        let count = size.min(left);
        let heights = (last.number + 1..=scope.closing.number).take(count);
        let questions: Vec<_> =
            heights.map(|height| (METHOD, json!([format!("0x{height:x}"), true]))).collect();
        match node.batch(&questions).await {
            Ok(blocks) => {
                for block in &blocks {
                    last = follow(node, last, block)?;
                    collect(node, scope, last, block, &mut found)?;
                }
            }
            Err(error) => size = fewer(count).ok_or(error)?,
        }
    }
    if last != scope.closing {
        return Err(contradiction(node, format!("the blocks lead to another hash at {}", last.number)));
    }
    Ok(found)
}

/// The next block, which must stand on the last one.
fn follow(node: &Node, last: Block, block: &Value) -> Result<Block, ReadError> {
    let read = || {
        Some((evm::number(&block["number"])?, evm::hash(&block["hash"])?, evm::hash(&block["parentHash"])?))
    };
    let (number, hash, parent) =
        read().ok_or_else(|| node.not_understood(METHOD, format!("no block above {}", last.number)))?;
    if number != last.number + 1 || parent != last.hash {
        return Err(contradiction(node, format!("block {number} does not stand on block {}", last.number)));
    }
    Ok(Block { number, hash })
}

fn collect(
    node: &Node,
    scope: &Scope,
    block: Block,
    whole: &Value,
    found: &mut BTreeMap<Hash, Found>,
) -> Result<(), NodeError> {
    let wrong = |why: &str| node.not_understood(METHOD, format!("block {}: {why}", block.number));
    let transactions = whole["transactions"].as_array().ok_or_else(|| wrong("no transactions"))?;
    for transaction in transactions {
        let from = evm::account(&transaction["from"]).ok_or_else(|| wrong("a transaction without sender"))?;
        let to = evm::account(&transaction["to"]);
        if !scope.wallets.contains(&from) && !to.is_some_and(|to| scope.wallets.contains(&to)) {
            continue;
        }
        let read = || {
            let input = transaction["input"].as_str()?.strip_prefix("0x")?;
            Some(Found {
                txid: evm::hash(&transaction["hash"])?,
                block,
                from,
                to,
                nonce: evm::number(&transaction["nonce"])?,
                value: evm::quantity(&transaction["value"])?,
                input: hex::decode(input).ok()?,
                delegates: transaction["authorizationList"].as_array().is_some_and(|all| !all.is_empty()),
            })
        };
        let read = read().ok_or_else(|| wrong("a transaction that cannot be read"))?;
        found.insert(read.txid, read);
    }
    Ok(())
}

fn contradiction(node: &Node, what: String) -> ReadError {
    ReadError::Contradiction { node: node.name().to_owned(), what }
}
