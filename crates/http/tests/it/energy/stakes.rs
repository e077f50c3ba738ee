//! A stake is ordered once, by a lane on TRON alone, and refused with a code of its own.

use serde_json::{Value, json};
use sluice_core::access::Scope;
use sluice_core::address::TronAddress;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::store::Change;

use super::stage::{Tron, chain_id, read};
use crate::support::{Key, Reply};

const STAKES: &str = "/v1/energy/stakes";
const CHECK: &str = "/v1/energy/stakes/check";

async fn post(tron: &Tron, key: &Key, path: &str, body: &Value) -> Reply {
    tron.world.post(key, path, body).send(&tron.world).await
}

fn stake(tron: &Tron, name: &str, field: &str, value: Value) -> Value {
    let mut body = json!({
        "external_id": name, "wallet_id": tron.lane.to_string(), "deed": "stake", "resource": "energy", "amount": "5",
        "reason": "the pool lends",
    });
    body[field] = value;
    body
}

#[tokio::test]
async fn a_stake_is_ordered_once_and_waits_for_its_lane() {
    let tron = Tron::new().await;
    let (world, key) = (&tron.world, &tron.world.a.key);
    let five = |name: &str| stake(&tron, name, "amount", json!("5"));
    for (field, value, code) in [
        ("amount", json!("0.999999"), "stake_too_small"),
        ("amount", json!("1.0000001"), "amount_too_precise"),
        ("deed", json!("delegate"), "word_unknown"),
        ("resource", json!("heat"), "word_unknown"),
        ("wallet_id", json!(world.a.wallet.to_string()), "wallet_not_tron"),
        ("wallet_id", json!(world.b.wallet.to_string()), "body_invalid"),
        ("external_id", json!("with space"), "external_id_malformed"),
    ] {
        for path in [CHECK, STAKES] {
            let refused = post(&tron, key, path, &stake(&tron, "stake-1", field, value.clone())).await;
            assert_eq!(refused.code(), code, "{path} {field}: {value}: {}", refused.text());
        }
    }
    let outside = world.registered(world.a.id, 0x61, sluice_core::wallet::Tier::Cold).await.id;
    let refused =
        post(&tron, key, STAKES, &stake(&tron, "stake-1", "wallet_id", json!(outside.to_string()))).await;
    assert_eq!(refused.code(), "wallet_no_lane", "somebody else holds its key: {}", refused.text());
    let none = read(world, key, "/v1/withdrawals?errands=true").await;
    assert_eq!(none["data"], json!([]), "what is refused orders nothing");

    let ordered = post(&tron, key, STAKES, &five("stake-1")).await;
    assert_eq!(ordered.status, 201, "{}", ordered.text());
    let told = ordered.json();
    assert_eq!(ordered.header("location"), format!("/v1/withdrawals/{}", told["id"].as_str().unwrap()));
    let account = TronAddress([7; 20]).to_string();
    assert_eq!(
        (&told["errand"], &told["amount"], &told["address"]),
        (&json!("stake"), &json!("5"), &json!(account))
    );
    let again = post(&tron, key, STAKES, &five("stake-1")).await;
    assert_eq!((again.status, &again.json()["id"]), (200, &told["id"]), "ordered twice it is one");
    for (field, value) in [
        ("amount", json!("6")),
        ("deed", json!("unstake")),
        ("deed", json!("collect")),
        ("resource", json!("bandwidth")),
    ] {
        let other = post(&tron, key, STAKES, &stake(&tron, "stake-1", field, value)).await;
        assert_eq!((other.status, other.code().as_str()), (409, "external_id_conflict"), "{field}");
    }
    assert_eq!(read(world, key, "/v1/withdrawals").await["data"], json!([]), "no partner asked for it");
    let theirs = post(&tron, &world.b.key, STAKES, &five("stake-2")).await;
    assert_eq!(theirs.code(), "body_invalid", "another partner's lane is none");
    let without = world.key(world.a.id, &[Scope::WalletsRead]).await;
    assert_eq!(post(&tron, &without, STAKES, &five("stake-2")).await.code(), "scope_missing");
}

#[tokio::test]
async fn a_look_tells_what_is_staked_and_whether_the_wallet_has_it() {
    let tron = Tron::new().await;
    let (world, key) = (&tron.world, &tron.world.a.key);
    let coin = sluice_core::asset::Asset::native(&sluice_core::chain::ChainProfile::tron_devnet()).id;
    assert_eq!(coin.chain, chain_id());
    let line =
        |account, atoms| Posting { partner: world.a.id, wallet: tron.lane, asset: coin, account, atoms };
    let postings = vec![
        line(Account::Available, 1_000_000),
        line(Account::Staked, 5_000_000),
        line(Account::Lent, 2_000_000),
        line(Account::Unstaking, 3_000_000),
        line(Account::Adjustment, -11_000_000),
    ];
    world.apply(Change { postings, ..Change::default() }).await;
    let look = async |deed: &str, amount: &str| {
        let mut wanted = stake(&tron, "stake-1", "deed", json!(deed));
        wanted["amount"] = json!(amount);
        let told = post(&tron, key, CHECK, &wanted).await;
        assert_eq!(told.status, 200, "{}", told.text());
        told.json()
    };
    let told = look("stake", "5").await;
    assert_eq!(
        (&told["object"], &told["staked"], &told["lent"], &told["unstaking"]),
        (&json!("stake_check"), &json!("5"), &json!("2"), &json!("3"))
    );
    assert_eq!(told["covered"], json!(false), "1 TRX is free: {told}");
    assert_eq!(look("unstake", "5").await["covered"], json!(true));
    assert_eq!(look("unstake", "5.000001").await["covered"], json!(false), "what is lent is not given up");
    assert_eq!(look("collect", "3").await["covered"], json!(true));
    assert_eq!(look("collect", "3.000001").await["covered"], json!(false), "so much was never given up");
    assert_eq!(read(world, key, "/v1/withdrawals?errands=true").await["data"], json!([]));
}
