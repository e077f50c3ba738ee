//! Nobody sees or touches what belongs to another partner: every route of the document, with another partner's ids.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sluice_core::access::Scope;
use sluice_core::alert::Code;

use crate::support::{Request, World, body, partner_scopes};

/// The routes of the served document: path, method, scope.
pub fn routes() -> Vec<(String, String, Option<String>)> {
    let document: Value = serde_json::from_str(&sluice_http::openapi()).unwrap();
    let mut routes = vec![];
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let scope = operation["x-scope"].as_str().map(str::to_owned);
            routes.push((path.clone(), method.to_uppercase(), scope));
        }
    }
    assert!(routes.len() > 30);
    routes
}

/// A right body for a route.
fn body_for(path: &str) -> Value {
    match path {
        "/v1/withdrawals" => body("order-for-route"),
        "/v1/withdrawals/{id}/cancel" => json!({}),
        "/v1/lanes/{id}/cap" => {
            json!({"max_fee_wei": "1000000000", "until": "2026-11-21T02:00:00Z", "reason": "test"})
        }
        "/v1/lanes/{id}/adopt" => {
            json!({"txid": format!("0x{}", "ab".repeat(32)), "type": "theft", "reason": "test"})
        }
        "/v1/energy/accounts/{id}/book" => {
            json!({"amount": "5", "paid_at": "2026-11-21T02:00:00Z", "reference": "r", "reason": "test"})
        }
        "/v1/wallets/{id}/show-key" => {
            json!({"at": "2026-11-21T02:00:00Z", "signature": "11", "reason": "test"})
        }
        "/v1/signature-requests/{id}/submit" => json!({"signature": "11", "reason": "test"}),
        "/v1/energy/requests" => json!({"external_id": "r", "withdrawals": ["wd_none"]}),
        "/v1/energy/orders/{id}/resolve" => json!({"kept": "0", "reason": "test"}),
        "/v1/attention/{id}/resolve" => {
            json!({"paid_by": format!("0x{}", "ab".repeat(32)), "reason": "test"})
        }
        "/v1/stops" => json!({"scope": "all", "reason": "test"}),
        "/v1/partners" => json!({"name": "new", "mode": "test", "reason": "test"}),
        "/v1/keys" => json!({"name": "new", "scopes": ["withdrawals:read"], "reason": "test"}),
        _ => json!({"reason": "test"}),
    }
}

/// Ids of things that belong to partner B, by the resource in the path.
async fn things_of_b(world: &World) -> BTreeMap<&'static str, String> {
    let withdrawal = world.needs_attention(&world.b, "order-of-b").await.to_string();
    let desk = world.desk(world.b.id, 0x51).await;
    let refill = json!({
        "external_id": "refill-of-b", "from_wallet_id": desk.id.to_string(),
        "to_wallet_id": desk.filled.to_string(), "asset": desk.token.id.to_string(), "amount": "5",
        "reason": "test",
    });
    let refill = world.post(&world.b.key, "/v1/treasury/refills", &refill).send(world).await;
    assert_eq!(refill.status, 201, "{}", refill.text());
    let set = json!({"scope": "all", "reason": "test"});
    assert_eq!(world.post(&world.b.key, "/v1/stops", &set).send(world).await.status, 201);
    let stops = world.get(&world.b.key, "/v1/stops").send(world).await.json();
    let lift = format!("/v1/stops/{}/lift", stops["data"][0]["id"].as_str().unwrap());
    let command = world.post(&world.b.key, &lift, &json!({"reason": "test"})).send(world).await;
    assert_eq!(command.status, 202, "it takes two persons");
    BTreeMap::from([
        ("commands", command.id()),
        ("withdrawals", withdrawal.clone()),
        ("attention", withdrawal),
        ("signature-requests", refill.id()),
        ("wallets", world.b.wallet.to_string()),
        ("lanes", world.b.wallet.to_string()),
        ("alerts", world.raise(Code::LaneFrozen, Some(world.b.id), "of-b").await),
        ("stops", stops["data"][0]["id"].as_str().unwrap().to_owned()),
        ("partners", world.b.id.to_string()),
        ("keys", world.b.key.id.clone()),
        ("energy", "shop".to_owned()),
    ])
}

fn request(world: &World, key: &crate::support::Key, method: &str, path: &str, id: &str) -> Request {
    let target = path.replace("{id}", id);
    match method {
        "GET" => world.get(key, &target),
        _ => world.post(key, &target, &body_for(path)),
    }
}

