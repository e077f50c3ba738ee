//! Unmodified tronweb drives the simulator: build, sign, broadcast, receipts, resources, multi-sign.

use std::{path::Path, process::Stdio, time::Duration};

use sluice_devnet::tron::{Tron, TronConfig};
use tokio::process::Command;

/// The promises that `drive.mjs` keeps.
const PROMISES: usize = 8;

#[tokio::test(flavor = "multi_thread")]
async fn unmodified_tronweb_pays_stakes_lends_and_signs_with_several_keys() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/tronweb");
    assert!(folder.join("node_modules/tronweb").is_dir(), "tronweb is not installed here; run `make tools`");
    let tron = Tron::start(TronConfig::test(7)).await.unwrap();
    let node = Command::new("node")
        .args(["drive.mjs", &tron.url()])
        .current_dir(folder)
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(60), node).await.expect("an end").unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(said.lines().filter(|line| line.starts_with("kept: ")).count(), PROMISES, "{said}");
}
