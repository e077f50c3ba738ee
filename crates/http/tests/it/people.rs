//! Partners and keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};
use sluice_api::sign::SigningSecret;
use sluice_core::access::Scope;
use sluice_core::id::PartnerId;
use sluice_core::partner::PLATFORM;

use crate::support::{Key, Reply, World, body, partner_scopes, token};

#[tokio::test]
async fn a_new_partner_gets_a_key_and_works() {
    let world = World::new().await;
    let asked = json!({"name": "acme", "mode": "test", "timezone": "Asia/Tokyo", "reason": "contract 7"});
    let made = world.post(&world.platform, "/v1/partners", &asked).send(&world).await;
    assert_eq!(
        (made.status, &made.json()["timezone"], &made.json()["mode"]),
        (201, &json!("Asia/Tokyo"), &json!("test"))
    );
    assert_eq!(world.post(&world.platform, "/v1/partners", &asked).send(&world).await.code(), "name_taken");
    let nowhere = json!({"name": "other", "mode": "live", "timezone": "Asia/Atlantis", "reason": "r"});
    assert_eq!(
        world.post(&world.platform, "/v1/partners", &nowhere).send(&world).await.code(),
        "timezone_unknown"
    );
    let read = world.get(&world.platform, &format!("/v1/partners/{}", made.id())).send(&world).await;
    assert_eq!(read.json(), made.json());
    let asked = json!({"name": "first", "partner_id": made.id(), "scopes": ["withdrawals:read", "keys:manage"], "reason": "r"});
    let key = world.post(&world.platform, "/v1/keys", &asked).send(&world).await;
    assert_eq!(key.status, 201, "{}", key.text());
    let (id, text) = (
        key.json()["key"]["id"].as_str().unwrap().to_owned(),
        key.json()["secret"].as_str().unwrap().to_owned(),
    );
    let key = Key { id, secret: SigningSecret::hmac(&text), text: text.clone() };
    assert_eq!(world.get(&key, "/v1/withdrawals").send(&world).await.status, 200);
    let keys = world.get(&key, "/v1/keys").send(&world).await;
    assert_eq!(keys.json()["data"].as_array().unwrap().len(), 1);
    assert!(!keys.text().contains(&text), "the secret is shown once");
}

#[tokio::test]
async fn a_new_partner_pays_nothing_before_the_platform_gives_it_limits() {
    let world = World::new().await;
    let asked = json!({"name": "acme", "mode": "test", "reason": "contract 7"});
    let partner = world.post(&world.platform, "/v1/partners", &asked).send(&world).await.id();
    let key = world.key(PartnerId::parse(&partner).unwrap(), &partner_scopes()).await;
    let order = async |id: &str| world.post(&key, "/v1/withdrawals", &body(id)).send(&world).await.json();
    let refused = order("order-1").await;
    assert_eq!((&refused["status"], refused["reason"].is_object()), (&json!("rejected"), true), "{refused}");
    let asset = token().id.to_string();
    let set = json!({"partner_id": partner, "asset": asset, "per_transaction": "10", "daily": "25.5", "reason": "r"});
    let told = world.post(&world.platform, "/v1/limits", &set).send(&world).await;
    assert_eq!(told.status, 200, "{}", told.text());
    let told = told.json();
    assert_eq!((&told["data"][0]["limit"], &told["data"][1]["limit"]), (&json!("25.5"), &json!("10")));
    assert_eq!(world.get(&key, "/v1/limits").send(&world).await.json()["data"], told["data"]);
    assert_ne!(order("order-2").await["status"], "rejected");
    for (field, value, code, pointer) in [
        ("partner_id", json!(PLATFORM.to_string()), "body_invalid", "/partner_id"),
        ("partner_id", json!("pt_1"), "body_invalid", "/partner_id"),
        ("asset", json!("USDC"), "asset_unknown", "/asset"),
        ("daily", json!(25), "amount_not_string", "/daily"),
        ("daily", json!("1e3"), "amount_malformed", "/daily"),
        ("per_transaction", json!("0.0000001"), "amount_too_precise", "/per_transaction"),
    ] {
        let mut wrong = set.clone();
        wrong[field] = value;
        let reply = world.post(&world.platform, "/v1/limits", &wrong).send(&world).await;
        assert_eq!(
            (reply.code().as_str(), &reply.json()["errors"][0]["pointer"]),
            (code, &json!(pointer)),
            "{}",
            reply.text()
        );
    }
    assert_eq!(world.post(&world.a.key, "/v1/limits", &set).send(&world).await.code(), "scope_missing");
}

