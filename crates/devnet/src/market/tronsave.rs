//! TronSave's wire, version 2 (<https://docs.tronsave.io>): a key in a header, JSON bodies, `error`, `message` and `data`
//! in the answer. An order carries no id of the caller.

use serde_json::{Value, json};

use super::{
    Keys, address,
    book::{Life, NotTaken, OrderFacts},
    fault::Call,
    script::Due,
    server::{Asked, Reply, Wire},
    vendor::{Vendor, Wanted},
};

/// The least that is sold.
const ENERGY_MIN: u64 = 32_000;
/// The most that is sold at once.
const ENERGY_MAX: u64 = 100_000_000;
/// The shortest and the longest rental, in seconds.
const DURATION_S: std::ops::RangeInclusive<u64> = 300..=2_592_000;
/// What a rental lasts that says nothing of it, in seconds.
const DURATION_DEFAULT_S: u64 = 259_200;
/// A price is for a day: less than one costs as much.
const DAY_S: u64 = 86_400;

pub(super) struct Tronsave;

impl Wire for Tronsave {
    fn admit(vendor: &mut Vendor, keys: &Keys, asked: &Asked, now_ms: i64) -> Result<Call, Reply> {
        let call = match (asked.method.as_str(), asked.path.as_str()) {
            ("POST", "/v2/estimate-buy-resource") => Call::Quote,
            ("POST", "/v2/buy-resource") => Call::Place,
            ("GET", "/v2/user-info") => Call::Balance,
            ("GET", path) if path.strip_prefix("/v2/order/").is_some_and(|id| !id.is_empty()) => Call::Lookup,
            (method, path) => {
                let message = format!("Route {method}:{path} not found");
                return Err((404, json!({ "message": message, "error": "Not Found", "statusCode": 404 })));
            }
        };
        if vendor.is_throttled(now_ms) {
            return Err((429, json!({ "error": true, "message": "Rate limit reached" })));
        }
        match asked.header("apikey") {
            _ if call == Call::Quote => Ok(call),
            None => Err(refusal(401, "TSAS:106 API_KEY_REQUIRED")),
            Some(key) if key != keys.tronsave_key => Err(refusal(401, "TSAS:107 INVALID_API_KEY")),
            Some(_) => Ok(call),
        }
    }

    fn act(vendor: &mut Vendor, call: Call, asked: &Asked, due: &Due, now_ms: i64) -> Reply {
        match call {
            Call::Balance => {
                let balance = vendor.told_balance_sun(due).to_string();
                let address = address::another("deposit");
                done(
                    200,
                    json!({ "id": "account", "balance": balance, "representAddress": address, "depositAddress": address }),
                )
            }
            Call::Quote => quote(vendor, asked, now_ms).unwrap_or_else(|refused| refused),
            Call::Place => place(vendor, asked, due, now_ms).unwrap_or_else(|refused| refused),
            Call::Lookup => match vendor.book.known(asked.path.trim_start_matches("/v2/order/")) {
                Some(order) => done(200, shown(order)),
                None => refusal(400, "TSAS:408 INVALID_PARAMS Invalid orderId"),
            },
        }
    }

    fn broken() -> Reply {
        (
            500,
            json!({ "statusCode": 500, "error": "Internal Server Error", "message": "Internal Server Error" }),
        )
    }
}

/// What a body asks for.
struct Terms {
    energy: u64,
    duration_s: u64,
    /// `None`: whatever the market asks.
    unit_price: Option<u64>,
}

fn body(asked: &Asked) -> Result<Value, Reply> {
    serde_json::from_slice(&asked.body).map_err(|_| invalid("Body is not valid JSON"))
}

fn terms(body: &Value) -> Result<Terms, Reply> {
    let energy = match body.get("resourceAmount") {
        None => return Err(invalid("body must have required property 'resourceAmount'")),
        Some(value) => value.as_u64().ok_or_else(|| invalid("body/resourceAmount must be number"))?,
    };
    let duration_s = body.get("durationSec").map_or(Some(DURATION_DEFAULT_S), Value::as_u64);
    let duration_s = duration_s.ok_or_else(|| invalid("body/durationSec must be number"))?;
    let kind = body.get("resourceType").and_then(Value::as_str).unwrap_or("ENERGY");
    if kind != "ENERGY" || !DURATION_S.contains(&duration_s) || !(ENERGY_MIN..=ENERGY_MAX).contains(&energy) {
        return Err(refusal(400, "TSAS:400 INVALID_PARAMS"));
    }
    let unit_price = match body.get("unitPrice") {
        None => None,
        Some(Value::String(tier)) if ["FAST", "MEDIUM", "SLOW"].contains(&tier.as_str()) => None,
        Some(value) => Some(value.as_u64().ok_or_else(|| refusal(400, "TSAS:401 MIN_PRICE_INVALID"))?),
    };
    Ok(Terms { energy, duration_s, unit_price })
}

