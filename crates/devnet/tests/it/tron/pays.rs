//! A payment from the first question to the final receipt.

use serde_json::json;
use sluice_devnet::tron::Account;

use super::Stage;

#[tokio::test]
async fn a_payment_is_pooled_included_and_final_with_its_exact_receipt() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.account(0).clone(), Account::of_seed(99, 0));
    let (hex, id) = stage.usdt_transfer(&alice, bob.address(), 1_500_000, 0).await;
    let said = stage.broadcast(&hex).await;
    assert_eq!(
        (&said["result"], &said["code"], &said["message"], &said["txid"]),
        (&json!(true), &json!("SUCCESS"), &json!(""), &json!(id))
    );
    // The pool: the full node shows the transaction, and no receipt yet.
    let pending = stage.ask("/wallet/gettransactionbyid", json!({ "value": id })).await;
    assert_eq!(pending["ret"], json!([{ "contractRet": "SUCCESS" }]));
    assert_eq!(stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await, json!({}));
    assert_eq!(stage.ask("/walletsolidity/gettransactionbyid", json!({ "value": id })).await, json!({}));
    let twice = stage.broadcast(&hex).await;
    assert_eq!(twice["code"], "DUP_TRANSACTION_ERROR");

    let head = stage.control.mine(1).unwrap();
    let info = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await;
    assert_eq!(
        info,
        json!({
            "id": id,
            "fee": 13_028_500,
            "blockNumber": head.number,
            "blockTimeStamp": head.time_ms,
            "contractResult": ["0".repeat(64)],
            "contract_address": "41a614f803b6fd780986a42c78ec9c7f77e6ded13c",
            "receipt": {
                "energy_fee": 13_028_500,
                "energy_usage_total": 130_285,
                "net_usage": 345,
                "result": "SUCCESS",
                "energy_penalty_total": 130_285 - 29_650,
            },
            "log": [{
                "address": "a614f803b6fd780986a42c78ec9c7f77e6ded13c",
                "topics": [
                    "ddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef",
                    hex::encode(alice.address().word()),
                    hex::encode(bob.address().word()),
                ],
                "data": format!("{:064x}", 1_500_000),
            }],
        })
    );
    assert_eq!(stage.ask("/walletsolidity/gettransactioninfobyid", json!({ "value": id })).await, json!({}));
    stage.control.mine(2).unwrap();
    assert_eq!(stage.ask("/walletsolidity/gettransactioninfobyid", json!({ "value": id })).await, info);
    assert_eq!(stage.control.usdt_units(bob.address()), 1_500_000);
    // It is not activated by this, and its next payment in costs less.
    assert_eq!(stage.control.balance_sun(bob.address()), None);
    let (hex, id) = stage.usdt_transfer(&alice, bob.address(), 1, 1).await;
    stage.broadcast(&hex).await;
    stage.control.mine(1).unwrap();
    let info = stage.ask("/wallet/gettransactioninfobyid", json!({ "value": id })).await;
    assert_eq!(info["receipt"]["energy_usage_total"], 64_285);
    // 345 of 600 free bytes were used: the second one of the day burns.
    assert_eq!((&info["receipt"]["net_fee"], &info["fee"]), (&json!(345_000), &json!(6_428_500 + 345_000)));
}

#[tokio::test]
async fn a_block_holds_its_transactions_and_the_blocks_are_a_chain() {
    let stage = Stage::new().await;
    let (hex, id) = stage.usdt_transfer(stage.account(0), stage.account(1).address(), 5, 0).await;
    stage.broadcast(&hex).await;
    let head = stage.control.mine(1).unwrap().number;
    let list = stage.ask("/wallet/getblockbylimitnext", json!({ "startNum": 0, "endNum": head + 1 })).await;
    let blocks = list["block"].as_array().unwrap();
    assert_eq!(blocks.len(), usize::try_from(head).unwrap() + 1);
    for pair in blocks.windows(2) {
        assert_eq!(pair[1]["block_header"]["raw_data"]["parentHash"], pair[0]["blockID"]);
        let id = pair[1]["blockID"].as_str().unwrap();
        let number = pair[1]["block_header"]["raw_data"]["number"].as_u64().unwrap();
        assert_eq!(u64::from_str_radix(&id[..16], 16).unwrap(), number);
    }
    let last = blocks.last().unwrap();
    assert_eq!(last["transactions"][0]["txID"], json!(id));
    assert!(blocks[1].get("transactions").is_none());
    // The genesis block ends in the chain id.
    assert!(blocks[0]["blockID"].as_str().unwrap().ends_with("5453494d"));
    let chain_id = stage.ask("/jsonrpc", json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_chainId" })).await;
    assert_eq!(chain_id["result"], "0x5453494d");
    let finalized = json!({ "id": 2, "method": "eth_getBlockByNumber", "params": ["finalized", false] });
    let finalized = stage.ask("/jsonrpc", finalized).await;
    assert_eq!(finalized["result"]["number"], format!("0x{:x}", head - 2));
}

#[tokio::test]
async fn a_question_to_the_contract_costs_what_the_payment_will() {
    let stage = Stage::new().await;
    let (alice, bob) = (stage.account(0).address(), Account::of_seed(99, 0).address());
    let ask = |to: &str, amount: u64| {
        json!({
            "owner_address": alice.to_string(), "contract_address": stage.tron.usdt().to_string(),
            "function_selector": "transfer(address,uint256)",
            "parameter": format!("{}{amount:064x}", to), "visible": true,
        })
    };
    let word = hex::encode(bob.word());
    let said = stage.ask("/wallet/triggerconstantcontract", ask(&word, 7)).await;
    assert_eq!(said["result"], json!({ "result": true }));
    assert_eq!(said["energy_used"], 130_285);
    assert_eq!(said["energy_penalty"], 130_285 - 29_650);
    // Mainnet's token returns false although it pays.
    assert_eq!(said["constant_result"], json!(["0".repeat(64)]));
    assert_eq!(said["transaction"]["ret"], json!([{}]));
    // A revert is a result like any other.
    let said = stage.ask("/wallet/triggerconstantcontract", ask(&word, u64::MAX)).await;
    assert_eq!(said["result"], json!({ "result": true, "message": "REVERT opcode executed" }));
    assert_eq!(said["transaction"]["ret"], json!([{ "ret": "FAILED" }]));
    let said = stage.ask("/wallet/estimateenergy", ask(&word, 7)).await;
    let required = said["energy_required"].as_i64().unwrap();
    assert!((130_285..=140_285).contains(&required), "{said}");
    // Nothing of it remains.
    assert_eq!(stage.control.usdt_units(bob), 0);
}

#[tokio::test]
async fn resources_are_shown_without_what_is_zero() {
    let stage = Stage::new().await;
    let alice = stage.account(0).address();
    let ask = json!({ "address": alice.to_string(), "visible": true });
    let said = stage.ask("/wallet/getaccountresource", ask.clone()).await;
    assert_eq!(
        said,
        json!({
            "freeNetLimit": 600,
            "TotalNetLimit": 43_200_000_000_i64, "TotalNetWeight": 27_000_000_000_i64,
            "TotalEnergyLimit": 180_000_000_000_i64, "TotalEnergyWeight": 19_000_000_000_i64,
        })
    );
    stage.control.lend_energy(alice, 65_000).unwrap();
    stage.control.mine(1).unwrap();
    let said = stage.ask("/wallet/getaccountresource", ask).await;
    assert_eq!(said["EnergyLimit"], 65_000);
    assert_eq!(stage.control.energy_left(alice), 65_000);
}
