//! One body of each endpoint, as nodes write it: what is zero is missing.

use serde_json::{Value, json};
use sluice_codec::tron::{Call, Reference, Terms, Unsigned, raw, txid};
use sluice_core::address::TronAddress;

use super::super::node::{Account, Called, Executed, Left, Prices};
use super::super::tests::fake::USUAL;
use super::*;

const OWNER: TronAddress = TronAddress([7; 20]);

fn parse<T: serde::de::DeserializeOwned>(value: &Value) -> Result<T, NodeError> {
    serde_json::from_value(value.clone()).map_err(|error| NodeError::Nonsense(error.to_string()))
}

/// The header of block 66,987,565 of Nile, as the documentation of the network shows it.
pub(super) fn header() -> Value {
    json!({
        "blockID": "0000000003fe262d52bfa4b2814f816fd2e57af5b98a33d60d8630a03a908e0e",
        "block_header": {
            "raw_data": {
                "number": 66_987_565,
                "txTrieRoot": "faf8fe3858339ead25cc892461c82a59b84dca4a51c45b026676bf3f45a352a2",
                "witness_address": "41b2f713d57dbcec679d93a8849fa0cd0e4db594ba",
                "parentHash": "0000000003fe262c85cd6b02033f4c3e5c1efa35de256a17bd906dc61fb1aeed",
                "version": 34,
                "timestamp": 1_777_445_121_000i64,
            },
            "witness_signature": "5b3cf6cb",
        },
    })
}

pub(super) fn transaction() -> (Vec<u8>, Value) {
    let terms = Terms {
        reference: Reference { bytes: [1; 2], hash: [2; 8] },
        expiration_ms: 1_777_445_181_000,
        timestamp_ms: 1_777_445_121_000,
        fee_limit_sun: 0,
        memo: Vec::new(),
        permission_id: 0,
    };
    let raw =
        raw(&Unsigned { owner: OWNER, call: Call::TrxTransfer { to: TronAddress([8; 20]), sun: 5 }, terms });
    let shown = json!({
        "ret": [{ "contractRet": "SUCCESS" }],
        "signature": ["00"],
        "txID": hex::encode(txid(&raw)),
        "raw_data": { "contract": [{ "type": "TransferContract" }], "expiration": 1_777_445_181_000i64 },
        "raw_data_hex": hex::encode(&raw),
    });
    (raw, shown)
}

pub(super) fn info() -> Value {
    json!({
        "id": "07".repeat(32),
        "fee": 6_428_500,
        "blockNumber": 66_987_565,
        "blockTimeStamp": 1_777_445_121_000i64,
        "contractResult": ["00"],
        "contract_address": "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
        "receipt": { "energy_fee": 6_428_500, "energy_usage_total": 64_285, "net_usage": 345, "result": "SUCCESS" },
        "log": [{ "address": "a614f803b6fd780986a42c78ec9c7f77e6ded13c", "topics": ["04".repeat(32)] }],
    })
}

#[test]
fn a_header_is_what_its_id_is_made_of() {
    let read = |value: &Value| parse::<BlockJson>(value).and_then(|block| block.header());
    let whole = read(&header()).unwrap().unwrap();
    assert_eq!((whole.block.number, whole.time_ms), (66_987_565, 1_777_445_121_000));
    assert_eq!(hex::encode(whole.parent), header()["block_header"]["raw_data"]["parentHash"]);
    for (pointer, wrong) in [
        ("/block_header/raw_data/number", json!(66_987_566)),
        ("/block_header/raw_data/number", json!(-1)),
        ("/block_header/raw_data/timestamp", json!(1_777_445_124_000i64)),
        ("/block_header/raw_data/parentHash", json!("00".repeat(32))),
        ("/block_header/raw_data/parentHash", json!("00")),
        ("/block_header/raw_data/txTrieRoot", json!("00".repeat(32))),
        ("/block_header/raw_data/version", json!(35)),
        ("/block_header", Value::Null),
        ("/blockID", json!("00".repeat(32))),
        ("/blockID", Value::Null),
    ] {
        let mut value = header();
        *value.pointer_mut(pointer).unwrap() = wrong;
        assert!(matches!(read(&value), Err(NodeError::Nonsense(_))), "{pointer}");
    }
    assert_eq!(read(&json!({})), Ok(None));
    let mut newer = header();
    newer["block_header"]["raw_data"]["newer"] = json!(1);
    assert_eq!(read(&newer).unwrap(), Some(whole), "a field that we do not know is no lie");
    let mut state = header();
    state["block_header"]["raw_data"]["accountStateRoot"] = json!("00");
    assert!(read(&state).is_err(), "one that we know is hashed");
}

#[test]
fn block_0_says_nothing_of_its_number() {
    let id = "00000000000000001ebf88508a03865c71d452e25f4d51194196a1d22b6653dc";
    let genesis = json!({ "blockID": id, "block_header": { "raw_data": { "parentHash": "e5".repeat(32) } } });
    let read = parse::<BlockJson>(&genesis).unwrap().header().unwrap().unwrap();
    assert_eq!((read.block.number, hex::encode(read.block.hash).as_str()), (0, id));
}