#[tokio::test]
async fn every_route_answers_404_for_what_belongs_to_another_partner() {
    let world = World::new().await;
    let things = things_of_b(&world).await;
    let mut walked = 0;
    for (path, method, scope) in routes() {
        let Some(resource) = path.contains("{id}").then(|| path.split('/').nth(2).unwrap()) else { continue };
        let id = &things[resource];
        let reply = request(&world, &world.a.key, &method, &path, id).send(&world).await;
        let expected = match (scope.as_deref(), resource) {
            (Some("partners:manage"), _) => "scope_missing",
            // `energy::requests` asks these where there is a chain of TRON.
            (_, "energy") if path.starts_with(sluice_api::path::ENERGY_REQUESTS) => continue,
            // Accounts and orders at vendors are the platform's business.
            (_, "energy") => "platform_only",
            _ => "not_found",
        };
        assert_eq!(reply.code(), expected, "{method} {path}: {}", reply.text());
        if expected == "not_found" {
            assert_eq!(reply.status, 404);
            // The control: for its owner the same id is there.
            let own = request(&world, &world.b.key, &method, &path, id);
            if method == "GET" {
                assert_eq!(own.send(&world).await.status, 200, "{path}");
            }
        }
        walked += 1;
    }
    assert!(walked >= 20, "{walked}");
    let untouched =
        world.get(&world.b.key, &format!("/v1/attention/{}", things["attention"])).send(&world).await;
    assert_eq!(untouched.status, 200, "it still needs a person");
    let lane = world.get(&world.b.key, &format!("/v1/lanes/{}", things["lanes"])).send(&world).await.json();
    assert_eq!((&lane["state"], &lane["fee_cap"]), (&json!("stopped"), &Value::Null));
    let keys = world.get(&world.b.key, "/v1/keys").send(&world).await.json();
    assert!(keys["data"].as_array().unwrap().iter().all(|key| key["revoked_at"].is_null()));
}

#[tokio::test]
async fn no_list_shows_what_belongs_to_another_partner() {
    let world = World::new().await;
    let things = things_of_b(&world).await;
    world.seal().await;
    for (path, method, scope) in routes() {
        let platform = scope.as_deref() == Some("partners:manage");
        if method != "GET"
            || scope.is_none()
            || platform
            || path.contains("{id}")
            || path.ends_with("/stream")
        {
            continue;
        }
        let reply = world.get(&world.a.key, &path).send(&world).await;
        // These are about one chain of TRON, and this world has none: `energy` asks them where there is one.
        let of_tron = ["prices", "forecast", "plan", "credit", "credit/entries"]
            .iter()
            .any(|it| path == format!("/v1/energy/{it}"));
        let of_platform =
            [sluice_api::path::ENERGY_ACCOUNTS, sluice_api::path::ENERGY_TOPUPS].contains(&path.as_str());
        let status = if of_platform { 403 } else { 200 };
        assert_eq!(reply.status, if of_tron { 404 } else { status }, "{path}: {}", reply.text());
        for id in things.values().chain([&world.b.id.to_string()]) {
            assert!(!reply.text().contains(id.as_str()), "{path} shows {id}");
        }
    }
    for (name, value) in [("external_id", "order-of-b"), ("user_id", "user-1"), ("status", "needs_attention")]
    {
        let reply = world.get(&world.a.key, &format!("/v1/withdrawals?{name}={value}")).send(&world).await;
        assert_eq!(reply.json()["data"], json!([]), "{name}");
    }
    let all = world.get(&world.platform, "/v1/withdrawals").send(&world).await;
    assert_eq!(all.json()["data"].as_array().unwrap().len(), 1, "the platform sees all");
}

#[tokio::test]
async fn every_route_asks_for_its_scope_and_for_credentials() {
    let world = World::new().await;
    for (path, method, scope) in routes() {
        let target = path.replace("{id}", "wd_01JD2Q8XK5T7M3N9P4R6S8V0WA");
        let bare = Request::plain(&method, &target, b"").send(&world).await;
        let Some(scope) = scope else {
            if path == "/v1/me" {
                assert_eq!(bare.code(), "unauthenticated", "any key, and not nobody");
            } else {
                assert!(bare.status == 200, "{path}: {}", bare.text());
            }
            continue;
        };
        assert_eq!(bare.code(), "unauthenticated", "{method} {path}");
        let without: Vec<Scope> = partner_scopes().into_iter().filter(|own| own.as_str() != scope).collect();
        let key = world.key(world.a.id, &without).await;
        let reply = request(&world, &key, &method, &target, "").send(&world).await;
        assert_eq!((reply.code().as_str(), reply.status), ("scope_missing", 403), "{method} {path}");
        assert!(reply.json()["detail"].as_str().unwrap().contains(&scope));
    }
}

#[tokio::test]
async fn two_partners_may_use_the_same_names() {
    let world = World::new().await;
    let (a, b) = (world.withdraw(&world.a, "order-1").await, world.withdraw(&world.b, "order-1").await);
    assert_eq!((a.status, b.status), (201, 201));
    assert_ne!(a.id(), b.id());
    assert_eq!(
        (a.json()["partner_id"].clone(), b.json()["partner_id"].clone()),
        (json!(world.a.id.to_string()), json!(world.b.id.to_string()))
    );
    assert_eq!(partner_scopes().len() + 1, Scope::ALL.len());
}

#[tokio::test]
async fn nobody_names_the_partner_they_act_for() {
    let world = World::new().await;
    let mut asked = body("order-1");
    asked["partner_id"] = json!(world.b.id.to_string());
    let reply = world.post(&world.a.key, "/v1/withdrawals", &asked).send(&world).await;
    assert_eq!(reply.code(), "field_unknown");
    let reply =
        world.get(&world.a.key, &format!("/v1/withdrawals?partner_id={}", world.b.id)).send(&world).await;
    assert_eq!(reply.code(), "query_unknown");
    let other = json!({"name": "k", "partner_id": world.b.id.to_string(), "scopes": ["withdrawals:read"], "reason": "r"});
    assert_eq!(world.post(&world.a.key, "/v1/keys", &other).send(&world).await.code(), "not_found");
    assert_eq!(world.post(&world.platform, "/v1/keys", &other).send(&world).await.status, 201);
}
