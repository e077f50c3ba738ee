//! Whatever is sent, the answer is one that a node could give: no panic, no status of 500 and more, and the chain
//! goes on.

use std::sync::Arc;

use serde_json::{Value, json};
use sluice_devnet::tron::{Fate, TronConfig};
use tokio::task::JoinSet;

use super::Stage;

/// Bodies in all.
const BODIES: u32 = 100_000;
/// Connections at a time.
const CLIENTS: u32 = 8;

const NAMES: &[&str] = &[
    "broadcasthex",
    "broadcasttransaction",
    "triggersmartcontract",
    "triggerconstantcontract",
    "estimateenergy",
    "createtransaction",
    "createaccount",
    "accountpermissionupdate",
    "freezebalancev2",
    "unfreezebalancev2",
    "delegateresource",
    "undelegateresource",
    "withdrawexpireunfreeze",
    "cancelallunfreezev2",
    "getaccount",
    "getaccountresource",
    "getaccountnet",
    "getblock",
    "getblockbynum",
    "getblockbyid",
    "getblockbylimitnext",
    "getblockbylatestnum",
    "gettransactionbyid",
    "gettransactioninfobyid",
    "gettransactioninfobyblocknum",
    "gettransactionfrompending",
    "getcandelegatedmaxsize",
    "getdelegatedresourcev2",
    "getdelegatedresourceaccountindexv2",
    "getavailableunfreezecount",
    "getcanwithdrawunfreezeamount",
    "getsignweight",
    "getapprovedlist",
    "validateaddress",
    "getcontract",
    "getcontractinfo",
];

/// Chance, from a seed.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides.max(1)
    }
}

/// A body that is right, for each of the names.
async fn good(stage: &Stage) -> Vec<(&'static str, Vec<u8>)> {
    let alice = stage.account(0).address();
    let (hex, id) = stage.usdt_transfer(stage.account(0), stage.account(1).address(), 1, 0).await;
    let built = stage
        .ask(
            "/wallet/createtransaction",
            json!({
            "owner_address": alice.hex(), "to_address": stage.account(1).address().hex(), "amount": 5 }),
        )
        .await;
    let mut signed: Value = built;
    signed["signature"] = json!(["ab".repeat(65)]);
    let (me, you) = (alice.to_string(), stage.account(1).address().to_string());
    let key = json!({ "address": me, "weight": 1 });
    let mut everything = json!({
        "owner_address": me, "to_address": you, "account_address": me, "receiver_address": you,
        "contract_address": stage.tron.usdt().to_string(), "address": me, "value": id, "visible": true,
        "fromAddress": me, "toAddress": you, "amount": 1_000_000, "balance": 1_000_000,
        "frozen_balance": 2_000_000, "unfreeze_balance": 1_000_000, "resource": "ENERGY", "lock": true,
    });
    let more = json!({
        "lock_period": 5, "num": 1, "startNum": 1, "endNum": 3, "id_or_num": "1", "detail": true, "type": 1,
        "function_selector": "transfer(address,uint256)", "parameter": "00".repeat(64),
        "fee_limit": 1_000_000_000, "call_value": 0, "Permission_id": 2, "extra_data": "a memo", "timestamp": 5,
        "owner": { "type": 0, "permission_name": "o", "threshold": 1, "keys": [key] },
        "actives": [{ "type": 2, "permission_name": "a", "threshold": 1, "operations": "7f".repeat(32), "keys": [key] }],
    });
    everything.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let body = |name: &str| match name {
        "broadcasthex" => json!({ "transaction": hex }),
        "broadcasttransaction" | "getsignweight" | "getapprovedlist" => signed.clone(),
        _ => everything.clone(),
    };
    NAMES.iter().map(|name| (*name, body(name).to_string().into_bytes())).collect()
}

