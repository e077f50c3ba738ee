//! `sluice devnet chaos`, as it is typed.

use std::process::Stdio;

use serde_json::{Value, json};
use sluice_devnet::anvil::{Anvil, AnvilConfig};
use sluice_devnet::rpc::Rpc;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command;

use crate::harness::PATIENCE;

#[tokio::test]
async fn the_proxy_is_started_by_a_command_and_tells_what_has_struck() {
    let tools = std::path::PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
    let anvil =
        Anvil::start(AnvilConfig { tools_dir: Some(tools), ..AnvilConfig::default() }).await.expect("anvil");
    let node = anvil.url();
    let typed = ["--json", "devnet", "chaos", "--upstream", &node, "--listen", "127.0.0.1:0", "--seed", "7"];
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(typed)
        .args(["--fault", "wrong_chain_id:count=2", "--pool", "geth"])
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .expect("the program starts");
    let mut said = BufReader::new(child.stdout.take().expect("its words")).lines();
    let mut next = async || -> Value {
        let line = tokio::time::timeout(PATIENCE, said.next_line()).await.expect("in time");
        serde_json::from_str(&line.expect("it can be read").expect("a line")).expect("JSON")
    };
    let begun = next().await;
    assert_eq!(begun["seed"], 7);
    let (_, port) = begun["url"].as_str().and_then(|url| url.rsplit_once(':')).expect("an address");
    let through = Rpc::local(port.parse().expect("a port"));
    for chain in ["0x7a6a", "0x7a6a", "0x7a69"] {
        let told: String = through.call("eth_chainId", [(); 0]).await.expect("an answer");
        assert_eq!(told, chain);
    }
    let pid = child.id().expect("it runs").to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().await;
    assert!(sent.is_ok_and(|status| status.success()));
    let struck = json!([{ "fault": "wrong_chain_id", "method": "eth_chainId", "count": 2 }]);
    assert_eq!(next().await, json!({ "struck": struck }));
    assert!(child.wait().await.expect("it ends").success());
    anvil.stop().await.expect("anvil ends");
}
