//! Wallets that are no lanes: registered by two persons, told with what they hold, and never worked.

use serde_json::{Value, json};
use sluice_core::amount::{Cost, Units};
use sluice_core::id::WalletId;
use sluice_core::partner::PLATFORM;
use sluice_core::port::chain::Foreign;
use sluice_core::port::store::Store as _;

use crate::support::{HEAD, Key, Reply, World, token};

async fn post(world: &World, key: &Key, path: &str, body: Value) -> Reply {
    world.post(key, path, &body).send(world).await
}

fn because() -> Value {
    json!({"reason": "drill"})
}

fn said(reply: &Reply) -> (u16, String) {
    let json = reply.json();
    (reply.status, json["state"].as_str().or(json["code"].as_str()).unwrap_or_default().to_owned())
}

fn waits() -> (u16, String) {
    (202, "awaiting_second_person".into())
}

fn done() -> (u16, String) {
    (200, "done".into())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}

/// An account that nobody manages yet.
const VAULT: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

fn registration(role: &str) -> Value {
    json!({"chain": "eip155:31337", "address": VAULT, "role": role, "label": "bank vault", "reason": "board, 3 March"})
}

#[tokio::test]
async fn a_wallet_of_somebody_elses_key_is_registered_by_two_and_is_no_lane() {
    let world = World::new().await;
    let path = "/v1/wallets/register";
    let first = post(&world, &world.a.key, path, registration("cold")).await;
    assert_eq!(said(&first), waits(), "{}", first.text());
    assert_eq!(first.json()["subject"], format!("eip155:31337:{VAULT}"));
    assert_eq!(first.json()["says"]["tier"], "cold");
    let list = async || world.get(&world.a.key, "/v1/wallets").send(&world).await.json()["data"].clone();
    assert_eq!(list().await.as_array().unwrap().len(), 1, "one person's word does nothing");
    // Another role is another order.
    assert_eq!(
        said(&post(&world, &world.a.second, path, registration("safe")).await),
        refused(409, "command_open")
    );
    let second = post(&world, &world.a.second, path, registration("cold")).await;
    assert_eq!(said(&second), done(), "{}", second.text());
    let wallets = list().await;
    let vault = wallets.as_array().unwrap().iter().find(|it| it["address"] == VAULT).unwrap().clone();
    assert_eq!(
        (&vault["role"], &vault["custody"], &vault["label"], &vault["state"]),
        (&json!("cold"), &json!("external"), &json!("bank vault"), &json!("active"))
    );
    assert_eq!(&vault["created_at"].as_str().unwrap()[..10], "2026-11-21");
    assert_eq!(
        &vault["trusted_from"].as_str().unwrap()[..10],
        "2026-11-22",
        "nothing is sent to it for a day"
    );
    assert!(
        !vault["balances"].as_array().unwrap().is_empty(),
        "what it holds is told, with its block: {vault}"
    );
    // It is looked at, and works nothing.
    let id = vault["id"].as_str().unwrap();
    let lanes = world.get(&world.a.key, "/v1/lanes").send(&world).await.json();
    assert!(lanes["data"].as_array().unwrap().iter().all(|lane| lane["id"] != id), "{lanes}");
    assert_eq!(world.get(&world.a.key, &format!("/v1/lanes/{id}")).send(&world).await.code(), "not_found");
    for order in ["pause", "resume", "drain"] {
        let reply = post(&world, &world.a.key, &format!("/v1/lanes/{id}/{order}"), because()).await;
        assert_eq!(said(&reply), refused(409, "state_conflict"), "{order}: {}", reply.text());
    }
    let again = post(&world, &world.a.key, path, registration("cold")).await;
    assert_eq!(said(&again), refused(409, "wallet_managed"));
    let stranger = world.get(&world.b.key, &format!("/v1/wallets/{id}")).send(&world).await;
    assert_eq!(stranger.code(), "not_found", "another partner's is as if it were not there");
}

#[tokio::test]
async fn a_registration_names_a_partner_an_account_and_a_role_that_there_are() {
    let world = World::new().await;
    let ask = async |key: &Key, field: &str, value: Value| {
        let mut body = registration("cold");
        body[field] = value;
        post(&world, key, "/v1/wallets/register", body).await.code()
    };
    let theirs = json!(world.b.id.to_string());
    for (key, field, value, code) in [
        (&world.a.key, "role", json!("gas"), "wallet_role_unsupported"),
        (&world.a.key, "role", json!("vault"), "word_unknown"),
        (&world.a.key, "chain", json!("eip155:1"), "chain_unknown"),
        (&world.a.key, "address", json!(VAULT.to_lowercase().replacen("52", "5", 1)), "address_malformed"),
        (&world.a.key, "label", json!(""), "field_required"),
        (&world.a.key, "partner_id", theirs.clone(), "body_invalid"),
        (&world.platform, "reason", json!("no partner"), "body_invalid"),
        (&world.platform, "partner_id", json!(PLATFORM.to_string()), "body_invalid"),
    ] {
        assert_eq!(ask(key, field, value.clone()).await, code, "{field}: {value}");
    }
    let mut body = registration("safe");
    body["partner_id"] = theirs;
    let first = post(&world, &world.platform, "/v1/wallets/register", body.clone()).await;
    assert_eq!(said(&first), waits(), "the platform acts for every partner: {}", first.text());
    assert_eq!(said(&post(&world, &world.b.key, "/v1/wallets/register", body).await), done());
}

#[tokio::test]
async fn what_left_a_registered_wallet_is_explained_by_two_persons_and_booked() {
    let world = World::new().await;
    for key in [&world.a.key, &world.a.second] {
        post(&world, key, "/v1/wallets/register", registration("cold")).await;
    }
    let wallets = world.get(&world.a.key, "/v1/wallets").send(&world).await.json();
    let vault = wallets["data"].as_array().unwrap().iter().find(|it| it["address"] == VAULT).unwrap().clone();
    let id = WalletId::parse(vault["id"].as_str().unwrap()).unwrap();
    let contract = token().contract().unwrap();
    *world.chain.foreign.lock().unwrap() = Some(Foreign {
        block: HEAD,
        nonce: Some(3),
        cost: Cost(21_000_000_000_000),
        coin_left: Units::ZERO,
        tokens_left: vec![(contract, Units::from(2_000_000u64))],
        permits: false,
    });
    let path = format!("/v1/lanes/{id}/adopt");
    let body = json!({"txid": format!("0x{}", "ab".repeat(32)), "type": "internal_move", "reason": "to the hot wallet"});
    assert_eq!(said(&post(&world, &world.a.key, &path, body.clone()).await), waits());
    let done_by = post(&world, &world.a.second, &path, body).await;
    assert_eq!(said(&done_by), done(), "{}", done_by.text());
    let booked = world.db.booked(id, u64::MAX >> 1).await.unwrap().unwrap();
    let of_token = booked.iter().find(|(asset, _)| *asset == token().id).unwrap();
    assert_eq!(of_token.1, 2_498_000_000, "what left is no longer in its books");
}
