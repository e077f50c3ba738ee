//! Commands that take two persons: who is another, what is answered to each, and what stays on the record.

use serde_json::{Value, json};
use sluice_core::access::Scope;
use sluice_core::id::KeyId;
use sluice_core::partner::PLATFORM;
use sluice_core::port::reader::Reader as _;
use sluice_core::port::registry::Registry as _;
use sluice_core::port::store::Change;

use crate::support::{Key, Reply, World, cause, partner_scopes};

async fn post(world: &World, key: &Key, path: &str, body: Value) -> Reply {
    world.post(key, path, &body).send(world).await
}

fn because() -> Value {
    json!({"reason": "drill"})
}

/// A frozen lane of partner A, and the path that opens it.
async fn frozen(world: &World, why: &str) -> String {
    let wallet = world.db.wallet(None, world.a.wallet).await.unwrap().unwrap().wallet;
    world.apply(Change { wallets: vec![wallet.freeze(why.into()).unwrap()], ..Change::default() }).await;
    format!("/v1/lanes/{}/unfreeze", world.a.wallet)
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

#[tokio::test]
async fn the_first_waits_the_second_acts_and_both_are_told_in_the_feed() {
    let world = World::new().await;
    let path = frozen(&world, "a transfer we did not make").await;
    let first = post(&world, &world.a.key, &path, json!({"reason": "I moved it"})).await;
    assert_eq!(said(&first), waits());
    let record = first.json();
    assert_eq!(
        (&record["command"], &record["subject"]),
        (&json!("lane.unfreeze"), &json!(world.a.wallet.to_string()))
    );
    assert_eq!(record["facts"], json!({"frozen": "a transfer we did not make"}));
    assert_eq!((&record["version"], &record["ended_by"]), (&Value::Null, &Value::Null));
    assert!(
        record["expires_at"].as_str().unwrap().starts_with("2026-11-22T01:00:00"),
        "a day later: {record}"
    );
    let again = post(&world, &world.a.key, &path, json!({"reason": "really"})).await;
    assert_eq!((said(&again), &again.json()["id"]), (waits(), &record["id"]));
    let second = post(&world, &world.a.second, &path, json!({"reason": "I saw it"})).await;
    assert_eq!(said(&second), done(), "{}", second.text());
    let ended = second.json();
    assert_eq!((&ended["id"], &ended["reason"]), (&record["id"], &json!("I moved it")));
    assert_eq!(
        (&ended["ended_by"]["id"], &ended["ended_reason"]),
        (&json!(world.a.second.id), &json!("I saw it"))
    );
    assert!(ended["version"].is_u64());
    let third = post(&world, &world.platform, &path, because()).await;
    assert_eq!(said(&third), refused(409, "state_conflict"), "it is open, and nothing is asked of anybody");
    let read = world.get(&world.a.key, &format!("/v1/commands/{}", ended["id"].as_str().unwrap()));
    assert_eq!(read.send(&world).await.json()["state"], "done");
    world.seal().await;
    let events = world.get(&world.a.key, "/v1/events?limit=100").send(&world).await.json();
    let told: Vec<_> =
        events["data"].as_array().unwrap().iter().map(|it| (&it["type"], &it["actor"]["id"])).collect();
    for (kind, by) in
        [("command.asked", &world.a.key), ("command.done", &world.a.second), ("lane.open", &world.a.second)]
    {
        assert!(told.contains(&(&json!(kind), &json!(by.id))), "{kind}: {told:?}");
    }
}

#[tokio::test]
async fn one_hand_is_one_person_however_many_keys_it_makes() {
    let world = World::new().await;
    let child = async |of: &Key, partner: Option<String>| {
        let mut asked = json!({"name": "k", "scopes": ["lanes:operate", "keys:manage"], "reason": "r"});
        if let Some(partner) = partner {
            asked["partner_id"] = json!(partner);
        }
        let made = world.post(of, "/v1/keys", &asked).send(&world).await.json();
        let (id, text) =
            (made["key"]["id"].as_str().unwrap().to_owned(), made["secret"].as_str().unwrap().to_owned());
        assert_eq!(made["key"]["created_by"]["id"], of.id);
        Key { id, secret: sluice_api::sign::SigningSecret::hmac(&text), text }
    };
    let (one, other) = (child(&world.a.key, None).await, child(&world.a.key, None).await);
    let below = child(&one, None).await;
    // The platform makes keys for the partner: each of its persons is one hand too.
    let given = child(&world.platform, Some(world.a.id.to_string())).await;
    let path = frozen(&world, "why").await;
    assert_eq!(said(&post(&world, &one, &path, because()).await), waits());
    for hand in [&world.a.key, &other, &below] {
        let reply = post(&world, hand, &path, because()).await;
        assert_eq!(said(&reply), refused(403, "second_person_required"), "{}", reply.text());
        assert!(reply.json()["remedy"].as_str().unwrap().contains("created_by"), "{}", reply.text());
    }
    world.clock.forward_ms(1_000);
    let late = child(&world.a.second, None).await;
    assert_eq!(said(&post(&world, &late, &path, because()).await), refused(403, "second_person_too_new"));
    let stranger = post(&world, &world.b.key, &path, because()).await;
    assert_eq!(said(&stranger), refused(404, "not_found"));
    assert_eq!(said(&post(&world, &given, &path, because()).await), done());
    let path = frozen(&world, "again").await;
    assert_eq!(said(&post(&world, &given, &path, because()).await), waits());
    let maker = post(&world, &world.platform, &path, because()).await;
    assert_eq!(said(&maker), refused(403, "second_person_required"), "it made the first person's key");
    assert_eq!(said(&post(&world, &world.second_platform, &path, because()).await), done());
}

#[tokio::test]
async fn another_order_on_the_same_thing_names_the_one_that_waits() {
    let world = World::new().await;
    let id = world.needs_attention(&world.a, "order-1").await;
    let path = format!("/v1/attention/{id}/resolve");
    let to = sluice_core::address::EvmAddress::parse("0x52908400098527886E0F7030069857D2E4169EE7").unwrap();
    let from = sluice_core::address::EvmAddress([9; 20]);
    let units = sluice_core::amount::Units::from(1_000_000u64);
    let log = sluice_core::port::chain::TransferLog { log_index: 1, from: from.into(), to: to.into(), units };
    *world.chain.paid.lock().unwrap() = Some((crate::support::HEAD, vec![log]));
    let by = |digits: &str| json!({"paid_by": format!("0x{}", digits.repeat(32)), "reason": "by hand"});
    let first = post(&world, &world.a.key, &path, by("ab")).await;
    assert_eq!((said(&first), &first.json()["says"]["paid_by"]), (waits(), &by("ab")["paid_by"]));
    for person in [&world.a.key, &world.a.second] {
        let other = post(&world, person, &path, by("cd")).await;
        assert_eq!(said(&other), refused(409, "command_open"));
        assert!(other.json()["detail"].as_str().unwrap().contains(&first.id()), "{}", other.text());
    }
    let view = world.get(&world.a.key, &format!("/v1/attention/{id}")).send(&world).await.json();
    let persons = |way: usize| view["ways_out"][way]["persons"].as_u64();
    assert_eq!((persons(0), persons(1), persons(2)), (Some(1), Some(2), Some(1)));
    // Taken back by the one who says no; then the right one goes its way.
    let back = format!("/v1/commands/{}/withdraw", first.id());
    let reader = world.key(world.a.id, &[Scope::CommandsRead]).await;
    assert_eq!(said(&post(&world, &reader, &back, because()).await), refused(403, "scope_missing"));
    assert_eq!(said(&post(&world, &world.b.key, &back, because()).await), refused(404, "not_found"));
    let stale = post(&world, &world.a.key, &back, json!({"reason": "r", "version": 9})).await;
    assert_eq!(said(&stale), refused(409, "version_conflict"));
    assert_eq!(said(&post(&world, &world.a.second, &back, because()).await), (200, "withdrawn".into()));
    assert_eq!(said(&post(&world, &world.a.key, &back, because()).await), refused(409, "state_conflict"));
    assert_eq!(said(&post(&world, &world.a.second, &path, by("cd")).await), waits());
    assert_eq!(said(&post(&world, &world.a.key, &path, by("cd")).await), done());
}

#[tokio::test]
async fn what_a_person_of_the_platform_ordered_the_platform_alone_takes_back() {
    let world = World::new().await;
    let path = frozen(&world, "why").await;
    let first = post(&world, &world.platform, &path, because()).await;
    assert_eq!(said(&first), waits());
    let back = format!("/v1/commands/{}/withdraw", first.id());
    assert_eq!(said(&post(&world, &world.a.key, &back, because()).await), refused(403, "platform_only"));
    let taken = post(&world, &world.second_platform, &back, because()).await;
    assert_eq!(said(&taken), (200, "withdrawn".into()));
    // The other way round the platform may.
    let first = post(&world, &world.a.key, &path, because()).await;
    let back = format!("/v1/commands/{}/withdraw", first.id());
    assert_eq!(said(&post(&world, &world.platform, &back, because()).await), (200, "withdrawn".into()));
}

#[tokio::test]
async fn what_is_refused_is_refused_to_the_first_person_already() {
    let world = World::new().await;
    let path = format!("/v1/lanes/{}/unfreeze", world.a.wallet);
    assert_eq!(said(&post(&world, &world.a.key, &path, because()).await), refused(409, "state_conflict"));
    let stale = json!({"reason": "r", "version": 99});
    let path = frozen(&world, "why").await;
    assert_eq!(
        said(&post(&world, &world.a.key, &path, stale.clone()).await),
        refused(409, "version_conflict")
    );
    assert_eq!(said(&post(&world, &world.a.key, &path, because()).await), waits());
    assert_eq!(said(&post(&world, &world.a.second, &path, stale).await), refused(409, "version_conflict"));
    let listed = world.get(&world.a.key, "/v1/commands").send(&world).await.json();
    assert_eq!(listed["data"].as_array().unwrap().len(), 1, "what was refused left nothing behind");
}

#[tokio::test]
async fn a_command_whose_facts_changed_or_whose_time_is_over_is_given_anew() {
    let world = World::new().await;
    let path = frozen(&world, "the first").await;
    let first = post(&world, &world.a.key, &path, because()).await;
    let path = frozen(&world, "another").await;
    let anew = post(&world, &world.a.second, &path, because()).await;
    assert_eq!(said(&anew), waits(), "they agree on nothing yet");
    let state = async |reply: &Reply| {
        world.get(&world.a.key, &format!("/v1/commands/{}", reply.id())).send(&world).await.json()["state"]
            .clone()
    };
    assert_eq!(
        (state(&first).await, state(&anew).await),
        (json!("expired"), json!("awaiting_second_person"))
    );
    world.clock.forward_ms(24 * 3_600_000);
    let late = post(&world, &world.a.key, &path, because()).await;
    assert_eq!((said(&late), state(&anew).await), (waits(), json!("expired")));
    // The word of a key that was revoked counts no more.
    let key = KeyId::parse(&world.a.key.id).unwrap();
    assert!(world.db.revoke_key(world.a.id, key, cause(world.clock.now_at())).await.unwrap());
    let next = post(&world, &world.a.second, &path, because()).await;
    assert_eq!(said(&next), waits(), "{}", next.text());
    assert_ne!(next.id(), late.id());
}

#[tokio::test]
async fn what_nobody_completes_is_ended_by_the_engine() {
    let world = World::new().await;
    let path = frozen(&world, "why").await;
    let asked = post(&world, &world.a.key, &path, because()).await;
    let turn = async || sluice_flow::decide::turn(&world.api.ports, "test").await.unwrap();
    turn().await;
    assert_eq!(world.db.commands(None, Some("expired"), None, 10).await.unwrap(), []);
    world.clock.forward_ms(24 * 3_600_000);
    turn().await;
    let expired = world.db.commands(None, Some("expired"), None, 10).await.unwrap();
    assert_eq!(expired.iter().map(|it| it.id.to_string()).collect::<Vec<_>>(), [asked.id()]);
    assert_eq!(expired[0].state.ended().map(|it| it.by.to_string()).as_deref(), Some("system:decide"));
}

#[tokio::test]
async fn of_many_persons_at_once_one_acts() {
    let world = World::new().await;
    let path = frozen(&world, "why").await;
    let mut keys = vec![];
    for _ in 0..12 {
        keys.push(world.key(world.a.id, &[Scope::LanesOperate]).await);
    }
    let (world_of, path) = (&world, &path);
    let requests = keys.iter().map(|key| async move { post(world_of, key, path, because()).await });
    let replies = futures_util::future::join_all(requests).await;
    let count = |wanted: &(u16, String)| replies.iter().filter(|reply| said(reply) == *wanted).count();
    assert_eq!(count(&done()), 1, "{:?}", replies.iter().map(said).collect::<Vec<_>>());
    assert_eq!(world.db.commands(None, Some("done"), None, 10).await.unwrap().len(), 1);
    assert_eq!(world.db.commands(None, Some("pending"), None, 10).await.unwrap().len(), 0);
}

#[tokio::test]
async fn commands_are_listed_by_state_in_pages() {
    let world = World::new().await;
    for _ in 0..5 {
        let id = world.needs_attention(&world.a, &format!("order-{}", crate::support::fresh_nonce())).await;
        let set = json!({"scope": "wallet", "subject": world.a.wallet.to_string(), "reason": "drill"});
        assert_eq!(post(&world, &world.a.key, "/v1/stops", set).await.status, 201);
        let stops = world.get(&world.a.key, "/v1/stops").send(&world).await.json();
        let lift = format!("/v1/stops/{}/lift", stops["data"][0]["id"].as_str().unwrap());
        assert_eq!(said(&post(&world, &world.a.key, &lift, because()).await), waits(), "{id}");
        assert_eq!(said(&post(&world, &world.a.second, &lift, because()).await), done());
        world.clock.forward_ms(1_000);
    }
    let page = |query: &str| world.get(&world.a.key, &format!("/v1/commands{query}"));
    let first = page("?state=done&limit=2").send(&world).await.json();
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    assert!(
        first["data"][0]["subject"].as_str().unwrap().starts_with("st_"),
        "a stop is named as elsewhere: {first}"
    );
    let cursor = first["next_cursor"].as_str().unwrap();
    let rest = page(&format!("?state=done&limit=100&cursor={cursor}")).send(&world).await.json();
    assert_eq!((rest["data"].as_array().unwrap().len(), &rest["next_cursor"]), (3, &Value::Null));
    assert_eq!(page(&format!("?limit=2&cursor={cursor}")).send(&world).await.code(), "cursor_invalid");
    assert_eq!(page("").send(&world).await.json()["data"], json!([]), "nothing waits");
    assert_eq!(page("?state=lost").send(&world).await.code(), "word_unknown");
}

#[tokio::test]
async fn a_partner_does_not_lift_what_the_platform_stopped() {
    let world = World::new().await;
    let set = json!({"scope": "partner", "subject": world.a.id.to_string(), "reason": "incident 7"});
    let stop = post(&world, &world.platform, "/v1/stops", set).await;
    let lift = format!("/v1/stops/{}/lift", stop.id());
    assert_eq!(
        world.get(&world.a.key, &lift.replace("/lift", "")).send(&world).await.status,
        200,
        "it sees it"
    );
    assert_eq!(said(&post(&world, &world.a.key, &lift, because()).await), refused(403, "platform_only"));
    assert_eq!(said(&post(&world, &world.platform, &lift, because()).await), waits());
    assert_eq!(said(&post(&world, &world.a.second, &lift, because()).await), refused(403, "platform_only"));
    assert_eq!(said(&post(&world, &world.second_platform, &lift, because()).await), done());
}

#[tokio::test]
async fn a_stop_of_the_platform_holds_when_the_partner_had_stopped_the_same_before() {
    let world = World::new().await;
    for (scope, subject) in [("partner", world.a.id.to_string()), ("wallet", world.a.wallet.to_string())] {
        let set = json!({"scope": scope, "subject": subject, "reason": "theft"});
        let theirs = post(&world, &world.a.key, "/v1/stops", set.clone()).await;
        let ours = post(&world, &world.platform, "/v1/stops", set).await;
        assert_ne!(theirs.id(), ours.id());
        assert_eq!(ours.json()["partner_id"], PLATFORM.to_string());
        assert_eq!(theirs.json()["partner_id"], world.a.id.to_string());
        let lift = |stop: &str| format!("/v1/stops/{stop}/lift");
        let (theirs, ours) = (lift(&theirs.id()), lift(&ours.id()));
        assert_eq!(said(&post(&world, &world.a.key, &ours, because()).await), refused(403, "platform_only"));
        assert_eq!(said(&post(&world, &world.a.key, &theirs, because()).await), waits());
        assert_eq!(said(&post(&world, &world.a.second, &theirs, because()).await), done());
        let left = world.get(&world.a.key, "/v1/stops").send(&world).await.json();
        assert_eq!(left["data"].as_array().unwrap().len(), 1, "the platform's stays");
        for person in [&world.platform, &world.second_platform] {
            post(&world, person, &ours, because()).await;
        }
        assert_eq!(world.get(&world.a.key, "/v1/stops").send(&world).await.json()["data"], json!([]));
    }
}

#[tokio::test]
async fn the_platform_is_its_partner_and_not_a_scope() {
    let world = World::new().await;
    let own = world.get(&world.platform, &format!("/v1/partners/{PLATFORM}")).send(&world).await;
    assert_eq!(own.json()["name"], "Platform");
    // A key of the platform does what its scopes say, for every tenant, and no more.
    let reader = world.key(PLATFORM, &[Scope::WithdrawalsRead]).await;
    world.withdraw(&world.a, "of-a").await;
    let all = world.get(&reader, "/v1/withdrawals").send(&world).await.json();
    assert_eq!(all["data"].as_array().unwrap().len(), 1);
    assert_eq!(world.get(&reader, "/v1/partners").send(&world).await.code(), "scope_missing");
    let asked = json!({"name": "k", "partner_id": world.a.id.to_string(), "scopes": ["keys:manage", "partners:manage"], "reason": "r"});
    let reply = world.post(&world.platform, "/v1/keys", &asked).send(&world).await;
    assert_eq!((reply.status, reply.code().as_str()), (403, "scope_platform_only"));
    assert_eq!(reply.json()["errors"][0]["pointer"], "/scopes/1");
    let partner = world.key(world.a.id, &partner_scopes()).await;
    for (scope, subject) in [("chain", "eip155:31337"), ("asset", "eip155:31337/slip44:966")] {
        let body = json!({"scope": scope, "subject": subject, "reason": "r"});
        assert_eq!(said(&post(&world, &partner, "/v1/stops", body).await), refused(403, "platform_only"));
    }
}