#[tokio::test]
async fn a_key_hands_out_no_scope_it_lacks_and_is_revoked_at_once() {
    let world = World::new().await;
    let manager = world.key(world.a.id, &[Scope::KeysManage, Scope::WithdrawalsRead]).await;
    for (scope, code) in
        [("withdrawals:create", "scope_exceeds_own"), ("partners:manage", "scope_platform_only")]
    {
        let asked = json!({"name": "n", "scopes": ["withdrawals:read", scope], "reason": "r"});
        let reply = world.post(&manager, "/v1/keys", &asked).send(&world).await;
        assert_eq!(
            (reply.code().as_str(), &reply.json()["errors"][0]["pointer"]),
            (code, &json!("/scopes/1"))
        );
    }
    let asked = json!({"name": "n", "scopes": ["withdrawals:read"], "allowed_ips": ["203.0.113.0/24"],
        "expires_at": "2026-12-01T00:00:00Z", "reason": "r"});
    let made = world.post(&manager, "/v1/keys", &asked).send(&world).await.json();
    assert_eq!(made["key"]["allowed_ips"], json!(["203.0.113.0/24"]));
    let text = made["secret"].as_str().unwrap().to_owned();
    let key =
        Key { id: made["key"]["id"].as_str().unwrap().into(), secret: SigningSecret::hmac(&text), text };
    assert_eq!(world.get(&key, "/v1/assets").send(&world).await.status, 200);
    assert_eq!(world.get(&key, "/v1/assets").from("8.8.8.8").send(&world).await.code(), "ip_not_allowed");
    let revoked = world
        .post(&manager, &format!("/v1/keys/{}/revoke", key.id), &json!({"reason": "leaked"}))
        .send(&world)
        .await;
    assert!(revoked.json()["revoked_at"].is_string());
    assert_eq!(world.get(&key, "/v1/assets").send(&world).await.code(), "key_revoked");
}

/// Makes a key with another one; its answer.
async fn key_by(world: &World, maker: &Key, more: Value) -> Reply {
    let mut asked = json!({"name": "n", "scopes": ["keys:manage"], "reason": "r"});
    asked.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    world.post(maker, "/v1/keys", &asked).send(world).await
}

fn key_of(made: &Value) -> Key {
    let text = made["secret"].as_str().unwrap().to_owned();
    Key { id: made["key"]["id"].as_str().unwrap().into(), secret: SigningSecret::hmac(&text), text }
}

#[tokio::test]
async fn a_key_bound_to_addresses_or_an_hour_makes_none_that_is_less_bound() {
    let world = World::new().await;
    let manager = world.key(world.a.id, &[Scope::KeysManage]).await;
    let end = "2026-12-01T00:00:00Z";
    let bound = json!({"allowed_ips": ["203.0.113.0/24"], "expires_at": end});
    let bound = key_of(&key_by(&world, &manager, bound).await.json());
    for (more, code, pointer) in [
        (json!({"allowed_ips": ["203.0.113.7", "203.0.112.0/23"]}), "ip_exceeds_own", "/allowed_ips/1"),
        (json!({"allowed_ips": ["8.8.8.8"]}), "ip_exceeds_own", "/allowed_ips/0"),
        (json!({"expires_at": "2026-12-01T00:00:01Z"}), "expiry_exceeds_own", "/expires_at"),
    ] {
        let reply = key_by(&world, &bound, more).await;
        assert_eq!(
            (reply.status, reply.code().as_str(), &reply.json()["errors"][0]["pointer"]),
            (403, code, &json!(pointer)),
            "{}",
            reply.text()
        );
    }
    let inherits = key_by(&world, &bound, json!({"allowed_ips": []})).await.json();
    assert_eq!(inherits["key"]["allowed_ips"], json!(["203.0.113.0/24"]));
    assert!(inherits["key"]["expires_at"].as_str().unwrap().starts_with("2026-12-01T00:00:00"));
    let narrower = json!({"allowed_ips": ["203.0.113.7"], "expires_at": "2026-11-30T00:00:00Z"});
    let narrower = key_by(&world, &bound, narrower).await.json();
    assert_eq!(narrower["key"]["allowed_ips"], json!(["203.0.113.7"]));
}

