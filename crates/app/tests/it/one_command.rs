//! `make run`: one command starts everything, says what to try, leaves nothing behind, and goes on where it ended.

use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::harness::{free_port, until};
use crate::on_both;

/// `sluice dev` with a chain of its own, in a folder. Killed when dropped.
struct Run {
    child: Child,
    dev: Value,
}

impl Run {
    async fn start(folder: &Path, database: &str, port: u16) -> Self {
        let log = std::fs::File::create(folder.join("log")).expect("a log");
        let tools = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let mut child = Command::new(env!("CARGO_BIN_EXE_sluice"))
            .current_dir(tools)
            .args([
                "dev",
                "--chain-port",
                "0",
                "--tron-port",
                "0",
                "--database",
                database,
                "--listen",
                &format!("127.0.0.1:{port}"),
            ])
            .arg("--data")
            .arg(folder)
            .env("LANG", "C.UTF-8")
            .stdin(Stdio::null())
            .stdout(log.try_clone().expect("a log"))
            .stderr(log)
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let mut dev = Value::Null;
        until("it serves", async || {
            let ended = child.try_wait().expect("a status");
            assert!(ended.is_none(), "{}", std::fs::read_to_string(folder.join("log")).unwrap_or_default());
            let text = std::fs::read_to_string(folder.join("dev.json")).unwrap_or_default();
            dev = serde_json::from_str(&text).unwrap_or_default();
            dev.is_object()
        })
        .await;
        Self { child, dev }
    }

    /// Ctrl-C: it ends well.
    async fn interrupt(mut self) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-INT", &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -INT");
        let ended = self.child.wait().await.expect("it ends");
        assert!(ended.success(), "{ended}");
    }

    fn text<'a>(&'a self, pointer: &str) -> &'a str {
        self.dev.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {}", self.dev))
    }

    async fn order(&self, external_id: &str) -> Value {
        let body = json!({
            "external_id": external_id, "user_id": "user-1", "asset": self.text("/assets/0/id"), "amount": "12.5",
            "address": "0x70997970C51812dc3A010C7d01b50e0d17dc79C8",
        });
        self.ask("POST", "/v1/withdrawals", &body.to_string()).await
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let key = self.text("/api_key");
        http(self.text("/api_url"), method, path, &format!("authorization: Bearer {key}\r\n"), body).await
    }

    async fn is_paid(&self, external_id: &str) -> bool {
        let found = self.ask("GET", &format!("/v1/withdrawals?external_id={external_id}"), "").await;
        found["data"][0]["status"] == "completed"
    }

    /// Payments of the token to the recipient, as its chain tells them.
    async fn payments(&self) -> usize {
        let filter = json!([{
            "fromBlock": "0x0", "toBlock": "latest", "address": self.text("/assets/0/contract"),
            "topics": [
                "0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef", null,
                "0x00000000000000000000000070997970c51812dc3a010c7d01b50e0d17dc79c8",
            ],
        }]);
        let question = json!({ "jsonrpc": "2.0", "id": 1, "method": "eth_getLogs", "params": filter });
        let answer = http(self.text("/assets/0/rpc_url"), "POST", "/", "", &question.to_string()).await;
        answer["result"].as_array().unwrap_or_else(|| panic!("{answer}")).len()
    }
}

/// With no client but a socket.
async fn http(url: &str, method: &str, path: &str, headers: &str, body: &str) -> Value {
    let host = url.trim_start_matches("http://");
    let request = format!(
        "{method} {path} HTTP/1.0\r\nhost: {host}\r\n{headers}content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
        body.len(),
    );
    let mut stream = TcpStream::connect(host).await.expect("it listens");
    stream.write_all(request.as_bytes()).await.expect("it takes the request");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it answers");
    let (_, body) = text.split_once("\r\n\r\n").expect("a body");
    serde_json::from_str(body).unwrap_or_else(|_| panic!("{text}"))
}

on_both! {
    async fn one_command_starts_everything_leaves_nothing_behind_and_goes_on(database: Database) {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, port) = (database.url(folder.path()), free_port());
        let run = Run::start(folder.path(), &database, port).await;
        // What scripts read: these members, and asset by asset.
        let dev = run.dev.clone();
        for pointer in ["/api_url", "/api_key", "/partner_id", "/assets/0/id", "/assets/0/chain", "/assets/0/rpc_url"] {
            assert!(!run.text(pointer).is_empty(), "{pointer}");
        }
        assert_eq!((run.text("/assets/0/chain"), &dev["assets"][0]["decimals"]), ("eip155:31337", &json!(6)));
        assert!(run.text("/assets/0/id").ends_with(&run.text("/assets/0/contract").to_lowercase()), "{dev}");
        // What people read: the address, the key, and a line to type.
        let said = std::fs::read_to_string(folder.path().join("log")).expect("its words");
        for word in [run.text("/api_url"), run.text("/api_key"), "curl -s", "/v1/withdrawals", "make demo"] {
            assert!(said.contains(word), "{word}: {said}");
        }
        run.order("first").await;
        until("the first is paid", async || run.is_paid("first").await).await;
        assert_eq!(run.payments().await, 1);
        let chain = run.text("/assets/0/rpc_url").trim_start_matches("http://").to_owned();
        run.interrupt().await;
        assert!(!folder.path().join("dev.json").exists(), "the file is there while it runs");
        for gone in [chain, format!("127.0.0.1:{port}")] {
            assert!(TcpStream::connect(&gone).await.is_err(), "{gone} still listens");
        }

        let run = Run::start(folder.path(), &database, port).await;
        for same in ["api_url", "api_key", "partner_id"] {
            assert_eq!(run.dev[same], dev[same], "{same}");
        }
        assert_eq!(run.dev["assets"][0]["contract"], dev["assets"][0]["contract"], "the same token on the same chain");
        assert_eq!((run.is_paid("first").await, run.payments().await), (true, 1), "its history is there");
        run.order("second").await;
        until("the second is paid", async || run.is_paid("second").await).await;
        assert_eq!(run.payments().await, 2);
        run.interrupt().await;
    }
}
