//! Questions about transactions and what became of them.

use serde_json::{Map, Value, json};

use super::{
    super::{
        chain::Included,
        execute::{Outcome, Receipt},
        json::address_text,
        node::Node,
    },
    Answer, Request, sparse,
};

/// A transaction, wherever it is: the full node shows what waits, too.
pub(super) fn by_id(node: &Node<'_>, ask: &Request) -> Answer {
    let Some(id) = ask.id("value") else { return Ok(json!({})) };
    if let Some((_, _, included)) = node.included(&id) {
        return Ok(Value::Object(included.tx.json(ask.visible, Some(included.ret()))));
    }
    let pending = node.chain.pending(&id).filter(|_| node.shows_pool());
    Ok(pending.map_or_else(
        || json!({}),
        |(tx, receipt)| {
            let ret = json!({ "contractRet": receipt.outcome.name() });
            Value::Object(tx.json(ask.visible, Some(ret)))
        },
    ))
}

pub(super) fn info_by_id(node: &Node<'_>, ask: &Request) -> Answer {
    let found = ask.id("value").and_then(|id| node.included(&id));
    Ok(found.map_or_else(
        || json!({}),
        |(number, time_ms, included)| Value::Object(info(included, number, time_ms, ask.visible)),
    ))
}

pub(super) fn infos_of_block(node: &Node<'_>, ask: &Request) -> Answer {
    let number = ask.number("num")?;
    let Some(number) = u64::try_from(number).ok().filter(|number| *number > 0) else { return Ok(json!({})) };
    let Some(block) = node.block(number) else { return Ok(json!([])) };
    let time_ms = block.time_ms();
    let infos = block.included().into_iter();
    Ok(infos.map(|included| Value::Object(info(included, number, time_ms, ask.visible))).collect())
}

pub(super) fn from_pending(node: &Node<'_>, ask: &Request) -> Answer {
    let pending = ask.id("value").and_then(|id| node.chain.pending(&id)).filter(|_| node.shows_pool());
    Ok(pending.map_or_else(|| json!({}), |(tx, _)| Value::Object(tx.json(ask.visible, None))))
}

pub(super) fn pending_list(node: &Node<'_>) -> Value {
    let ids: Vec<String> =
        if node.shows_pool() { node.chain.pending_ids().map(hex::encode).collect() } else { Vec::new() };
    json!({ "txId": ids })
}

/// A transaction's receipt, as the node shows it.
pub(super) fn info(included: &Included, number: u64, time_ms: i64, visible: bool) -> Map<String, Value> {
    let receipt = &included.receipt;
    let mut shown = sparse([
        ("fee", receipt.fee),
        ("unfreeze_amount", receipt.unfreeze_amount),
        ("withdraw_expire_amount", receipt.withdraw_expire_amount),
        ("blockTimeStamp", time_ms),
    ]);
    let mut put = |name: &str, value: Value| shown.insert(name.to_owned(), value);
    put("id", json!(hex::encode(receipt.id)));
    put("blockNumber", json!(number));
    put("contractResult", json!([hex::encode(&receipt.returned)]));
    put("receipt", Value::Object(cost(receipt)));
    if let Some(called) = receipt.called {
        put("contract_address", json!(address_text(&called.wire(), visible)));
    }
    if receipt.outcome != Outcome::Success {
        put("result", json!("FAILED"));
        put("resMessage", json!(super::super::json::text(receipt.message.as_bytes(), visible)));
    }
    if !receipt.logs.is_empty() {
        let logs = receipt.logs.iter().map(|log| {
            // In hexadecimal a log's address has no 41 before it.
            let address = if visible { log.address.to_string() } else { hex::encode(log.address.bytes()) };
            let mut shown = json!({
                "address": address,
                "topics": log.topics.iter().map(hex::encode).collect::<Vec<_>>(),
            });
            if let (Some(shown), false) = (shown.as_object_mut(), log.data.is_empty()) {
                shown.insert("data".to_owned(), json!(hex::encode(&log.data)));
            }
            shown
        });
        put("log", logs.collect());
    }
    if !receipt.cancelled_unfreezing.is_empty() {
        // A map, of which the node writes a list of pairs.
        let amounts = receipt.cancelled_unfreezing.iter().map(|(resource, sun)| {
            let mut pair = json!({ "key": resource });
            if let (Some(pair), true) = (pair.as_object_mut(), *sun != 0) {
                pair.insert("value".to_owned(), json!(sun));
            }
            pair
        });
        put("cancel_unfreezeV2_amount", amounts.collect());
    }
    shown
}

fn cost(receipt: &Receipt) -> Map<String, Value> {
    let mut cost = sparse([
        ("energy_usage", receipt.energy_usage),
        ("energy_fee", receipt.energy_fee),
        ("energy_usage_total", receipt.energy_usage_total),
        ("net_usage", receipt.net_usage),
        ("net_fee", receipt.net_fee),
        ("energy_penalty_total", receipt.energy_penalty_total),
    ]);
    if receipt.called.is_some() {
        cost.insert("result".to_owned(), json!(receipt.outcome.name()));
    }
    cost
}
