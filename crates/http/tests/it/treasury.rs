//! What tiers hold and should hold, what waits for funds, and whether books and chain agree.

use serde_json::{Value, json};
use sluice_core::amount::Amount;
use sluice_core::chain::ChainProfile;
use sluice_core::port::store::{ChainChange, Change, Pause};
use sluice_core::treasury::{Expected, Settings};

use crate::support::{HEAD, Key, Reply, World, body, token};

async fn post(world: &World, key: &Key, path: &str, body: Value) -> Reply {
    world.post(key, path, &body).send(world).await
}

async fn read(world: &World, key: &Key, path: &str) -> Value {
    let reply = world.get(key, path).send(world).await;
    assert_eq!(reply.status, 200, "{path}: {}", reply.text());
    reply.json()
}

/// Every account of the chain holds 2,500; this one is registered by two persons of partner A.
async fn registered(world: &World, role: &str, address: &str) {
    let wanted = json!({
        "chain": token().id.chain.to_string(), "address": address, "role": role, "label": role, "reason": "board"
    });
    for key in [&world.a.key, &world.a.second] {
        let reply = post(world, key, "/v1/wallets/register", wanted.clone()).await;
        assert!(reply.status < 300, "{}", reply.text());
    }
}

fn expecting(world: &World, daily: i64) -> Settings {
    let daily = Amount::from_atoms(daily * 1_000_000).unwrap();
    let expected = vec![Expected { partner: world.a.id, asset: token().id, daily }];
    Settings { expected, ..Settings::default() }
}

#[tokio::test]
async fn a_treasury_tells_targets_their_conflict_and_what_is_proposed() {
    let mut world = World::new().await;
    world.with_treasury(expecting(&world, 1_000));
    registered(&world, "cold", "0x52908400098527886E0F7030069857D2E4169EE7").await;
    registered(&world, "warm", "0x8617E340B3D01FA5F11F306F4090FD50E238070D").await;
    registered(&world, "safe", "0xde709f2102306220921060314715629080e2fb77").await;
    let told = read(&world, &world.a.key, "/v1/treasury").await;
    let asset = &told["assets"][0];
    assert_eq!(told["assets"].as_array().unwrap().len(), 1, "{told}");
    let outflow = &asset["outflow"];
    assert_eq!(
        (&outflow["day"], &outflow["week"], &outflow["basis"], &outflow["days_missing"]),
        (&json!("1000"), &json!("7000"), &json!("configured"), &json!(28))
    );
    let tiers: Vec<_> =
        asset["tiers"].as_array().unwrap().iter().map(|it| (&it["holds"], &it["target"])).collect();
    let (held, none) = (json!("2500"), Value::Null);
    assert_eq!(
        tiers,
        [(&held, &json!("1200")), (&held, &json!("3500")), (&held, &json!("5250")), (&held, &none)]
    );
    assert_eq!((&asset["total"], &asset["cold_share_bps"]), (&json!("7500"), &json!(3_333)));
    assert_eq!(asset["conflict"], json!({"online_wanted": "4700", "online_allowed": "2250"}));
    // Nothing is sent to a cold wallet before its wait is over, and nothing comes from one that is below its share.
    assert_eq!(asset["proposals"], json!([]));
    assert_eq!(asset["uncovered"], json!({"hot": "0", "warm": "1000", "sweep": "1300"}));
    assert!(asset["as_of"].is_string() && asset["unread"] == json!([]), "{asset}");
    world.clock.forward_ms(24 * 3_600_000);
    let asset = read(&world, &world.a.key, "/v1/treasury").await["assets"][0].clone();
    let cold = asset["tiers"][2]["wallets"][0].clone();
    let hot = json!(world.a.wallet.to_string());
    let sweep = json!([{"kind": "sweep", "from": hot, "to": cold, "amount": "1300"}]);
    assert_eq!((&asset["proposals"], &asset["uncovered"]["sweep"]), (&sweep, &json!("0")));
    // An isolated wallet neither gives nor takes: isolation is a stop of one wallet.
    let stop = json!({"scope": "wallet", "subject": hot, "reason": "isolated"});
    let stopped = post(&world, &world.a.key, "/v1/stops", stop).await;
    assert_eq!(stopped.status, 201, "{}", stopped.text());
    let asset = read(&world, &world.a.key, "/v1/treasury").await["assets"][0].clone();
    assert_eq!((&asset["proposals"], &asset["uncovered"]["sweep"]), (&json!([]), &json!("1300")));
}

const SWEEPS: &str = "/v1/treasury/sweeps";
const SWEEPS_CHECK: &str = "/v1/treasury/sweeps/check";

