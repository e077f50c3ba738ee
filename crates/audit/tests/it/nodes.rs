//! What nodes say, and do not say: who differs is named, and nothing is proven by them.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::json;
use sluice_devnet::anvil::AnvilConfig;
use sluice_devnet::transaction::Transaction;

use crate::liar::Liar;
use crate::stage::{Said, Stage, program};

#[tokio::test]
async fn several_nodes_must_agree_and_who_differs_is_named() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let (url, other) = (stage.anvil.url(), Stage::new().await);
    let said = stage.check_with(&["--rpc", &url]);
    said.is(0, &[]);
    assert_eq!(said.report["nodes"], 2);

    other.anvil.control().mine(20).await.unwrap();
    let other_url = other.anvil.url();
    let said = stage.check_with(&["--rpc", &other_url]);
    said.refuses(3, "nodes_disagree", &format!("node 1 (127.0.0.1:{})", other.anvil.port()));
    let said = stage.check_with(&["--rpc", "http://127.0.0.1:1/a-secret-key"]);
    said.refuses(3, "node_failed", "node 1 (127.0.0.1:1) does not answer");
    assert!(!said.error.contains("a-secret-key"), "{}", said.error);
    other.anvil.stop().await.unwrap();
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_node_of_another_chain_is_refused() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let other =
        Stage::with(AnvilConfig { slots_in_an_epoch: 0, chain_id: 31_337, ..AnvilConfig::default() }).await;
    let list = stage.list().replace("eip155:31337", "eip155:137");
    let list = stage.write("polygon.ndjson", &list);
    let (url, wallet) = (other.anvil.url(), stage.wallets[0].to_string());
    let said = program(&["check", "--json", "--list", &list, "--wallet", &wallet, "--rpc", &url]);
    said.refuses(3, "node_of_another_chain", "eip155:31337");
    other.anvil.stop().await.unwrap();
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_block_that_is_not_final_is_not_judged() {
    let mut stage = Stage::with(AnvilConfig { slots_in_an_epoch: 2, ..AnvilConfig::default() }).await;
    stage.honest().await;
    let latest = stage.anvil.control().block_number().await.unwrap();
    stage.check_with(&["--to", &latest.to_string()]).refuses(3, "block_not_final", "is the last final one");
    // Some of it is above what is final: undecided, not missing.
    stage.anvil.control().mine(2).await.unwrap();
    let said = stage.check();
    assert_eq!(said.code, Some(3), "{said:?}");
    assert!(!said.found().is_empty() && said.found().iter().all(|it| *it == "above_the_range"), "{said:?}");
    stage.anvil.control().mine(4).await.unwrap();
    stage.check().is(0, &[]);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn an_opening_that_left_the_chain_is_refused() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let text = std::fs::read_to_string(stage.file("opening.json")).unwrap();
    let opening: serde_json::Value = serde_json::from_str(&text).unwrap();
    let hash = opening["block"]["hash"].as_str().unwrap();
    stage.write("opening.json", &text.replace(hash, &format!("0x{}", "ab".repeat(32))));
    stage.check().refuses(3, "opening_gone", "have another there");
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn small_ranges_of_logs_prove_the_same() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    stage.anvil.control().mine(30).await.unwrap();
    let (whole, parts) = (stage.check(), stage.check_with(&["--log-blocks", "1"]));
    parts.is(0, &[]);
    assert_eq!(whole.report, parts.report);
    stage.anvil.stop().await.unwrap();
}

/// Judges the list by this node alone.
fn by(stage: &Stage, node: &Liar) -> Said {
    let list = stage.write("list.ndjson", stage.list());
    let (opening, [one, other]) = (stage.file("opening.json"), stage.wallets.map(|it| it.to_string()));
    let wallets = ["--wallet", &one, "--wallet", &other];
    let fixed = ["check", "--json", "--list", &list, "--opening", &opening, "--rpc", &node.url];
    program(&[&fixed[..], &wallets[..]].concat())
}

#[tokio::test]
async fn a_provider_that_takes_little_at_once_is_asked_for_less() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    stage.anvil.control().mine(30).await.unwrap();
    let node = Liar::before(stage.anvil.port(), 3, |method, params, told| {
        let height = |name: &str| {
            u64::from_str_radix(params[0][name].as_str().unwrap_or("0x0").trim_start_matches("0x"), 16)
                .unwrap()
        };
        match method {
            "eth_getLogs" if height("toBlock") - height("fromBlock") >= 4 => {
                json!({ "error": { "code": -32602, "message": "block range too large" } })
            }
            _ => told,
        }
    });
    let said = by(&stage, &node);
    said.is(0, &[]);
    assert_eq!(said.report, stage.check().report);
    drop(node);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn a_node_that_contradicts_itself_proves_nothing() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    let port = stage.anvil.port();
    let hides_a_log = Liar::before(port, 100, |method, _, mut told| {
        if method == "eth_getLogs" {
            told.as_array_mut().unwrap().pop();
        }
        told
    });
    by(&stage, &hides_a_log).refuses(
        3,
        "node_contradicts_itself",
        "is in its receipt and not among the logs",
    );
    drop(hides_a_log);

    let last = format!("0x{:x}", stage.anvil.control().block_number().await.unwrap());
    let whole = json!(true);
    let another_chain = Liar::before(port, 100, move |method, params, mut told| {
        if method == "eth_getBlockByNumber" && params[1] == whole && params[0] == last.as_str() {
            told["parentHash"] = json!(format!("0x{}", "ab".repeat(32)));
        }
        told
    });
    by(&stage, &another_chain).refuses(3, "node_contradicts_itself", "does not stand on block");
    drop(another_chain);

    // A reorganisation while it was read: the head of the named block is asked for before and after.
    let last = format!("0x{:x}", stage.anvil.control().block_number().await.unwrap());
    let asked = AtomicU64::new(0);
    let moves_on = Liar::before(port, 100, move |method, params, mut told| {
        let head =
            method == "eth_getBlockByNumber" && params[0] == last.as_str() && params[1] == json!(false);
        if head && asked.fetch_add(1, Ordering::SeqCst) > 0 {
            told["hash"] = json!(format!("0x{}", "cd".repeat(32)));
        }
        told
    });
    by(&stage, &moves_on).refuses(3, "node_contradicts_itself", "had another hash when everything was read");
    drop(moves_on);
    stage.anvil.stop().await.unwrap();
}

#[tokio::test]
async fn one_of_two_nodes_that_hides_a_transaction_is_found_out() {
    let mut stage = Stage::new().await;
    stage.honest().await;
    // Neither a log nor a receipt tells of it: a call of nothing, by a wallet.
    let hidden = Transaction::call(stage.wallets[0], stage.stranger, vec![1_u8]);
    let hidden = stage.sends(hidden).await.transaction_hash.to_string();
    stage.check().is(1, &["transaction_unexplained"]);
    let hides = Liar::before(stage.anvil.port(), 100, move |method, params, mut told| {
        if method == "eth_getBlockByNumber" && params[1] == json!(true) {
            told["transactions"].as_array_mut().unwrap().retain(|it| it["hash"] != hidden.as_str());
        }
        told
    });
    // Alone, it cannot hide that a nonce was used and that the coin for it is gone.
    by(&stage, &hides).is(1, &["nonce_unknown", "balance_wrong"]);
    let said = stage.check_with(&["--rpc", &hides.url]);
    said.refuses(3, "nodes_disagree", "the transactions of the wallets");
    drop(hides);
    stage.anvil.stop().await.unwrap();
}
