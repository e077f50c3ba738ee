//! The same transactions, made by tronweb and by us: thousands of every kind, byte for byte. tronweb is what wallets and
//! exchanges use, runs unmodified in a process of its own, and asks no network.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};
use sluice_codec::Possession;
use sluice_codec::tron::{self, Address, Call, Permission, Resource, Unsigned, trc20};
use sluice_core::amount::Units;
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, Ulid, WalletId};
use sluice_core::intent::DeploymentId;
use sluice_core::time::Timestamp;

use super::{any, golden, key, sign};

/// What the cases are drawn from: the same ones each time.
const SEED: [u8; 32] = *b"sluice tronweb differential 0001";
const TRANSACTIONS: usize = 2_500;
const TEXTS: usize = 300;
const ADDRESSES: usize = 2_000;
/// Fewest transactions of one kind among them.
const OF_EACH_MIN: usize = 100;

/// What tronweb answers to each request, in their order.
fn tronweb(requests: &[Value]) -> Vec<Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/tronweb");
    assert!(folder.join("node_modules/tronweb").is_dir(), "tronweb is not installed here; run `make tools`");
    let mut node = Command::new("node")
        .arg("make.mjs")
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("node does not start; run `make tools`");
    let mut asked = node.stdin.take().unwrap();
    let answers = BufReader::new(node.stdout.take().unwrap());
    let answers: Vec<Value> = std::thread::scope(|scope| {
        // Both pipes are short: who only writes, or only reads, waits for ever.
        scope.spawn(move || {
            for request in requests {
                writeln!(asked, "{request}").unwrap();
            }
        });
        answers.lines().map(|line| serde_json::from_str(&line.unwrap()).unwrap()).collect()
    });
    assert!(node.wait().unwrap().success(), "make.mjs ended in an error");
    assert_eq!(answers.len(), requests.len());
    answers
}

fn runner() -> TestRunner {
    TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &SEED))
}

fn draw<T: Strategy>(runner: &mut TestRunner, strategy: &T) -> T::Value {
    strategy.new_tree(runner).unwrap().current()
}

fn resource(resource: Resource) -> &'static str {
    match resource {
        Resource::Bandwidth => "BANDWIDTH",
        Resource::Energy => "ENERGY",
        Resource::TronPower => "TRON_POWER",
    }
}

fn permission(permission: &Permission, kind: u8) -> Value {
    let key = |key: &tron::Key| json!({ "address": key.address.to_string(), "weight": key.weight });
    let mut value = json!({
        "type": kind, "id": permission.id, "permission_name": permission.name, "threshold": permission.threshold,
        "keys": permission.keys.iter().map(key).collect::<Vec<_>>(),
    });
    if let Some(operations) = permission.operations {
        value["operations"] = json!(hex::encode(operations.0));
    }
    value
}

/// A call, in words that tronweb's own builders take.
fn call(call: &Call) -> Value {
    if let Some((token, to, units)) = call.as_trc20_transfer() {
        return json!({ "kind": "trc20", "token": token.to_string(), "to": to.to_string(), "units": units.to_string() });
    }
    match call {
        Call::TrxTransfer { to, sun } => json!({ "kind": "trx", "to": to.to_string(), "sun": sun }),
        Call::Trigger { contract, data, value_sun } => json!({
            "kind": "trigger", "contract": contract.to_string(), "data": hex::encode(data), "value": value_sun,
        }),
        Call::Freeze { resource: yields, stake_sun } => {
            json!({ "kind": "freeze", "resource": resource(*yields), "sun": stake_sun })
        }
        Call::Unfreeze { resource: yields, stake_sun } => {
            json!({ "kind": "unfreeze", "resource": resource(*yields), "sun": stake_sun })
        }
        Call::WithdrawExpireUnfreeze => json!({ "kind": "withdraw_expire_unfreeze" }),
        Call::CancelAllUnfreeze => json!({ "kind": "cancel_all_unfreeze" }),
        Call::Delegate { receiver, resource: lent, stake_sun, lock_blocks } => json!({
            "kind": "delegate", "receiver": receiver.to_string(), "resource": resource(*lent), "sun": stake_sun,
            "lock_blocks": lock_blocks,
        }),
        Call::Undelegate { receiver, resource: lent, stake_sun } => json!({
            "kind": "undelegate", "receiver": receiver.to_string(), "resource": resource(*lent), "sun": stake_sun,
        }),
        Call::PermissionUpdate { owner, witness, actives } => json!({
            "kind": "permissions",
            "owner": permission(owner, 0),
            "witness": witness.as_ref().map(|witness| permission(witness, 1)),
            "actives": actives.iter().map(|active| permission(active, 2)).collect::<Vec<_>>(),
        }),
    }
}

/// Questions about a token, whose data tronweb makes from their names.
fn ask(runner: &mut TestRunner, contract: Address) -> (Call, Value) {
    let account = Address(draw(runner, &any::<[u8; 20]>()));
    let (name, data, about) = match draw(runner, &(0..4)) {
        0 => ("balanceOf(address)", trc20::balance_of(account), true),
        1 => ("isBlackListed(address)", trc20::is_black_listed(account), true),
        2 => ("paused()", trc20::paused(), false),
        _ => ("decimals()", trc20::decimals(), false),
    };
    let mut value = json!({ "kind": "ask", "contract": contract.to_string(), "name": name });
    if about {
        value["account"] = json!(account.to_string());
    }
    (Call::Trigger { contract, data, value_sun: 0 }, value)
}

