//! `sluice tron-sim`, as it is typed.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use sluice_devnet::tron::Address;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::harness::{PATIENCE, instant, since};

/// What was promised.
const START: Duration = Duration::from_millis(200);

/// A simulator that was started, what it said first, and how long that took.
async fn started(arguments: &[&str]) -> (tokio::process::Child, Value, Duration) {
    let typed = instant();
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["--json", "tron-sim", "--port", "0"])
        .args(arguments)
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut said = BufReader::new(child.stdout.take().expect("its words")).lines();
    let line = tokio::time::timeout(PATIENCE, said.next_line()).await.expect("in time");
    let took = since(typed);
    let begun = serde_json::from_str(&line.expect("it can be read").expect("a line")).expect("JSON");
    (child, begun, took)
}

#[tokio::test]
async fn the_simulator_is_started_by_a_command_and_is_there_at_once() {
    let mut fastest = Duration::MAX;
    // The quickest of a few: others work on this machine too.
    for _ in 0..5 {
        let (mut child, begun, took) = started(&["--nodes", "2", "--chain-id", "0x2b6653dc"]).await;
        fastest = fastest.min(took);
        assert_eq!(
            (begun["urls"].as_array().map(Vec::len), &begun["chain_id"]),
            (Some(2), &"0x2b6653dc".into())
        );
        let address = begun["accounts"][0]["address"].as_str().expect("an account");
        assert!(address.parse::<Address>().is_ok(), "{address}");
        let pid = child.id().expect("it runs").to_string();
        let sent = Command::new("kill").args(["-INT", &pid]).status().await;
        assert!(sent.is_ok_and(|status| status.success()));
        assert!(child.wait().await.expect("it ends").success());
    }
    assert!(fastest < START, "{fastest:?}");
}

#[tokio::test]
async fn a_clock_that_stands_still_needs_somebody_who_makes_blocks() {
    let output = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["tron-sim", "--port", "0", "--frozen-clock"])
        .output()
        .await
        .expect("the program starts");
    assert!(!output.status.success());
    assert!(String::from_utf8_lossy(&output.stderr).contains("--on-demand"), "{output:?}");
}
