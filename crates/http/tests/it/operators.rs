//! What operators do: lanes, attention, alerts, stops, cancellations.

use serde_json::{Value, json};
use sluice_core::address::EvmAddress;
use sluice_core::alert::Code;
use sluice_core::amount::{Cost, Units};
use sluice_core::asset::Asset;
use sluice_core::chain::ChainProfile;
use sluice_core::port::chain::{Foreign, TransferLog};
use sluice_core::port::reader::{Reader as _, STORE_WENT_BACK};
use sluice_core::port::store::{Change, Store as _};
use sluice_http::HttpConfig;

use crate::support::{HEAD, Reply, World, token};

async fn order(world: &World, path: &str, body: Value) -> Reply {
    world.post(&world.a.key, path, &body).send(world).await
}

/// The same order by one person, who is not enough, and by another.
async fn by_two(world: &World, path: &str, body: Value) -> Reply {
    let first = order(world, path, body.clone()).await;
    assert_eq!(
        (first.status, first.json()["state"].as_str()),
        (202, Some("awaiting_second_person")),
        "{}",
        first.text()
    );
    world.post(&world.a.second, path, &body).send(world).await
}

fn because() -> Value {
    json!({"reason": "drill"})
}

#[tokio::test]
async fn a_lane_is_paused_drained_and_opened_by_name_and_reason() {
    let world = World::new().await;
    let lane = format!("/v1/lanes/{}", world.a.wallet);
    let state = async |state: &str| {
        let json = world.get(&world.a.key, &lane).send(&world).await.json();
        assert_eq!(json["state"], state);
        json
    };
    let before = state("open").await;
    assert_eq!((&before["next_nonce"], &before["window"]), (&json!(3), &json!(16)));
    for (command, after) in
        [("pause", "paused"), ("drain", "draining"), ("resume", "open"), ("pause", "paused")]
    {
        let reply = order(&world, &format!("{lane}/{command}"), because()).await;
        assert_eq!((reply.status, reply.json()["state"].as_str()), (200, Some("done")), "{}", reply.text());
        assert_eq!(
            (&reply.json()["command"], &reply.json()["requested_by"]["id"]),
            (&json!(format!("lane.{command}")), &json!(world.a.key.id))
        );
        assert_eq!(state(after).await["note"], "drill");
    }
    let stale = order(&world, &format!("{lane}/resume"), json!({"reason": "r", "version": 1})).await;
    assert_eq!((stale.status, stale.code().as_str()), (409, "version_conflict"));
    assert_eq!(order(&world, &format!("{lane}/resume"), json!({})).await.code(), "field_required");
    assert_eq!(order(&world, &format!("{lane}/unfreeze"), because()).await.code(), "state_conflict");
    let hurry = order(&world, &format!("{lane}/speed-up"), because()).await;
    assert_eq!((hurry.status, hurry.code().as_str()), (409, "nothing_to_speed_up"));
    let wrong = json!({"max_fee_wei": "1e9", "reason": "r"});
    assert_eq!(order(&world, &format!("{lane}/speed-up"), wrong).await.code(), "amount_malformed");
    let cap = json!({"max_fee_wei": "500000000000", "until": "2026-11-21T02:00:00Z", "reason": "spike"});
    assert_eq!(order(&world, &format!("{lane}/cap"), cap).await.status, 200);
    assert_eq!(state("paused").await["fee_cap"]["max_fee_wei"], "500000000000");
    let retire = order(&world, &format!("/v1/wallets/{}/retire", world.a.wallet), because()).await;
    assert_eq!((retire.status, retire.code().as_str()), (409, "wallet_not_empty"), "it still holds value");
}

#[tokio::test]
async fn a_frozen_lane_says_so_and_is_opened_on_purpose() {
    let world = World::new().await;
    let wallet = world.db.wallet(None, world.a.wallet).await.unwrap().unwrap().wallet;
    let step = wallet.freeze("a transfer we did not make".into()).unwrap();
    world.apply(Change { wallets: vec![step], ..Change::default() }).await;
    let lane = format!("/v1/lanes/{}", world.a.wallet);
    let json = world.get(&world.a.key, &lane).send(&world).await.json();
    assert_eq!((&json["state"], &json["reason"]["code"]), (&json!("frozen"), &json!("unexplained_transfer")));
    assert_eq!(json["note"], "a transfer we did not make");
    let refused = order(&world, &format!("{lane}/resume"), because()).await;
    assert_eq!((refused.status, refused.code().as_str()), (409, "state_conflict"));
    assert_eq!(order(&world, &format!("{lane}/speed-up"), because()).await.code(), "state_conflict");
    let since = json["since"].as_str().unwrap().to_owned();
    assert_eq!(by_two(&world, &format!("{lane}/unfreeze"), because()).await.status, 200);
    let open = world.get(&world.a.key, &lane).send(&world).await.json();
    assert_eq!(open["state"], "open");
    assert!(open["since"].as_str().unwrap() > since.as_str(), "since it was opened, not since it came here");
}

