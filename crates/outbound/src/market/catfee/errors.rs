//! CatFee's answers, translated once. Its statuses (400, 401, 429) and the names of an order's status are published; the
//! numbers of its body's `code` are not, but for 0. Whatever is not listed here is unclear.

use serde_json::Value;
use sluice_core::amount::Cost;
use sluice_core::port::market::{Ask, Found, Placed, ProviderId, Rejection, Shown};

use super::super::{Silence, json};
use crate::client::Reply;

/// The data of an answer that says that it is one.
pub(in super::super) fn data(reply: &Reply) -> Result<Value, Silence> {
    match reply.status {
        200 => {}
        400 => return Err(Silence::Refused(Rejection::Malformed)),
        401 => return Err(Silence::Refused(Rejection::Unauthorized)),
        429 => return Err(Silence::Refused(Rejection::Throttled)),
        status => return Err(Silence::Unclear(format!("status {status}"))),
    }
    let unclear = |why: &str| Silence::Unclear(why.to_owned());
    let mut answer = json::object(reply).ok_or_else(|| unclear("an answer that is no object"))?;
    let refusal = json::text(&answer, "sub_code").and_then(rejection);
    match (answer.get("code").and_then(Value::as_i64), refusal) {
        (Some(0), _) => match answer.get_mut("data").map(Value::take) {
            Some(data) if !data.is_null() => Ok(data),
            _ => Err(unclear("an answer without data")),
        },
        (Some(_), Some(why)) => Err(Silence::Refused(why)),
        (Some(code), None) => Err(Silence::Unclear(format!("code {code}"))),
        (None, _) => Err(unclear("an answer without a code")),
    }
}

/// Published names under which nothing is bought.
fn rejection(name: &str) -> Option<Rejection> {
    Some(match name {
        "INSUFFICIENT_BALANCE" => Rejection::NoFunds,
        "QUANTITY_TOO_LOW" => Rejection::TooLittle,
        "QUANTITY_TOO_HIGH" => Rejection::TooMuch,
        "ADDRESS_NOT_ACTIVATED" | "INVALID_ADDRESS" => Rejection::Receiver,
        _ => return None,
    })
}

/// The order that answers an order.
pub(in super::super) fn placed(order: &Value, ask: &Ask) -> Placed {
    let Some(provider_id) = its_name(order).filter(|_| is_ours(order, ask)) else {
        return Placed::Unknown("it answers another order".to_owned());
    };
    let charged_sun = charged(order);
    match json::text(order, "status").and_then(rejection) {
        Some(why) if charged_sun.is_none_or(|sun| sun == Cost::ZERO) => Placed::Rejected(why),
        // An order that was refused and paid is neither.
        Some(_) => Placed::Unknown("it was refused, and it was charged".to_owned()),
        None => Placed::Accepted { provider_id, charged_sun },
    }
}

/// The order that answers a question about it.
pub(in super::super) fn found(order: &Value, ask: &Ask, provider_id: &ProviderId) -> Found {
    if its_name(order).as_ref() != Some(provider_id) || !is_ours(order, ask) {
        return Found::Unknown("it shows another order".to_owned());
    }
    let charged_sun = charged(order);
    let shown = Shown { charged_sun, ..Shown::default() };
    let gave_up = |shown: Shown| match shown.charged_sun {
        Some(Cost::ZERO) => Found::Refunded,
        _ => Found::Failed(shown),
    };
    match (json::text(order, "status"), json::text(order, "confirm_status")) {
        (Some("PAYMENT_SUCCESS"), _) | (Some("DELEGATE_SUCCESS"), Some("UNCONFIRMED")) => {
            Found::Pending(shown)
        }
        (
            Some("DELEGATE_SUCCESS"),
            Some("DELEGATION_CONFIRMED" | "RECLAIM_CONFIRMED" | "RECLAIM_CONFIRMED_FAIL"),
        ) => Found::Delivered(Shown {
            energy: json::figure(order, "quantity").unwrap_or(0),
            txids: json::txid(order, "delegate_hash").into_iter().collect(),
            charged_sun,
        }),
        (Some("DELEGATE_SUCCESS"), Some("DELEGATION_CONFIRMED_FAIL")) | (Some("DELEGATE_FAIL"), _) => {
            gave_up(shown)
        }
        (Some(status), _) if rejection(status).is_some() => gave_up(shown),
        _ => Found::Unknown("it shows a status that is not listed".to_owned()),
    }
}

fn its_name(order: &Value) -> Option<ProviderId> {
    json::text(order, "id").and_then(|id| ProviderId::parse(id).ok())
}

/// Receiver and energy are what was asked for, and our id too where it is shown.
fn is_ours(order: &Value, ask: &Ask) -> bool {
    let receiver = json::text(order, "receiver") == Some(ask.receiver.to_string().as_str());
    let energy = json::figure(order, "quantity") == Some(ask.energy);
    let ours = json::text(order, "client_order_id").is_none_or(|id| id == ask.order.to_string());
    receiver && energy && ours
}

/// What it took: for the energy, and for an activation that was not asked for.
fn charged(order: &Value) -> Option<Cost> {
    let energy = json::sun(order, "pay_amount_sun")?;
    energy.checked_add(json::sun(order, "activate_amount_sun").unwrap_or(Cost::ZERO))
}

#[cfg(test)]
mod tests;