#[test]
fn a_transaction_is_its_bytes() {
    let (bytes, shown) = transaction();
    let mut value = header();
    value["transactions"] = json!([shown]);
    let block = parse::<BlockJson>(&value).unwrap().read().unwrap().unwrap();
    let [tx] = block.transactions.as_slice() else { panic!("{block:?}") };
    assert_eq!((tx.txid(), tx.owner(), tx.kind()), (txid(&bytes), Some(OWNER), 1));
    assert_eq!(tx.executed(), Some(Executed::Success));
    for (pointer, wrong) in [
        ("/transactions/0/txID", json!("09".repeat(32))),
        ("/transactions/0/txID", Value::Null),
        ("/transactions/0/raw_data_hex", json!("00")),
        ("/transactions/0/raw_data_hex", json!("0")),
    ] {
        let mut value = value.clone();
        *value.pointer_mut(pointer).unwrap() = wrong;
        assert!(parse::<BlockJson>(&value).and_then(BlockJson::read).is_err(), "{pointer}");
    }
    // What nobody can read is somebody's all the same, and hides nothing of the block.
    let odd = json!({ "txID": hex::encode(txid(&[0xff])), "raw_data_hex": "ff", "ret": [{}] });
    value["transactions"] = json!([odd, transaction().1]);
    let block = parse::<BlockJson>(&value).unwrap().read().unwrap().unwrap();
    assert_eq!((block.transactions[0].owner(), block.transactions[0].executed()), (None, None));
    assert_eq!(block.transactions[1].owner(), Some(OWNER));
    let none: BlocksJson = parse(&json!({})).unwrap();
    assert!(none.block.is_empty());
}

#[test]
fn a_receipt_is_read_with_what_is_missing() {
    let read = |value: &Value| parse::<InfoJson>(value).and_then(InfoJson::read);
    let whole = read(&info()).unwrap().unwrap();
    assert_eq!((whole.number, whole.fee_sun, whole.energy), (66_987_565, 6_428_500, 64_285));
    assert_eq!((whole.executed, whole.failed), (Some(Executed::Success), false));
    assert_eq!(
        (whole.logs[0].address.0[0], whole.logs[0].topics.len(), whole.logs[0].data.len()),
        (0xa6, 1, 0)
    );
    assert_eq!(read(&json!({})), Ok(None));
    let coins = json!({ "id": "07".repeat(32), "blockNumber": 5, "contractResult": [""], "receipt": { "net_usage": 268 } });
    let coins = read(&coins).unwrap().unwrap();
    assert_eq!((coins.executed, coins.fee_sun, coins.logs.len()), (None, 0, 0));
    let mut failed = info();
    failed["result"] = json!("FAILED");
    failed["receipt"]["result"] = json!("OUT_OF_ENERGY");
    let failed = read(&failed).unwrap().unwrap();
    assert_eq!((failed.executed, failed.failed), (Some(Executed::OutOfEnergy), true));
    for (pointer, wrong) in [
        ("/id", json!("07")),
        ("/fee", json!(-1)),
        ("/fee", json!("6428500")),
        ("/fee", json!(9_223_372_036_854_775_808u64)),
        ("/blockNumber", json!(-5)),
        ("/blockNumber", serde_json::from_str("1.5").unwrap()),
        ("/log/0/address", json!("41a614f803b6fd780986a42c78ec9c7f77e6ded13c")),
        ("/log/0/topics/0", json!("04")),
        ("/receipt/energy_usage_total", json!(-1)),
    ] {
        let mut value = info();
        *value.pointer_mut(pointer).unwrap() = wrong;
        assert!(read(&value).is_err(), "{pointer}");
    }
}

#[test]
fn a_call_that_failed_is_told_from_a_node_that_did() {
    let read = |value: Value| parse::<CalledJson>(&value).and_then(CalledJson::read);
    let passed = json!({
        "result": { "result": true }, "energy_used": 64_285, "energy_penalty": 49_635,
        "constant_result": ["00".repeat(32)], "transaction": { "ret": [{}], "txID": "00" },
    });
    assert_eq!(read(passed), Ok(Called::Returned { data: vec![0; 32], energy: 64_285 }));
    let reverted = json!({
        "result": { "result": true, "message": hex::encode("REVERT opcode executed") }, "energy_used": 500,
        "constant_result": [""], "transaction": { "ret": [{ "ret": "FAILED" }] },
    });
    assert_eq!(read(reverted), Ok(Called::Reverted));
    let refused = json!({ "result": { "code": "OTHER_ERROR", "message": hex::encode("no contract") } });
    let said = read(refused).unwrap_err();
    assert_eq!(said, NodeError::Rpc { code: errors::REFUSED, message: "OTHER_ERROR: no contract".into() });
    let empty = json!({ "result": { "result": true }, "transaction": { "ret": [{}] } });
    assert_eq!(read(empty), Ok(Called::Returned { data: vec![], energy: 0 }));
    for nonsense in [json!({}), json!({ "result": { "result": true } }), json!({ "result": {} })] {
        assert!(read(nonsense).is_err());
    }
}

