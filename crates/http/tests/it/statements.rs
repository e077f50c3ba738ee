//! A partner's statement is the partner's, of a day that is one, and never says more of the chain than was read.

use sluice_core::access::Scope;

use crate::support::{World, partner_scopes};

const DAY: &str = "/v1/statements?day=2026-11-21";

#[tokio::test]
async fn a_day_of_ones_own_is_told_in_ones_own_zone() {
    let world = World::new().await;
    let reply = world.get(&world.a.key, DAY).send(&world).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    let statement = reply.json();
    assert_eq!(statement["object"], "statement");
    assert_eq!((&statement["zone"], &statement["over"]), (&"Asia/Seoul".into(), &false.into()));
    assert_eq!(statement["from"], "2026-11-20T15:00:00.000000Z");
    let today = world.get(&world.a.key, "/v1/statements").send(&world).await.json();
    assert_eq!(today["day"], "2026-11-21");
    let utc = world.get(&world.a.key, &format!("{DAY}&zone=Etc/UTC")).send(&world).await.json();
    assert_eq!(utc["from"], "2026-11-21T00:00:00.000000Z");
    let before = world.get(&world.a.key, "/v1/statements?day=2026-11-20").send(&world).await.json();
    assert_eq!((&before["over"], &before["to"]), (&true.into(), &"2026-11-20T15:00:00.000000Z".into()));
    for line in statement["lines"].as_array().unwrap() {
        assert!(line["compared"].is_null() != line["not_compared"].is_null(), "{line}");
    }
}

#[tokio::test]
async fn another_partners_is_as_if_it_did_not_exist() {
    let world = World::new().await;
    let theirs = format!("{DAY}&partner={}", world.b.id);
    assert_eq!(world.get(&world.a.key, &theirs).send(&world).await.code(), "not_found");
    let none = format!("{DAY}&partner=pt_01ARZ3NDEKTSV4RRFFQ69G5FAV");
    assert_eq!(world.get(&world.a.key, &none).send(&world).await.code(), "not_found");
    assert_eq!(
        world.get(&world.a.key, &format!("{DAY}&partner=everybody")).send(&world).await.code(),
        "not_found"
    );
    let reply = world.get(&world.platform, &theirs).send(&world).await;
    assert_eq!(reply.status, 200, "{}", reply.text());
    assert_eq!(reply.json()["partner_id"], world.b.id.to_string());
    assert!(partner_scopes().contains(&Scope::WalletsRead));
}

#[tokio::test]
async fn what_is_no_day_is_named() {
    let world = World::new().await;
    for (query, code) in [
        ("?day=2026-02-30", "time_malformed"),
        ("?day=21.11.2026", "time_malformed"),
        ("?day=2026-11-21T00:00", "query_malformed"),
        ("?day=20261121", "time_malformed"),
        ("?day=2026-11-25", "time_out_of_range"),
        ("?day=2026-11-21&zone=Mars/Olympus", "timezone_unknown"),
        ("?day=2026-11-21&wallet=x", "query_unknown"),
    ] {
        let reply = world.get(&world.a.key, &format!("/v1/statements{query}")).send(&world).await;
        assert_eq!(reply.code(), code, "{query}: {}", reply.text());
    }
}
