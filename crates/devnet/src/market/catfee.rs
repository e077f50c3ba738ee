//! CatFee's wire (<https://docs.catfee.io/en/api-reference>): parameters in the query, each request signed with its path
//! and query, the outcome in the body's `code`.
//!
//! What it publishes leaves open under which `code` a business refusal comes: here it is 1, with the published name of the
//! order's status as `sub_code`.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use super::{
    Keys, address,
    book::{Life, NotTaken, OrderFacts},
    fault::Call,
    script::Due,
    server::{Asked, Reply, Wire},
    vendor::{Vendor, Wanted},
};

/// The least that is sold.
const ENERGY_MIN: u64 = 65_000;
/// The most that is sold at once.
const ENERGY_MAX: u64 = 2_000_000;
/// The one duration that is sold.
const DURATION: &str = "1h";
/// The same in seconds.
const DURATION_S: u64 = 3_600;
/// Longest id of a caller.
const CLIENT_ID_CHARS_MAX: usize = 64;

pub(super) struct Catfee;

impl Wire for Catfee {
    fn admit(vendor: &mut Vendor, keys: &Keys, asked: &Asked, now_ms: i64) -> Result<Call, Reply> {
        if !is_signed(keys, asked, vendor.terms.skew_ms, now_ms) {
            return Err(refusal(401, "UNAUTHORIZED", "Unauthorized"));
        }
        if vendor.is_throttled(now_ms) {
            return Err(refusal(429, "TOO_MANY_REQUESTS", "Too Many Requests"));
        }
        match (asked.method.as_str(), asked.path.as_str()) {
            ("GET", "/v1/account") => Ok(Call::Balance),
            ("GET", "/v1/estimate") => Ok(Call::Quote),
            ("POST", "/v1/order") => Ok(Call::Place),
            ("GET", path) if path.starts_with("/v1/order/") => Ok(Call::Lookup),
            _ => Err(refusal(404, "NOT_FOUND", "Not Found")),
        }
    }

    fn act(vendor: &mut Vendor, call: Call, asked: &Asked, due: &Due, now_ms: i64) -> Reply {
        match call {
            Call::Balance => done(json!({ "balance": vendor.told_balance_sun(due), "balance_usdt": 0 })),
            Call::Quote => match wanted_energy(asked) {
                Ok(energy) => done(json!(cost_sun(energy, vendor.milli_sun(now_ms)))),
                Err(refused) => refused,
            },
            Call::Place => place(vendor, asked, due, now_ms).unwrap_or_else(|refused| refused),
            Call::Lookup => {
                let id = asked.path.trim_start_matches("/v1/order/");
                match vendor.book.known(id) {
                    Some(order) => done(shown(order, vendor, now_ms)),
                    None => refusal(200, "ORDER_NOT_FOUND", "order not found"),
                }
            }
        }
    }

    fn broken() -> Reply {
        (
            500,
            json!({ "code": 9999, "msg": "Internal Server Error", "sub_code": null, "sub_msg": null, "data": null }),
        )
    }
}

/// `sign = base64(HMAC-SHA256(secret, timestamp + method + path and query))`, and the time is near enough.
fn is_signed(keys: &Keys, asked: &Asked, skew_ms: u64, now_ms: i64) -> bool {
    let (Some(key), Some(sign), Some(timestamp)) =
        (asked.header("cf-access-key"), asked.header("cf-access-sign"), asked.header("cf-access-timestamp"))
    else {
        return false;
    };
    let Ok(at) = timestamp.parse::<jiff::Timestamp>() else { return false };
    let Ok(sign) = STANDARD.decode(sign) else { return false };
    let Ok(mac) = Hmac::<Sha256>::new_from_slice(keys.catfee_secret.as_bytes()) else { return false };
    let text = format!("{timestamp}{}{}", asked.method, asked.target);
    let fits = mac.chain_update(text.as_bytes()).verify_slice(&sign).is_ok();
    // Milliseconds and `Z`, as published: other spellings of the same time are none.
    let spelled = format!("{at:.3}") == timestamp;
    key == keys.catfee_key && fits && spelled && at.as_millisecond().abs_diff(now_ms) <= skew_ms
}

