//! `sluice devnet market`, as it is typed.

use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::Command;

use crate::harness::PATIENCE;

#[tokio::test]
async fn the_vendors_are_started_by_a_command_and_tell_what_they_sold() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .args(["--json", "devnet", "market", "--port", "0", "--seed", "7", "--deposit-sun", "5000000"])
        .args(["--tronsave-fault", "never:count=1"])
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
    let address = begun["url"].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address");
    let body = json!({
        "receiver": "TJRabPrwbZy45sbavfcjinPJC18kjpRTv8", "durationSec": 900, "resourceAmount": 32_000, "unitPrice": 60,
    })
    .to_string();
    let request = format!(
        "POST /v2/buy-resource HTTP/1.1\r\nHost: x\r\nConnection: close\r\napikey: {}\r\nContent-Length: {}\r\n\r\n{body}",
        begun["tronsave_key"].as_str().expect("a key"),
        body.len()
    );
    let mut stream = TcpStream::connect(address).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it reads");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("it answers");
    assert!(answer.starts_with("HTTP/1.1 201"), "{answer}");
    let pid = child.id().expect("it runs").to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().await;
    assert!(sent.is_ok_and(|status| status.success()));
    let catfee = next().await;
    assert_eq!((&catfee["vendor"], &catfee["orders"]), (&json!("catfee"), &json!(0)));
    let tronsave = json!({
        "vendor": "tronsave", "orders": 1, "spent_sun": 60 * 32_000, "refunded_sun": 0,
        "balance_sun": 5_000_000 - 60 * 32_000, "drawn": [{ "fault": "never", "call": "place", "count": 1 }],
    });
    assert_eq!(next().await, tronsave);
    assert!(child.wait().await.expect("it ends").success());
}