/// A transaction that a node would carry out, who signs it, and tronweb's words for it.
fn transaction(runner: &mut TestRunner) -> (Unsigned, Vec<[u8; 32]>, Value) {
    // Keys come from small numbers, so that some have zeros in front.
    let secrets =
        prop::collection::btree_set(prop_oneof![any::<[u8; 32]>(), any::<u8>().prop_map(small)], 0..=5);
    loop {
        let mut unsigned = draw(runner, &any::sensible());
        let mut words = call(&unsigned.call);
        if let Call::Trigger { contract, .. } = unsigned.call
            && draw(runner, &(0..3)) == 0
        {
            (unsigned.call, words) = ask(runner, contract);
        }
        let secrets: Vec<[u8; 32]> = draw(runner, &secrets).into_iter().collect();
        if let [alone] = secrets[..] {
            unsigned.owner = key(&alone).1;
        }
        if tron::draft(&unsigned).is_ok() {
            return (unsigned, secrets, words);
        }
    }
}

/// A number from 1 to 256 as a key.
fn small(byte: u8) -> [u8; 32] {
    let mut secret = [0; 32];
    secret[30..].copy_from_slice(&(u16::from(byte) + 1).to_be_bytes());
    secret
}

#[test]
fn thousands_have_the_bytes_tronweb_makes() {
    let mut runner = runner();
    // The vectors too: they are still what tronweb makes.
    let words = |(unsigned, secrets): (Unsigned, _)| {
        let words = call(&unsigned.call);
        (unsigned, secrets, words)
    };
    let mut cases: Vec<_> = golden::cases().into_iter().map(words).collect();
    cases.extend((0..TRANSACTIONS).map(|_| transaction(&mut runner)));
    let request = |(unsigned, secrets, words): &(Unsigned, Vec<[u8; 32]>, Value)| {
        let terms = &unsigned.terms;
        json!({
            "make": "transaction", "owner": unsigned.owner.to_string(), "call": words,
            "terms": {
                "reference_bytes": hex::encode(terms.reference.bytes),
                "reference_hash": hex::encode(terms.reference.hash),
                "expiration": terms.expiration_ms, "timestamp": terms.timestamp_ms,
                "fee_limit": terms.fee_limit_sun, "memo": hex::encode(&terms.memo),
                "permission_id": terms.permission_id,
            },
            "keys": secrets.iter().map(hex::encode).collect::<Vec<_>>(),
        })
    };
    let requests: Vec<Value> = cases.iter().map(request).collect();
    let mut of_each = BTreeMap::new();
    for (number, ((unsigned, secrets, words), theirs)) in cases.iter().zip(tronweb(&requests)).enumerate() {
        let made = tron::draft(unsigned).unwrap();
        let signatures: Vec<_> = secrets.iter().map(|secret| sign(&key(secret).0, &made.txid)).collect();
        let signed = tron::signed(&made.raw, &signatures);
        let ours = json!({
            "raw": hex::encode(&made.raw), "txid": hex::encode(made.txid),
            "signatures": signatures.iter().map(|signature| hex::encode(signature.bytes())).collect::<Vec<_>>(),
            "signed": hex::encode(&signed),
        });
        assert_eq!(ours, theirs, "transaction {number}, ours and tronweb's: {unsigned:?}");
        let decoded = tron::decode(&signed).unwrap();
        assert_eq!(&decoded.unsigned, unsigned, "transaction {number}");
        *of_each.entry(words["kind"].as_str().unwrap()).or_insert(0) += 1;
    }
    assert!(of_each.len() == 11 && of_each.values().all(|count| *count >= OF_EACH_MIN), "{of_each:?}");
}

/// Refills that are handed out to whoever signs with tronweb.
const REFILLS: usize = 40;