/// The wallet of partner A with this role.
async fn of_role(world: &World, role: &str) -> String {
    let wallets = read(world, &world.a.key, "/v1/wallets").await;
    let found = wallets["data"].as_array().unwrap().iter().find(|it| it["role"] == role).expect("one");
    found["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_sweep_is_ordered_once_and_waits_for_its_lane() {
    let world = World::new().await;
    registered(&world, "cold", "0x52908400098527886E0F7030069857D2E4169EE7").await;
    registered(&world, "safe", "0xde709f2102306220921060314715629080e2fb77").await;
    let (cold, safe) = (of_role(&world, "cold").await, of_role(&world, "safe").await);
    let lane = world.a.wallet.to_string();
    let sweep = |name: &str, field: &str, value: Value| {
        let mut body = json!({
            "external_id": name, "from_wallet_id": lane, "to_wallet_id": cold,
            "asset": token().id.to_string(), "amount": "5", "reason": "hot wallet has too much",
        });
        body[field] = value;
        body
    };
    let five = |name: &str| sweep(name, "amount", json!("5"));
    let key = &world.a.key;
    let early = post(&world, key, SWEEPS, five("sweep-1")).await;
    assert_eq!(early.code(), "wallet_not_refillable", "its wait is not over: {}", early.text());
    world.clock.forward_ms(24 * 3_600_000);
    for (field, value, code) in [
        ("amount", json!("0"), "amount_not_positive"),
        ("asset", json!("eip155:1/slip44:60"), "asset_unknown"),
        ("from_wallet_id", json!(world.b.wallet.to_string()), "body_invalid"),
        ("from_wallet_id", json!(cold), "wallet_no_lane"),
        ("to_wallet_id", json!(world.b.wallet.to_string()), "body_invalid"),
        ("to_wallet_id", json!(safe), "wallet_not_refillable"),
        ("to_wallet_id", json!(lane), "wallet_not_refillable"),
        ("external_id", json!("with space"), "external_id_malformed"),
    ] {
        for path in [SWEEPS_CHECK, SWEEPS] {
            let refused = post(&world, key, path, sweep("sweep-1", field, value.clone())).await;
            assert_eq!(refused.code(), code, "{path} {field}: {value}: {}", refused.text());
        }
    }
    let check = post(&world, key, SWEEPS_CHECK, five("sweep-1")).await;
    assert_eq!((check.status, &check.json()["amount"]), (200, &json!("5")), "{}", check.text());
    let none = read(&world, key, "/v1/withdrawals?errands=true").await;
    assert_eq!(none["data"], json!([]), "a look orders nothing");

    let ordered = post(&world, key, SWEEPS, five("sweep-1")).await;
    assert_eq!(ordered.status, 201, "{}", ordered.text());
    let told = ordered.json();
    assert_eq!(ordered.header("location"), format!("/v1/withdrawals/{}", told["id"].as_str().unwrap()));
    assert_eq!((&told["errand"], &told["amount"]), (&json!("sweep"), &json!("5")));
    assert_ne!(told["waiting_for"]["for"], "signature", "its lane signs it: {told}");
    let again = post(&world, key, SWEEPS, five("sweep-1")).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &told["id"]), "ordered twice it is one");
    let other = sweep("sweep-1", "amount", json!("6"));
    assert_eq!(post(&world, key, SWEEPS, other).await.code(), "external_id_conflict");
    assert_eq!(post(&world, key, SWEEPS, five("sweep-2")).await.code(), "refill_open");
    assert_eq!(read(&world, key, "/v1/signature-requests").await["data"], json!([]));
    assert_eq!(read(&world, key, "/v1/withdrawals").await["data"], json!([]), "no partner asked for it");
    let theirs = post(&world, &world.b.key, SWEEPS, five("sweep-3")).await;
    assert_eq!(theirs.code(), "body_invalid", "another partner's lane is none");
    let without = world.key(world.a.id, &[sluice_core::access::Scope::WalletsRead]).await;
    assert_eq!(post(&world, &without, SWEEPS, five("sweep-3")).await.code(), "scope_missing");
}

#[tokio::test]
async fn without_history_or_expectation_a_treasury_says_that_nothing_tells() {
    let world = World::new().await;
    let asset = read(&world, &world.a.key, "/v1/treasury").await["assets"][0].clone();
    assert_eq!((&asset["outflow"]["basis"], &asset["outflow"]["days_known"]), (&json!("unknown"), &json!(0)));
    // Orders of a whole day tell, once it is over.
    world.clock.forward_ms(24 * 3_600_000);
    assert_eq!(world.withdraw(&world.a, "order-1").await.status, 201);
    world.clock.forward_ms(24 * 3_600_000);
    let asset = read(&world, &world.a.key, "/v1/treasury").await["assets"][0].clone();
    let outflow = &asset["outflow"];
    let amount = body("order-1")["amount"].clone();
    assert_eq!(
        (&outflow["basis"], &outflow["days_known"], &outflow["peak"], &outflow["day"]),
        (&json!("partial"), &json!(1), &amount, &amount)
    );
    let theirs = format!("/v1/treasury?partner={}", world.b.id);
    assert_eq!(world.get(&world.a.key, &theirs).send(&world).await.code(), "not_found");
    assert_eq!(read(&world, &world.platform, &theirs).await["partner_id"], json!(world.b.id.to_string()));
}