#[tokio::test]
async fn a_lane_that_a_restored_store_shut_does_not_speak_of_theft() {
    let world = World::new().await;
    let wallet = world.db.wallet(None, world.a.wallet).await.unwrap().unwrap().wallet;
    let mut cause = crate::support::cause(world.clock.now_at());
    cause.reason = STORE_WENT_BACK.into();
    let step = wallet.freeze("the journal knows more than the store".into()).unwrap();
    let change = Change { wallets: vec![step], cause: Some(cause), ..Change::default() };
    world.db.apply(None, vec![change]).await.unwrap();
    for path in ["lanes", "wallets"] {
        let path = format!("/v1/{path}/{}", world.a.wallet);
        assert_eq!(
            world.get(&world.a.key, &path).send(&world).await.json()["reason"]["code"],
            "store_behind"
        );
    }
}

#[tokio::test]
async fn a_foreign_transaction_is_explained_once_as_what_it_was_and_the_books_say_so() {
    let world = World::new().await;
    let adopt = format!("/v1/lanes/{}/adopt", world.a.wallet);
    let txid = format!("0x{}", "cd".repeat(32));
    let as_a = |kind: &str| json!({"txid": txid, "type": kind, "reason": "by hand, by Kim"});
    let code = async |body: Value| order(&world, &adopt, body).await.code();
    assert_eq!(code(json!({"txid": "0x12", "type": "theft", "reason": "r"})).await, "txid_malformed");
    assert_eq!(code(as_a("gift")).await, "word_unknown");
    assert_eq!(code(as_a("theft")).await, "transaction_not_final");
    let found = |nonce, tokens_left| Foreign {
        block: HEAD,
        nonce,
        cost: Cost(21_000_000_000_000),
        coin_left: Units::ZERO,
        tokens_left,
        permits: false,
    };
    *world.chain.foreign.lock().unwrap() = Some(found(None, vec![]));
    assert_eq!(code(as_a("theft")).await, "transaction_of_other_wallet");
    *world.chain.foreign.lock().unwrap() = Some(found(Some(3), vec![]));
    assert_eq!(code(as_a("manual_payment")).await, "adoption_moved_nothing");
    let contract = token().contract().unwrap();
    *world.chain.foreign.lock().unwrap() = Some(found(Some(3), vec![(contract, Units::from(1_000_000u64))]));
    world.chain.final_nonce.store(4, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(code(as_a("network_cost")).await, "adoption_moved_value");
    let booked = async || world.db.booked(world.a.wallet, u64::MAX >> 1).await.unwrap().unwrap();
    let before = booked().await;
    let done = by_two(&world, &adopt, as_a("manual_payment")).await;
    assert_eq!((done.status, done.json()["command"].as_str()), (200, Some("lane.adopt")), "{}", done.text());
    assert_eq!(code(as_a("manual_payment")).await, "transaction_adopted");
    let after = booked().await;
    let change = |asset| {
        let of =
            |books: &[(_, i64)]| books.iter().find(|(id, _)| *id == asset).map_or(0, |(_, atoms)| *atoms);
        of(&after) - of(&before)
    };
    assert_eq!(change(token().id), -1_000_000, "what left is no longer in the wallet's books");
    let coin = Asset::native(&ChainProfile::devnet());
    assert_eq!(change(coin.id), -21_000, "its fee neither");
    let lane = world.get(&world.a.key, &format!("/v1/lanes/{}", world.a.wallet)).send(&world).await.json();
    assert_eq!(lane["next_nonce"], 4, "the stranger's nonce is used up");
    world.seal().await;
    let events = world.get(&world.a.key, "/v1/events?limit=100").send(&world).await.json();
    let told = events["data"].as_array().unwrap().iter().find(|it| it["type"] == "lane.transaction_adopted");
    let told = told.expect("it is on the record");
    assert_eq!(
        (&told["reason"], &told["data"]["type"]),
        (&json!("by hand, by Kim"), &json!("manual_payment"))
    );
    assert_eq!(told["data"]["txid"], txid);
}

#[tokio::test]
async fn a_wallet_is_not_adopted_without_its_signer() {
    let world = World::new().await;
    let wanted = json!({"chain": "eip155:31337", "address": format!("0x{}", "11".repeat(20)), "role": "hot", "reason": "r"});
    for path in ["/v1/wallets", "/v1/wallets/check"] {
        let reply = order(&world, path, wanted.clone()).await;
        assert_eq!((reply.status, reply.code().as_str()), (503, "signer_unavailable"), "{path}");
        assert_eq!(order(&world, path, because()).await.code(), "field_required", "{path}");
    }
}

#[tokio::test]
async fn what_needs_a_person_has_three_ways_out() {
    let world = World::new().await;
    let ids = [
        world.needs_attention(&world.a, "order-1").await,
        world.needs_attention(&world.a, "order-2").await,
        world.needs_attention(&world.a, "order-3").await,
    ];
    let list = world.get(&world.a.key, "/v1/attention").send(&world).await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 3);
    let first = &list["data"][0];
    assert_eq!(
        (&first["reason"]["code"], &first["ways_out"][2]["open"]),
        (&json!("retries_exhausted"), &json!(true))
    );
    let at = |id: usize, way: &str| format!("/v1/attention/{}/{way}", ids[id]);
    assert_eq!(order(&world, &at(0, "redrive"), because()).await.status, 200);
    assert_eq!(order(&world, &at(1, "give-up"), because()).await.status, 200);
    let paid_by = json!({"paid_by": format!("0x{}", "cd".repeat(32)), "reason": "by hand"});
    let unproven = order(&world, &at(2, "resolve"), paid_by.clone()).await;
    assert_eq!((unproven.status, unproven.code().as_str()), (422, "evidence_insufficient"));
    assert_eq!(order(&world, &at(2, "resolve"), because()).await.code(), "evidence_insufficient");
    let wrong = json!({"paid_by": "0x12", "reason": "r"});
    assert_eq!(order(&world, &at(2, "resolve"), wrong).await.code(), "txid_malformed");
    let to = EvmAddress::parse("0x52908400098527886E0F7030069857D2E4169EE7").unwrap();
    let (from, units) = (EvmAddress([9; 20]).into(), Units::from(1_000_000u64));
    let log = TransferLog { log_index: 1, from, to: to.into(), units };
    *world.chain.paid.lock().unwrap() = Some((HEAD, vec![log]));
    assert_eq!(by_two(&world, &at(2, "resolve"), paid_by).await.status, 200);
    let status = async |id: usize| {
        world.get(&world.a.key, &format!("/v1/withdrawals/{}", ids[id])).send(&world).await.json()
    };
    assert_eq!(status(0).await["status"], "queued");
    assert_eq!(
        (status(1).await["status"].clone(), status(1).await["reason"]["code"].clone()),
        (json!("failed"), json!("gave_up"))
    );
    let paid = status(2).await;
    assert_eq!((&paid["status"], &paid["transactions"][0]["status"]), (&json!("completed"), &json!("final")));
    assert!(paid["completed_at"].is_string() && paid["waiting_for"].is_null());
    let gone = world.get(&world.a.key, &at(1, "x").replace("/x", "")).send(&world).await;
    assert_eq!(gone.code(), "not_found");
    assert_eq!(order(&world, &at(1, "redrive"), because()).await.code(), "state_conflict");
}

