//! Each published answer, and what is none.

use super::*;
use serde_json::json;
use sluice_core::address::TronAddress;
use sluice_core::id::{EnergyOrderId, Ulid};
use sluice_core::port::market::VendorId;
use sluice_core::time::Timestamp;

fn ask() -> Ask {
    Ask {
        order: EnergyOrderId::new(Ulid::new(Timestamp::from_micros(0), 1)),
        vendor: VendorId::parse("tronsave").unwrap(),
        receiver: TronAddress([1; 20]),
        energy: 32_000,
        duration_s: 900,
        max_total_sun: Cost(3_000_000),
    }
}

fn read(status: u16, body: &Value) -> Result<Value, Silence> {
    data(&Reply { status, body: body.to_string().into_bytes() })
}

#[test]
fn what_is_refused_for_certain_is_listed_and_everything_else_is_unclear() {
    let told = |message: &str| json!({ "error": true, "message": message, "data": null });
    let refused = [
        (400, told("TSAS:1 MISSING_PARAMS"), Rejection::Malformed),
        (400, told("TSAS:408 INVALID_PARAMS Invalid orderId"), Rejection::Malformed),
        (400, told("TSAS:1 MIN_PRICE_INVALID"), Rejection::Price),
        (400, told("TSAS:1 PRICE_EXCEED_MAX_PRICE_REQUIRED"), Rejection::Price),
        (400, told("TSAS:xxx INTERNAL_BALANCE_ACCOUNT_TOO_LOW"), Rejection::NoFunds),
        (400, told("TSAS:1 CANNOT_FULFILLED"), Rejection::NoSupply),
        (400, told("TSAS:1 INTERNAL_ACCOUNT_NOT_FOUND"), Rejection::Unauthorized),
        (401, told("TSAS:106 API_KEY_REQUIRED"), Rejection::Unauthorized),
        (401, told("TSAS:107 INVALID_API_KEY"), Rejection::Unauthorized),
        (403, told("TSAS:108 FORBIDDEN Forbidden"), Rejection::Unauthorized),
        (429, json!({ "error": true, "message": "Rate limit reached" }), Rejection::Throttled),
        (
            400,
            json!({ "statusCode": 400, "code": "FST_ERR_VALIDATION", "error": "Bad Request", "message": "body must .." }),
            Rejection::Malformed,
        ),
        (
            404,
            json!({ "message": "Route POST:/v2/.. not found", "error": "Not Found", "statusCode": 404 }),
            Rejection::Malformed,
        ),
    ];
    for (status, body, why) in refused {
        assert_eq!(read(status, &body), Err(Silence::Refused(why)), "{status} {body}");
    }
    let whole =
        json!({ "error": false, "message": "Success", "data": { "orderId": "6818426a65fa8ea36d119d2c" } });
    assert!(read(200, &whole).is_ok() && read(201, &whole).is_ok());
    let unclear = [
        // Refused, because an order like it waits: that one may be ours.
        (400, told("TSAS:1 MUST_BE_WAIT_PREVIOUS_ORDER_FILLED")),
        (400, told("TSAS:1 SOMETHING_NEW")),
        (400, told("CANNOT_FULFILLED")),
        (400, told("")),
        (400, json!({})),
        (401, told("TSAS:1 CANNOT_FULFILLED")),
        (404, json!({})),
        (500, told("TSAS:1 CANNOT_FULFILLED")),
        (502, json!({})),
        (202, whole.clone()),
        (200, json!({ "error": true, "data": {} })),
        (200, json!({ "error": false })),
        (200, json!({ "error": false, "data": [] })),
        (200, json!({ "error": "false", "data": {} })),
        (200, json!([])),
    ];
    for (status, body) in unclear {
        let read = read(status, &body);
        assert!(matches!(read, Err(Silence::Unclear(_))), "{status} {body}: {read:?}");
    }
}

#[test]
fn an_order_is_accepted_by_its_name() {
    let provider_id = ProviderId::parse("6818426a65fa8ea36d119d2c").unwrap();
    let placed_ = placed(&json!({ "orderId": "6818426a65fa8ea36d119d2c" }));
    assert_eq!(placed_, Placed::Accepted { provider_id, charged_sun: None });
    for data in
        [json!({}), json!({ "orderId": 5 }), json!({ "orderId": "" }), json!({ "orderId": "../user-info" })]
    {
        assert!(matches!(placed(&data), Placed::Unknown(_)), "{data}");
    }
}

#[test]
fn an_order_is_as_far_as_it_says_and_never_another_one() {
    let id = ProviderId::parse("6819c7578729a45600f740d1").unwrap();
    let order = |percent: Value, paid: u64, delegates: Value| {
        json!({
            "id": id.as_str(), "requester": "T", "receiver": ask().receiver.to_string(), "resourceAmount": 32_000,
            "resourceType": "ENERGY", "remainAmount": 0, "price": 90, "durationSec": 900, "orderType": "NORMAL",
            "allowPartialFill": false, "payoutAmount": paid, "fulfilledPercent": percent, "delegates": delegates,
        })
    };
    let found = |order: &Value| found(order, &ask(), &id);
    let some = |amount: u64| json!([{ "delegator": "T", "amount": amount, "txid": "22".repeat(32) }]);
    let shown = |energy, charged_sun| Shown { energy, txids: vec![[0x22; 32]], charged_sun };
    assert_eq!(
        found(&order(json!(100), 2_880_000, some(32_000))),
        Found::Delivered(shown(32_000, Some(Cost(2_880_000))))
    );
    assert_eq!(found(&order(json!(50), 1_440_000, some(16_000))), Found::Partial(shown(16_000, None)));
    assert_eq!(found(&order(json!(0), 2_880_000, json!([]))), Found::Pending(Shown::default()));
    assert_eq!(found(&order(json!(0), 0, json!([]))), Found::Refunded);
    for wrong in [json!(101), json!("100"), json!(99.5), json!(null)] {
        assert!(matches!(found(&order(wrong.clone(), 1, some(1))), Found::Unknown(_)), "{wrong}");
    }
    for (name, value) in [("id", json!("other")), ("receiver", json!("T")), ("resourceAmount", json!(1))] {
        let mut other = order(json!(100), 1, some(32_000));
        other[name] = value;
        assert!(matches!(found(&other), Found::Unknown(_)), "{name}");
    }
}
