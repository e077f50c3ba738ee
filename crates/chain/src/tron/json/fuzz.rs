//! Fuzz target: what nodes say. Whatever becomes evidence says what a reading of its own says, digit by digit.

use serde_json::{Value, json};
use sluice_codec::tron::txid;

use super::super::node::Called;
use super::tests::{header, info, transaction};
use super::*;
use crate::drive::{Examples, drive};

const WORDS: &[&str] = &[
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "0",
    "-1",
    "1.0",
    "1e3",
    "9223372036854775808",
    "\"SUCCESS\"",
    "\"FAILED\"",
    "\"OUT_OF_ENERGY\"",
    "\"DEFAULT\"",
    "\"result\":\"SUCCESS\",",
    "\"blockNumber\":6,",
    "\"number\":6,",
    "\"newer\":1,",
    "\"accountStateRoot\":\"\",",
    "\"id\":",
    "\"txID\":",
    "0x",
    "FF",
    "\\u0030",
    "\"",
    ",",
    ":",
];

/// Reads the input as `T`, and as plain JSON. In fields that nobody reads, texts may be what plain JSON has not.
fn both<T: serde::de::DeserializeOwned>(input: &[u8]) -> Option<(T, Value)> {
    let read = serde_json::from_slice(input).ok()?;
    Some((read, serde_json::from_slice(input).ok()?))
}

fn same(value: &Value, bytes: &[u8]) {
    assert_eq!(value.as_str().unwrap_or_default().to_ascii_lowercase(), hex::encode(bytes));
}

/// A missing figure is zero.
fn figure_of(value: &Value) -> u64 {
    if value.is_null() { 0 } else { value.as_u64().unwrap() }
}

fn seeds(values: &[Value]) -> Vec<Vec<u8>> {
    values.iter().map(|value| value.to_string().into_bytes()).collect()
}

#[test]
fn a_spoiled_block_is_nonsense_or_says_what_it_says() {
    let mut block = header();
    block["transactions"] = json!([transaction().1, transaction().1]);
    let seeds = seeds(&[header(), block.clone(), json!({ "block": [block] }), json!({})]);
    let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        if let Some((read, value)) = both::<BlockJson>(input)
            && let Ok(Some(block)) = read.read()
        {
            let raw = &value["block_header"]["raw_data"];
            same(&value["blockID"], &block.header.block.hash);
            same(&raw["parentHash"], &block.header.parent);
            assert_eq!(figure_of(&raw["number"]), block.header.block.number);
            assert_eq!(raw["timestamp"].as_i64().unwrap_or(0), block.header.time_ms);
            let shown = value["transactions"].as_array().map_or(&[][..], Vec::as_slice);
            assert_eq!(shown.len(), block.transactions.len());
            for (value, tx) in shown.iter().zip(&block.transactions) {
                same(&value["txID"], &tx.txid());
                let bytes = hex::decode(value["raw_data_hex"].as_str().unwrap()).unwrap();
                assert_eq!(txid(&bytes), tx.txid(), "an id that is not of its bytes");
            }
        }
        if let Some((read, _)) = both::<BlocksJson>(input) {
            for block in read.block {
                drop(block.read());
            }
        }
    });
}

#[test]
fn a_spoiled_receipt_is_nonsense_or_says_what_it_says() {
    let mut failed = info();
    failed["result"] = json!("FAILED");
    failed["receipt"]["result"] = json!("REVERT");
    let seeds = seeds(&[info(), failed, json!({})]);
    let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        let Some((read, value)) = both::<InfoJson>(input) else { return };
        let Ok(Some(info)) = read.read() else { return };
        same(&value["id"], &info.txid);
        assert_eq!(figure_of(&value["blockNumber"]), info.number);
        assert_eq!(figure_of(&value["fee"]), info.fee_sun);
        assert_eq!(figure_of(&value["withdraw_expire_amount"]), info.collected_sun);
        let result = value["receipt"]["result"].as_str().unwrap_or_default();
        assert_eq!(info.executed, errors::executed(result));
        assert_eq!(info.failed, value["result"] == "FAILED");
        let logs = value["log"].as_array().map_or(&[][..], Vec::as_slice);
        assert_eq!(logs.len(), info.logs.len());
        for (value, log) in logs.iter().zip(&info.logs) {
            same(&value["address"], &log.address.0);
            same(&value["data"], &log.data);
            let topics = value["topics"].as_array().map_or(&[][..], Vec::as_slice);
            assert_eq!(topics.len(), log.topics.len());
            topics.iter().zip(&log.topics).for_each(|(value, topic)| same(value, topic));
        }
    });
}

#[test]
fn spoiled_answers_about_calls_and_accounts_say_what_they_say() {
    let called = json!({
        "result": { "result": true }, "energy_used": 64_285, "constant_result": ["00".repeat(32)],
        "transaction": { "ret": [{}] },
    });
    let account = json!({ "address": "41".repeat(21), "balance": 7 });
    let left = json!({ "freeNetLimit": 600, "freeNetUsed": 345, "EnergyLimit": 100, "EnergyUsed": 13 });
    let prices = json!({ "chainParameter": [{ "key": "getEnergyFee", "value": 100 }, { "key": "getTransactionFee" }] });
    let taken = json!({ "result": true, "code": "SUCCESS", "message": "", "txid": "07".repeat(32) });
    let seeds = seeds(&[called, account, left, prices, taken, json!({ "Error": "x" })]);
    let seeds: Vec<&[u8]> = seeds.iter().map(Vec::as_slice).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        if let Some((read, value)) = both::<CalledJson>(input)
            && let Ok(Called::Returned { data, energy }) = read.read()
        {
            assert!(value["result"]["result"] == true && value["transaction"].is_object());
            assert_eq!(figure_of(&value["energy_used"]), energy);
            same(&value["constant_result"][0], &data);
        }
        if let Some((read, value)) = both::<AccountJson>(input)
            && let Ok(Some(account)) = read.read(TronAddress([0x41; 20]))
        {
            same(&value["address"], &[0x41; 21]);
            assert_eq!(figure_of(&value["balance"]), account.sun);
        }
        if let Some((read, value)) = both::<ResourceJson>(input)
            && let Ok(left) = read.read()
        {
            let expected = figure_of(&value["EnergyLimit"]).saturating_sub(figure_of(&value["EnergyUsed"]));
            assert_eq!(left.energy, expected);
        }
        if let Some((read, value)) = both::<BroadcastJson>(input)
            && read.read([7; 32]) == Said::Taken
        {
            assert!(value["result"] == true && value["code"] == "SUCCESS");
            same(&value["txid"], &[7; 32]);
        }
        if let Some((read, _)) = both::<ParametersJson>(input) {
            drop(read.read());
        }
        drop(serde_json::from_slice::<ErrorJson>(input));
        drop(serde_json::from_slice::<ShownJson>(input));
        drop(serde_json::from_slice::<ContractJson>(input));
    });
}
