//! Requests made from the served OpenAPI document, and spoiled in all the ways a caller can spoil one, until a hundred thousand are
//! refused. None is answered with a fault of ours, and each refusal has a code of the catalogue.

mod dice;
mod schema;
mod spoil;

use std::collections::BTreeMap;

use serde_json::Value;
use sluice_api::problem::Code;

use crate::support::{Key, Reply, Request, World, partner_scopes};
use dice::Dice;
use schema::Document;

/// Bad requests of all shards together: each was refused for what the caller got wrong.
const REFUSED: u32 = 100_000;
/// Those of one shard, which asks until it has as many.
const REFUSED_EACH: u32 = 25_000;
/// Most requests of a shard, the good ones too.
const REQUESTS_MAX: u32 = 3 * REFUSED_EACH;
/// After so many the callers get new keys: a request may well revoke the one it is made with.
const KEYS_LAST: u32 = 250;
/// Names of rows that are remembered to be asked for again.
const REMEMBERED_MAX: usize = 400;

/// One kind of request.
struct Operation {
    method: String,
    path: String,
    spec: Value,
}

/// What was answered to the requests of one kind.
#[derive(Debug, Default)]
struct Answers {
    done: u32,
    refused: u32,
    /// A chain or a signer does not answer here, and the reply says so.
    unavailable: u32,
}

fn operations(document: &Document) -> Vec<Operation> {
    let mut all = vec![];
    for (path, item) in document.root["paths"].as_object().unwrap() {
        // A stream has no end.
        for (method, spec) in item.as_object().unwrap().iter().filter(|_| !path.ends_with("/stream")) {
            let (method, path) = (method.to_uppercase(), path.clone());
            all.push(Operation { method, path, spec: spec.clone() });
        }
    }
    all
}

/// A request of this kind: right, but for what is spoiled.
fn make(document: &Document, operation: &Operation, dice: &mut Dice, known: &[String], key: &Key) -> Request {
    let spoiled = dice.chance(60);
    let mut target = operation.path.clone();
    let mut query: Vec<String> = vec![];
    let mut headers: Vec<(String, String)> = vec![];
    let none = vec![];
    for parameter in operation.spec["parameters"].as_array().unwrap_or(&none) {
        let name = parameter["name"].as_str().unwrap();
        let text = match spoiled && dice.chance(25) {
            true => dice.pick(spoil::TEXTS).to_owned(),
            false => schema::text(&document.value(&parameter["schema"], name, dice, known, 0)),
        };
        match parameter["in"].as_str() {
            Some("path") => target = target.replace(&format!("{{{name}}}"), &spoil::escaped(&text)),
            Some("query") if dice.chance(35) => {
                query.push(format!("{name}={}", spoil::escaped(&text)));
                if spoiled && dice.chance(5) {
                    query.push(format!("{name}={}", spoil::escaped(dice.pick(spoil::TEXTS))));
                }
            }
            Some("header") if dice.chance(50) => headers.push((name.to_owned(), text)),
            _ => {}
        }
    }
    if spoiled && dice.chance(5) {
        query.push(format!("{}=1", spoil::escaped(dice.pick(spoil::TEXTS))));
    }
    if !query.is_empty() {
        target = format!("{target}?{}", query.join("&"));
    }
    let body = &operation.spec["requestBody"]["content"]["application/json"]["schema"];
    let payload = match body.is_null() {
        true if dice.chance(95) => vec![],
        true => b"{}".to_vec(),
        false => {
            let mut value = document.value(body, "", dice, known, 0);
            if spoiled {
                (0..=dice.roll(3)).for_each(|_| spoil::value(&mut value, dice));
            }
            let text = value.to_string();
            if spoiled && dice.chance(10) { spoil::bytes(text.into_bytes(), dice) } else { text.into_bytes() }
        }
    };
    let mut request = Request::plain(&operation.method, &target, &payload);
    if dice.chance(98) {
        request = request.header("Authorization", format!("Bearer {}.{}", key.id, key.text));
    }
    if !payload.is_empty() {
        request =
            request.header("Content-Type", if dice.chance(97) { "application/json" } else { "text/plain" });
    }
    request = request.header("Accept-Language", dice.pick(&["ko", "en", "ko-KR,en;q=0.5", "*", ""]));
    for (name, text) in headers {
        let text: Vec<u8> = text.bytes().filter(|byte| byte.is_ascii_graphic()).collect();
        request = request.header(&name, text);
    }
    request
}

/// Names of rows in an answer.
fn remember(known: &mut Vec<String>, dice: &mut Dice, value: &Value) {
    match value {
        Value::Object(fields) => fields.values().for_each(|value| remember(known, dice, value)),
        Value::Array(items) => items.iter().for_each(|value| remember(known, dice, value)),
        Value::String(text)
            if text.len() == 29 && text.as_bytes()[2] == b'_' || text.starts_with("key_01") =>
        {
            if known.len() < REMEMBERED_MAX {
                known.push(text.clone());
            } else {
                let place = dice.roll(REMEMBERED_MAX);
                known[place].clone_from(text);
            }
        }
        _ => {}
    }
}

/// What a reply is, if it is no fault of ours: what cannot be had from a chain or a signer that does not answer says so.
enum Answer {
    Done,
    Refused,
    Unavailable,
}

