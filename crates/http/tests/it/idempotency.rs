//! One request, one withdrawal, however often and by whichever way it is sent (M1).

use serde_json::json;
use tokio::task::JoinSet;

use crate::support::{Reply, Request, World, body, generous};

fn keyed(request: Request, key: &str) -> Request {
    request.header("Idempotency-Key", key)
}

async fn create(world: &World, key: Option<&str>, body: &serde_json::Value) -> Reply {
    let request = world.post(&world.a.key, "/v1/withdrawals", body);
    key.map_or(request.clone(), |key| keyed(request, key)).send(world).await
}

async fn many(same_key: bool) {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}", folder.path().join("db").display());
    let world = World::with(generous(), &url).await;
    let mut clients = JoinSet::new();
    for client in 0..64 {
        let key = if same_key { "one-key".to_owned() } else { format!("key-{client}") };
        let request = keyed(world.post(&world.a.key, "/v1/withdrawals", &body("order-1")), &key);
        let router = world.router.clone();
        clients.spawn(async move { request.send_to(&router).await });
    }
    let replies = clients.join_all().await;
    let created = replies.iter().filter(|reply| reply.status == 201).count();
    assert_eq!(created, 1);
    let id = replies[0].id();
    for reply in &replies {
        assert_eq!(reply.id(), id);
        let replayed = reply.header("idempotent-replayed") == "true";
        assert_eq!((reply.status == 200, reply.status == 201), (replayed, !replayed));
    }
    let list = world.get(&world.a.key, "/v1/withdrawals").send(&world).await;
    assert_eq!(list.json()["data"].as_array().unwrap().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_key_from_64_clients_makes_one_withdrawal() {
    Box::pin(many(true)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn the_same_external_id_with_64_keys_makes_one_withdrawal() {
    Box::pin(many(false)).await;
}

#[tokio::test]
async fn a_new_withdrawal_is_where_its_location_says() {
    let world = World::new().await;
    let reply = create(&world, None, &body("order-1")).await;
    assert_eq!(
        (reply.status, reply.header("location")),
        (201, format!("/v1/withdrawals/{}", reply.id()).as_str())
    );
    assert_eq!(reply.header("idempotent-replayed"), "");
    let there = world.get(&world.a.key, reply.header("location")).send(&world).await.json();
    assert_eq!(
        (&there["external_id"], &there["amount"], &there["fee"], &there["total_debit"]),
        (&json!("order-1"), &json!("1"), &json!("0"), &json!("1"))
    );
    assert_eq!(there, reply.json(), "the answer is what reading says");
    assert_eq!(there["status"], "approved");
    assert_eq!(there["waiting_for"]["for"], "slot");
    assert_eq!(there["transactions"], json!([]));
}

#[tokio::test]
async fn the_same_values_in_another_spelling_are_the_same_request() {
    let world = World::new().await;
    let first = create(&world, Some("key-1"), &body("order-1")).await;
    let mut other = body("order-1");
    other["amount"] = json!("1.000");
    other["type"] = json!("regular");
    other["address"] = json!("0x52908400098527886e0f7030069857d2e4169ee7");
    for key in [None, Some("key-1"), Some("key-2")] {
        let again = create(&world, key, &other).await;
        assert_eq!((again.status, again.id()), (200, first.id()), "{key:?}");
    }
}

#[tokio::test]
async fn other_content_is_refused_also_after_the_end() {
    let world = World::new().await;
    let first = create(&world, Some("key-1"), &body("order-1")).await;
    let conflicts = async |world: &World| {
        for (field, value) in [
            ("amount", "2"),
            ("user_id", "user-2"),
            ("address", "0x00000000000000000000000000000000000000aa"),
        ] {
            let mut other = body("order-1");
            other[field] = json!(value);
            let reply = create(world, Some("key-1"), &other).await;
            assert_eq!(reply.status, 409, "{field}");
            let code = reply.code();
            assert!(code == "external_id_conflict" || code == "idempotency_key_conflict", "{code}");
            assert!(reply.text().contains(&first.id()));
            assert_eq!(create(world, None, &other).await.code(), "external_id_conflict");
        }
        let reply = create(world, Some("key-1"), &body("order-2")).await;
        assert_eq!((reply.status, reply.code().as_str()), (409, "idempotency_key_conflict"));
    };
    conflicts(&world).await;
    let cancel = format!("/v1/withdrawals/{}/cancel", first.id());
    let cancelled = world.post(&world.a.key, &cancel, &json!({})).send(&world).await;
    assert_eq!((cancelled.status, cancelled.json()["status"].as_str()), (200, Some("cancelled")));
    conflicts(&world).await;
    let replay = create(&world, Some("key-1"), &body("order-1")).await;
    assert_eq!(
        (replay.status, replay.json()["status"].as_str()),
        (200, Some("cancelled")),
        "the state of now, not of then"
    );
}

#[tokio::test]
async fn a_refused_request_burns_neither_key_nor_external_id() {
    let world = World::new().await;
    let mut wrong = body("order-1");
    wrong["amount"] = json!("0");
    assert_eq!(create(&world, Some("key-1"), &wrong).await.code(), "amount_not_positive");
    let mut unsigned = keyed(world.post(&world.a.key, "/v1/withdrawals", &body("order-1")), "key-1");
    unsigned.body.push(b' ');
    assert_eq!(unsigned.send(&world).await.code(), "signature_invalid");
    let mut other = body("order-1");
    other["amount"] = json!("7");
    assert_eq!(create(&world, Some("key-1"), &other).await.status, 201);
}

#[tokio::test]
async fn a_refusal_by_a_limit_is_a_withdrawal_and_spends_both() {
    let world = World::new().await;
    let mut large = body("order-1");
    large["amount"] = json!("1000.000001");
    let reply = create(&world, Some("key-1"), &large).await;
    assert_eq!((reply.status, reply.json()["status"].as_str()), (201, Some("rejected")));
    assert_eq!(reply.json()["reason"]["code"], "limit_per_transaction");
    assert_eq!(create(&world, Some("key-1"), &body("order-2")).await.status, 409);
    assert_eq!(create(&world, None, &body("order-1")).await.status, 409);
}

#[tokio::test]
async fn an_idempotency_key_has_its_form() {
    let world = World::new().await;
    let request = || world.post(&world.a.key, "/v1/withdrawals", &body("order-1"));
    for wrong in [vec![], b"a b".to_vec(), vec![b'k'; 129], "\u{ac00}".as_bytes().to_vec()] {
        let reply = request().header("Idempotency-Key", wrong.clone()).send(&world).await;
        assert_eq!((reply.code().as_str(), reply.status), ("idempotency_key_malformed", 400), "{wrong:?}");
    }
    let twice = keyed(keyed(request(), "key-1"), "key-1").send(&world).await;
    assert_eq!(twice.code(), "idempotency_key_malformed");
    assert_eq!(keyed(request(), &"k".repeat(128)).send(&world).await.status, 201);
}