/// Values that break things elsewhere.
const STRANGE: &[&str] = &[
    "null",
    "true",
    "-1",
    "0",
    "9223372036854775807",
    "-9223372036854775808",
    "18446744073709551615",
    "1e400",
    "1.5",
    "\"\"",
    "\"0x\"",
    "\"41\"",
    "\"T\"",
    "[]",
    "{}",
    "[[[[[[[[[[]]]]]]]]]]",
    "\"\\ud800\"",
    "\"\\u0000\"",
    "\"zz\"",
    "{\"type\":-5}",
    "\"ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff\"",
];

fn spoil(dice: &mut Dice, body: &[u8]) -> Vec<u8> {
    let mut bytes = body.to_vec();
    for _ in 0..=dice.roll(3) {
        let at = dice.roll(bytes.len());
        match dice.roll(6) {
            0 => bytes[at] ^= 1 << dice.roll(8),
            1 => bytes.truncate(at),
            2 => {
                // One hexadecimal digit for another keeps the JSON whole and spoils what it holds.
                if let Some(digit) = bytes[at..].iter().position(u8::is_ascii_hexdigit) {
                    bytes[at + digit] = b"0123456789abcdef"[dice.roll(16)];
                }
            }
            3 | 4 => {
                // A value for another one.
                let strange = STRANGE[dice.roll(STRANGE.len())].as_bytes();
                if let Some(colon) =
                    bytes[at..].iter().position(|byte| *byte == b':').map(|colon| at + colon + 1)
                {
                    let end = bytes[colon..]
                        .iter()
                        .position(|byte| b",}".contains(byte))
                        .map_or(bytes.len(), |it| colon + it);
                    bytes.splice(colon..end, strange.iter().copied());
                }
            }
            _ => {
                let part: Vec<u8> = bytes[at..(at + dice.roll(40)).min(bytes.len())].to_vec();
                bytes.splice(at..at, part);
            }
        }
        if bytes.is_empty() {
            break;
        }
    }
    bytes
}

async fn ask(client: u32, stage: Arc<Stage>, bodies: Arc<Vec<(&'static str, Vec<u8>)>>) {
    let mut dice = Dice(u64::from(client) * 7_919 + 1);
    for round in 0..BODIES / CLIENTS {
        let (name, body) = &bodies[dice.roll(bodies.len())];
        let group = if dice.roll(4) == 0 { "walletsolidity" } else { "wallet" };
        let path = if dice.roll(50) == 0 { "/jsonrpc".to_owned() } else { format!("/{group}/{name}") };
        let spoiled = spoil(&mut dice, body);
        let shown = String::from_utf8_lossy(&spoiled).into_owned();
        let answer = stage.post_to(0, &path, spoiled).await;
        let (status, _) = answer.unwrap_or_else(|error| panic!("{path} {shown}: {error}"));
        assert!(status == 200 || status == 404, "{status} {path} {shown}");
        if client == 0 && round % 500 == 0 {
            stage.control.mine(1).unwrap();
            stage.control.reorg(1, Fate::Pending).unwrap();
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn spoiled_bodies_are_answered_and_the_chain_goes_on() {
    let stage = Stage::of(TronConfig { pool_max: 500, ..TronConfig::test(7) }).await;
    let bodies = good(&stage).await;
    for (name, body) in &bodies {
        let (status, _) = stage.post_to(0, &format!("/wallet/{name}"), body.clone()).await.unwrap();
        assert_eq!(status, 200, "{name}");
    }
    let (stage, bodies) = (Arc::new(stage), Arc::new(bodies));
    let mut clients = JoinSet::new();
    for client in 0..CLIENTS {
        clients.spawn(ask(client, Arc::clone(&stage), Arc::clone(&bodies)));
    }
    clients.join_all().await;
    let (hex, id) = stage.usdt_transfer(stage.account(3), stage.account(1).address(), 1, 1).await;
    assert_eq!(stage.broadcast(&hex).await["code"], "SUCCESS");
    stage.control.mine(1).unwrap();
    assert_eq!(stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await["id"], json!(id));
}
