//! A body that is not right is refused, with the field, the rule and a code.

use serde_json::{Value, json};

use crate::support::{Request, World, body, token};

async fn refused(world: &World, text: &str, code: &str, pointer: Option<&str>) {
    let reply =
        Request::signed(world, &world.a.key, "POST", "/v1/withdrawals", text.as_bytes()).send(world).await;
    assert_eq!(reply.code(), code, "{text}: {}", reply.text());
    assert!((400..500).contains(&reply.status));
    let errors = reply.json()["errors"].clone();
    match pointer {
        Some(pointer) => assert_eq!(errors[0]["pointer"], pointer, "{text}"),
        None => assert_eq!(errors, json!([]), "{text}"),
    }
    for error in errors.as_array().unwrap() {
        assert!(
            !error["detail"].as_str().unwrap().is_empty() && !error["remedy"].as_str().unwrap().is_empty()
        );
    }
}

#[tokio::test]
async fn each_wrong_field_is_named_with_its_rule() {
    let world = World::new().await;
    let checksum = "0x52908400098527886E0F7030069857D2E4169Ee7";
    let own = "0x0101010101010101010101010101010101010101";
    let table = [
        ("amount", json!(1), "amount_not_string"),
        ("amount", json!(1.5), "amount_not_string"),
        ("amount", json!("1e3"), "amount_malformed"),
        ("amount", json!("+1"), "amount_malformed"),
        ("amount", json!("-1"), "amount_malformed"),
        ("amount", json!(" 1"), "amount_malformed"),
        ("amount", json!("1 "), "amount_malformed"),
        ("amount", json!("1,000"), "amount_malformed"),
        ("amount", json!("0x10"), "amount_malformed"),
        ("amount", json!("01"), "amount_malformed"),
        ("amount", json!("1."), "amount_malformed"),
        ("amount", json!(".5"), "amount_malformed"),
        ("amount", json!("NaN"), "amount_malformed"),
        ("amount", json!("\u{0661}"), "amount_malformed"),
        ("amount", json!("1.0000001"), "amount_too_precise"),
        ("amount", json!("9223372036855"), "amount_out_of_range"),
        ("amount", json!("99999999999999999999999999"), "amount_out_of_range"),
        ("amount", json!("0"), "amount_not_positive"),
        ("amount", json!("0.000000"), "amount_not_positive"),
        ("amount", json!("1".repeat(41)), "field_too_long"),
        ("amount", json!(""), "field_required"),
        ("amount", Value::Null, "field_required"),
        ("amount", json!(["1"]), "field_wrong_type"),
        ("external_id", json!(""), "field_required"),
        ("external_id", json!("a b"), "external_id_malformed"),
        ("external_id", json!("x".repeat(129)), "external_id_malformed"),
        ("external_id", json!("caf\u{e9}"), "external_id_malformed"),
        ("external_id", json!(7), "field_wrong_type"),
        ("user_id", json!("x".repeat(129)), "name_malformed"),
        ("asset", json!("USDC"), "asset_unknown"),
        ("asset", json!("eip155:1/erc20:0x3c499c542cef5e3811e1192ce70d8cc03d5c3359"), "asset_unknown"),
        ("address", json!("0x12"), "address_malformed"),
        ("address", json!("TJRabPrwbZy45sbavfcjinPJC18kjpRTv8"), "address_malformed"),
        ("address", json!(checksum), "address_checksum"),
        ("address", json!(format!("0x{}", "0".repeat(40))), "address_zero"),
        ("address", json!(format!("0x{}", "cc".repeat(20))), "address_is_token"),
        ("address", json!(own), "address_is_own_wallet"),
        ("type", json!("now"), "type_unknown"),
        ("type", json!("scheduled"), "scheduled_for_required"),
        ("memo", json!("a\u{0}b"), "text_malformed"),
        ("memo", json!("x".repeat(256)), "field_too_long"),
        ("memo", json!("\u{ac00}".repeat(200)), "field_too_long"),
        ("scheduled_for", json!("tomorrow"), "time_malformed"),
        ("scheduled_for", json!("2026-12-01T00:00:00Z"), "scheduled_for_unexpected"),
        ("metadata", json!([]), "field_wrong_type"),
    ];
    for (field, value, code) in table {
        let mut asked = body("order-1");
        asked[field] = value;
        let at = if code == "scheduled_for_required" { "/scheduled_for".into() } else { format!("/{field}") };
        refused(&world, &asked.to_string(), code, Some(&at)).await;
    }
    for (at, code) in
        [("2026-11-20T00:00:00Z", "scheduled_for_past"), ("2027-11-20T00:00:00Z", "scheduled_for_too_far")]
    {
        let mut asked = body("order-1");
        asked["type"] = json!("scheduled");
        asked["scheduled_for"] = json!(at);
        refused(&world, &asked.to_string(), code, Some("/scheduled_for")).await;
    }
    let labels: serde_json::Map<_, _> = (0..21).map(|at| (format!("k{at}"), json!("v"))).collect();
    for (labels, code, pointer) in [
        (Value::Object(labels), "field_too_many", "/metadata"),
        (json!({"k": 1}), "field_wrong_type", "/metadata/k"),
        (json!({"k": "v".repeat(300)}), "field_too_long", "/metadata/k"),
        (json!({"": "v"}), "field_required", "/metadata/"),
    ] {
        let mut asked = body("order-1");
        asked["metadata"] = labels;
        refused(&world, &asked.to_string(), code, Some(pointer)).await;
    }
    let list = world.get(&world.a.key, "/v1/withdrawals").send(&world).await;
    assert_eq!(list.json()["data"], json!([]));
}

