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
        vendor: VendorId::parse("catfee").unwrap(),
        receiver: TronAddress([1; 20]),
        energy: 65_000,
        duration_s: 3_600,
        max_total_sun: Cost(3_000_000),
    }
}

/// An order as it is published, with some of it changed.
fn order(changes: &Value) -> Value {
    let mut order = json!({
        "id": "8200c6af-851b-4239-a79b-a89bb033fd39", "resource_type": "ENERGY", "billing_type": "API", "source_type": "API",
        "pay_timestamp": 1, "receiver": ask().receiver.to_string(), "delegate_hash": "11".repeat(32),
        "delegate_timestamp": 1, "reclaim_hash": null, "reclaim_timestamp": null, "pay_amount_sun": 2_600_000,
        "activate_amount_sun": 0, "quantity": 65_000, "staked_sun": 1, "duration": 60, "expired_timestamp": 1,
        "status": "PAYMENT_SUCCESS", "activate_status": "ALREADY_ACTIVATED", "confirm_status": "UNCONFIRMED", "balance": 1
    });
    for (name, value) in changes.as_object().unwrap() {
        order[name] = value.clone();
    }
    order
}

fn its_id() -> ProviderId {
    ProviderId::parse("8200c6af-851b-4239-a79b-a89bb033fd39").unwrap()
}

#[test]
fn what_is_refused_for_certain_is_listed_and_everything_else_is_unclear() {
    let read = |status, body: Value| data(&Reply { status, body: body.to_string().into_bytes() });
    let refused = |sub_code: &str| read(200, json!({ "code": 7, "sub_code": sub_code, "data": null }));
    for (name, why) in [
        ("INSUFFICIENT_BALANCE", Rejection::NoFunds),
        ("QUANTITY_TOO_LOW", Rejection::TooLittle),
        ("QUANTITY_TOO_HIGH", Rejection::TooMuch),
        ("ADDRESS_NOT_ACTIVATED", Rejection::Receiver),
        ("INVALID_ADDRESS", Rejection::Receiver),
    ] {
        assert_eq!(refused(name), Err(Silence::Refused(why)), "{name}");
    }
    for (status, why) in
        [(400, Rejection::Malformed), (401, Rejection::Unauthorized), (429, Rejection::Throttled)]
    {
        assert_eq!(read(status, json!({})), Err(Silence::Refused(why)), "{status}");
    }
    assert_eq!(read(200, json!({ "code": 0, "data": 5 })), Ok(json!(5)));
    let unclear = [
        (200, json!({ "code": 9999, "msg": "unknown" })),
        (200, json!({ "code": 1, "sub_code": "SOMETHING_NEW" })),
        (200, json!({ "code": 1, "msg": "INSUFFICIENT_BALANCE" })),
        (200, json!({ "code": 0 })),
        (200, json!({ "code": 0, "data": null })),
        (200, json!({ "data": {} })),
        (200, json!({ "code": "0", "data": {} })),
        (200, json!([])),
        (202, json!({ "code": 0, "data": {} })),
        (403, json!({ "code": 1, "sub_code": "INSUFFICIENT_BALANCE" })),
        (404, json!({})),
        (408, json!({})),
        (500, json!({ "code": 1, "sub_code": "INSUFFICIENT_BALANCE" })),
        (502, json!({})),
        (503, json!({})),
        (504, json!({})),
    ];
    for (status, body) in unclear {
        let read = read(status, body.clone());
        assert!(matches!(read, Err(Silence::Unclear(_))), "{status} {body}: {read:?}");
    }
}

#[test]
fn an_order_is_accepted_only_when_it_is_the_one_that_was_asked_for() {
    let placed = |changes: Value| placed(&order(&changes), &ask());
    let taken = |sun| Placed::Accepted { provider_id: its_id(), charged_sun: Some(Cost(sun)) };
    assert_eq!(placed(json!({})), taken(2_600_000));
    assert_eq!(
        placed(json!({ "activate_amount_sun": 1_100_000 })),
        taken(3_700_000),
        "an activation is paid too"
    );
    assert_eq!(placed(json!({ "client_order_id": ask().order.to_string() })), taken(2_600_000));
    assert_eq!(
        placed(json!({ "pay_amount_sun": 2.5 })),
        Placed::Accepted { provider_id: its_id(), charged_sun: None }
    );
    assert_eq!(
        placed(json!({ "status": "INSUFFICIENT_BALANCE", "pay_amount_sun": 0 })),
        Placed::Rejected(Rejection::NoFunds)
    );
    for wrong in [
        json!({ "status": "INSUFFICIENT_BALANCE" }),
        json!({ "receiver": "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8" }),
        json!({ "quantity": 65_001 }),
        json!({ "quantity": "65000" }),
        json!({ "client_order_id": "eo_other" }),
        json!({ "id": "../../account" }),
        json!({ "id": null }),
    ] {
        assert!(matches!(placed(wrong.clone()), Placed::Unknown(_)), "{wrong}");
    }
}

#[test]
fn every_published_status_has_its_meaning_and_no_other_has_one() {
    let found = |status: &str, confirm: &str, pay: u64| {
        let changes = json!({ "status": status, "confirm_status": confirm, "pay_amount_sun": pay });
        found(&order(&changes), &ask(), &its_id())
    };
    let shown = Shown { charged_sun: Some(Cost(5)), ..Shown::default() };
    let whole = Shown { energy: 65_000, txids: vec![[0x11; 32]], ..shown.clone() };
    let expected = [
        ("PAYMENT_SUCCESS", "UNCONFIRMED", Found::Pending(shown.clone())),
        ("DELEGATE_SUCCESS", "UNCONFIRMED", Found::Pending(shown.clone())),
        ("DELEGATE_SUCCESS", "DELEGATION_CONFIRMED", Found::Delivered(whole.clone())),
        ("DELEGATE_SUCCESS", "RECLAIM_CONFIRMED", Found::Delivered(whole.clone())),
        ("DELEGATE_SUCCESS", "RECLAIM_CONFIRMED_FAIL", Found::Delivered(whole)),
        ("DELEGATE_SUCCESS", "DELEGATION_CONFIRMED_FAIL", Found::Failed(shown.clone())),
        ("DELEGATE_FAIL", "UNCONFIRMED", Found::Failed(shown.clone())),
        ("QUANTITY_TOO_LOW", "UNCONFIRMED", Found::Failed(shown)),
    ];
    for (status, confirm, meaning) in expected {
        assert_eq!(found(status, confirm, 5), meaning, "{status} {confirm}");
    }
    assert_eq!(found("DELEGATE_FAIL", "UNCONFIRMED", 0), Found::Refunded);
    for (status, confirm) in
        [("UNKNOWN", "UNCONFIRMED"), ("", ""), ("DELEGATE_SUCCESS", "NEW"), ("delegate_fail", "")]
    {
        assert!(matches!(found(status, confirm, 5), Found::Unknown(_)), "{status} {confirm}");
    }
    let other = ProviderId::parse("another").unwrap();
    assert!(matches!(super::found(&order(&json!({})), &ask(), &other), Found::Unknown(_)));
}
