//! API keys and the nonces of their requests.

use std::sync::Arc;

use sluice_core::access::{Actor, Scope};
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, PartnerId};
use sluice_core::partner::{ApiKey, Credential};
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;

use crate::reader::{Tenant, seal};
use crate::world::World;

promises! {
    a_key_reads_back_as_it_was_made;
    a_key_is_revoked_by_its_own_partner_once;
    a_revoked_key_makes_none;
    of_concurrent_uses_of_a_nonce_one_is_the_first;
    a_nonce_is_good_again_when_it_has_ended;
    a_large_backlog_of_nonces_is_swept_whole;
}

fn key(world: &World, partner: PartnerId, credential: Credential) -> ApiKey {
    ApiKey {
        id: KeyId::new(world.ulid()),
        partner,
        label: "server \"one\"".into(),
        credential,
        scopes: vec![Scope::WithdrawalsCreate, Scope::WithdrawalsRead],
        networks: vec!["10.0.0.0/8".into(), "2001:db8::/32".into()],
        expires_at: None,
        revoked_at: None,
        created_at: world.now(),
        created_by: Some(world.cause().actor),
        last_used_at: None,
    }
}

fn hmac() -> Credential {
    Credential::Hmac { sealed_secret: vec![0, 255, 7] }
}

async fn made(world: &World, partner: PartnerId) -> ApiKey {
    let key = key(world, partner, hmac());
    world.db.create_key(key.clone(), world.cause()).await.unwrap();
    key
}

async fn a_key_reads_back_as_it_was_made(world: World) {
    let hmac = made(&world, world.partner.id).await;
    world.turn(1_000);
    let ends = Some(world.now().plus_ms(5_000));
    let ed25519 = ApiKey {
        expires_at: ends,
        networks: vec![],
        ..key(&world, world.partner.id, Credential::Ed25519 { public: [9; 32] })
    };
    world.db.create_key(ed25519.clone(), world.cause()).await.unwrap();
    assert_eq!(world.db.key(hmac.id).await.unwrap(), Some(hmac.clone()));
    assert_eq!(world.db.key(ed25519.id).await.unwrap(), Some(ed25519.clone()));
    assert_eq!(world.db.keys(world.partner.id).await.unwrap(), [hmac.clone(), ed25519]);
    assert_eq!(world.db.key(KeyId::new(world.ulid())).await.unwrap(), None);
    assert!(world.db.create_key(hmac, world.cause()).await.is_err(), "an id names one key");
    seal(&world).await;
    let events = world.db.events(world.partner.id, 0, 10).await.unwrap();
    let told: Vec<_> = events.iter().filter(|event| event.kind == "key.created").collect();
    assert_eq!(told.len(), 2);
    assert!(
        !told.iter().any(|event| event.data.contains("00ff07") || event.data.contains("0909")),
        "no secret in the feed"
    );
    assert!(told[0].data.contains("withdrawals:create"), "{}", told[0].data);
}

async fn a_key_is_revoked_by_its_own_partner_once(world: World) {
    let other = Tenant::new(&world, "other", "UTC").await.partner.id;
    let (ours, theirs) = (made(&world, world.partner.id).await, made(&world, other).await);
    assert!(!world.db.revoke_key(world.partner.id, theirs.id, world.cause()).await.unwrap());
    assert_eq!(world.db.key(theirs.id).await.unwrap().unwrap().revoked_at, None);
    assert_eq!(world.db.keys(world.partner.id).await.unwrap(), std::slice::from_ref(&ours));
    let first = world.now();
    assert!(world.db.revoke_key(world.partner.id, ours.id, world.cause()).await.unwrap());
    world.turn(1_000);
    assert!(world.db.revoke_key(world.partner.id, ours.id, world.cause()).await.unwrap(), "it is revoked");
    assert_eq!(world.db.key(ours.id).await.unwrap().unwrap().revoked_at, Some(first));
    assert_eq!(world.number("select count(*) from event where kind = 'key.revoked'").await, 1);
}

/// Also where the request was let in before: whoever revokes a key with all that came of it has found the last one.
async fn a_revoked_key_makes_none(world: World) {
    let maker = made(&world, world.partner.id).await;
    let by = Cause { actor: Actor::Key(maker.id), ..world.cause() };
    let (first, second) = (key(&world, maker.partner, hmac()), key(&world, maker.partner, hmac()));
    assert!(world.db.create_key(first.clone(), by.clone()).await.unwrap());
    assert!(world.db.revoke_key(maker.partner, maker.id, world.cause()).await.unwrap());
    assert!(!world.db.create_key(second.clone(), by).await.unwrap());
    assert_eq!(world.db.key(second.id).await.unwrap(), None);
    assert_eq!(world.db.key(first.id).await.unwrap().unwrap().revoked_at, None, "what it made before");
}

async fn of_concurrent_uses_of_a_nonce_one_is_the_first(world: World) {
    let (key, another) = (made(&world, world.partner.id).await.id, made(&world, world.partner.id).await.id);
    let (now, until) = (world.now(), world.now().plus_ms(600_000));
    for round in 0..4 {
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..32 {
            let db = Arc::clone(&world.db);
            tasks.spawn(
                async move { db.use_nonce(key, &format!("nonce-{round}"), until, now).await.unwrap() },
            );
        }
        let first = tasks.join_all().await.into_iter().filter(|first| *first).count();
        assert_eq!(first, 1, "a replay is refused, however fast it comes");
    }
    assert!(
        world.db.use_nonce(another, "nonce-0", until, now).await.unwrap(),
        "each key has nonces of its own"
    );
    assert!(
        world.db.use_nonce(KeyId::new(world.ulid()), "x", until, now).await.is_err(),
        "a key that does not exist"
    );
}

async fn a_nonce_is_good_again_when_it_has_ended(world: World) {
    let key = made(&world, world.partner.id).await.id;
    let (now, until) = (world.now(), world.now().plus_ms(1_000));
    assert!(world.db.use_nonce(key, "n", until, now).await.unwrap());
    assert!(!world.db.use_nonce(key, "n", until, until).await.unwrap(), "remembered until then");
    let later = until.plus_ms(1);
    assert!(world.db.use_nonce(key, "n", later.plus_ms(1_000), later).await.unwrap());
    assert!(!world.db.use_nonce(key, "n", later.plus_ms(1_000), later).await.unwrap());
    assert!(world.db.use_nonce(key, "m", until, now).await.unwrap());
    assert_eq!(world.db.sweep_nonces(until).await.unwrap(), 0);
    assert_eq!(world.db.sweep_nonces(later).await.unwrap(), 1, "the one that has ended");
    assert!(!world.db.use_nonce(key, "n", later, later).await.unwrap(), "the other is remembered");
}

async fn a_large_backlog_of_nonces_is_swept_whole(world: World) {
    let key = made(&world, world.partner.id).await.id;
    let lite = format!(
        "insert into api_nonce (key_id, nonce, until) with recursive n(i) as (select 1 union all select i + 1 from n where i < 12000)
         select '{key}', 'n' || i, i from n"
    );
    let pg = format!(
        "insert into api_nonce (key_id, nonce, until) select '{key}', 'n' || i, i from generate_series(1, 12000) i"
    );
    world.db.tamper(&lite, &pg).await.unwrap();
    let ended = sluice_core::time::Timestamp::from_micros(11_001);
    assert_eq!(world.db.sweep_nonces(ended).await.unwrap(), 11_000);
    assert_eq!(world.number("select count(*) from api_nonce").await, 1_000);
}