#[tokio::test]
async fn what_waits_is_told_with_what_it_lacks_and_what_its_chain_takes() {
    let world = World::new().await;
    let made = world.withdraw(&world.a, "order-1").await;
    let (id, amount) = (made.json()["id"].as_str().unwrap().to_owned(), body("order-1")["amount"].clone());
    for path in ["/v1/treasury/funding", "/v1/treasury/funding?status=approved"] {
        let told = read(&world, &world.a.key, path).await;
        let found = &told["requirements"][0];
        assert_eq!((&found["needed"], &found["withdrawals"]), (&amount, &json!(1)), "{path}: {told}");
        assert_eq!((&found["current"], &found["shortage"]), (&json!("2500"), &json!("0")));
        assert_eq!((&found["fuel"]["units"], &found["fuel"]["current"]), (&json!(65_000), &json!("4")));
        assert_eq!(found["fuel"]["coin"], json!(coin()));
        assert_eq!(told["funding_required"], json!(false));
    }
    let one = read(&world, &world.a.key, &format!("/v1/treasury/funding?withdrawal={id}")).await;
    assert_eq!(one["requirements"][0]["needed"], amount);
    assert_eq!(
        read(&world, &world.a.key, "/v1/treasury/funding?status=held").await["requirements"],
        json!([])
    );
    // A lane that is stopped has nothing.
    let stop = json!({"scope": "wallet", "subject": world.a.wallet.to_string(), "reason": "isolated"});
    assert_eq!(post(&world, &world.a.key, "/v1/stops", stop).await.status, 201);
    let told = read(&world, &world.a.key, "/v1/treasury/funding").await;
    let found = &told["requirements"][0];
    assert_eq!((&found["current"], &found["shortage"]), (&json!("0"), &amount));
    assert_eq!(told["funding_required"], json!(true));
    let stranger =
        world.get(&world.b.key, &format!("/v1/treasury/funding?withdrawal={id}")).send(&world).await;
    assert_eq!(stranger.code(), "not_found");
    let unknown = world.get(&world.a.key, "/v1/treasury/funding?status=completed").send(&world).await;
    assert_eq!(unknown.code(), "word_unknown");
}

fn coin() -> String {
    sluice_core::asset::Asset::native(&ChainProfile::devnet()).id.to_string()
}

#[tokio::test]
async fn a_wallet_is_compared_when_somebody_asks_and_what_was_found_is_kept() {
    let world = World::new().await;
    let path = format!("/v1/wallets/{}/reconcile", world.a.wallet);
    let ask = async || post(&world, &world.a.key, &path, json!({"reason": "month end"})).await;
    assert_eq!(ask().await.code(), "not_comparable", "the chain is not followed yet");
    let chain = ChainChange {
        chain: token().id.chain,
        removed: vec![],
        added: vec![(HEAD, [0xaa; 32])],
        finalized: Some(HEAD),
        pause: Pause::Unchanged,
    };
    world.apply(Change { chain: Some(chain), ..Change::default() }).await;
    let made = ask().await;
    assert_eq!(made.status, 201, "{}", made.text());
    let run = made.json();
    assert_eq!((&run["outcome"], &run["block"]["number"]), (&json!("equal"), &json!(HEAD.number)), "{run}");
    assert_eq!(run["asked_by"], json!({"kind": "key", "id": world.a.key.id}));
    let line =
        run["lines"].as_array().unwrap().iter().find(|it| it["asset"] == token().id.to_string()).unwrap();
    assert_eq!(
        (&line["on_chain"], &line["books"], &line["difference"]),
        (&json!("2500"), &json!("2500"), &json!("0"))
    );
    let list = read(&world, &world.a.key, &format!("/v1/reconciliations?wallet={}", world.a.wallet)).await;
    assert_eq!(list["data"], json!([run]));
    for none in ["outcome=missing".to_owned(), format!("wallet={}", world.b.wallet)] {
        let list = read(&world, &world.a.key, &format!("/v1/reconciliations?{none}")).await;
        assert_eq!(list["data"], json!([]), "{none}");
    }
    assert_eq!(read(&world, &world.b.key, "/v1/reconciliations").await["data"], json!([]));
    let stranger = post(&world, &world.b.key, &path, json!({"reason": "r"})).await;
    assert_eq!(stranger.code(), "not_found");
    // Somebody used the key: the chain counts more transactions than were given out.
    world.chain.final_nonce.store(9, std::sync::atomic::Ordering::Relaxed);
    let run = ask().await.json();
    assert_eq!(
        (&run["outcome"], &run["nonces"]),
        (&json!("missing"), &json!({"on_chain": 9, "given_out": 3}))
    );
    let first = read(&world, &world.a.key, "/v1/reconciliations?limit=1").await;
    assert_eq!(first["data"], json!([run]), "newest first");
    let next = format!("/v1/reconciliations?limit=1&cursor={}", first["next_cursor"].as_str().unwrap());
    assert_eq!(read(&world, &world.a.key, &next).await["data"][0]["outcome"], "equal");
}
