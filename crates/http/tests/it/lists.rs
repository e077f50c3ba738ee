//! Lists: pages, filters, cursors.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use sluice_core::alert::Code;

use crate::support::{World, token};

/// All pages of a list, with the ids in their order.
async fn walk(world: &World, path: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut cursor) = (vec![], None::<String>);
    loop {
        let join = if path.contains('?') { '&' } else { '?' };
        let more = cursor.as_ref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
        let reply = world.get(&world.a.key, &format!("{path}{join}limit={limit}{more}")).send(world).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let page = reply.json();
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= limit);
        assert_eq!(page["has_more"], json!(page["next_cursor"].is_string()));
        all.extend(data.iter().cloned());
        match page["next_cursor"].as_str() {
            Some(next) => cursor = Some(next.to_owned()),
            None => return all,
        }
    }
}

fn ids(items: &[Value]) -> Vec<String> {
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn pages_join_to_the_whole_list_newest_first_also_while_it_grows() {
    let world = World::new().await;
    let mut made = vec![];
    for number in 0..23 {
        made.push(world.withdraw(&world.a, &format!("order-{number}")).await.id());
        world.withdraw(&world.b, &format!("order-{number}")).await;
    }
    made.reverse();
    for limit in [1, 5, 23, 100] {
        assert_eq!(ids(&walk(&world, "/v1/withdrawals", limit).await), made, "{limit}");
    }
    let first = world.get(&world.a.key, "/v1/withdrawals?limit=10").send(&world).await.json();
    world.withdraw(&world.a, "order-late").await;
    let cursor = first["next_cursor"].as_str().unwrap();
    let second =
        world.get(&world.a.key, &format!("/v1/withdrawals?limit=10&cursor={cursor}")).send(&world).await;
    assert_eq!(
        ids(second.json()["data"].as_array().unwrap()),
        made[10..20],
        "nothing twice, nothing missing"
    );
}

#[tokio::test]
async fn filters_narrow_each_other() {
    let world = World::new().await;
    let one = world.withdraw(&world.a, "order-1").await.id();
    let cancelled = world.withdraw(&world.a, "order-2").await.id();
    world.post(&world.a.key, &format!("/v1/withdrawals/{cancelled}/cancel"), &json!({})).send(&world).await;
    let asset = sluice_api::path::encode(&token().id.to_string());
    let to = "0x52908400098527886e0f7030069857d2e4169ee7";
    for (query, found) in [
        ("status=cancelled".to_owned(), vec![&cancelled]),
        ("status=approved".to_owned(), vec![&one]),
        ("external_id=order-1".to_owned(), vec![&one]),
        ("user_id=user-1".to_owned(), vec![&cancelled, &one]),
        ("user_id=user-2".to_owned(), vec![]),
        ("type=regular&status=approved".to_owned(), vec![&one]),
        ("type=immediate".to_owned(), vec![]),
        (format!("asset={asset}"), vec![&cancelled, &one]),
        (format!("address={to}"), vec![&cancelled, &one]),
        ("from=2026-11-21T00:00:00Z&to=2026-11-22T00:00:00Z".to_owned(), vec![&cancelled, &one]),
        ("from=2026-11-22T00:00:00Z".to_owned(), vec![]),
        ("to=2026-11-21T00:00:00Z".to_owned(), vec![]),
        ("from=2026-11-21T09%3A00%3A00%2B09%3A00".to_owned(), vec![&cancelled, &one]),
        ("status=".to_owned(), vec![&cancelled, &one]),
    ] {
        let all = walk(&world, &format!("/v1/withdrawals?{query}"), 50).await;
        assert_eq!(ids(&all).iter().collect::<Vec<_>>(), found, "{query}");
    }
}

#[tokio::test]
async fn a_query_that_is_not_understood_is_refused() {
    let world = World::new().await;
    world.withdraw(&world.a, "order-1").await;
    world.withdraw(&world.a, "order-2").await;
    let page = world.get(&world.a.key, "/v1/withdrawals?limit=1").send(&world).await.json();
    let cursor = page["next_cursor"].as_str().unwrap();
    for (query, code) in [
        ("withdrawals?limit=0", "limit_out_of_range"),
        ("withdrawals?limit=101", "limit_out_of_range"),
        ("withdrawals?limit=ten", "limit_out_of_range"),
        ("withdrawals?limit=%2B1", "limit_out_of_range"),
        ("withdrawals?status=paid", "word_unknown"),
        ("withdrawals?Status=held", "query_unknown"),
        ("withdrawals?status=held&status=held", "query_malformed"),
        ("withdrawals?user_id=%zz", "query_malformed"),
        ("withdrawals?from=yesterday", "time_malformed"),
        ("withdrawals?from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z", "time_out_of_range"),
        ("withdrawals?asset=usdc", "asset_unknown"),
        ("withdrawals?address=somewhere", "address_malformed"),
        ("withdrawals?cursor=abc", "cursor_invalid"),
        ("events?after=-1", "query_malformed"),
        ("events?after=18446744073709551616", "query_malformed"),
        ("stats?from=2026-11-22T00:00:00Z&to=2026-11-21T00:00:00Z", "time_out_of_range"),
        ("stats?from=2020-01-01T00:00:00Z", "time_out_of_range"),
        ("alerts?severity=P9", "word_unknown"),
        ("assets?q=1", "query_unknown"),
    ] {
        let reply = world.get(&world.a.key, &format!("/v1/{query}")).send(&world).await;
        assert_eq!(reply.code(), code, "{query}: {}", reply.text());
    }
    // The rule is told with its bounds: a year, here.
    let long = world
        .get(&world.a.key, "/v1/stats?from=2020-01-01T00:00:00Z&to=2022-01-01T00:00:00Z")
        .send(&world)
        .await;
    let detail = long.json()["detail"].as_str().unwrap().to_owned();
    assert!(
        detail.contains("from 2020-12-31T00:00:00") && detail.contains("to 2022-01-01T00:00:00"),
        "{detail}"
    );
    for other in ["/v1/withdrawals?status=approved&cursor=", "/v1/keys?cursor="] {
        let reply = world.get(&world.a.key, &format!("{other}{cursor}")).send(&world).await;
        assert_eq!(reply.code(), "cursor_invalid", "{other}");
    }
}

#[tokio::test]
async fn every_other_list_has_pages_too() {
    let world = World::new().await;
    for number in 0..7 {
        world.key(world.a.id, &[]).await;
        world.needs_attention(&world.a, &format!("order-{number}")).await;
        let code = if number % 2 == 0 { Code::SingleSource } else { Code::LaneFrozen };
        world.raise(code, Some(world.a.id), &format!("subject-{number}")).await;
    }
    for (path, count) in
        [("/v1/keys", 9), ("/v1/attention", 7), ("/v1/alerts", 7), ("/v1/wallets", 1), ("/v1/lanes", 1)]
    {
        let (small, large) = (walk(&world, path, 3).await, walk(&world, path, 100).await);
        assert_eq!(ids(&small), ids(&large), "{path}");
        assert_eq!(ids(&small).into_iter().collect::<BTreeSet<_>>().len(), count, "{path}");
    }
    let alerts = walk(&world, "/v1/alerts", 2).await;
    let order: Vec<_> = alerts.iter().map(|alert| alert["severity"].as_str().unwrap()).collect();
    assert_eq!(order, ["P1", "P1", "P1", "P4", "P4", "P4", "P4"], "the most urgent first");
    assert_eq!(walk(&world, "/v1/alerts?severity=P1", 2).await.len(), 3);
    for path in ["/v1/assets", "/v1/chains", "/v1/limits", "/v1/stops"] {
        walk(&world, path, 1).await;
    }
}

#[tokio::test]
async fn the_feed_is_read_by_number_without_gaps() {
    let world = World::new().await;
    for number in 0..12 {
        world.withdraw(&world.a, &format!("order-{number}")).await;
    }
    let before = world.get(&world.a.key, "/v1/events").send(&world).await.json();
    assert_eq!(before["data"], json!([]), "nothing above the sealed horizon");
    world.seal().await;
    let (mut after, mut numbers) = (0, vec![]);
    loop {
        let page =
            world.get(&world.a.key, &format!("/v1/events?after={after}&limit=5")).send(&world).await.json();
        for event in page["data"].as_array().unwrap() {
            numbers.push(event["number"].as_u64().unwrap());
            assert_eq!(event["partner_id"], world.a.id.to_string());
            assert!(event["data"].is_object() && event["actor"]["kind"].is_string());
        }
        let Some(next) = page["next_cursor"].as_str() else { break };
        after = next.parse().unwrap();
    }
    let highest = *numbers.last().unwrap();
    assert_eq!(numbers, (1..=highest).collect::<Vec<_>>());
    assert!(highest >= 12);
}

#[tokio::test]
async fn numbers_are_told_for_a_range_and_limits_with_their_use() {
    let world = World::new().await;
    world.withdraw(&world.a, "order-1").await;
    world.withdraw(&world.a, "order-2").await;
    world.withdraw(&world.b, "order-1").await;
    let stats = world.get(&world.a.key, "/v1/stats").send(&world).await.json();
    assert_eq!(stats["total"]["count"], 2);
    assert_eq!(stats["total"]["amounts"][0]["amount"], "2");
    assert_eq!(stats["by_status"], json!([{"status": "approved", "tally": stats["total"]}]));
    assert_eq!(stats["by_type"][0]["type"], "regular");
    let limits = world.get(&world.a.key, "/v1/limits").send(&world).await.json();
    let day = limits["data"].as_array().unwrap().iter().find(|limit| limit["window"] == "day").unwrap();
    assert_eq!(
        (&day["limit"], &day["used"], &day["remaining"]),
        (&json!("1000000"), &json!("2"), &json!("999998"))
    );
    assert_eq!(day["resets_at"], "2026-11-21T15:00:00.000000Z", "midnight in Seoul");
    let chains = world.get(&world.a.key, "/v1/chains").send(&world).await.json();
    assert_eq!(
        (&chains["data"][0]["id"], &chains["data"][0]["market"]["base_fee"]),
        (&json!("eip155:31337"), &json!("30000000000"))
    );
    let wallets = world.get(&world.a.key, "/v1/wallets").send(&world).await.json();
    let balances = wallets["data"][0]["balances"].as_array().unwrap();
    let held = balances.iter().find(|balance| balance["asset"] == token().id.to_string()).unwrap();
    assert_eq!(
        (&held["on_chain"], &held["available"], &held["block"]["number"]),
        (&json!("2500"), &json!("2500"), &json!(100))
    );
    let coin = balances.iter().find(|balance| balance["asset"] != token().id.to_string()).unwrap();
    assert_eq!(coin["on_chain"], "4");
}

#[tokio::test]
async fn a_balance_is_told_as_stored_or_as_the_chain_says_now() {
    let world = World::new().await;
    let path = format!("/v1/wallets/{}", world.a.wallet);
    let stored = world.get(&world.a.key, &path).send(&world).await.json();
    world.clock.forward_ms(60_000);
    let again = world.get(&world.a.key, &format!("{path}?refresh=false")).send(&world).await.json();
    let now = world.get(&world.a.key, &format!("{path}?refresh=true")).send(&world).await.json();
    let at = |wallet: &Value| wallet["balances"][0]["at"].as_str().unwrap().to_owned();
    assert_eq!(at(&stored), at(&again));
    assert!(at(&now) > at(&stored));
    assert_eq!(now["balances"].as_array().unwrap().len(), 2);
    assert_eq!(
        world.get(&world.a.key, &format!("{path}?refresh=1")).send(&world).await.code(),
        "word_unknown"
    );
}