/// The market's price in whole sun for each energy and day, rounded up.
fn market_price(vendor: &Vendor, now_ms: i64) -> u64 {
    vendor.milli_sun(now_ms).div_ceil(1_000)
}

fn cost_sun(unit_price: u64, energy: u64, duration_s: u64) -> u64 {
    let days_in_s = u128::from(duration_s.max(DAY_S));
    let sun =
        (u128::from(unit_price) * u128::from(energy)).saturating_mul(days_in_s).div_ceil(u128::from(DAY_S));
    u64::try_from(sun).unwrap_or(u64::MAX)
}

fn quote(vendor: &Vendor, asked: &Asked, now_ms: i64) -> Result<Reply, Reply> {
    let terms = terms(&body(asked)?)?;
    let price = terms.unit_price.unwrap_or_else(|| market_price(vendor, now_ms));
    let filled = match price < market_price(vendor, now_ms) {
        true => 0,
        false => terms.energy.min(vendor.terms.tronsave_supply),
    };
    Ok(done(
        200,
        json!({
            "unitPrice": price,
            "durationSec": terms.duration_s,
            "estimateTrx": cost_sun(price, terms.energy, terms.duration_s),
            "availableResource": filled,
        }),
    ))
}

fn place(vendor: &mut Vendor, asked: &Asked, due: &Due, now_ms: i64) -> Result<Reply, Reply> {
    let body = body(asked)?;
    let terms = terms(&body)?;
    let Some(receiver) = body.get("receiver").and_then(Value::as_str).map(str::to_owned) else {
        return Err(invalid("body must have required property 'receiver'"));
    };
    if !address::is_address(&receiver) {
        return Err(refusal(400, "TSAS:400 INVALID_PARAMS"));
    }
    let option = |name: &str| body.get("options").and_then(|options| options.get(name));
    let is_set = |name: &str| option(name).and_then(Value::as_bool).unwrap_or(false);
    // A jump moves the market; who named a price pays that one, or gets nothing.
    let market = Vendor::jumped(market_price(vendor, now_ms), due);
    let price = terms.unit_price.unwrap_or(market);
    if option("maxPriceAccepted").and_then(Value::as_u64).is_some_and(|most| price > most) {
        return Err(refusal(400, "TSAS:402 PRICE_EXCEED_MAX_PRICE_REQUIRED"));
    }
    let fills = price >= market && terms.energy <= vendor.terms.tronsave_supply;
    if is_set("onlyCreateWhenFulfilled") && !fills {
        return Err(refusal(400, "TSAS:403 CANNOT_FULFILLED"));
    }
    let waits = vendor.book.waits(&receiver, terms.energy, terms.duration_s);
    if is_set("preventDuplicateIncompleteOrders") && waits {
        return Err(refusal(400, "TSAS:404 MUST_BE_WAIT_PREVIOUS_ORDER_FILLED"));
    }
    let cost = cost_sun(price, terms.energy, terms.duration_s);
    let wanted = Wanted { client_id: None, receiver, energy: terms.energy, duration_s: terms.duration_s };
    match vendor.take(wanted, cost, due, now_ms) {
        Ok(order) => Ok(done(201, json!({ "orderId": order.id }))),
        Err(NotTaken::Funds) => Err(refusal(400, "TSAS:405 INTERNAL_BALANCE_ACCOUNT_TOO_LOW")),
        Err(NotTaken::Full) => Err(Tronsave::broken()),
    }
}

fn shown(order: &OrderFacts) -> Value {
    let filled: u64 = match order.life {
        Life::Taken | Life::Delegating | Life::Failed => 0,
        // Delegated twice is filled once.
        Life::Delivered => order.delegates.iter().map(|it| it.energy).sum::<u64>().min(order.energy),
    };
    let delegates: Vec<Value> = order
        .delegates
        .iter()
        .map(|it| json!({ "delegator": address::another(&order.id), "amount": it.energy, "txid": it.txid }))
        .collect();
    let price = cost_sun(1, order.energy, order.duration_s).max(1);
    json!({
        "id": order.id,
        "requester": address::another("deposit"),
        "receiver": order.receiver,
        "resourceAmount": order.energy,
        "resourceType": "ENERGY",
        "remainAmount": order.energy.saturating_sub(filled),
        "price": order.charged_sun / price,
        "durationSec": order.duration_s,
        "orderType": "NORMAL",
        "allowPartialFill": false,
        "payoutAmount": order.charged_sun.saturating_sub(order.refunded_sun),
        "fulfilledPercent": filled.saturating_mul(100) / order.energy.max(1),
        "delegates": delegates,
    })
}

fn done(status: u16, data: Value) -> Reply {
    (status, json!({ "error": false, "message": "Success", "data": data }))
}

fn refusal(status: u16, message: &str) -> Reply {
    (status, json!({ "error": true, "message": message, "data": null }))
}

fn invalid(message: &str) -> Reply {
    (
        400,
        json!({ "statusCode": 400, "code": "FST_ERR_VALIDATION", "error": "Bad Request", "message": message }),
    )
}
