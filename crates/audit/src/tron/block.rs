//! One solid block: its place, its transactions by their own bytes, and what became of each.

use std::collections::BTreeMap;

use ruint::aliases::U256;
use serde_json::{Value, json};

use super::bytes::{self, Asked};
use crate::chain::{Address, Hash};
use crate::evm::{TRANSFER_TOPIC, Transfer, unpadded};
use crate::node::{Node, NodeError};
use crate::read::ReadError;
use crate::stand::Block;

pub(super) const BLOCK: &str = "getblockbynum";
const HEAD: &str = "getnowblock";
pub(super) const INFOS: &str = "gettransactioninfobyblocknum";

/// Results of contracts that did not do what they were asked to: java-tron's `contractResult`.
const FAILED: [&str; 14] = [
    "REVERT",
    "BAD_JUMP_DESTINATION",
    "OUT_OF_MEMORY",
    "PRECOMPILED_CONTRACT",
    "STACK_TOO_SMALL",
    "STACK_TOO_LARGE",
    "ILLEGAL_OPERATION",
    "STACK_OVERFLOW",
    "OUT_OF_ENERGY",
    "OUT_OF_TIME",
    "JVM_STACK_OVER_FLOW",
    "UNKNOWN",
    "TRANSFER_FAILED",
    "INVALID_CODE",
];

/// Where a block stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) block: Block,
    pub(super) parent: Hash,
    pub(crate) time_ms: u64,
}

/// A block without what became of its transactions.
#[derive(Debug)]
pub(super) struct Whole {
    pub(super) header: Header,
    pub(super) transactions: Vec<(Asked, bool)>,
}

/// What became of a transaction.
#[derive(Debug)]
pub(super) struct Info {
    pub(super) block: u64,
    pub(super) succeeded: bool,
    pub(super) fee_sun: u64,
    /// Every log, and a transfer where it is one of these tokens.
    pub(super) logs: Vec<Option<Transfer>>,
}

/// The last four bytes of the id of block 0.
pub(crate) async fn chain_id(node: &Node) -> Result<u64, NodeError> {
    let first = node.solid(BLOCK, json!({ "num": 0 })).await?;
    let Some(Hash([.., a, b, c, d])) = hash(&first["blockID"]) else {
        return Err(node.not_understood(BLOCK, "no id of block 0"));
    };
    Ok(u32::from_be_bytes([a, b, c, d]).into())
}

/// The last solid block.
pub(crate) async fn solid_head(node: &Node) -> Result<Header, NodeError> {
    let block = node.solid(HEAD, json!({})).await?;
    header(&block).ok_or_else(|| node.not_understood(HEAD, "no block"))
}

/// The solid block of this height; none where the node has none.
pub(crate) async fn block_at(node: &Node, number: u64) -> Result<Option<Block>, ReadError> {
    Ok(whole(node, number).await?.map(|whole| whole.header.block))
}

/// The solid block of this height with its transactions; none where the node has none.
pub(super) async fn whole(node: &Node, number: u64) -> Result<Option<Whole>, ReadError> {
    let answer = node.solid(BLOCK, json!({ "num": number })).await?;
    if answer.as_object().is_some_and(serde_json::Map::is_empty) {
        return Ok(None);
    }
    let wrong = |why: String| node.not_understood(BLOCK, format!("block {number}: {why}"));
    let header = header(&answer).filter(|header| header.block.number == number);
    let header = header.ok_or_else(|| wrong("no such block".to_owned()))?;
    let listed = match &answer["transactions"] {
        Value::Null => &[][..],
        Value::Array(all) => all,
        _ => return Err(wrong("no transactions".to_owned()).into()),
    };
    let mut transactions = Vec::with_capacity(listed.len());
    for listed in listed {
        let said = hash(&listed["txID"]).ok_or_else(|| wrong("a transaction without id".to_owned()))?;
        let raw = listed["raw_data_hex"].as_str().and_then(|raw| hex::decode(raw).ok());
        let asked = raw.as_deref().and_then(bytes::read);
        let asked = asked.ok_or_else(|| wrong(format!("the bytes of {said} cannot be read")))?;
        if asked.txid != said {
            return Err(contradiction(
                node,
                format!("the bytes of {said} in block {number} are those of {}", asked.txid),
            ));
        }
        let result = listed["ret"][0]["contractRet"].as_str().and_then(succeeded);
        let result = result.ok_or_else(|| wrong(format!("{said} has no result that is known")))?;
        transactions.push((asked, result));
    }
    Ok(Some(Whole { header, transactions }))
}

