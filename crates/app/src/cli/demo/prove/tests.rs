use serde_json::json;

use super::*;

const TOKEN: &str = "0x5fbdb2315678afecb367f032d93f642f64180aa3";
const TO: &str = "0x52908400098527886E0F7030069857D2E4169EE7";

fn paid() -> Transaction {
    serde_json::from_value(json!({
        "txid": "0xab", "chain": "eip155:31337", "nonce": 1, "kind": "pay", "status": "final",
        "block": { "number": 31, "hash": "0xBB" }, "fee": "0.001"
    }))
    .unwrap()
}

fn receipt(units: u64) -> Value {
    json!({
        "status": "0x1", "blockNumber": "0x1f", "blockHash": "0xbb", "gasUsed": "0x5208", "effectiveGasPrice": "0x3b9aca00",
        "logs": [
            { "address": TOKEN, "topics": ["0x01"], "data": "0x", "logIndex": "0x4" },
            { "address": TOKEN, "topics": [format!("0x{TRANSFER}"), format!("0x{:064x}", 9), format!("0x{:0>64}", account(TO).unwrap())],
              "data": format!("0x{units:064x}"), "logIndex": "0x5" },
        ],
    })
}

fn wanted<'a>(paid: &'a Transaction, token: &str, to: &str) -> Wanted<'a> {
    let units = U256::from(1_500_000);
    let (contract, recipient) = (account(token).unwrap(), account(to).unwrap());
    Wanted { paid, contract, recipient, units, held: units..=units }
}

fn judged(receipt: &Value) -> Result<u64, Doubt> {
    evm::judge(receipt, &wanted(&paid(), TOKEN, TO)).map(|evidence| evidence.log_index)
}

#[test]
fn the_one_log_of_the_payment_is_found_and_the_fee_is_the_receipts() {
    assert_eq!(judged(&receipt(1_500_000)), Ok(5));
    let evidence = evm::judge(&receipt(1_500_000), &wanted(&paid(), TOKEN, TO)).unwrap();
    assert_eq!(evidence.fee_text(), "0.000021");
}

#[test]
fn every_lie_is_caught() {
    let lie = |pointer: &str, value: Value| {
        let mut receipt = receipt(1_500_000);
        *receipt.pointer_mut(pointer).unwrap() = value;
        judged(&receipt)
    };
    assert_eq!(judged(&Value::Null), Err(Doubt::NoReceipt));
    assert_eq!(lie("/status", json!("0x0")), Err(Doubt::Reverted));
    assert_eq!(lie("/status", Value::Null), Err(Doubt::Reverted));
    assert_eq!(lie("/blockNumber", json!("0x20")), Err(Doubt::OtherBlock));
    assert_eq!(lie("/blockHash", json!("0xbc")), Err(Doubt::OtherBlock));
    assert_eq!(lie("/logs", json!([])), Err(Doubt::Logs(0)));
    assert_eq!(lie("/logs/1/address", json!(TO)), Err(Doubt::Logs(0)), "another token");
    assert_eq!(lie("/logs/1/topics/0", json!("0x02")), Err(Doubt::Logs(0)));
    assert_eq!(
        lie("/logs/1/topics/2", json!(format!("0x{:064x}", 7))),
        Err(Doubt::Logs(0)),
        "another recipient"
    );
    assert_eq!(judged(&receipt(1_500_001)), Err(Doubt::Logs(0)), "another amount");
    let twice = receipt(1_500_000);
    assert_eq!(lie("/logs/0", twice["logs"][1].clone()), Err(Doubt::Logs(2)));
}

#[test]
fn evidence_shown_twice_proves_neither() {
    let evidence = |log_index| {
        Ok(Evidence {
            txid: "0xab".into(),
            log_index,
            fee: U256::ZERO,
            for_energy: U256::ZERO,
            digits: COIN_DIGITS,
        })
    };
    assert_eq!(
        each_its_own(vec![evidence(1), evidence(2), evidence(1), Err(Doubt::NoReceipt)]),
        [Err(Doubt::Shared), evidence(2), Err(Doubt::Shared), Err(Doubt::NoReceipt)]
    );
}

#[test]
fn words_are_exactly_32_bytes() {
    assert_eq!(word(&json!(format!("0x{:064x}", 12))), Some(U256::from(12)));
    assert_eq!(word(&json!(format!("{:064x}", 12))), Some(U256::from(12)));
    for wrong in [json!("0x"), json!("0x0c"), json!(12), json!(format!("0x{:065x}", 12)), Value::Null] {
        assert_eq!(word(&wrong), None, "{wrong}");
    }
    assert_eq!(account("0x123"), None);
}