fn wanted_energy(asked: &Asked) -> Result<u64, Reply> {
    let energy: u64 = asked.parameter("quantity").and_then(|it| it.parse().ok()).unwrap_or(0);
    if asked.parameter("duration") != Some(DURATION) {
        return Err(refusal(400, "INVALID_DURATION", "duration must be 1h"));
    }
    match energy {
        0..ENERGY_MIN => Err(refusal(200, "QUANTITY_TOO_LOW", "quantity must >= 65000")),
        ENERGY_MIN..=ENERGY_MAX => Ok(energy),
        _ => Err(refusal(200, "QUANTITY_TOO_HIGH", "quantity too high")),
    }
}

fn place(vendor: &mut Vendor, asked: &Asked, due: &Due, now_ms: i64) -> Result<Reply, Reply> {
    let client_id = asked.parameter("client_order_id").map(str::to_owned);
    if client_id.as_ref().is_some_and(|it| it.is_empty() || it.len() > CLIENT_ID_CHARS_MAX) {
        return Err(refusal(400, "INVALID_CLIENT_ORDER_ID", "client_order_id"));
    }
    // An id that was given before is that order, whatever else the request says.
    if let Some(order) = client_id.as_ref().and_then(|it| vendor.book.known_as(it)) {
        return Ok(done(shown(order, vendor, now_ms)));
    }
    let energy = wanted_energy(asked)?;
    let receiver = asked.parameter("receiver").unwrap_or_default().to_owned();
    if !address::is_address(&receiver) {
        return Err(refusal(200, "INVALID_ADDRESS", "invalid address"));
    }
    let price = Vendor::jumped(vendor.milli_sun(now_ms), due);
    let wanted = Wanted { client_id, receiver, energy, duration_s: DURATION_S };
    match vendor.take(wanted, cost_sun(energy, price), due, now_ms) {
        Ok(order) => Ok(done(shown(&order, vendor, now_ms))),
        Err(NotTaken::Funds) => Err(refusal(200, "INSUFFICIENT_BALANCE", "insufficient balance")),
        Err(NotTaken::Full) => Err(Catfee::broken()),
    }
}

/// Rounded up: a vendor never gives a part of a sun away.
fn cost_sun(energy: u64, milli_sun: u64) -> u64 {
    energy.saturating_mul(milli_sun).div_ceil(1_000)
}

fn shown(order: &OrderFacts, vendor: &Vendor, now_ms: i64) -> Value {
    let last = order.delegates.last();
    let confirmed =
        last.is_some_and(|it| it.at_ms.saturating_add_unsigned(vendor.terms.confirm_ms) <= now_ms);
    let status = match order.life {
        Life::Taken | Life::Delegating => "PAYMENT_SUCCESS",
        Life::Delivered => "DELEGATE_SUCCESS",
        Life::Failed => "DELEGATE_FAIL",
    };
    let expired = last.map(|it| it.at_ms.saturating_add_unsigned(order.duration_s.saturating_mul(1_000)));
    json!({
        "id": order.id,
        "client_order_id": order.client_id,
        "resource_type": "ENERGY",
        "billing_type": "API",
        "source_type": "API",
        "pay_timestamp": order.placed_ms,
        "receiver": order.receiver,
        "delegate_hash": last.map(|it| &it.txid),
        "delegate_timestamp": last.map(|it| it.at_ms),
        "reclaim_hash": null,
        "reclaim_timestamp": null,
        "pay_amount_sun": order.charged_sun,
        "activate_amount_sun": 0,
        "quantity": order.energy,
        "staked_sun": null,
        "duration": order.duration_s / 60,
        "expired_timestamp": expired,
        "status": status,
        "activate_status": "ALREADY_ACTIVATED",
        "confirm_status": if confirmed { "DELEGATION_CONFIRMED" } else { "UNCONFIRMED" },
        "balance": vendor.book.balance_sun(),
    })
}

fn done(data: Value) -> Reply {
    (200, json!({ "code": 0, "msg": "success", "sub_code": null, "sub_msg": null, "data": data }))
}

fn refusal(status: u16, sub_code: &str, msg: &str) -> Reply {
    let code = if status == 200 { 1 } else { status };
    (status, json!({ "code": code, "msg": msg, "sub_code": sub_code, "sub_msg": msg, "data": null }))
}
