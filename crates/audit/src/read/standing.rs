//! Nonces and balances at one block, named by its hash: an answer about another block of the same height is no answer.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};

use super::{Opening, ReadError, Scope, many};
use crate::chain::{Address, Chain};
use crate::evm;
use crate::node::{Node, NodeError, Question};
use crate::stand::{Block, Held, Stand};

/// `balanceOf(address)` and `decimals()`, the first four bytes of their hashes.
const BALANCE_OF: &str = "0x70a08231";
const DECIMALS: &str = "0x313ce567";
/// Questions of one batch.
const BATCH: usize = 50;

/// Where the wallets stood before the range: as it is known, and read from the chain for what is not.
pub(super) async fn opening(node: &Node, scope: &Scope) -> Result<Stand, ReadError> {
    let block = scope.opening.block();
    let known = match &scope.opening {
        Opening::At(_) => BTreeMap::new(),
        Opening::Known(stand) => stand.wallets.clone(),
    };
    let complete = |wallet: &&Address| {
        known
            .get(*wallet)
            .is_some_and(|held| scope.tokens.iter().all(|token| held.tokens.contains_key(token)))
    };
    let missing: BTreeSet<Address> =
        scope.wallets.iter().filter(|wallet| !complete(wallet)).copied().collect();
    let mut opening = stand(node, scope.chain, block, &missing, &scope.tokens).await?;
    for (wallet, held) in known {
        if scope.wallets.contains(&wallet) {
            opening.wallets.entry(wallet).or_insert(held);
        }
    }
    Ok(opening)
}

/// Where these wallets stand at a block.
pub(crate) async fn stand(
    node: &Node,
    chain: Chain,
    block: Block,
    wallets: &BTreeSet<Address>,
    tokens: &BTreeSet<Address>,
) -> Result<Stand, ReadError> {
    let at = json!({ "blockHash": block.hash });
    let mut questions: Vec<Question> = Vec::new();
    for wallet in wallets {
        questions.push(("eth_getTransactionCount", json!([wallet, at])));
        questions.push(("eth_getBalance", json!([wallet, at])));
        for token in tokens {
            questions.push(("eth_call", json!([call(*token, &balance_of(*wallet)), at])));
        }
    }
    let answers = many(node, &questions, BATCH).await.map_err(|error| no_state(block, error))?;
    let mut answers = questions.iter().map(|(method, _)| *method).zip(answers);
    let mut held = BTreeMap::new();
    for wallet in wallets {
        let mut next = || answers.next().unwrap_or(("eth_call", Value::Null));
        let (method, nonce) = next();
        let nonce = evm::number(&nonce).ok_or_else(|| node.not_understood(method, "no number"))?;
        let (method, coin) = next();
        let coin = evm::quantity(&coin).ok_or_else(|| node.not_understood(method, "no quantity"))?;
        let mut of_tokens = BTreeMap::new();
        for token in tokens {
            let (method, units) = next();
            let why =
                || node.not_understood(method, format!("{token} tells no balance at block {}", block.number));
            of_tokens.insert(*token, evm::word(&units).ok_or_else(why)?);
        }
        held.insert(*wallet, Held { nonce, coin, tokens: of_tokens });
    }
    Ok(Stand { chain, block, wallets: held })
}

/// How many decimals each token has.
pub(super) async fn decimals(node: &Node, scope: &Scope) -> Result<BTreeMap<Address, u8>, ReadError> {
    let at = json!({ "blockHash": scope.closing.hash });
    let mut decimals = BTreeMap::new();
    for token in &scope.tokens {
        let answer = node.ask("eth_call", json!([call(*token, DECIMALS), at])).await?;
        let read = evm::word(&answer).and_then(|word| u8::try_from(word).ok());
        let why =
            || node.not_understood("eth_call", format!("{token} tells no decimals; is it an ERC-20 token?"));
        decimals.insert(*token, read.ok_or_else(why)?);
    }
    Ok(decimals)
}

fn call(to: Address, data: &str) -> Value {
    json!({ "to": to, "data": data })
}

fn balance_of(wallet: Address) -> String {
    format!("{BALANCE_OF}{}", wallet.word().trim_start_matches("0x"))
}

/// A refusal of an old block is mostly the state that a node no longer keeps.
fn no_state(block: Block, error: NodeError) -> ReadError {
    match error {
        NodeError::Refused { node, message, .. } => {
            ReadError::NoState { node, block: block.number, why: message }
        }
        other => other.into(),
    }
}