#[test]
fn an_account_that_is_not_activated_is_an_empty_object() {
    let read = |value: Value| parse::<AccountJson>(&value).and_then(|account| account.read(OWNER));
    let address = hex::encode(OWNER.to_21());
    assert_eq!(read(json!({ "address": address, "balance": 7 })), Ok(Some(Account::of(7))));
    assert_eq!(read(json!({ "address": address, "create_time": 1 })), Ok(Some(Account::of(0))));
    assert_eq!(read(json!({})), Ok(None));
    assert!(read(json!({ "address": "41".repeat(21), "balance": 7 })).is_err());
    assert!(read(json!({ "address": address, "balance": -7 })).is_err());
    let contract = |value: Value| parse::<ContractJson>(&value).unwrap().is_one();
    assert!(
        contract(json!({ "contract_address": address, "abi": {} })) && contract(json!({ "bytecode": "60" }))
    );
    assert!(!contract(json!({})));
}

#[test]
fn what_may_still_be_used_is_never_below_nothing() {
    let read = |value: Value| parse::<ResourceJson>(&value).and_then(ResourceJson::read);
    let some = json!({ "freeNetLimit": 600, "freeNetUsed": 345, "EnergyLimit": 100, "EnergyUsed": 130, "NetLimit": 9,
        "TotalEnergyLimit": 180, "TotalEnergyWeight": 19 });
    let left = Left {
        energy: 0,
        bandwidth: 9,
        free_bandwidth: 255,
        network_energy: 180,
        network_stake_trx: 19,
        energy_most: 100,
        bandwidth_most: 9,
    };
    assert_eq!(read(some), Ok(left));
    assert_eq!(read(json!({})), Ok(Left::default()));
    assert!(read(json!({ "EnergyLimit": -1 })).is_err());
}

#[test]
fn prices_are_found_by_their_key() {
    let read = |value: Value| parse::<ParametersJson>(&value).and_then(ParametersJson::read);
    let all = json!({ "chainParameter": [
        { "key": "getAllowMultiSign" }, { "key": "getEnergyFee", "value": 100 },
        { "key": "getTransactionFee", "value": 1_000 }, { "key": "getMemoFee", "value": 1_000_000 },
        { "key": "getCreateNewAccountFeeInSystemContract", "value": 1_000_000 },
        { "key": "getCreateAccountFee", "value": 100_000 },
    ] });
    assert_eq!(read(all), Ok(USUAL));
    let old = json!({ "chainParameter": [
        { "key": "getEnergyFee" }, { "key": "getTransactionFee", "value": 10 },
        { "key": "getCreateNewAccountFeeInSystemContract" }, { "key": "getCreateAccountFee", "value": 5 },
    ] });
    let told =
        Prices { account_sun: 0, account_bandwidth_sun: 5, memo_sun: 0, energy_sun: 0, bandwidth_sun: 10 };
    assert_eq!(read(old), Ok(told));
    let none = json!({ "chainParameter": [{ "key": "getEnergyFee" }, { "key": "getTransactionFee" }] });
    assert!(read(none).is_err(), "what an account costs has always been told");
    assert!(read(json!({ "chainParameter": [] })).is_err() && read(json!({})).is_err());
}

#[test]
fn to_have_taken_is_to_say_so_of_that_very_transaction() {
    let said = |value: Value| parse::<BroadcastJson>(&value).unwrap().read([7; 32]);
    let taken = |result: bool, code: &str, txid: &str| json!({ "result": result, "code": code, "message": "", "transaction": "{}", "txid": txid });
    let ours = "07".repeat(32);
    assert_eq!(said(taken(true, "SUCCESS", &ours)), Said::Taken);
    assert!(matches!(said(taken(true, "SUCCESS", &"08".repeat(32))), Said::Other(_)));
    assert!(matches!(said(taken(false, "SUCCESS", &ours)), Said::Other(_)));
    assert!(matches!(said(json!({ "result": true, "code": "SUCCESS" })), Said::Other(_)));
    assert!(matches!(said(json!({ "result": true })), Said::Other(_)));
    assert_eq!(said(taken(false, "DUP_TRANSACTION_ERROR", &ours)), Said::Duplicate);
    assert_eq!(said(json!({ "code": "BANDWITH_ERROR" })), Said::NoFunds);
    let shown: ShownJson = parse(&json!({ "txID": ours })).unwrap();
    assert!(shown.is([7; 32]) && !shown.is([8; 32]));
    assert!(!parse::<ShownJson>(&json!({})).unwrap().is([7; 32]));
}
