//! Whoever is not the caller, or may not do this, gets nothing.

use sluice_api::sign::{HEADER_KEY, HEADER_NONCE, HEADER_SIGNATURE, HEADER_TIMESTAMP, SigningSecret};
use sluice_core::access::Scope;
use sluice_core::id::{KeyId, PartnerId};
use sluice_core::partner::{ApiKey, Credential, Partner};
use sluice_core::port::registry::Registry as _;
use sluice_http::{HttpConfig, SecretBox as _};

use crate::support::{Key, Request, Tin, World, body, cause, generous, partner_scopes};

async fn refused(world: &World, request: Request, status: u16, code: &str) {
    let reply = request.send(world).await;
    assert_eq!((reply.code().as_str(), reply.status), (code, status), "{}", reply.text());
}

async fn none_stored(world: &World) {
    let list = world.get(&world.a.key, "/v1/withdrawals").send(world).await;
    assert_eq!(list.json()["data"].as_array().unwrap().len(), 0);
}

/// A key as it would be stored, with one thing changed.
async fn changed(world: &World, change: impl FnOnce(&mut ApiKey)) -> Key {
    let id = KeyId::new(world.api.ports.entropy.ulid(world.clock.now_at()));
    let text = format!("sk_test_{id}");
    let mut key = ApiKey {
        id,
        partner: world.a.id,
        label: "changed".into(),
        credential: Credential::Hmac { sealed_secret: Tin.seal(id, text.as_bytes()) },
        scopes: partner_scopes(),
        networks: vec![],
        expires_at: None,
        revoked_at: None,
        created_at: world.clock.now_at(),
        created_by: None,
        last_used_at: None,
    };
    change(&mut key);
    world.put_key(key).await;
    Key { id: id.to_string(), secret: SigningSecret::hmac(&text), text }
}

#[tokio::test]
async fn a_request_that_was_changed_on_its_way_is_refused() {
    let world = World::new().await;
    let right = world.post(&world.a.key, "/v1/withdrawals?", &body("order-1"));
    let mut changes: Vec<Request> = vec![];
    let mut other = right.clone();
    other.body = body("order-2").to_string().into_bytes();
    changes.push(other);
    for target in ["/v1/withdrawals", "/v1/withdrawals?x=1", "/v1/withdrawals?&"] {
        let mut other = right.clone();
        other.target = target.into();
        changes.push(other);
    }
    let mut other = right.clone();
    other.method = "GET".into();
    changes.push(other);
    let now_ms = world.clock.now_at().millis() + 1;
    changes.push(right.clone().instead(HEADER_TIMESTAMP, &now_ms.to_string()));
    changes.push(right.clone().instead(HEADER_NONCE, "another-nonce-0000"));
    changes.push(right.clone().instead(HEADER_KEY, &world.b.key.id));
    changes.push(right.clone().instead(HEADER_SIGNATURE, &format!("v1={}", "0".repeat(64))));
    for change in changes {
        refused(&world, change, 401, "signature_invalid").await;
    }
    none_stored(&world).await;
    assert_eq!(right.send(&world).await.status, 201, "none of them spent the nonce or the external id");
}

#[tokio::test]
async fn a_request_is_good_for_a_moment_and_once() {
    let world = World::new().await;
    for (skew_ms, good) in [(-30_500i64, false), (-29_000, true), (29_000, true), (30_500, false)] {
        let at = u64::try_from(world.clock.now_at().millis() + skew_ms).unwrap();
        let nonce = format!("skewed-nonce-{at}");
        let request = Request::signed_at(&world.a.key, "GET", "/v1/assets", b"", at, &nonce);
        let reply = request.send(&world).await;
        if good {
            assert_eq!(reply.status, 200);
            refused(&world, request, 401, "nonce_replayed").await;
        } else {
            assert_eq!(reply.code(), "timestamp_out_of_window");
        }
    }
    let nonce = "the-same-nonce-00";
    let at = u64::try_from(world.clock.now_at().millis()).unwrap();
    let by = |key: &Key| Request::signed_at(key, "GET", "/v1/assets", b"", at, nonce);
    assert_eq!(by(&world.a.key).send(&world).await.status, 200);
    assert_eq!(by(&world.b.key).send(&world).await.status, 200, "a nonce belongs to its key");
}

#[tokio::test]
async fn credentials_without_their_form_are_refused_by_name() {
    let world = World::new().await;
    let right = world.get(&world.a.key, "/v1/assets");
    refused(&world, Request::plain("GET", "/v1/assets", b""), 401, "unauthenticated").await;
    let mut incomplete = right.clone();
    incomplete.headers.retain(|(name, _)| name != HEADER_NONCE);
    refused(&world, incomplete, 401, "unauthenticated").await;
    for request in [
        right.clone().header(HEADER_KEY, world.a.key.id.as_str()),
        right.clone().header("Authorization", "Bearer x.y"),
        right.clone().instead(HEADER_TIMESTAMP, "0x10"),
        right.clone().instead(HEADER_NONCE, "short"),
        right.clone().instead(HEADER_SIGNATURE, "v2=00"),
        Request::plain("GET", "/v1/assets", b"").header("Authorization", "Basic eDp5"),
        Request::plain("GET", "/v1/assets", b"").header("Authorization", vec![0xff, 0xfe]),
    ] {
        refused(&world, request, 401, "auth_malformed").await;
    }
    let nobody = Key {
        id: KeyId::new(world.api.ports.entropy.ulid(world.clock.now_at())).to_string(),
        ..world.a.key.clone()
    };
    refused(&world, world.get(&nobody, "/v1/assets"), 401, "key_unknown").await;
    let no_id = Key { id: "not-a-key".into(), ..world.a.key.clone() };
    refused(&world, world.get(&no_id, "/v1/assets"), 401, "key_unknown").await;
}

