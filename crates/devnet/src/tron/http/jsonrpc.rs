//! The few methods of the Ethereum-like API that tell a client where it is. There is no way to send here, as there is
//! none on TRON.

use serde_json::{Value, json};

use super::super::{
    chain::Chain,
    node::{Node, Peculiarity},
    state::Param,
};

/// Calls in one batch.
const BATCH_MAX: usize = 100;

/// Answers a call, or a batch of them.
pub(in crate::tron) fn answer(chain: &Chain, peculiarity: &Peculiarity, body: &[u8]) -> Value {
    match serde_json::from_slice::<Value>(body) {
        Ok(Value::Array(calls)) if calls.len() <= BATCH_MAX => {
            calls.iter().map(|call| one(chain, peculiarity, call)).collect()
        }
        Ok(Value::Array(_)) => error(&Value::Null, -32005, "the batch is too long"),
        Ok(call) => one(chain, peculiarity, &call),
        Err(_) => error(&Value::Null, -32700, "JSON parse error"),
    }
}

fn one(chain: &Chain, peculiarity: &Peculiarity, call: &Value) -> Value {
    let id = call.get("id").cloned().unwrap_or_default();
    let Some(method) = call.get("method").and_then(Value::as_str) else {
        return error(&id, -32600, "invalid request");
    };
    let node = Node::new(chain, peculiarity, false);
    let parameter = |place: usize| call.get("params").and_then(|list| list.get(place));
    let result = match method {
        "eth_chainId" | "net_version" => json!(format!("0x{:x}", chain.setup().chain_id)),
        "eth_blockNumber" => json!(format!("0x{:x}", node.head_number())),
        "eth_gasPrice" => json!(format!("0x{:x}", node.view().params().get(Param::EnergyFee))),
        "eth_syncing" => json!(false),
        "web3_clientVersion" => json!("TRON/v4.8.0/Linux/sluice-tron-sim"),
        "eth_getBlockByNumber" => block(&node, parameter(0), parameter(1)),
        _ => return error(&id, -32601, "the method does not exist/is not available"),
    };
    json!({ "jsonrpc": "2.0", "id": id, "result": result })
}

fn error(id: &Value, code: i64, message: &str) -> Value {
    json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message, "data": "{}" } })
}

fn block(node: &Node<'_>, tag: Option<&Value>, whole: Option<&Value>) -> Value {
    let number = match tag.and_then(Value::as_str) {
        Some("latest" | "pending") => Some(node.head_number()),
        Some("finalized") => Some(node.solid_number()),
        Some("earliest") => Some(0),
        Some(text) => text.strip_prefix("0x").and_then(|digits| u64::from_str_radix(digits, 16).ok()),
        None => None,
    };
    let Some(block) = number.and_then(|number| node.block(number)) else { return Value::Null };
    let hash = |bytes: &[u8; 32]| format!("0x{}", hex::encode(bytes));
    let whole = whole.and_then(Value::as_bool).unwrap_or(false);
    let transactions: Vec<Value> = block
        .included()
        .iter()
        .map(|one| if whole { json!({ "hash": hash(&one.tx.id) }) } else { json!(hash(&one.tx.id)) })
        .collect();
    json!({
        "number": format!("0x{:x}", block.number()),
        "hash": hash(&block.id()),
        "parentHash": hash(&block.parent()),
        "timestamp": format!("0x{:x}", block.time_ms() / 1_000),
        "baseFeePerGas": "0x0",
        "transactions": transactions,
        "uncles": [],
    })
}
