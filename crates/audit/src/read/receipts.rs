//! What became of transactions: did they do what they say, what did they cost, which transfers are in them.

use std::collections::{BTreeMap, BTreeSet};

use ruint::aliases::U256;
use serde_json::{Value, json};

use super::blocks::Found;
use super::{Elsewhere, ReadError, Scope, Sent, many};
use crate::evm::{self, Address, Hash, Transfer};
use crate::node::{Node, NodeError};

const METHOD: &str = "eth_getTransactionReceipt";

type Received = BTreeMap<Address, U256>;

/// Reads the receipts of what was found in the blocks. Their logs must be those that were asked for as logs.
pub(super) async fn of(
    node: &Node,
    scope: &Scope,
    found: BTreeMap<Hash, Found>,
    transfers: &[Transfer],
) -> Result<(Vec<Sent>, Received), ReadError> {
    let txids: Vec<Hash> = found.keys().copied().collect();
    let receipts = receipts(node, scope, &txids).await?;
    let listed: BTreeSet<&Transfer> = transfers.iter().collect();
    let (mut sent, mut received) = (Vec::new(), Received::new());
    for (found, receipt) in found.into_values().zip(&receipts) {
        let same = evm::hash(&receipt["transactionHash"]) == Some(found.txid)
            && evm::hash(&receipt["blockHash"]) == Some(found.block.hash);
        if !same {
            return Err(contradiction(
                node,
                format!("{} is in a block and has no receipt there", found.txid),
            ));
        }
        let succeeded = succeeded(node, receipt)?;
        if let Some(to) = found.to.filter(|to| succeeded && scope.wallets.contains(to)) {
            let sum = received.entry(to).or_default();
            *sum =
                sum.checked_add(found.value).ok_or_else(|| node.not_understood(METHOD, "too much coin"))?;
        }
        if !scope.wallets.contains(&found.from) {
            continue;
        }
        for transfer in of_tokens(node, scope, receipt)? {
            let ours = scope.wallets.contains(&transfer.from) || scope.wallets.contains(&transfer.to);
            if ours && !listed.contains(&transfer) {
                let what = format!("a transfer of {} is in its receipt and not among the logs", found.txid);
                return Err(contradiction(node, what));
            }
        }
        let fee = fee(receipt).ok_or_else(|| node.not_understood(METHOD, "no gas or no price"))?;
        sent.push(Sent {
            txid: found.txid,
            block: found.block.number,
            from: found.from,
            nonce: found.nonce,
            to: found.to,
            value: found.value,
            input: found.input,
            succeeded,
            fee,
            delegates: found.delegates,
            kind: None,
        });
    }
    sent.sort_by_key(|it| (it.block, it.from, it.nonce));
    Ok((sent, received))
}

/// What the chain knows of transactions that the list names and that are not among these.
pub(super) async fn elsewhere(
    node: &Node,
    scope: &Scope,
    known: &BTreeSet<Hash>,
) -> Result<BTreeMap<Hash, Option<Elsewhere>>, ReadError> {
    let wanted: Vec<Hash> = scope.told.difference(known).copied().collect();
    let receipts = receipts(node, scope, &wanted).await?;
    let mut found = BTreeMap::new();
    for (txid, receipt) in wanted.into_iter().zip(&receipts) {
        let read = if receipt.is_null() {
            None
        } else {
            let block = evm::number(&receipt["blockNumber"]);
            let block = block.ok_or_else(|| node.not_understood(METHOD, "a receipt without block"))?;
            let transfers = of_tokens(node, scope, receipt)?;
            Some(Elsewhere { block, succeeded: succeeded(node, receipt)?, transfers })
        };
        found.insert(txid, read);
    }
    Ok(found)
}

async fn receipts(node: &Node, scope: &Scope, txids: &[Hash]) -> Result<Vec<Value>, NodeError> {
    let questions: Vec<_> = txids.iter().map(|txid| (METHOD, json!([txid]))).collect();
    many(node, &questions, scope.bounds.batch).await
}

fn succeeded(node: &Node, receipt: &Value) -> Result<bool, NodeError> {
    match evm::number(&receipt["status"]) {
        Some(0) => Ok(false),
        Some(1) => Ok(true),
        _ => Err(node.not_understood(METHOD, "a receipt without status")),
    }
}

fn of_tokens(node: &Node, scope: &Scope, receipt: &Value) -> Result<Vec<Transfer>, NodeError> {
    let logs =
        receipt["logs"].as_array().ok_or_else(|| node.not_understood(METHOD, "a receipt without logs"))?;
    let of_ours =
        |log: &&Value| evm::account(&log["address"]).is_some_and(|token| scope.tokens.contains(&token));
    let mut found = Vec::new();
    for log in logs.iter().filter(of_ours) {
        let read = Transfer::of_log(log);
        found.extend(read.map_err(|_| node.not_understood(METHOD, "a transfer that is not ERC-20's"))?);
    }
    Ok(found)
}

/// What was paid for the inclusion. Rollups charge for the data beside the gas.
fn fee(receipt: &Value) -> Option<U256> {
    let gas =
        evm::quantity(&receipt["gasUsed"])?.checked_mul(evm::quantity(&receipt["effectiveGasPrice"])?)?;
    match receipt.get("l1Fee") {
        None | Some(Value::Null) => Some(gas),
        Some(data) => gas.checked_add(evm::quantity(data)?),
    }
}

fn contradiction(node: &Node, what: String) -> ReadError {
    ReadError::Contradiction { node: node.name().to_owned(), what }
}
