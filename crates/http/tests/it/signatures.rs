//! Refills and what people are asked to sign: ordered once, told to those who may, and refused with a code of its own.

use serde_json::{Value, json};
use sluice_core::access::Scope;
use sluice_core::port::store::Change;
use sluice_core::time::Timestamp;
use sluice_core::wallet::Tier;

use crate::support::{Desk, Key, Reply, World, partner_scopes};

const REFILLS: &str = "/v1/treasury/refills";
const CHECK: &str = "/v1/treasury/refills/check";
const REQUESTS: &str = "/v1/signature-requests";

async fn post(world: &World, key: &Key, path: &str, body: &Value) -> Reply {
    world.post(key, path, body).send(world).await
}

fn refill(desk: &Desk, name: &str) -> Value {
    json!({
        "external_id": name, "from_wallet_id": desk.id.to_string(), "to_wallet_id": desk.filled.to_string(),
        "asset": desk.token.id.to_string(), "amount": "5", "reason": "hot wallet is low",
    })
}

fn with(mut body: Value, field: &str, value: Value) -> Value {
    body[field] = value;
    body
}

fn of(id: &str, what: &str) -> String {
    format!("{REQUESTS}/{id}/{what}")
}

fn because() -> Value {
    json!({"reason": "refill", "minutes": 10})
}

#[tokio::test]
async fn a_refill_is_ordered_once_and_waits_for_a_person() {
    let world = World::new().await;
    let desk = world.desk(world.a.id, 0x51).await;
    let key = &world.a.key;
    let check = post(&world, key, CHECK, &refill(&desk, "refill-1")).await;
    assert_eq!(check.status, 200, "{}", check.text());
    let check = check.json();
    assert_eq!(
        (&check["amount"], &check["covered"]),
        (&json!("5"), &json!(false)),
        "nothing is booked: {check}"
    );
    assert_eq!(check["balances"][0]["on_chain"], "9");
    let none = world.get(key, REQUESTS).send(&world).await.json();
    assert_eq!(none["data"], json!([]), "a look orders nothing");

    let ordered = post(&world, key, REFILLS, &refill(&desk, "refill-1")).await;
    assert_eq!(ordered.status, 201, "{}", ordered.text());
    let told = ordered.json();
    let id = told["id"].as_str().unwrap().to_owned();
    assert_eq!(ordered.header("location"), format!("{REQUESTS}/{id}"));
    assert_eq!(
        (&told["object"], &told["status"], &told["amount"], &told["hand_out"], &told["to_wallet_id"]),
        (
            &json!("signature_request"),
            &json!("waiting"),
            &json!("5"),
            &Value::Null,
            &json!(desk.filled.to_string())
        )
    );
    assert_eq!(told["balances"][0]["block"]["number"], crate::support::HEAD.number);
    let again = post(&world, key, REFILLS, &refill(&desk, "refill-1")).await;
    assert_eq!((again.status, again.json()), (200, told.clone()), "ordered twice it is one");
    assert_eq!(world.get(key, &format!("{REQUESTS}/{id}")).send(&world).await.json(), told);

    let errand = world.get(key, &format!("/v1/withdrawals/{id}")).send(&world).await.json();
    assert_eq!((&errand["errand"], &errand["waiting_for"]["for"]), (&json!("refill"), &json!("signature")));
    for (body, status, code) in [
        (refill(&desk, "refill-2"), 409, "refill_open"),
        (with(refill(&desk, "refill-1"), "amount", json!("6")), 409, "external_id_conflict"),
    ] {
        let refused = post(&world, key, REFILLS, &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (status, code), "{}", refused.text());
    }
    let wallet = world.get(key, &format!("/v1/wallets/{}", desk.id)).send(&world).await.json();
    assert_eq!((&wallet["desk"]["state"], &wallet["desk"]["quiet_until"]), (&json!("open"), &Value::Null));
}

#[tokio::test]
async fn a_refill_that_cannot_be_is_refused_by_its_rule() {
    let world = World::new().await;
    let desk = world.desk(world.a.id, 0x51).await;
    let others = world.desk(world.b.id, 0x61).await;
    let plain = world.registered(world.a.id, 0x71, Tier::Cold).await;
    let safe = world.registered(world.a.id, 0x72, Tier::Safe).await;
    let coin = format!("{}/slip44:195", sluice_core::chain::ChainId::tron(31_337));
    for (field, value, code) in [
        ("amount", json!("0"), "amount_not_positive"),
        ("amount", json!("1.0000001"), "amount_too_precise"),
        ("asset", json!("eip155:1/slip44:60"), "asset_unknown"),
        ("asset", json!(crate::support::token().id.to_string()), "asset_unknown"),
        ("asset", json!(coin), "asset_unknown"),
        ("from_wallet_id", json!("nonsense"), "body_invalid"),
        ("from_wallet_id", json!(others.id.to_string()), "body_invalid"),
        ("from_wallet_id", json!(plain.id.to_string()), "wallet_no_desk"),
        ("from_wallet_id", json!(world.a.wallet.to_string()), "wallet_no_desk"),
        ("to_wallet_id", json!(others.filled.to_string()), "body_invalid"),
        ("to_wallet_id", json!(safe.id.to_string()), "wallet_not_refillable"),
        ("to_wallet_id", json!(world.a.wallet.to_string()), "wallet_not_refillable"),
        ("to_wallet_id", json!(desk.id.to_string()), "wallet_not_refillable"),
        ("external_id", json!("with space"), "external_id_malformed"),
    ] {
        let body = with(refill(&desk, "refill-1"), field, value.clone());
        for path in [CHECK, REFILLS] {
            let refused = post(&world, &world.a.key, path, &body).await;
            assert_eq!(refused.code(), code, "{path} {field}: {value}: {}", refused.text());
        }
    }
    let platform = post(&world, &world.platform, REFILLS, &refill(&desk, "refill-1")).await;
    assert_eq!(platform.json()["partner_id"], world.a.id.to_string(), "it acts for every partner");
    let all = world.get(&world.b.key, REQUESTS).send(&world).await.json();
    assert_eq!(all["data"], json!([]), "and another partner sees nothing of it");
}