const USDT: &str = "TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t";
const BOB: &str = "TJrwVCELqpuNni8YCbh2C8LmgPR9UjSVbV";
const TXID: &str = "31a1127ab56372794ecd77bc51080ace0444b8a4f4542fe02c1d67a9b1dc0186";

fn burned() -> Transaction {
    serde_json::from_value(json!({
        "txid": TXID, "chain": "tron:31337", "kind": "pay", "status": "final",
        "block": { "number": 31, "hash": "BB" }, "fee": "6.7735"
    }))
    .unwrap()
}

/// As a node of TRON shows it: no `0x`, and addresses in logs without 41.
fn info(units: u64) -> Value {
    json!({
        "id": TXID, "blockNumber": 31, "fee": 6_773_500,
        "receipt": { "result": "SUCCESS", "energy_fee": 6_428_500, "net_fee": 345_000 },
        "log": [{
            "address": account(USDT).unwrap(), "data": format!("{units:064x}"),
            "topics": [TRANSFER, format!("{:064x}", 9), format!("{:0>64}", account(BOB).unwrap())],
        }],
    })
}

#[test]
fn on_tron_the_one_log_and_what_was_burned_are_read_from_the_receipt() {
    let paid = burned();
    let evidence = tron::judge(&info(1_500_000), &wanted(&paid, USDT, BOB)).unwrap();
    assert_eq!((evidence.log_index, evidence.fee_text().as_str()), (0, "6.7735"));
    assert_eq!(evidence.for_energy, U256::from(6_428_500));
    let mut free = info(1_500_000);
    free.as_object_mut().unwrap().remove("fee");
    assert_eq!(tron::judge(&free, &wanted(&paid, USDT, BOB)).unwrap().fee, U256::ZERO);
}

#[test]
fn every_lie_of_a_node_of_tron_is_caught() {
    let paid = burned();
    let judged = |info: &Value| tron::judge(info, &wanted(&paid, USDT, BOB)).map(|it| it.log_index);
    let lie = |change: &dyn Fn(&mut Value)| {
        let mut info = info(1_500_000);
        change(&mut info);
        judged(&info)
    };
    assert_eq!(judged(&json!({})), Err(Doubt::NoReceipt), "nothing solid");
    assert_eq!(lie(&|it| it["id"] = json!("00")), Err(Doubt::NoReceipt));
    assert_eq!(lie(&|it| it["receipt"]["result"] = json!("OUT_OF_ENERGY")), Err(Doubt::Reverted));
    assert_eq!(lie(&|it| it["receipt"] = json!({})), Err(Doubt::Reverted));
    assert_eq!(lie(&|it| it["result"] = json!("FAILED")), Err(Doubt::Reverted));
    assert_eq!(lie(&|it| it["blockNumber"] = json!(32)), Err(Doubt::OtherBlock));
    assert_eq!(lie(&|it| it["log"] = Value::Null), Err(Doubt::Logs(0)));
    assert_eq!(lie(&|it| it["log"][0]["address"] = json!(account(BOB).unwrap())), Err(Doubt::Logs(0)));
    assert_eq!(lie(&|it| it["log"][0]["topics"][2] = json!(format!("{:064x}", 7))), Err(Doubt::Logs(0)));
    assert_eq!(judged(&info(1_500_001)), Err(Doubt::Logs(0)), "another amount");
    let twice = |it: &mut Value| {
        let log = it["log"][0].clone();
        it["log"].as_array_mut().unwrap().push(log);
    };
    assert_eq!(lie(&twice), Err(Doubt::Logs(2)));
}

#[test]
fn on_tron_the_block_must_be_the_named_one_and_hold_the_transaction_as_a_success() {
    let paid = burned();
    let block = |id: &str, txid: &str, result: &str| json!({ "blockID": id, "transactions": [{ "txID": txid, "ret": [{ "contractRet": result }] }] });
    let judged = |block: &Value| tron::holds_it(block, &wanted(&paid, USDT, BOB));
    assert_eq!(judged(&block("bb", TXID, "SUCCESS")), Ok(()));
    assert_eq!(judged(&block("bc", TXID, "SUCCESS")), Err(Doubt::OtherBlock));
    assert_eq!(judged(&block("bb", "00", "SUCCESS")), Err(Doubt::OtherBlock));
    assert_eq!(judged(&block("bb", TXID, "REVERT")), Err(Doubt::Reverted));
    assert_eq!(judged(&json!({})), Err(Doubt::OtherBlock));
}