/// What became of the transactions of a block, each exactly once.
pub(super) async fn infos(
    node: &Node,
    block: &Whole,
    tokens: &std::collections::BTreeSet<Address>,
) -> Result<BTreeMap<Hash, Info>, ReadError> {
    let number = block.header.block.number;
    if block.transactions.is_empty() {
        return Ok(BTreeMap::new());
    }
    let answer = node.solid(INFOS, json!({ "num": number })).await?;
    let listed =
        answer.as_array().ok_or_else(|| node.not_understood(INFOS, format!("block {number}: no list")))?;
    let mut infos = BTreeMap::new();
    for listed in listed {
        let txid = hash(&listed["id"]).ok_or_else(|| node.not_understood(INFOS, "a receipt without id"))?;
        let info = info(listed, txid, tokens);
        let info =
            info.ok_or_else(|| node.not_understood(INFOS, format!("the receipt of {txid} cannot be read")))?;
        if info.block != number || infos.insert(txid, info).is_some() {
            return Err(contradiction(
                node,
                format!("the receipt of {txid} does not belong into block {number} once"),
            ));
        }
    }
    for (asked, result) in &block.transactions {
        let fits = infos.get(&asked.txid).is_some_and(|info| info.succeeded == *result);
        if !fits {
            let what = format!("block {number} and its receipts say different things of {}", asked.txid);
            return Err(contradiction(node, what));
        }
    }
    if infos.len() != block.transactions.len() {
        return Err(contradiction(node, format!("block {number} has not as many transactions as receipts")));
    }
    Ok(infos)
}

/// Reads a receipt.
pub(super) fn info(said: &Value, txid: Hash, tokens: &std::collections::BTreeSet<Address>) -> Option<Info> {
    let block = said["blockNumber"].as_u64()?;
    let failed = match &said["result"] {
        Value::Null => false,
        result => match result.as_str()? {
            "FAILED" => true,
            "SUCESS" | "SUCCESS" => false,
            _ => return None,
        },
    };
    // Only what a contract did has a result of its own.
    let by_contract = match &said["receipt"]["result"] {
        Value::Null => true,
        result => succeeded(result.as_str()?)?,
    };
    if failed == by_contract && !said["receipt"]["result"].is_null() {
        return None;
    }
    let fee_sun = match &said["fee"] {
        Value::Null => 0,
        fee => fee.as_u64()?,
    };
    let listed = match &said["log"] {
        Value::Null => &[][..],
        Value::Array(all) => all,
        _ => return None,
    };
    let mut logs = Vec::with_capacity(listed.len());
    for log in listed {
        logs.push(transfer(log, txid, block, tokens).ok()?);
    }
    let moved = logs.iter().any(Option::is_some);
    // What failed has no logs.
    (!failed || !moved).then_some(Info { block, succeeded: !failed, fee_sun, logs })
}

/// A transfer of one of these tokens; its index is not yet that of the block. An error where it only claims to be one.
fn transfer(
    log: &Value,
    txid: Hash,
    block: u64,
    tokens: &std::collections::BTreeSet<Address>,
) -> Result<Option<Transfer>, ()> {
    let token = log["address"].as_str().and_then(|text| hex::decode(text).ok()).ok_or(())?;
    // 20 bytes as in the machine's own state, or 21 where an older node writes the prefix too.
    let token =
        token.strip_prefix(&[super::base58::PREFIX]).filter(|rest| rest.len() == 20).unwrap_or(&token);
    let token = Address::tron(token.try_into().map_err(|_| ())?);
    let topics: Vec<&str> = match &log["topics"] {
        Value::Array(all) => all.iter().map(|it| it.as_str().ok_or(())).collect::<Result<_, _>>()?,
        Value::Null => Vec::new(),
        _ => return Err(()),
    };
    let announced =
        topics.first().is_some_and(|kind| TRANSFER_TOPIC.trim_start_matches("0x").eq_ignore_ascii_case(kind));
    if !announced || !tokens.contains(&token) {
        return Ok(None);
    }
    let read = || {
        let [_, from, to] = topics.as_slice() else { return None };
        let account = |topic: &str| unpadded(&hex::decode(topic).ok()?).map(Address::tron);
        let data = hex::decode(log["data"].as_str()?).ok().filter(|data| data.len() == 32)?;
        let units = U256::try_from_be_slice(&data)?;
        Some(Transfer { block, log_index: 0, txid, token, from: account(from)?, to: account(to)?, units })
    };
    read().map(Some).ok_or(())
}

fn header(block: &Value) -> Option<Header> {
    let raw = &block["block_header"]["raw_data"];
    let number = match &raw["number"] {
        Value::Null => 0,
        number => number.as_u64()?,
    };
    let id = hash(&block["blockID"])?;
    // An id begins with the height.
    let Hash([a, b, c, d, e, f, g, h, ..]) = id;
    (u64::from_be_bytes([a, b, c, d, e, f, g, h]) == number).then_some(())?;
    let time_ms = raw["timestamp"].as_u64().or((number == 0).then_some(0))?;
    Some(Header { block: Block { number, hash: id }, parent: hash(&raw["parentHash"])?, time_ms })
}

fn succeeded(result: &str) -> Option<bool> {
    match result {
        "SUCCESS" => Some(true),
        other => FAILED.contains(&other).then_some(false),
    }
}

pub(super) fn hash(value: &Value) -> Option<Hash> {
    value.as_str().and_then(Hash::parse_bare)
}

pub(super) fn contradiction(node: &Node, what: String) -> ReadError {
    ReadError::Contradiction { node: node.name().to_owned(), what }
}
