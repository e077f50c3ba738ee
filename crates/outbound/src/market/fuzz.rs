//! Fuzz target: what vendors say. Whatever is concluded stands in the answer, and nothing is concluded from another order.

#[path = "../../../core/src/fuzz/drive.rs"]
mod drive;

use drive::{Examples, drive};
use serde_json::Value;
use sluice_core::address::TronAddress;
use sluice_core::id::{EnergyOrderId, Ulid};

use super::*;
use crate::client::Reply;

const STATUSES: [u16; 10] = [200, 200, 200, 200, 201, 400, 401, 404, 429, 500];
const CATFEE: &str = r#"0{"code":0,"msg":"success","sub_code":null,"data":{"id":"9f20fbad","receiver":"@@","quantity":65000,"pay_amount_sun":2600000,"activate_amount_sun":0,"status":"DELEGATE_SUCCESS","confirm_status":"DELEGATION_CONFIRMED","delegate_hash":"1111111111111111111111111111111111111111111111111111111111111111"}}"#;
const CATFEE_NO: &str = r#"0{"code":1,"msg":"no","sub_code":"INSUFFICIENT_BALANCE","data":null}"#;
const TRONSAVE: &str = r#"0{"error":false,"message":"Success","data":{"id":"9f20fbad","orderId":"9f20fbad","receiver":"@@","resourceAmount":65000,"payoutAmount":2600000,"fulfilledPercent":100,"delegates":[{"delegator":"T","amount":65000,"txid":"1111111111111111111111111111111111111111111111111111111111111111"}]}}"#;
const TRONSAVE_NO: &str = r#"5{"error":true,"message":"TSAS:1 CANNOT_FULFILLED","data":null}"#;
const WORDS: &[&str] = &[
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "0",
    "1",
    "-1",
    "1.5",
    "1e3",
    "65000",
    "65001",
    "99",
    "100",
    "\"\"",
    "\"0\"",
    "\"code\":0,",
    "\"error\":false,",
    "\"data\":",
    "\"status\":\"DELEGATE_FAIL\",",
    "QUANTITY_TOO_LOW",
    "TSAS:1 ",
    "MUST_BE_WAIT_PREVIOUS_ORDER_FILLED",
    "INVALID_PARAMS",
    "FST_ERR_VALIDATION",
    "RECLAIM_CONFIRMED",
    "../",
    "\"",
    "18446744073709551616",
    "\"pay_amount_sun\":0,",
    "\"delegates\":[],",
    "\"payoutAmount\":0,",
    "\"fulfilledPercent\":0,",
];

fn ask() -> Ask {
    Ask {
        order: EnergyOrderId::new(Ulid::new(Timestamp::from_micros(0), 1)),
        vendor: VendorId::parse("it").unwrap(),
        receiver: TronAddress([1; 20]),
        energy: 65_000,
        duration_s: 3_600,
        max_total_sun: Cost(3_000_000),
    }
}

/// The status that the first letter says, and the rest as a body.
fn reply(input: &[u8]) -> Option<Reply> {
    let (first, body) = input.split_first()?;
    let status = STATUSES[usize::from(*first) % STATUSES.len()];
    Some(Reply { status, body: body.to_vec() })
}

/// What plain JSON reads, below `data`.
fn plain(reply: &Reply) -> Value {
    let mut whole: Value = serde_json::from_slice(&reply.body).unwrap();
    whole["data"].take()
}

fn examples(all: [&str; 2], property: impl Fn(&[u8]) + std::panic::RefUnwindSafe) {
    let receiver = ask().receiver.to_string();
    // Each example under every status.
    let all: Vec<String> = (0..10u8)
        .flat_map(|first| {
            let receiver = receiver.clone();
            all.map(|text| format!("{}{}", char::from(b'0' + first), &text.replace("@@", &receiver)[1..]))
        })
        .collect();
    let seeds: Vec<&[u8]> = all.iter().map(String::as_bytes).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, property);
}

#[test]
fn what_catfee_says_is_what_is_concluded() {
    let named = ProviderId::parse("9f20fbad").unwrap();
    examples([CATFEE, CATFEE_NO], |input| {
        let Some(reply) = reply(input) else { return };
        match catfee::errors::data(&reply) {
            Err(Silence::Refused(why)) => {
                let told = String::from_utf8_lossy(&reply.body);
                let listed =
                    ["INSUFFICIENT_BALANCE", "QUANTITY_TOO", "ADDRESS"].iter().any(|it| told.contains(it));
                assert!(
                    matches!(reply.status, 400 | 401 | 429) || (reply.status == 200 && listed),
                    "{why:?}"
                );
            }
            Err(Silence::Unclear(why)) => assert!(why.len() < 100, "{why}"),
            Ok(order) => {
                assert_eq!((reply.status, &order), (200, &plain(&reply)));
                match catfee::errors::placed(&order, &ask()) {
                    Placed::Accepted { provider_id, .. } => {
                        assert_eq!(order["id"].as_str(), Some(provider_id.as_str()));
                        assert_eq!(order["receiver"].as_str(), Some(ask().receiver.to_string().as_str()));
                        assert_eq!(order["quantity"], 65_000);
                    }
                    Placed::Rejected(_) => {
                        assert!(order["pay_amount_sun"].as_u64().is_none_or(|sun| sun == 0))
                    }
                    Placed::Unknown(_) => {}
                }
                if let Found::Delivered(shown) = catfee::errors::found(&order, &ask(), &named) {
                    assert_eq!((order["id"].as_str(), shown.energy), (Some("9f20fbad"), 65_000));
                    assert_eq!(order["status"], "DELEGATE_SUCCESS");
                }
            }
        }
    });
}

#[test]
fn what_tronsave_says_is_what_is_concluded() {
    let named = ProviderId::parse("9f20fbad").unwrap();
    examples([TRONSAVE, TRONSAVE_NO], |input| {
        let Some(reply) = reply(input) else { return };
        match tronsave::errors::data(&reply) {
            Err(Silence::Refused(why)) => assert!(matches!(reply.status, 400 | 401 | 404 | 429), "{why:?}"),
            Err(Silence::Unclear(why)) => assert!(why.len() < 100, "{why}"),
            Ok(order) => {
                assert!(matches!(reply.status, 200 | 201));
                assert_eq!(order, plain(&reply));
                if let Placed::Accepted { provider_id, .. } = tronsave::errors::placed(&order) {
                    assert_eq!(order["orderId"].as_str(), Some(provider_id.as_str()));
                }
                match tronsave::errors::found(&order, &ask(), &named) {
                    Found::Delivered(_) => assert_eq!(order["fulfilledPercent"], 100),
                    Found::Refunded => assert_eq!(order["fulfilledPercent"], 0),
                    _ => return,
                }
                assert_eq!(order["receiver"].as_str(), Some(ask().receiver.to_string().as_str()));
                assert_eq!(
                    (order["id"].as_str(), &order["resourceAmount"]),
                    (Some("9f20fbad"), &Value::from(65_000))
                );
            }
        }
    });
}
