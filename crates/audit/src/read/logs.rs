//! Transfer logs of the tokens from or to the wallets, in ranges that a provider takes.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::{ReadError, Scope};
use crate::evm::{Address, TRANSFER_TOPIC, Transfer};
use crate::node::Node;

const METHOD: &str = "eth_getLogs";
/// Wallets and tokens of one question.
const NAMED_MAX: usize = 100;

/// Reads them all, in the order of the chain.
pub(super) async fn transfers(node: &Node, scope: &Scope) -> Result<Vec<Transfer>, ReadError> {
    let wallets: Vec<Address> = scope.wallets.iter().copied().collect();
    let tokens: Vec<Address> = scope.tokens.iter().copied().collect();
    let mut found = BTreeMap::new();
    for wallets in wallets.chunks(NAMED_MAX) {
        let words: Vec<String> = wallets.iter().map(|wallet| wallet.word()).collect();
        for tokens in tokens.chunks(NAMED_MAX) {
            for topics in [json!([TRANSFER_TOPIC, words]), json!([TRANSFER_TOPIC, null, words])] {
                for transfer in asked(node, scope, tokens, &topics).await? {
                    let inside = transfer.block > scope.opening.block().number
                        && transfer.block <= scope.closing.number
                        && scope.tokens.contains(&transfer.token)
                        && (scope.wallets.contains(&transfer.from) || scope.wallets.contains(&transfer.to));
                    if !inside {
                        return Err(node.not_understood(METHOD, "a log that was not asked for").into());
                    }
                    found.insert((transfer.block, transfer.log_index), transfer);
                }
            }
        }
    }
    Ok(found.into_values().collect())
}

async fn asked(
    node: &Node,
    scope: &Scope,
    tokens: &[Address],
    topics: &Value,
) -> Result<Vec<Transfer>, ReadError> {
    let mut found = Vec::new();
    let mut size = scope.bounds.log_blocks.max(1);
    let mut next = scope.opening.block().number + 1;
    while next <= scope.closing.number {
        let last = scope.closing.number.min(next.saturating_add(size - 1));
        let filter = json!([{
            "fromBlock": format!("0x{next:x}"), "toBlock": format!("0x{last:x}"), "address": tokens, "topics": topics,
        }]);
        match node.ask(METHOD, filter).await {
            Ok(logs) => {
                let logs = logs.as_array().ok_or_else(|| node.not_understood(METHOD, "no list"))?;
                for log in logs {
                    match Transfer::of_log(log) {
                        Ok(Some(transfer)) => found.push(transfer),
                        Ok(None) => return Err(node.not_understood(METHOD, "a log of another kind").into()),
                        Err(_) => {
                            let why = format!("a transfer that is not ERC-20's: {log}");
                            return Err(node
                                .not_understood(METHOD, why.chars().take(400).collect::<String>())
                                .into());
                        }
                    }
                }
                next = last + 1;
            }
            // Providers bound ranges and answers by their own figures and their own words: less is asked for until it is
            // taken, or until it is one block.
            Err(error) if last == next => return Err(error.into()),
            Err(_) => size = (last - next).div_ceil(2),
        }
    }
    Ok(found)
}