#[tokio::test]
async fn one_person_at_a_time_asks_for_the_bytes_and_nobody_is_told_any_before_they_are_made() {
    let world = World::new().await;
    let desk = world.desk(world.a.id, 0x51).await;
    let (first, second) = (&world.a.key, &world.a.second);
    let id = post(&world, first, REFILLS, &refill(&desk, "refill-1")).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    for minutes in [0, 9, 61, u64::MAX] {
        let refused =
            post(&world, first, &of(&id, "hand-out"), &json!({"reason": "r", "minutes": minutes})).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, "minutes_out_of_range"), "{minutes}");
    }
    let asked = post(&world, first, &of(&id, "hand-out"), &because()).await;
    assert_eq!(asked.status, 202, "{}", asked.text());
    let told = asked.json();
    assert_eq!(
        (
            &told["status"],
            &told["hand_out"]["state"],
            &told["hand_out"]["minutes"],
            &told["hand_out"]["transaction"]
        ),
        (&json!("making"), &json!("wished"), &json!(10), &Value::Null)
    );
    assert_eq!(told["hand_out"]["holder"], json!({"kind": "key", "id": first.id}));
    let again = post(&world, first, &of(&id, "hand-out"), &because()).await;
    assert_eq!((again.status, again.json()["hand_out"]["id"].clone()), (202, told["hand_out"]["id"].clone()));
    let held = post(&world, second, &of(&id, "hand-out"), &because()).await;
    assert_eq!((held.status, held.code().as_str()), (409, "signature_request_held"), "{}", held.text());
    assert!(held.json()["detail"].as_str().unwrap().contains(&first.id));
    let early = json!({"signature": "11".repeat(65), "reason": "r"});
    assert_eq!(post(&world, first, &of(&id, "submit"), &early).await.code(), "not_handed_out");
    for (field, value, code) in [
        ("signature", json!("zz"), "signature_malformed"),
        ("raw_data_hex", json!("zz"), "transaction_unreadable"),
        ("transaction", json!({}), "field_unknown"),
    ] {
        let refused = post(&world, first, &of(&id, "submit"), &with(early.clone(), field, value)).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, code), "{}", refused.text());
    }
    // Nobody carried it out: it comes to nothing, and the next one may ask.
    world.clock.forward_ms(3 * 60_000);
    let read = world.get(first, &format!("{REQUESTS}/{id}")).send(&world).await.json();
    assert_eq!(read["status"], "waiting");
    assert_eq!(post(&world, second, &of(&id, "hand-out"), &because()).await.status, 202);
}

#[tokio::test]
async fn a_desk_that_is_shut_quiet_or_stopped_hands_nothing_out() {
    let world = World::new().await;
    let desk = world.desk(world.a.id, 0x51).await;
    let key = &world.a.key;
    let id = post(&world, key, REFILLS, &refill(&desk, "refill-1")).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let order = |what: &str| format!("/v1/lanes/{}/{what}", desk.id);
    assert_eq!(
        post(&world, key, &order("pause"), &json!({"reason": "drill"})).await.status,
        200,
        "as a lane's"
    );
    let shut = post(&world, key, &of(&id, "hand-out"), &because()).await;
    assert_eq!((shut.status, shut.code().as_str()), (409, "desk_shut"), "{}", shut.text());
    let wallet = world.get(key, &format!("/v1/wallets/{}", desk.id)).send(&world).await.json();
    assert_eq!(wallet["desk"]["state"], "paused");
    assert_eq!(post(&world, key, &order("resume"), &json!({"reason": "drill"})).await.status, 200);

    let found = world.api.reader.wallet(None, desk.id).await.unwrap().unwrap().wallet;
    let until = world.clock.now_at().plus_ms(60_000);
    world.apply(Change { wallets: vec![found.keep_quiet(until).unwrap()], ..Change::default() }).await;
    assert_eq!(post(&world, key, &of(&id, "hand-out"), &because()).await.code(), "desk_shut");
    let read = world.get(key, &format!("{REQUESTS}/{id}")).send(&world).await.json();
    assert_eq!(Timestamp::parse(read["quiet_until"].as_str().unwrap()).unwrap(), until);
    world.clock.forward_ms(60_001);
    let stop = json!({"scope": "all", "reason": "drill"});
    assert_eq!(post(&world, key, "/v1/stops", &stop).await.status, 201);
    assert_eq!(post(&world, key, &of(&id, "hand-out"), &because()).await.code(), "stopped");
}