#[tokio::test]
async fn a_key_that_is_over_opens_nothing() {
    let world = World::new().await;
    let now = world.clock.now_at();
    let revoked = changed(&world, |key| key.revoked_at = Some(now)).await;
    refused(&world, world.get(&revoked, "/v1/assets"), 401, "key_revoked").await;
    let expired = changed(&world, |key| key.expires_at = Some(now.plus_ms(5_000))).await;
    assert_eq!(world.get(&expired, "/v1/assets").send(&world).await.status, 200);
    world.clock.forward_ms(5_000);
    refused(&world, world.get(&expired, "/v1/assets"), 401, "key_expired").await;
    let foreign = changed(&world, |key| {
        key.credential = Credential::Hmac { sealed_secret: b"of another row".to_vec() }
    });
    refused(&world, world.get(&foreign.await, "/v1/assets"), 401, "signature_invalid").await;
}

#[tokio::test]
async fn a_revoked_key_stops_within_a_second_in_other_processes_too() {
    let world = World::new().await;
    let key = world.key(world.a.id, &[Scope::WithdrawalsRead]).await;
    assert_eq!(world.get(&key, "/v1/assets").send(&world).await.status, 200);
    // As another process does it: this server's memory is not told.
    let id = KeyId::parse(&key.id).unwrap();
    assert!(world.db.revoke_key(world.a.id, id, cause(world.clock.now_at())).await.unwrap());
    world.clock.forward_ms(1_000);
    refused(&world, world.get(&key, "/v1/assets"), 401, "key_revoked").await;
}

#[tokio::test]
async fn a_key_comes_from_its_networks_only() {
    let config = HttpConfig {
        trusted_proxies: sluice_http::Networks::parse(&["198.51.100.0/24"]).unwrap(),
        ..generous()
    };
    let world = World::with(config, "sqlite::memory:").await;
    let key =
        changed(&world, |key| key.networks = vec!["203.0.113.0/24".into(), "2001:db8::/32".into()]).await;
    let ask = || world.get(&key, "/v1/assets");
    for (from, forwarded, status) in [
        ("203.0.113.77", None, 200),
        ("2001:db8::1", None, 200),
        ("8.8.8.8", None, 403),
        ("8.8.8.8", Some("203.0.113.77"), 403), // anybody can write a header
        ("198.51.100.1", Some("203.0.113.77"), 200),
        ("198.51.100.1", Some("203.0.113.77, 8.8.8.8"), 403), // the proxy saw 8.8.8.8
        ("198.51.100.1", Some("8.8.8.8, 203.0.113.77, 198.51.100.2"), 200),
        ("198.51.100.1", Some("nonsense"), 403),
    ] {
        let request =
            forwarded.into_iter().fold(ask().from(from), |it, value| it.header("X-Forwarded-For", value));
        let reply = request.send(&world).await;
        assert_eq!(reply.status, status, "{from} {forwarded:?}");
        if status == 403 {
            assert_eq!(reply.code(), "ip_not_allowed");
        }
    }
    let broken = changed(&world, |key| key.networks = vec!["nonsense".into()]).await;
    refused(&world, world.get(&broken, "/v1/assets"), 403, "ip_not_allowed").await;
}

#[tokio::test]
async fn a_plain_key_opens_play_money_only() {
    let world = World::new().await;
    assert_eq!(Request::bearer(&world.a.key, "GET", "/v1/assets").send(&world).await.status, 200);
    let wrong = Key { text: "sk_test_wrong_but_long_enough".into(), ..world.a.key.clone() };
    refused(&world, Request::bearer(&wrong, "GET", "/v1/assets"), 401, "signature_invalid").await;
    // A production installation, whatever the partner is.
    let live = world.reconfigured(generous());
    let reply = Request::bearer(&world.a.key, "GET", "/v1/assets").send_to(&live).await;
    assert_eq!(reply.code(), "bearer_only_in_test");
    // A partner with real money, whatever the installation is.
    let now = world.clock.now_at();
    let id = PartnerId::new(world.api.ports.entropy.ulid(now));
    let real = Partner { id, name: "real".into(), zone: "UTC".into(), test_mode: false, created_at: now };
    assert!(world.db.create_partner(real, vec![], cause(now)).await.unwrap());
    let key = world.key(id, &[Scope::WithdrawalsRead]).await;
    refused(&world, Request::bearer(&key, "GET", "/v1/assets"), 401, "bearer_only_in_test").await;
    assert_eq!(world.get(&key, "/v1/assets").send(&world).await.status, 200);
}

#[tokio::test]
async fn an_ed25519_key_signs_and_a_signature_of_the_other_kind_never_fits() {
    let world = World::new().await;
    let secret = SigningSecret::ed25519(&[9; 32]);
    let public = secret.public_key().unwrap();
    let stored = changed(&world, |key| key.credential = Credential::Ed25519 { public }).await;
    let key = Key { secret, ..stored.clone() };
    assert_eq!(world.get(&key, "/v1/assets").send(&world).await.status, 200);
    refused(&world, world.get(&stored, "/v1/assets"), 401, "signature_invalid").await;
    refused(&world, Request::bearer(&stored, "GET", "/v1/assets"), 401, "signature_invalid").await;
    let other = Key { secret: SigningSecret::ed25519(&[8; 32]), ..stored };
    refused(&world, world.get(&other, "/v1/assets"), 401, "signature_invalid").await;
}