#[test]
fn what_tronweb_signs_of_a_hand_out_is_taken_back_and_so_is_its_statement_of_a_key() {
    let mut runner = runner();
    let refills: Vec<(Unsigned, [u8; 32])> = (0..REFILLS)
        .map(|_| {
            let secret = draw(&mut runner, &any::<[u8; 32]>());
            let [token, to] = draw(&mut runner, &any::<[[u8; 20]; 2]>()).map(Address);
            let units = Units::from(draw(&mut runner, &(1..u64::MAX)));
            let handed = super::with(Call::trc20_transfer(token, to, units));
            (Unsigned { owner: key(&secret).1, ..handed }, secret)
        })
        .collect();
    let deployment = DeploymentId("installation".into());
    let ulid = |number| Ulid::new(Timestamp::from_micros(0), number);
    let statement = |owner: Address| Possession {
        deployment: &deployment,
        wallet: WalletId::new(ulid(1)),
        partner: PartnerId::new(ulid(2)),
        chain: ChainId::tron(3_448_148_188),
        address: owner.into(),
        challenge: [7; 32],
    };
    let signs = |(unsigned, secret): &(Unsigned, [u8; 32])| {
        let terms = &unsigned.terms;
        json!({
            "make": "transaction", "owner": unsigned.owner.to_string(), "call": call(&unsigned.call),
            "terms": {
                "reference_bytes": hex::encode(terms.reference.bytes),
                "reference_hash": hex::encode(terms.reference.hash),
                "expiration": terms.expiration_ms, "timestamp": terms.timestamp_ms,
                "fee_limit": terms.fee_limit_sun, "memo": "", "permission_id": terms.permission_id,
            },
            "keys": [hex::encode(secret)],
        })
    };
    let shows = |(unsigned, secret): &(Unsigned, [u8; 32])| json!({ "make": "text", "text": statement(unsigned.owner).text(), "key": hex::encode(secret) });
    let signed = tronweb(&refills.iter().map(signs).collect::<Vec<_>>());
    let shown = tronweb(&refills.iter().map(shows).collect::<Vec<_>>());
    let bytes = |value: &Value| hex::decode(value.as_str().unwrap()).unwrap();
    for ((unsigned, _), (theirs, shown)) in refills.iter().zip(signed.iter().zip(&shown)) {
        let (stored, owner) = (tron::raw(unsigned), unsigned.owner);
        let (raw, signature) = (bytes(&theirs["raw"]), bytes(&theirs["signatures"][0]));
        let taken = tron::returned(&stored, owner, Some(&raw), &signature);
        assert_eq!(taken, Ok(bytes(&theirs["signed"])), "{unsigned:?}");
        let mut other = unsigned.clone();
        other.terms.fee_limit_sun += 1;
        let refused = tron::returned(&tron::raw(&other), owner, Some(&raw), &signature);
        assert!(matches!(refused, Err(tron::ReturnedError::Differs(_))), "{refused:?}");
        let alone = tron::returned(&tron::raw(&other), owner, None, &signature);
        assert!(matches!(alone, Err(tron::ReturnedError::Key { .. })), "{alone:?}");
        let signature = bytes(&shown["signature"]);
        assert!(statement(owner).is_shown_on_tron(&signature));
        assert!(!statement(Address([9; 20])).is_shown_on_tron(&signature), "of another account");
        let later = Possession { challenge: [8; 32], ..statement(owner) };
        assert!(!later.is_shown_on_tron(&signature), "of another time");
    }
}

#[test]
fn texts_have_the_digests_and_signatures_tronweb_makes() {
    let mut runner = runner();
    let text = prop_oneof![8 => "\\PC{0,80}", 1 => "[\\x00-\\x7f]{0,200}", 1 => "x{900,1100}"];
    let cases: Vec<(String, [u8; 32])> =
        (0..TEXTS).map(|_| (draw(&mut runner, &text), draw(&mut runner, &any::<[u8; 32]>()))).collect();
    let request = |(text, secret): &(String, [u8; 32])| json!({ "make": "text", "text": text, "key": hex::encode(secret) });
    let requests: Vec<Value> = cases.iter().map(request).collect();
    for ((text, secret), theirs) in cases.iter().zip(tronweb(&requests)) {
        let (key, signer) = key(secret);
        let digest = tron::text_digest(text.as_bytes());
        let signature = sign(&key, &digest).bytes();
        let ours = json!({
            "digest": hex::encode(digest), "signature": hex::encode(signature), "signer": signer.to_string(),
        });
        assert_eq!(ours, theirs, "ours and tronweb's, of {text:?}");
        assert_eq!(tron::recover(&digest, &signature), Some(signer));
    }
}

#[test]
fn a_text_is_an_address_when_tronweb_says_so() {
    let mut runner = runner();
    let letters = b"123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz0OIl ";
    let spoiled =
        (any::<[u8; 20]>(), 0..8u8, any::<prop::sample::Index>(), prop::sample::select(letters.to_vec()));
    let spoiled = spoiled.prop_map(|(account, how, place, letter)| {
        let mut text = Address(account).to_string();
        let (place, letter) = (place.index(text.len()), char::from(letter));
        match how {
            0 => text.replace_range(place..=place, &letter.to_string()),
            1 => text.insert(place, letter),
            2 => drop(text.remove(place)),
            3 => text.make_ascii_uppercase(),
            _ => {}
        }
        text
    });
    let cases: Vec<String> = (0..ADDRESSES).map(|_| draw(&mut runner, &spoiled)).collect();
    let requests: Vec<Value> = cases.iter().map(|text| json!({ "make": "address", "text": text })).collect();
    let mut refused = 0;
    for (text, theirs) in cases.iter().zip(tronweb(&requests)) {
        let ours = Address::parse(text).ok().map(|address| hex::encode(address.to_21()));
        assert_eq!(json!({ "hex": ours }), theirs, "ours and tronweb's, of {text:?}");
        refused += usize::from(ours.is_none());
    }
    assert!((ADDRESSES / 4..ADDRESSES * 3 / 4).contains(&refused), "{refused} of {ADDRESSES} refused");
}