#[tokio::test]
async fn what_was_called_off_is_not_handed_out_and_lists_tell_open_from_ended() {
    let world = World::new().await;
    let desk = world.desk(world.a.id, 0x51).await;
    let key = &world.a.key;
    let id = post(&world, key, REFILLS, &refill(&desk, "refill-1")).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let list = async |query: &str| {
        let reply = world.get(key, &format!("{REQUESTS}?{query}")).send(&world).await;
        reply.json()["data"].as_array().map(Vec::len)
    };
    assert_eq!((list("open=true").await, list("open=false").await), (Some(1), Some(0)));
    let cancelled = post(&world, key, &format!("/v1/withdrawals/{id}/cancel"), &json!({})).await;
    assert_eq!(cancelled.status, 200, "{}", cancelled.text());
    let late = post(&world, key, &of(&id, "hand-out"), &because()).await;
    assert_eq!((late.status, late.code().as_str()), (409, "signature_request_not_due"), "{}", late.text());
    assert_eq!((list("open=true").await, list("open=false").await), (Some(0), Some(1)));
    let second = post(&world, key, REFILLS, &refill(&desk, "refill-2")).await;
    assert_eq!(second.status, 201, "it made room for another: {}", second.text());
    assert_eq!((list("").await, list(&format!("wallet={}", desk.filled)).await), (Some(2), Some(0)));
    let page = world.get(key, &format!("{REQUESTS}?limit=1")).send(&world).await.json();
    assert_eq!(page["data"][0]["id"], second.json()["id"], "newest first");
    let cursor = page["next_cursor"].as_str().unwrap();
    let rest = world.get(key, &format!("{REQUESTS}?limit=1&cursor={cursor}")).send(&world).await.json();
    assert_eq!((&rest["data"][0]["id"], &rest["data"][0]["status"]), (&json!(id), &json!("cancelled")));
}

#[tokio::test]
async fn each_of_it_has_a_scope_of_its_own() {
    let world = World::new().await;
    let desk = world.desk(world.a.id, 0x51).await;
    let id = post(&world, &world.a.key, REFILLS, &refill(&desk, "r")).await.json()["id"]
        .as_str()
        .unwrap()
        .to_owned();
    let signature = json!({"signature": "11".repeat(65), "reason": "r"});
    for (scope, path, body) in [
        (Scope::TreasuryOperate, REFILLS.to_owned(), refill(&desk, "r")),
        (Scope::SignaturesHandOut, of(&id, "hand-out"), because()),
        (Scope::SignaturesHandOut, of(&id, "submit"), signature),
        (Scope::WalletsManage, format!("/v1/wallets/{}/show-key", desk.id), json!({})),
    ] {
        let without: Vec<Scope> = partner_scopes().into_iter().filter(|own| *own != scope).collect();
        let refused = post(&world, &world.key(world.a.id, &without).await, &path, &body).await;
        assert_eq!(refused.code(), "scope_missing", "{path}");
        let alone = post(&world, &world.key(world.a.id, &[scope]).await, &path, &body).await;
        assert_ne!(alone.status, 403, "{path}: {}", alone.text());
    }
}

#[tokio::test]
async fn a_key_is_shown_by_a_fresh_statement_of_exactly_that_account() {
    let world = World::new().await;
    let vault = world.registered(world.a.id, 0x51, Tier::Cold).await;
    let path = |what: &str| format!("/v1/wallets/{}/{what}", vault.id);
    let told = world.get(&world.a.key, &path("key-statement")).send(&world).await.json();
    let text = told["text"].as_str().unwrap();
    assert!(text.starts_with("sluice/wallet-possession/v1\n"), "{text}");
    assert!(text.contains(&vault.id.to_string()) && text.contains("\"deployment\":\"test\""), "{text}");
    let at = told["at"].as_str().unwrap();
    for (signature, at, code) in [
        ("zz", at, "signature_malformed"),
        ("11", at, "key_not_shown"),
        (&*"11".repeat(65), at, "key_not_shown"),
        (&*"11".repeat(65), "2026-11-20T01:00:00Z", "key_not_shown"),
        (&*"11".repeat(65), "yesterday", "time_malformed"),
    ] {
        let body = json!({"at": at, "signature": signature, "reason": "r"});
        let refused = post(&world, &world.a.key, &path("show-key"), &body).await;
        assert_eq!((refused.status, refused.code().as_str()), (422, code), "{}", refused.text());
    }
    let wallet = world.get(&world.a.key, &path("")[..path("").len() - 1]).send(&world).await.json();
    assert_eq!(wallet["desk"], Value::Null, "it is a desk only once its key was shown");
}
