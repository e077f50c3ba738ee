//! TronSave's answers, translated once, by the codes that it publishes. Whatever is not listed here is unclear.

use serde_json::Value;
use sluice_core::amount::Cost;
use sluice_core::port::market::{Ask, Found, Placed, ProviderId, Rejection, Shown, TXIDS_MAX};

use super::super::{Silence, json};
use crate::client::Reply;

/// The data of an answer that says that it is one.
pub(in super::super) fn data(reply: &Reply) -> Result<Value, Silence> {
    let unclear = |why: &str| Silence::Unclear(format!("status {}, {why}", reply.status));
    let mut answer = json::object(reply).ok_or_else(|| unclear("an answer that is no object"))?;
    match reply.status {
        200 | 201 if answer.get("error") == Some(&Value::Bool(false)) => {
            let data = answer.get_mut("data").map(Value::take).filter(Value::is_object);
            data.ok_or_else(|| unclear("without data"))
        }
        status => Err(match rejection(status, &answer) {
            Some(why) => Silence::Refused(why),
            None => unclear("not listed"),
        }),
    }
}

/// Published answers under which nothing is bought. Their code is the second word of `message`, behind `TSAS:` and a
/// number. `MUST_BE_WAIT_PREVIOUS_ORDER_FILLED` is none: the order before may be this one, sent twice on its way.
fn rejection(status: u16, answer: &Value) -> Option<Rejection> {
    let message = json::text(answer, "message").unwrap_or_default();
    let code = message.strip_prefix("TSAS:").and_then(|rest| rest.split(' ').nth(1));
    Some(match (status, code) {
        (429, _) => Rejection::Throttled,
        (400, Some("MISSING_PARAMS" | "INVALID_PARAMS")) => Rejection::Malformed,
        (400, Some("MIN_PRICE_INVALID" | "PRICE_EXCEED_MAX_PRICE_REQUIRED")) => Rejection::Price,
        (400, Some("INTERNAL_BALANCE_ACCOUNT_TOO_LOW")) => Rejection::NoFunds,
        (400, Some("CANNOT_FULFILLED")) => Rejection::NoSupply,
        (400, Some("INTERNAL_ACCOUNT_NOT_FOUND"))
        | (401, Some("API_KEY_REQUIRED" | "INVALID_API_KEY"))
        | (403, Some("FORBIDDEN")) => Rejection::Unauthorized,
        (400, None) if json::text(answer, "code") == Some("FST_ERR_VALIDATION") => Rejection::Malformed,
        (404, None) if json::figure(answer, "statusCode") == Some(404) => Rejection::Malformed,
        _ => return None,
    })
}

/// What answers an order: its name and nothing else.
pub(in super::super) fn placed(data: &Value) -> Placed {
    match json::text(data, "orderId").map(ProviderId::parse) {
        Some(Ok(provider_id)) => Placed::Accepted { provider_id, charged_sun: None },
        _ => Placed::Unknown("it names no order".to_owned()),
    }
}

/// The order that answers a question about it. What it cost is read once it is filled: until then the figure may grow.
pub(in super::super) fn found(order: &Value, ask: &Ask, provider_id: &ProviderId) -> Found {
    let name = json::text(order, "id") == Some(provider_id.as_str());
    let receiver = json::text(order, "receiver") == Some(ask.receiver.to_string().as_str());
    if !name || !receiver || json::figure(order, "resourceAmount") != Some(ask.energy) {
        return Found::Unknown("it shows another order".to_owned());
    }
    let delegates = order.get("delegates").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let energy = delegates.iter().filter_map(|it| json::figure(it, "amount")).fold(0, u64::saturating_add);
    let txids = delegates.iter().take(TXIDS_MAX).filter_map(|it| json::txid(it, "txid")).collect();
    let paid_sun = json::sun(order, "payoutAmount");
    let shown = |charged_sun| Shown { energy, txids, charged_sun };
    match json::figure(order, "fulfilledPercent") {
        Some(0) if delegates.is_empty() && paid_sun == Some(Cost::ZERO) => Found::Refunded,
        Some(0) => Found::Pending(shown(None)),
        Some(1..=99) => Found::Partial(shown(None)),
        Some(100) => Found::Delivered(shown(paid_sun)),
        _ => Found::Unknown("it shows no progress".to_owned()),
    }
}

#[cfg(test)]
mod tests;
