//! What a lying node says. Each lie hangs together as far as one node can make it: a receipt that was made up lies in a
//! final block and holds the transfer that was asked for.

use alloy_primitives::keccak256;
use serde_json::{Value, json};
use sluice_codec::evm;

use super::{
    call::{Call, bytes, hex_of, quantity},
    fault::Fault,
    pool::{self, Sent},
    upstream::{Gone, Upstream},
};

/// `keccak256("Transfer(address,address,uint256)")`.
const TRANSFER: &str = "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef";
/// Gas that a transfer of a token needs, about.
const TRANSFER_GAS: &str = "0xc350";

/// What is answered without asking the node; `None` where this lie has nothing to say to this call, or bends the answer.
pub(super) async fn instead(fault: Fault, call: &Call, node: &Upstream) -> Result<Option<Value>, Gone> {
    match fault {
        Fault::SwallowSent => {
            let raw = bytes(call.parameter(0));
            Ok(raw.map(|raw| call.result(json!(keccak256(raw)))))
        }
        Fault::FalseKnown => Ok(Some(call.error(pool::CODE, "already known"))),
        Fault::FalseNonceLow => {
            let Some(sent) = bytes(call.parameter(0)).as_deref().and_then(Sent::read) else {
                return Ok(Some(call.error(pool::CODE, "nonce too low")));
            };
            let (next, nonce) = (sent.nonce.saturating_add(1), sent.nonce);
            let message = format!("nonce too low: next nonce {next}, tx nonce {nonce}");
            Ok(Some(call.error(pool::CODE, &message)))
        }
        Fault::StaleHead { blocks } if call.method == "eth_getBlockByNumber" => {
            stale(blocks, call, node).await
        }
        _ => Ok(None),
    }
}

/// What is made of the node's answer; `None` where it stands as it is.
pub(super) async fn bend(
    fault: Fault,
    call: &Call,
    answer: &Value,
    node: &Upstream,
) -> Result<Option<Value>, Gone> {
    let Some(result) = answer.get("result") else { return Ok(None) };
    let said = match fault {
        Fault::MissingReceipt => (!result.is_null()).then_some(Value::Null),
        Fault::FalseRevert => reverted(result),
        Fault::FakeReceipt if result.is_null() => made_up(call, node).await?,
        Fault::WrongNonce { by } => quantity(result).map(|nonce| hex_of(nonce.saturating_add_signed(by))),
        Fault::WrongChainId => other_chain(result),
        Fault::WrongFinalHash => other_hash(result, node).await?,
        Fault::StaleHead { blocks } => hidden(blocks, call, result, node).await?,
        _ => None,
    };
    Ok(said.filter(|said| said != result).map(|said| call.result(said)))
}

/// The block that was the one asked for, so many blocks ago.
async fn stale(blocks: u64, call: &Call, node: &Upstream) -> Result<Option<Value>, Gone> {
    let asked = call.parameter(0);
    let is_tag = matches!(asked.as_str(), Some("latest" | "pending" | "safe" | "finalized"));
    let number = match is_tag {
        true => height(node, asked).await?.map(|height| height.saturating_sub(blocks)),
        false => quantity(asked),
    };
    let Some(number) = number else { return Ok(None) };
    if is_tag {
        return node.call(&call.with(json!([hex_of(number), call.parameter(1)]))).await.map(Some);
    }
    let end = height(node, &json!("latest")).await?.map(|end| end.saturating_sub(blocks));
    Ok(end.is_some_and(|end| number > end).then(|| call.result(Value::Null)))
}

/// What a node that stands so many blocks behind does not know yet.
async fn hidden(blocks: u64, call: &Call, result: &Value, node: &Upstream) -> Result<Option<Value>, Gone> {
    let number = match call.method.as_str() {
        "eth_blockNumber" => {
            return Ok(quantity(result).map(|number| hex_of(number.saturating_sub(blocks))));
        }
        "eth_getBlockByHash" => result.get("number").and_then(quantity),
        "eth_getTransactionReceipt" => result.get("blockNumber").and_then(quantity),
        _ => None,
    };
    let Some(number) = number else { return Ok(None) };
    let end = height(node, &json!("latest")).await?.map(|end| end.saturating_sub(blocks));
    Ok(end.is_some_and(|end| number > end).then_some(Value::Null))
}

/// The height of a tag.
async fn height(node: &Upstream, tag: &Value) -> Result<Option<u64>, Gone> {
    let block = node.ask("eth_getBlockByNumber", json!([tag, false])).await?;
    Ok(block.get("number").and_then(quantity))
}

fn reverted(result: &Value) -> Option<Value> {
    let succeeded = result.get("status").is_some_and(|status| status == "0x1");
    let mut receipt = succeeded.then(|| result.clone())?;
    receipt["status"] = json!("0x0");
    receipt["logs"] = json!([]);
    Some(receipt)
}

/// A receipt of a transaction that waits in the pool.
async fn made_up(call: &Call, node: &Upstream) -> Result<Option<Value>, Gone> {
    let txid = call.parameter(0);
    let sent = node.ask("eth_getTransactionByHash", json!([txid])).await?;
    let block = node.ask("eth_getBlockByNumber", json!(["finalized", false])).await?;
    let (Some(from), Some(number)) = (sent.get("from").and_then(Value::as_str), block.get("number")) else {
        return Ok(None);
    };
    let place = json!({
        "blockHash": block["hash"], "blockNumber": number, "transactionHash": txid, "transactionIndex": "0x0",
    });
    let with = |more: Value| {
        let fields = [&place, &more].into_iter().filter_map(Value::as_object).flatten();
        Value::Object(fields.map(|(key, value)| (key.clone(), value.clone())).collect())
    };
    let word = |account: &str| format!("0x{:0>64}", account.trim_start_matches("0x"));
    let moved = bytes(&sent["input"]).and_then(|data| evm::call::as_transfer(&data));
    let log = moved.map(|(to, units)| {
        with(json!({
            "address": sent["to"],
            "topics": [TRANSFER, word(from), word(&hex::encode(to.0))],
            "data": format!("{units:#066x}"),
            "logIndex": "0x0",
            "removed": false,
        }))
    });
    Ok(Some(with(json!({
        "from": from,
        "to": sent["to"],
        "status": "0x1",
        "type": "0x2",
        "gasUsed": TRANSFER_GAS,
        "cumulativeGasUsed": TRANSFER_GAS,
        "effectiveGasPrice": sent["maxFeePerGas"],
        "contractAddress": null,
        "logsBloom": format!("0x{:0>512}", ""),
        "logs": log.into_iter().collect::<Vec<Value>>(),
    }))))
}

fn other_chain(result: &Value) -> Option<Value> {
    match quantity(result) {
        Some(id) => Some(hex_of(id.wrapping_add(1))),
        // `net_version` answers in decimal.
        None => result.as_str()?.parse::<u64>().ok().map(|id| json!(id.wrapping_add(1).to_string())),
    }
}

/// A final block under another hash.
async fn other_hash(result: &Value, node: &Upstream) -> Result<Option<Value>, Gone> {
    let number = result.get("number").and_then(quantity);
    let end = height(node, &json!("finalized")).await?;
    let is_final = number.zip(end).is_some_and(|(number, end)| number <= end);
    let hash = result.get("hash").and_then(bytes).filter(|_| is_final);
    Ok(hash.map(|mut hash| {
        hash.iter_mut().for_each(|byte| *byte = !*byte);
        let mut block = result.clone();
        block["hash"] = json!(format!("0x{}", hex::encode(hash)));
        block
    }))
}
