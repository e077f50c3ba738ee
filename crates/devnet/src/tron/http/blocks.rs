//! Questions about blocks.

use serde_json::{Value, json};

use super::{
    super::node::{Node, Seen},
    Answer, Request,
};

/// Blocks in one answer.
const BLOCKS_MAX: u64 = 100;

fn show(block: Option<Seen<'_>>, visible: bool) -> Value {
    block.map_or_else(|| json!({}), |block| Value::Object(block.json(visible, true)))
}

fn positive(number: i64) -> Option<u64> {
    u64::try_from(number).ok()
}

pub(super) fn now(node: &Node<'_>, ask: &Request) -> Value {
    show(node.block(node.newest_number()), ask.visible)
}

/// `id_or_num` and `detail`: the head when neither is said.
pub(super) fn block(node: &Node<'_>, ask: &Request) -> Answer {
    let illegal = || Ok(json!({ "Error": "id must be legal block hash." }));
    let text = match ask.get("id_or_num") {
        None => None,
        Some(Value::String(text)) => Some(text.clone()),
        Some(other) => Some(other.to_string()),
    };
    let block = match text.filter(|text| !text.is_empty()) {
        None => node.block(node.newest_number()),
        Some(text) => match text.parse::<i64>() {
            Ok(..0) => return Ok(json!({ "Error": "num must be non-positive number." })),
            Ok(number) => positive(number).and_then(|number| node.block(number)),
            Err(_) => match ask.id("id_or_num") {
                Some(id) if number_in(&id) <= node.newest_number() => node.block_of(&id),
                _ => return illegal(),
            },
        },
    };
    let detail = ask.flag("detail");
    Ok(block.map_or_else(|| json!({}), |block| Value::Object(block.json(ask.visible, detail))))
}

/// The number in a block's id.
fn number_in(id: &[u8; 32]) -> u64 {
    let mut number = [0; 8];
    number.copy_from_slice(id.get(..8).unwrap_or(&[0; 8]));
    u64::from_be_bytes(number)
}

pub(super) fn by_number(node: &Node<'_>, ask: &Request) -> Answer {
    let number = positive(ask.number("num")?);
    Ok(show(number.and_then(|number| node.block(number)), ask.visible))
}

pub(super) fn by_id(node: &Node<'_>, ask: &Request) -> Answer {
    Ok(show(ask.id("value").and_then(|id| node.block_of(&id)), ask.visible))
}

/// From `startNum` up to but not with `endNum`.
pub(super) fn by_limit(node: &Node<'_>, ask: &Request) -> Answer {
    let (start, end) = (ask.number("startNum")?, ask.number("endNum")?);
    let (Some(start), Some(end)) = (positive(start), positive(end)) else { return Ok(json!({})) };
    if end <= start || end.saturating_sub(start) > BLOCKS_MAX {
        return Ok(json!({}));
    }
    let blocks = (start..end).filter_map(|number| node.block(number));
    let blocks: Vec<Value> = blocks.map(|block| Value::Object(block.json(ask.visible, true))).collect();
    Ok(if blocks.is_empty() { json!({}) } else { json!({ "block": blocks }) })
}

/// The newest `num` blocks, the oldest first.
pub(super) fn latest(node: &Node<'_>, ask: &Request) -> Answer {
    let count = positive(ask.number("num")?).filter(|count| (1..BLOCKS_MAX).contains(count));
    let Some(count) = count else { return Ok(json!({})) };
    let newest = node.newest_number();
    let first = newest.saturating_add(1).saturating_sub(count);
    let blocks = (first..=newest).filter_map(|number| node.block(number));
    Ok(json!({ "block": blocks.map(|block| block.json(ask.visible, true)).collect::<Vec<_>>() }))
}

pub(super) fn count(node: &Node<'_>, ask: &Request) -> Answer {
    let block = positive(ask.number("num")?).and_then(|number| node.block(number));
    Ok(block.map_or_else(|| json!({ "count": 0 }), |block| json!({ "count": block.included().len() })))
}
