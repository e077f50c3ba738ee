//! Lies of a node, told about a real chain.

use serde_json::{Value, json};
use sluice_devnet::{
    chaos::{Fault, Rule},
    rpc::RpcError,
    token::TestUsd,
};

use crate::{chaos::Stage, support::units};

const FEE: u64 = 3_000_000_000;

async fn told(stage: &Stage, method: &str, params: Value) -> Value {
    stage.through.call(method, params).await.unwrap()
}

async fn true_of(stage: &Stage, method: &str, params: Value) -> Value {
    stage.direct.call(method, params).await.unwrap()
}

fn quantity(value: &Value) -> u64 {
    u64::from_str_radix(value.as_str().unwrap().trim_start_matches("0x"), 16).unwrap()
}

#[tokio::test]
async fn a_stale_head_hides_the_newest_blocks_everywhere() {
    let stage = Stage::new(1).await;
    let raw = stage.signed(stage.account().await, 0, FEE, 1).await;
    let hash = told(&stage, "eth_sendRawTransaction", json!([raw])).await;
    stage.anvil.control().mine(10).await.unwrap();
    stage.chaos.add(Rule::every(Fault::StaleHead { blocks: 4 }).times(100)).unwrap();
    assert_eq!(quantity(&told(&stage, "eth_blockNumber", json!([])).await), 6);
    let number = async |tag: &str| {
        quantity(&told(&stage, "eth_getBlockByNumber", json!([tag, false])).await["number"])
    };
    assert_eq!((number("latest").await, number("finalized").await), (6, 4));
    assert_eq!(number("0x6").await, 6, "what it knows is true");
    assert!(told(&stage, "eth_getBlockByNumber", json!(["0x7", false])).await.is_null());
    let tenth = true_of(&stage, "eth_getBlockByNumber", json!(["latest", false])).await;
    assert!(told(&stage, "eth_getBlockByHash", json!([tenth["hash"], false])).await.is_null());
    assert!(
        told(&stage, "eth_getTransactionReceipt", json!([hash])).await["status"].is_string(),
        "in block 1"
    );
    stage.chaos.lift_all();
    stage.chaos.add(Rule::every(Fault::StaleHead { blocks: 100 })).unwrap();
    assert!(told(&stage, "eth_getTransactionReceipt", json!([hash])).await.is_null());
}

#[tokio::test]
async fn wrong_nonces_chains_and_final_hashes_are_told() {
    let stage = Stage::new(1).await;
    let account = stage.account().await;
    stage.anvil.control().mine(8).await.unwrap();
    let nonce = |by| Rule::every(Fault::WrongNonce { by });
    let rule = stage.chaos.add(nonce(3)).unwrap();
    assert_eq!(told(&stage, "eth_getTransactionCount", json!([account, "latest"])).await, "0x3");
    stage.chaos.lift(rule);
    stage.chaos.add(nonce(-1)).unwrap();
    assert_eq!(told(&stage, "eth_getTransactionCount", json!([account, "latest"])).await, "0x0");
    assert_eq!(stage.chaos.counts().named("wrong_nonce"), 1, "none is not fewer than none: no lie was told");

    stage.chaos.add(Rule::every(Fault::WrongChainId)).unwrap();
    assert_eq!(told(&stage, "eth_chainId", json!([])).await, "0x7a6a");
    assert_eq!(told(&stage, "net_version", json!([])).await, "31338");

    stage.chaos.add(Rule::every(Fault::WrongFinalHash)).unwrap();
    for (tag, is_true) in
        [("finalized", false), ("0x3", false), ("0x6", false), ("0x7", true), ("latest", true)]
    {
        let [said, found] = [&stage.through, &stage.direct]
            .map(|rpc| rpc.call::<_, Value>("eth_getBlockByNumber", (tag, false)));
        let (said, found) = (said.await.unwrap(), found.await.unwrap());
        assert_eq!(said["hash"] == found["hash"], is_true, "{tag}");
        assert_eq!((&said["number"], said["hash"].as_str().unwrap().len()), (&found["number"], 66));
    }
}