#[tokio::test]
async fn a_cancellation_tells_the_truth_of_the_moment() {
    let world = World::new().await;
    let id = world.withdraw(&world.a, "order-1").await.id();
    let cancel = format!("/v1/withdrawals/{id}/cancel");
    let reply = order(&world, &cancel, json!({"reason": "typo"})).await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (200, Some("cancelled")));
    assert_eq!(reply.json()["reason"]["code"], "cancelled_by_partner");
    let again = order(&world, &cancel, json!({})).await;
    assert_eq!((again.status, again.code().as_str()), (409, "not_cancellable"));
    assert!(again.json()["detail"].as_str().unwrap().contains("cancelled"));
    world.seal().await;
    let events = world.get(&world.a.key, &format!("/v1/withdrawals/{id}/events")).send(&world).await.json();
    let kinds: Vec<_> =
        events["data"].as_array().unwrap().iter().map(|event| event["type"].as_str().unwrap()).collect();
    assert_eq!((kinds.first(), kinds.last()), (Some(&"withdrawal.created"), Some(&"withdrawal.cancelled")));
    assert_eq!(events["data"].as_array().unwrap().last().unwrap()["reason"], "typo");
}

#[tokio::test]
async fn an_alert_is_taken_by_name() {
    let world = World::new().await;
    let id = world.raise(Code::GasLow, Some(world.a.id), "wallet-1").await;
    let reply = order(&world, &format!("/v1/alerts/{id}/acknowledge"), because()).await;
    assert_eq!(
        (reply.status, &reply.json()["acknowledged_by"]["id"]),
        (200, &json!(world.a.key.id)),
        "{}",
        reply.text()
    );
    assert_eq!(
        (&reply.json()["severity"], &reply.json()["runbook"]),
        (&json!("P2"), &json!("docs/runbooks.md#gas_low"))
    );
}

