//! `sluice tron-sim --state FILE`: killed at any moment, it goes on where it stood.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use sluice_devnet::tron::Account;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::harness::PATIENCE;

const ROUNDS: usize = 20;

/// Final blocks that are looked at behind the last one.
const LOOKED_AT: u64 = 3;

/// What was answered as final: each block's number, and its bodies.
type Seen = Arc<Mutex<BTreeMap<u64, [String; 2]>>>;

fn command(state: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_sluice"));
    command
        .args(["--json", "tron-sim", "--port", "0", "--block-ms", "15", "--solid-lag", "2", "--nodes", "2"])
        .arg("--state")
        .arg(state)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// The process, where its first node is, and what it said.
async fn started(state: &Path) -> (Child, String, Value) {
    let mut child = command(state).spawn().expect("the program starts");
    let mut said = BufReader::new(child.stdout.take().expect("its words")).lines();
    let line =
        tokio::time::timeout(PATIENCE, said.next_line()).await.expect("in time").expect("it can be read");
    let said: Value = serde_json::from_str(&line.expect("a line")).expect("JSON");
    let url = said["urls"][0].as_str().and_then(|url| url.strip_prefix("http://")).expect("an address");
    (child, url.to_owned(), said)
}

/// Asks over a connection of its own; an error once the process is gone.
async fn ask(address: &str, path: &str, body: &Value) -> std::io::Result<String> {
    let mut stream = TcpStream::connect(address).await?;
    let body = body.to_string();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(format!("{head}{body}").as_bytes()).await?;
    let mut reply = Vec::new();
    stream.read_to_end(&mut reply).await?;
    let reply = String::from_utf8(reply).map_err(std::io::Error::other)?;
    let (head, body) = reply.split_once("\r\n\r\n").ok_or_else(|| std::io::Error::other("no reply"))?;
    // A reply that the kill cut short was not answered.
    let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
    let whole = length.and_then(|length| length.parse().ok()) == Some(body.len());
    whole.then(|| body.to_owned()).ok_or_else(|| std::io::Error::other("half a reply"))
}

async fn json_of(address: &str, path: &str, body: &Value) -> std::io::Result<Value> {
    serde_json::from_str(&ask(address, path, body).await?).map_err(std::io::Error::other)
}

/// Both bodies of a final block: the block, and what became of its transactions.
async fn bodies(address: &str, number: u64) -> std::io::Result<[String; 2]> {
    let num = json!({ "num": number });
    let block = ask(address, "/walletsolidity/getblockbynum", &num).await?;
    Ok([block, ask(address, "/walletsolidity/gettransactioninfobyblocknum", &num).await?])
}

async fn pay(address: &str, nth: u64) -> std::io::Result<()> {
    let from = Account::of_seed(1, u32::try_from(nth % 10).unwrap_or(0));
    let to = Account::of_seed(77, u32::try_from(nth % 50).unwrap_or(0)).address();
    let order = json!({ "owner_address": from.address().to_string(), "to_address": to.to_string(), "amount": nth + 1,
        "visible": true });
    let mut tx = json_of(address, "/wallet/createtransaction", &order).await?;
    let id = tx["txID"].as_str().and_then(|id| hex::decode(id).ok()).and_then(|id| id.try_into().ok());
    let id: [u8; 32] = id.ok_or_else(|| std::io::Error::other(tx.to_string()))?;
    tx["signature"] = json!([hex::encode(from.sign(&id))]);
    json_of(address, "/wallet/broadcasttransaction", &tx).await.map(drop)
}

/// Pays and looks at what is final until the process is gone. On a busy machine blocks come faster than they are looked at: the
/// last of them are, and a payment goes before each look.
async fn client(address: String, seen: Seen, first: u64) {
    let mut nth = first;
    let mut next = 1 + seen.lock().expect("no panic").last_key_value().map_or(0, |(number, _)| *number);
    loop {
        let looked = async {
            let head = json_of(&address, "/walletsolidity/getnowblock", &json!({})).await?;
            let solid = head["block_header"]["raw_data"]["number"].as_u64().unwrap_or(0);
            next = next.max(solid.saturating_sub(LOOKED_AT));
            loop {
                nth += 1;
                pay(&address, nth).await?;
                if next > solid {
                    return std::io::Result::Ok(());
                }
                let bodies = bodies(&address, next).await?;
                seen.lock().expect("no panic").insert(next, bodies);
                next += 1;
            }
        };
        if looked.await.is_err() {
            return;
        }
    }
}

/// How many of these final blocks have a payment in them.
fn paid(seen: &BTreeMap<u64, [String; 2]>) -> usize {
    seen.values().filter(|[_, infos]| infos.contains("blockNumber")).count()
}

#[tokio::test]
async fn what_was_answered_as_final_outlives_every_kill() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("tron.state");
    let seen = Seen::default();
    for round in 0..ROUNDS {
        let (mut child, address, _) = started(&state).await;
        let answered = seen.lock().expect("no panic").clone();
        let head = json_of(&address, "/walletsolidity/getnowblock", &json!({})).await.expect("an answer");
        let solid = head["block_header"]["raw_data"]["number"].as_u64().unwrap_or(0);
        assert!(answered.last_key_value().is_none_or(|(last, _)| *last <= solid), "round {round}: {solid}");
        for (number, before) in &answered {
            let now = bodies(&address, *number).await.expect("an answer");
            assert_eq!(&now, before, "round {round}, block {number}");
        }
        let first = u64::try_from(round).unwrap_or(0) * 1_000_000;
        let mut paying = tokio::task::JoinSet::new();
        paying.spawn(client(address, Arc::clone(&seen), first));
        // The kill comes while it pays, after another number of new final blocks each time, two of them with a payment: on a
        // busy machine the blocks come without them.
        let (blocks, paid_ones) = (answered.len() + 3 + round * 5 % 11, paid(&answered) + 2);
        let is_enough = || {
            let seen = seen.lock().expect("no panic");
            seen.len() >= blocks && paid(&seen) >= paid_ones
        };
        let enough = async {
            while !is_enough() {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(PATIENCE, enough).await.expect("blocks become final");
        child.start_kill().expect("it runs");
        child.wait().await.expect("it ends");
        while paying.join_next().await.is_some() {}
    }
    assert!(paid(&seen.lock().expect("no panic")) >= 2 * ROUNDS);
}

#[tokio::test]
async fn a_torn_end_is_a_warning_and_any_other_damage_an_exit_code() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("tron.state");
    let (mut child, address, _) = started(&state).await;
    ask(&address, "/sim/mine", &json!({ "blocks": 5 })).await.expect("an answer");
    child.kill().await.expect("it runs");
    let whole = std::fs::read(&state).expect("a file");
    std::fs::write(&state, &whole[..whole.len() - 3]).expect("it can be written");
    let (mut child, _, said) = started(&state).await;
    assert!(said["resumed"]["cut_bytes"].as_u64() > Some(0), "{said}");
    child.start_kill().expect("it runs");
    let output = child.wait_with_output().await.expect("it ends");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(words.starts_with("warning: ") && words.lines().count() == 1, "{words}");

    let mut spoiled = whole.clone();
    spoiled[300] ^= 1;
    for (bytes, arguments, code) in
        [(spoiled, [].as_slice(), 1), (b"hello".to_vec(), &[], 2), (whole, &["--seed", "9"], 2)]
    {
        std::fs::write(&state, &bytes).expect("it can be written");
        let output = command(&state).args(arguments).output().await.expect("the program runs");
        let words = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words}");
        assert!(words.contains("tron.state"), "{words}");
        assert_eq!(std::fs::read(&state).expect("a file"), bytes, "{words}");
    }
}

#[tokio::test]
async fn a_disk_without_room_ends_the_process_and_what_was_answered_is_kept() {
    let folder = tempfile::tempdir().expect("a folder");
    let state = folder.path().join("tron.state");
    // A file of at most 16 blocks of 512 bytes; the signal is ignored, so that the write itself fails.
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" tron-sim --port 0 --block-ms 1 --state \"$1\"";
    let child = Command::new("sh")
        .args(["-c", limited, env!("CARGO_BIN_EXE_sluice")])
        .arg(&state)
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, child).await.expect("in time").expect("it runs");
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{words}");
    assert!(words.contains("cannot be written any more"), "{words}");
    let (_child, _, said) = started(&state).await;
    assert!(said["resumed"]["blocks"].as_u64() > Some(50), "{said}");
}