#[tokio::test]
async fn receipts_are_hidden_turned_and_made_up() {
    let stage = Stage::new(1).await;
    stage.anvil.control().set_automine(true).await.unwrap();
    let usd = TestUsd::ensure(stage.anvil.rpc()).await.unwrap();
    let from = stage.account().await;
    usd.mint(from, units(1_000_000)).await.unwrap();
    stage.anvil.control().mine(3).await.unwrap();
    stage.anvil.control().set_automine(false).await.unwrap();
    let nonce = stage.anvil.control().nonce(from).await.unwrap();
    let data = format!("0xa9059cbb{:0>64}{:0>64}", "77", "2a");
    let transaction = json!({
        "from": from, "to": usd.address(), "data": data, "gas": "0x186a0", "nonce": format!("{nonce:#x}"),
        "maxFeePerGas": "0xb2d05e00", "maxPriorityFeePerGas": "0x1", "chainId": "0x7a69", "type": "0x2",
    });
    let raw = true_of(&stage, "eth_signTransaction", json!([transaction])).await;
    let hash = told(&stage, "eth_sendRawTransaction", json!([raw])).await;
    let receipt = async || told(&stage, "eth_getTransactionReceipt", json!([hash])).await;

    assert!(receipt().await.is_null(), "it is in no block");
    let rule = stage.chaos.add(Rule::every(Fault::FakeReceipt)).unwrap();
    let fake = receipt().await;
    let last = true_of(&stage, "eth_getBlockByNumber", json!(["finalized", false])).await;
    assert_eq!((&fake["status"], &fake["blockHash"]), (&json!("0x1"), &last["hash"]));
    stage.chaos.lift(rule);

    stage.anvil.control().mine(1).await.unwrap();
    let real = receipt().await;
    // What was made up is what came to be, but for the block.
    for field in ["transactionHash", "from", "to", "status"] {
        assert_eq!(fake[field], real[field], "{field}");
    }
    for field in ["address", "topics", "data", "transactionHash"] {
        assert_eq!(fake["logs"][0][field], real["logs"][0][field], "{field}");
    }
    let rule = stage.chaos.add(Rule::every(Fault::FalseRevert)).unwrap();
    let turned = receipt().await;
    assert_eq!(
        (&turned["status"], &turned["logs"], &turned["blockHash"]),
        (&json!("0x0"), &json!([]), &real["blockHash"])
    );
    stage.chaos.lift(rule);
    stage.chaos.add(Rule::every(Fault::MissingReceipt)).unwrap();
    assert!(receipt().await.is_null());
    let counts = stage.chaos.counts();
    for fault in [Fault::FakeReceipt, Fault::FalseRevert, Fault::MissingReceipt] {
        assert_eq!(counts.of(fault), 1, "{fault}");
    }
}

#[tokio::test]
async fn what_was_sent_is_swallowed_or_refused_for_nothing() {
    let stage = Stage::new(1).await;
    let raw = stage.signed(stage.account().await, 7, FEE, 1).await;
    let send = async || stage.through.call::<_, Value>("eth_sendRawTransaction", (&raw,)).await;
    let only = |fault| Rule::every(fault).times(1);
    stage.chaos.add(only(Fault::SwallowSent)).unwrap();
    let swallowed = send().await.unwrap();
    for (fault, words) in [
        (Fault::FalseKnown, "already known"),
        (Fault::FalseNonceLow, "nonce too low: next nonce 8, tx nonce 7"),
    ] {
        stage.chaos.add(only(fault)).unwrap();
        let said = send().await;
        let Err(RpcError::Refused { code: -32_000, message, .. }) = said else { panic!("{said:?}") };
        assert_eq!(message, words);
    }
    assert_eq!(stage.pooled().await, 0, "none of them went anywhere");
    assert_eq!(send().await.unwrap(), swallowed, "the hash was the right one");
    assert_eq!(stage.pooled().await, 1);
}