#[tokio::test]
async fn what_engineering_answers_for_is_seen_by_the_partner_and_taken_by_the_platform() {
    let world = World::new().await;
    let id = world.raise(Code::LaneFrozen, Some(world.a.id), "wallet-1").await;
    let path = format!("/v1/alerts/{id}/acknowledge");
    let listed = world.get(&world.a.key, "/v1/alerts?severity=P1").send(&world).await.json();
    assert_eq!(listed["data"][0]["id"], json!(id));
    let reply = order(&world, &path, because()).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "platform_only"));
    let reply = world.post(&world.platform, &path, &because()).send(&world).await;
    assert_eq!((reply.status, &reply.json()["acknowledged_by"]["id"]), (200, &json!(world.platform.id)));
}

#[tokio::test]
async fn pages_of_alerts_join_to_the_whole_list_the_most_urgent_first() {
    let world = World::new().await;
    let raised = [Code::SingleSource, Code::GasLow, Code::LaneFrozen, Code::DeadlineMissed, Code::FundsShort];
    for (number, code) in raised.into_iter().enumerate() {
        for copy in 0..3 {
            world.raise(code, Some(world.a.id), &format!("subject-{number}-{copy}")).await;
        }
    }
    let (mut seen, mut cursor) = (vec![], String::new());
    loop {
        let page =
            world.get(&world.platform, &format!("/v1/alerts?limit=4{cursor}")).send(&world).await.json();
        let data = page["data"].as_array().unwrap();
        assert!(data.len() <= 4);
        seen.extend(data.iter().map(|it| (it["severity"].to_string(), it["subject"].to_string())));
        match page["next_cursor"].as_str() {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    let distinct: std::collections::BTreeSet<_> = seen.iter().collect();
    assert_eq!((seen.len(), distinct.len()), (15, 15));
    assert!(seen.is_sorted_by_key(|(severity, _)| severity.clone()));
    let only = world.get(&world.platform, "/v1/alerts?severity=P4&limit=2").send(&world).await.json();
    assert_eq!(only["data"].as_array().unwrap().len(), 2);
    let other = world.get(&world.platform, "/v1/alerts?limit=2&cursor=zz").send(&world).await;
    assert_eq!(other.code(), "cursor_invalid");
}

#[tokio::test]
async fn answers_lead_to_where_the_operator_published_what_to_do() {
    let config = HttpConfig {
        test_mode: true,
        problem_docs: Some("https://docs.test/problems/".into()),
        runbooks: "https://docs.test/runbooks".into(),
        ..HttpConfig::default()
    };
    let world = World::with(config, "sqlite::memory:").await;
    world.raise(Code::GasLow, Some(world.a.id), "wallet-1").await;
    let alerts = world.get(&world.a.key, "/v1/alerts").send(&world).await.json();
    assert_eq!(alerts["data"][0]["runbook"], "https://docs.test/runbooks#gas_low");
    let nothing = world.get(&world.a.key, "/v1/wallets/x").send(&world).await.json();
    assert_eq!(nothing["doc_url"], "https://docs.test/problems/not_found");
}

#[tokio::test]
async fn a_stop_names_the_processes_that_have_not_looked_at_it() {
    let world = World::new().await;
    let lane = format!("lane:{}", world.a.wallet);
    world.db.lease(&lane, "host-1").await.unwrap().unwrap();
    let stop = order(&world, "/v1/stops", json!({"scope": "all", "reason": "drill"})).await;
    let nobody_yet = json!(["host-1"]);
    assert_eq!((&stop.json()["stopped"], &stop.json()["unconfirmed"]), (&json!(false), &nobody_yet));
    let now = async || {
        let path = format!("/v1/stops/{}", stop.id());
        world.get(&world.a.key, &path).send(&world).await.json()
    };
    world.clock.forward_ms(1_000);
    assert_eq!(now().await["unconfirmed"], nobody_yet, "it may be paused, or busy");
    world.db.lease(&lane, "host-1").await.unwrap().unwrap();
    let confirmed = now().await;
    assert_eq!(
        (&confirmed["stopped"], &confirmed["unconfirmed"]),
        (&json!(true), &json!([])),
        "it took a turn"
    );
}

#[tokio::test]
async fn a_stop_stops_what_the_caller_may_stop_and_no_more() {
    let world = World::new().await;
    let stop = order(&world, "/v1/stops", json!({"scope": "all", "reason": "drill"})).await;
    assert_eq!(
        (stop.status, &stop.json()["scope"], &stop.json()["subject"]),
        (201, &json!("partner"), &json!(world.a.id.to_string()))
    );
    let id = world.withdraw(&world.a, "order-1").await.id();
    let held = world.get(&world.a.key, &format!("/v1/withdrawals/{id}")).send(&world).await.json();
    assert_eq!(held["waiting_for"]["for"], "stop");
    let other = world.withdraw(&world.b, "order-1").await.json();
    assert_ne!(other["waiting_for"]["for"], "stop");
    for (scope, subject, code) in [
        ("asset", json!("eip155:31337/slip44:966"), "platform_only"),
        ("chain", json!("eip155:31337"), "platform_only"),
        ("partner", json!(world.b.id.to_string()), "not_found"),
        ("wallet", json!(world.b.wallet.to_string()), "not_found"),
        ("wallet", json!("wa_1"), "body_invalid"),
        ("wallet", Value::Null, "field_required"),
        ("all", json!("x"), "body_invalid"),
    ] {
        let body = json!({"scope": scope, "subject": subject, "reason": "drill"});
        assert_eq!(order(&world, "/v1/stops", body).await.code(), code, "{scope} {subject}");
    }
    let again = order(&world, "/v1/stops", json!({"scope": "all", "reason": "another"})).await.json();
    assert_eq!(
        (&again["reason"], &again["since"]),
        (&json!("drill"), &stop.json()["since"]),
        "the first one stands"
    );
    let wide = json!({"scope": "chain", "subject": "eip155:31337", "reason": "drill"});
    let wide = world.post(&world.platform, "/v1/stops", &wide).send(&world).await;
    assert_eq!(wide.status, 201);
    let asset = async || world.get(&world.a.key, "/v1/assets").send(&world).await.json()["data"][0].clone();
    let partner = async |key| {
        let path = format!("/v1/partners/{}", world.a.id);
        world.get(key, &path).send(&world).await.json()["state"].clone()
    };
    let paused = asset().await;
    assert_eq!((&paused["state"], &paused["reason"]["code"]), (&json!("paused"), &json!("stopped")));
    assert_eq!(paused["amount_min"], "0.000001");
    assert_eq!(partner(&world.platform).await, "stopped");
    let lift = format!("/v1/stops/{}/lift", wide.id());
    assert_eq!(
        order(&world, &lift, because()).await.code(),
        "platform_only",
        "who may not set it may not lift it"
    );
    assert_eq!(world.post(&world.platform, &lift, &because()).send(&world).await.status, 202);
    assert_eq!(world.post(&world.second_platform, &lift, &because()).send(&world).await.status, 200);
    let own = format!("/v1/stops/{}", stop.id());
    assert_eq!(world.get(&world.a.key, &own).send(&world).await.status, 200);
    assert_eq!(asset().await["state"], "active");
    assert_eq!(by_two(&world, &format!("{own}/lift"), because()).await.status, 200);
    assert_eq!(partner(&world.platform).await, "active");
    assert_eq!(order(&world, &format!("{own}/lift"), because()).await.code(), "not_found");
    let free = world.get(&world.a.key, &format!("/v1/withdrawals/{id}")).send(&world).await.json();
    assert_ne!(free["waiting_for"]["for"], "stop");
}