fn answered(number: u32, request: &Request, reply: &Reply) -> Answer {
    if reply.status < 400 {
        return Answer::Done;
    }
    let code = reply.code();
    assert!(Code::ALL.iter().any(|known| known.as_str() == code), "{number}: {code} is in no catalogue");
    if reply.status < 500 {
        return Answer::Refused;
    }
    let elsewhere =
        reply.status == 503 && matches!(code.as_str(), "chain_unavailable" | "signer_unavailable");
    assert!(elsewhere, "{number}: {request:?} {}", reply.text());
    Answer::Unavailable
}

async fn shard(seed: u64) {
    let world = World::new().await;
    let mut dice = Dice(seed);
    let document = Document::served();
    let operations = operations(&document);
    let mut known = vec![world.a.wallet.to_string(), world.b.wallet.to_string(), world.a.id.to_string()];
    for number in 0..8 {
        known.push(world.withdraw(&world.a, &format!("first-{number}")).await.id());
        known.push(world.needs_attention(&world.a, &format!("person-{number}")).await.to_string());
    }
    let mut keys: Vec<Key> = vec![];
    let mut counts: BTreeMap<String, Answers> = BTreeMap::new();
    let (mut number, mut bad) = (0, 0);
    while bad < REFUSED_EACH {
        number += 1;
        assert!(number < REQUESTS_MAX, "{bad} of {number} were refused");
        if number % KEYS_LAST == 1 {
            keys = vec![
                world.key(world.a.id, &partner_scopes()).await,
                world.key(world.b.id, &partner_scopes()).await,
                world.key(sluice_core::partner::PLATFORM, sluice_core::access::Scope::ALL).await,
                world.key(sluice_core::partner::PLATFORM, sluice_core::access::Scope::ALL).await,
            ];
        }
        let operation = &operations[dice.roll(operations.len())];
        let key = keys[dice.roll(keys.len())].clone();
        let request = make(&document, operation, &mut dice, &known, &key);
        if request.target.parse::<axum::http::Uri>().is_err() {
            continue;
        }
        let reply = request.send(&world).await;
        let count = counts.entry(format!("{} {}", operation.method, operation.path)).or_default();
        match answered(number, &request, &reply) {
            Answer::Done => {
                count.done += 1;
                remember(&mut known, &mut dice, &reply.json());
            }
            Answer::Refused => {
                count.refused += 1;
                bad += 1;
            }
            Answer::Unavailable => count.unavailable += 1,
        }
    }
    // Requests that are all refused at the first look would find nothing behind it.
    let sent: u32 = counts.values().map(|count| count.done + count.refused + count.unavailable).sum();
    let all_refused: u32 = counts.values().map(|count| count.refused).sum();
    assert_eq!(all_refused, REFUSED_EACH);
    let reached = counts.values().filter(|count| count.done > 0).count();
    let refused = counts.values().filter(|count| count.refused > 0).count();
    eprintln!(
        "{number} requests, {sent} that could be sent, {bad} refused, {reached} of {} kinds done at least once: {counts:#?}",
        operations.len()
    );
    assert!(sent > number * 9 / 10, "{sent} of {number} could be sent");
    // Refills are of desks on TRON, sweeps go to wallets that have waited: `signatures` and `treasury` ask for them where there
    // is one.
    let of_desk = |path: &str| {
        path.contains("/signature-requests/")
            || path.contains("/refills")
            || path.ends_with("/show-key")
            || path.contains("/sweeps")
    };
    // What people pay ahead and have got ahead is about a chain of TRON, and this world has none: `energy::credit` and
    // `energy::requests` ask for it where there is one.
    let ahead = ["/v1/energy/credit", "/v1/energy/topups", "/v1/energy/requests", "/v1/energy/stakes"];
    let of_tron = |path: &str| ahead.iter().any(|it| path.starts_with(it));
    let may_be_done = operations.iter().filter(|it| !of_tron(&it.path) && !of_desk(&it.path)).count();
    assert!(reached * 10 >= may_be_done * 7, "{reached} kinds of request were ever done");
    assert!(refused * 10 >= operations.len() * 9, "{refused} kinds of request were ever refused");
}

/// One test for each shard, and their number from the same list.
macro_rules! shards {
    ($($name:ident: $seed:literal;)*) => {
        $(#[tokio::test]
        async fn $name() {
            Box::pin(shard($seed)).await;
        })*

        /// Where each begins.
        const SEEDS: &[u64] = &[$($seed),*];
    };
}

shards! {
    no_generated_request_is_answered_with_a_fault_of_ours_1: 0x5eed_0001_c0ff_ee01;
    no_generated_request_is_answered_with_a_fault_of_ours_2: 0x5eed_0002_c0ff_ee02;
    no_generated_request_is_answered_with_a_fault_of_ours_3: 0x5eed_0003_c0ff_ee03;
    no_generated_request_is_answered_with_a_fault_of_ours_4: 0x5eed_0004_c0ff_ee04;
}

#[test]
fn the_shards_are_refused_a_hundred_thousand_times_together_and_none_repeats_another() {
    let shards: std::collections::BTreeSet<_> = SEEDS.iter().collect();
    assert_eq!(shards.len(), SEEDS.len());
    assert!(u32::try_from(shards.len()).unwrap() * REFUSED_EACH >= REFUSED);
}