#[tokio::test]
async fn revoking_a_key_that_made_others_asks_what_becomes_of_them() {
    let world = World::new().await;
    let manager = world.key(world.a.id, &[Scope::KeysManage]).await;
    let made = async |maker: &Key| key_of(&key_by(&world, maker, json!({})).await.json());
    let revoke = async |key: &Key, how: Value, lang: &str| {
        let path = format!("/v1/keys/{}/revoke", key.id);
        world.post(&manager, &path, &how).header("Accept-Language", lang).send(&world).await
    };
    let works = async |key: &Key| world.get(key, "/v1/keys").send(&world).await.status == 200;
    let (mother, other) = (made(&manager).await, made(&manager).await);
    let child = made(&mother).await;
    let grandchild = made(&child).await;
    for (lang, word) in [("en", "still work"), ("ko", "사용 중")] {
        let asked = revoke(&mother, json!({"reason": "leaked"}), lang).await;
        assert_eq!((asked.status, asked.code().as_str()), (409, "key_has_children"));
        let detail = asked.json()["detail"].as_str().unwrap().to_owned();
        assert!(
            detail.contains(word) && detail.contains(&child.id) && detail.contains(&grandchild.id),
            "{detail}"
        );
    }
    assert!(works(&mother).await, "nothing was done");
    assert_eq!(revoke(&grandchild, json!({"reason": "unused"}), "en").await.status, 200, "it made none");
    assert_eq!(revoke(&child, json!({"reason": "left", "children": "keep"}), "en").await.status, 200);
    let another = made(&mother).await;
    let wrong = revoke(&mother, json!({"reason": "leaked", "children": "sell"}), "en").await;
    assert_eq!(wrong.code(), "word_unknown");
    assert_eq!(revoke(&mother, json!({"reason": "leaked", "children": "revoke"}), "en").await.status, 200);
    for (key, stays) in
        [(&mother, false), (&child, false), (&grandchild, false), (&another, false), (&other, true)]
    {
        assert_eq!(works(key).await, stays, "{}", key.id);
    }
    let mine = revoke(&other, json!({"reason": "unused"}), "en").await;
    assert_eq!(mine.status, 200);
}

#[tokio::test]
async fn a_key_with_wrong_parts_is_refused_by_name() {
    let world = World::new().await;
    let weak = STANDARD.encode([0u8; 32]);
    for (part, value, code, pointer) in [
        ("allowed_ips", json!(["10.0.0.1/8"]), "ip_malformed", "/allowed_ips/0"),
        ("expires_at", json!("2020-01-01T00:00:00Z"), "time_out_of_range", "/expires_at"),
        ("expires_at", json!("soon"), "time_malformed", "/expires_at"),
        ("algorithm", json!("rsa"), "word_unknown", "/algorithm"),
        ("algorithm", json!("ed25519"), "field_required", "/public_key"),
        ("public_key", json!("AAAA"), "body_invalid", "/public_key"),
        ("scopes", json!(["money:print"]), "word_unknown", "/scopes/0"),
    ] {
        let mut asked = json!({"name": "n", "scopes": [], "reason": "r"});
        asked[part] = value;
        let reply = world.post(&world.a.key, "/v1/keys", &asked).send(&world).await;
        assert_eq!(
            (reply.code().as_str(), reply.json()["errors"][0]["pointer"].as_str()),
            (code, Some(pointer)),
            "{part}"
        );
    }
    let asked = json!({"name": "n", "scopes": [], "algorithm": "ed25519", "public_key": weak, "reason": "r"});
    assert_eq!(
        world.post(&world.a.key, "/v1/keys", &asked).send(&world).await.code(),
        "public_key_malformed"
    );
    let secret = SigningSecret::ed25519(&[3; 32]);
    let public = STANDARD.encode(secret.public_key().unwrap());
    let asked = json!({"name": "n", "scopes": ["wallets:read"], "algorithm": "ed25519", "public_key": public, "reason": "r"});
    let made = world.post(&world.a.key, "/v1/keys", &asked).send(&world).await.json();
    assert_eq!((&made["secret"], &made["key"]["public_key"]), (&json!(null), &json!(public)));
    let key = Key { id: made["key"]["id"].as_str().unwrap().into(), secret, text: String::new() };
    assert_eq!(world.get(&key, "/v1/wallets").send(&world).await.status, 200);
}

#[tokio::test]
async fn any_key_may_ask_who_it_is_and_is_seen_to_be_used() {
    let world = World::new().await;
    let key = world.key(world.a.id, &[Scope::AlertsOperate]).await;
    let me = world.get(&key, "/v1/me").send(&world).await;
    assert_eq!(me.status, 200, "{}", me.text());
    let json = me.json();
    assert_eq!(json["key_id"], key.id.as_str());
    assert_eq!(json["partner_id"], world.a.id.to_string());
    assert_eq!(json["scopes"], json!(["alerts:operate"]));
    assert_eq!((&json["platform"], &json["mode"]), (&json!(false), &json!("test")));
    assert!(json["now"].as_str().unwrap().starts_with(&world.clock.now_at().to_string()[..19]), "{json}");
    assert_eq!(world.get(&world.platform, "/v1/me").send(&world).await.json()["platform"], true);

    let own = world.get(&world.a.key, "/v1/keys").send(&world).await.json();
    let used = |id: &str| {
        let all = own["data"].as_array().unwrap();
        all.iter().find(|it| it["id"] == id).map(|it| it["last_used_at"].clone())
    };
    let at = used(&key.id).and_then(|at| at.as_str().map(str::to_owned)).unwrap_or_default();
    assert!(at.starts_with(&world.clock.now_at().to_string()[..19]), "{at}");
}
