//! What nodes say, and do not say: who differs is named, and nothing is proven by them.

use sluice_devnet::anvil::AnvilConfig;

use crate::stage::{Stage, program};

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
