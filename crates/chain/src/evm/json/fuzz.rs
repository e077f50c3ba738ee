//! Fuzz target: what nodes say. Whatever becomes evidence says what a reading of its own says, digit by digit.

use crate::drive::{Examples, drive};

use super::*;

const TXID: [u8; 32] = [7; 32];
const BLOCK: [u8; 32] = [8; 32];
const WORDS: &[&str] = &[
    "\"0x1\"",
    "\"0x0\"",
    "\"0x01\"",
    "\"0x\"",
    "null",
    "true",
    "false",
    "[]",
    "{}",
    "1",
    "\"status\":\"0x1\",",
    "\"removed\":true,",
    "\"blockNumber\":\"0x6\",",
    "\"logIndex\":\"0xffffffffffffffffff\"",
    "0x",
    "0X",
    "ff",
    "\\u0030",
    "\"",
    ",",
    ":",
    "\"hash\":",
    "\"transactionHash\":\"0x0707070707070707070707070707070707070707070707070707070707070707\",",
];

/// A quantity in its one spelling.
fn quantity(value: &Value) -> Units {
    let text = value.as_str().unwrap();
    let read = Units::from_str_radix(text.strip_prefix("0x").unwrap(), 16).unwrap();
    assert_eq!(format!("{read:#x}"), text.to_ascii_lowercase(), "another spelling of the same quantity");
    read
}

fn same(value: &Value, bytes: &[u8]) {
    assert_eq!(value.as_str().unwrap().to_ascii_lowercase(), hex_of(bytes));
}

fn same_log(value: &Value, txid: [u8; 32], block: [u8; 32], log: &Log) {
    same(&value["address"], &log.address.0);
    same(&value["data"], &log.data);
    same(&value["blockHash"], &block);
    same(&value["transactionHash"], &txid);
    assert_eq!(quantity(&value["logIndex"]), Units::from(log.index));
    assert_eq!(value["topics"].as_array().unwrap().len(), log.topics.len());
    for (value, topic) in value["topics"].as_array().unwrap().iter().zip(&log.topics) {
        same(value, topic);
    }
    assert_ne!(value["removed"], json!(true), "a log that has left the chain");
}

fn log() -> Value {
    json!({
        "address": hex_of(&[3; 20]), "topics": [hex_of(&log::TRANSFER), hex_of(&[4; 32])], "data": hex_of(&[5; 32]),
        "logIndex": "0x2", "blockHash": hex_of(&BLOCK), "transactionHash": hex_of(&TXID), "removed": false,
    })
}

/// Reads the input as `T`, and as plain JSON. In fields that nobody reads, texts may be what plain JSON has not.
fn both<T: serde::de::DeserializeOwned>(input: &[u8]) -> Option<(T, Value)> {
    let read = serde_json::from_slice(input).ok()?;
    Some((read, serde_json::from_slice(input).ok()?))
}

#[test]
fn a_spoiled_receipt_is_nonsense_or_says_what_it_says() {
    let receipt = json!({
        "transactionHash": hex_of(&TXID), "blockNumber": "0x5", "blockHash": hex_of(&BLOCK), "from": hex_of(&[1; 20]),
        "status": "0x1", "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00", "type": "0x2", "logs": [log()],
    });
    let mut failed = receipt.clone();
    failed["status"] = json!("0x0");
    failed["logs"] = json!([]);
    let seeds = [receipt.to_string(), failed.to_string()];
    let seeds: Vec<&[u8]> = seeds.iter().map(String::as_bytes).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        let Some((read, value)) = both::<ReceiptJson>(input) else { return };
        let Ok(receipt) = read.read(TXID) else { return };
        assert_eq!(receipt.txid, TXID);
        same(&value["transactionHash"], &TXID);
        same(&value["blockHash"], &receipt.block.hash);
        same(&value["from"], &receipt.from.0);
        assert_eq!(quantity(&value["blockNumber"]), Units::from(receipt.block.number));
        assert_eq!(quantity(&value["gasUsed"]), Units::from(receipt.gas_used));
        assert_eq!(quantity(&value["effectiveGasPrice"]), Units::from(receipt.gas_price_wei));
        assert_eq!(value["status"], if receipt.success { json!("0x1") } else { json!("0x0") });
        let logs = value["logs"].as_array().unwrap();
        assert_eq!(logs.len(), receipt.logs.len());
        for (value, log) in logs.iter().zip(&receipt.logs) {
            same_log(value, TXID, receipt.block.hash, log);
        }
    });
}

#[test]
fn a_spoiled_block_is_nonsense_or_says_what_it_says() {
    let header = json!({
        "number": "0x10", "hash": hex_of(&BLOCK), "parentHash": hex_of(&[9; 32]), "timestamp": "0x6913f7a0",
        "baseFeePerGas": "0x3b9aca00",
    });
    let sent = json!({
        "hash": hex_of(&TXID), "from": hex_of(&[1; 20]), "nonce": "0x7", "to": hex_of(&[3; 20]), "value": "0xde0b6b3a7640000",
    });
    let block = json!({ "hash": hex_of(&BLOCK), "transactions": [sent.clone(), sent] });
    let seeds = [header.to_string(), block.to_string(), json!([log(), log()]).to_string()];
    let seeds: Vec<&[u8]> = seeds.iter().map(String::as_bytes).collect();
    drive(&Examples { seeds: &seeds, words: WORDS }, |input| {
        if let Some((read, value)) = both::<HeaderJson>(input)
            && let Ok(header) = read.read()
        {
            same(&value["hash"], &header.block.hash);
            same(&value["parentHash"], &header.parent);
            assert_eq!(quantity(&value["number"]), Units::from(header.block.number));
            assert_eq!(quantity(&value["timestamp"]), Units::from(header.time));
            let fee = &value["baseFeePerGas"];
            let fee = if fee.is_null() { Units::ZERO } else { quantity(fee) };
            assert_eq!(fee, Units::from(header.base_fee_wei));
        }
        if let Some((read, value)) = both::<BlockJson>(input)
            && let Ok(all) = read.read()
        {
            let values = value["transactions"].as_array().unwrap();
            assert_eq!(values.len(), all.len());
            for (value, sent) in values.iter().zip(all) {
                same(&value["hash"], &sent.txid);
                same(&value["from"], &sent.from.0);
                assert_eq!(quantity(&value["nonce"]), Units::from(sent.nonce));
                assert_eq!(quantity(&value["value"]), sent.value);
                match sent.to {
                    Some(to) => same(&value["to"], &to.0),
                    None => assert!(value["to"].is_null()),
                }
            }
        }
        if let Some((read, value)) = both::<Vec<LogJson>>(input) {
            for (place, read) in read.into_iter().enumerate() {
                if let Ok((txid, log)) = read.read(BLOCK) {
                    same_log(&value[place], txid, BLOCK, &log);
                }
            }
        }
        if let Some((read, _)) = both::<FeeHistoryJson>(input) {
            drop(read.read());
        }
    });
}