#[tokio::test]
async fn a_body_of_another_form_is_refused() {
    let world = World::new().await;
    let right = body("order-1").to_string();
    refused(&world, "{", "body_not_json", None).await;
    refused(&world, "[1]", "body_invalid", None).await;
    refused(&world, "\u{feff}{}", "body_not_json", None).await;
    refused(&world, &right.replacen("user_id", "user-id", 1), "field_required", Some("/user_id")).await;
    refused(&world, &right.replacen('{', "{\"extra\":1,", 1), "field_unknown", Some("/extra")).await;
    refused(&world, &right.replacen('{', "{\"amount\":\"2\",", 1), "field_repeated", Some("/amount")).await;
    let empty = Request::signed(&world, &world.a.key, "POST", "/v1/withdrawals", b"").send(&world).await;
    assert_eq!(
        empty.json()["errors"].as_array().unwrap().len(),
        5,
        "every required field at once: {}",
        empty.text()
    );
    let mut undeclared = Request::signed(&world, &world.a.key, "POST", "/v1/withdrawals", right.as_bytes());
    undeclared = undeclared.instead("Content-Type", "text/plain");
    assert_eq!(undeclared.send(&world).await.code(), "media_type_unsupported");
    let declared = undeclared.instead("Content-Type", "Application/JSON; charset=utf-8").send(&world).await;
    assert_eq!(declared.status, 401, "the nonce was spent by the proven request before it");
}

#[tokio::test]
async fn amounts_are_told_as_they_are_kept() {
    let world = World::new().await;
    let mut asked = body("order-1");
    asked["amount"] = json!("12.500000");
    asked["memo"] = json!("출금 1호");
    asked["metadata"] = json!({"ref": "A~/1"});
    let reply = world.post(&world.a.key, "/v1/withdrawals", &asked).send(&world).await.json();
    assert_eq!(
        (&reply["amount"], &reply["memo"], &reply["metadata"]),
        (&json!("12.5"), &json!("출금 1호"), &json!({"ref": "A~/1"}))
    );
    assert_eq!(
        (reply["asset"].clone(), reply["type"].clone()),
        (json!(token().id.to_string()), json!("regular"))
    );
}
