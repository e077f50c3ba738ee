//! `make run`: one command starts everything, says what to try, leaves nothing behind, and goes on where it ended, on both
//! of its chains.

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use serde_json::{Value, json};
use sluice_core::address::TronAddress;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

use crate::harness::{Shape, World, free_port, until};
use crate::on_both;

/// Who is paid: an account of anvil's, and one that nobody has.
const EVM: &str = "0x70997970C51812dc3A010C7d01b50e0d17dc79C8";
const TRON: &str = "TPL66VK2gCXNCD7EJg9pgJRfqcRazjhUZY";

/// `sluice dev` with chains of its own, in a folder. Killed when dropped.
pub struct Run {
    child: Child,
    /// What it wrote for scripts.
    pub dev: Value,
}

impl Run {
    /// Starts it and waits until it serves.
    pub async fn start(folder: &Path, database: &str, port: u16) -> Self {
        Self::start_with(folder, database, port, &[]).await
    }

    /// The same with more arguments.
    pub async fn start_with(folder: &Path, database: &str, port: u16, more: &[&str]) -> Self {
        // A killed one leaves its file behind; only a new one counts.
        let _gone = std::fs::remove_file(folder.join("dev.json"));
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
            .args(more)
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
    pub async fn interrupt(mut self) {
        let pid = self.child.id().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args(["-INT", &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -INT");
        let ended = self.child.wait().await.expect("it ends");
        assert!(ended.success(), "{ended}");
    }

    /// `kill -9`, and waits until it is gone.
    pub async fn kill(mut self) {
        self.child.kill().await.expect("it can be killed");
    }

    /// A text of its file.
    pub fn text<'a>(&'a self, pointer: &str) -> &'a str {
        self.dev.pointer(pointer).and_then(Value::as_str).unwrap_or_else(|| panic!("{pointer}: {}", self.dev))
    }

    /// Orders 12.5 of the asset of this place.
    pub async fn order(&self, external_id: &str, asset: usize) -> Value {
        let address = if asset == 0 { EVM } else { TRON };
        let body = json!({
            "external_id": external_id, "user_id": "user-1", "asset": self.text(&format!("/assets/{asset}/id")),
            "amount": "12.5", "address": address,
        });
        self.ask("POST", "/v1/withdrawals", &body.to_string()).await
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Value {
        let key = self.text("/api_key");
        http(self.text("/api_url"), method, path, &format!("authorization: Bearer {key}\r\n"), body).await
    }

    /// Whether the engine says so.
    pub async fn is_paid(&self, external_id: &str) -> bool {
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

    /// What the recipient on TRON holds, in units, by what is solid there.
    pub async fn held_on_tron(&self) -> u64 {
        let TronAddress(account) = TronAddress::parse(TRON).expect("an address");
        let question = json!({
            "owner_address": TRON, "contract_address": self.text("/assets/1/contract"), "visible": true,
            "function_selector": "balanceOf(address)", "parameter": format!("{:0>64}", hex::encode(account)),
        });
        let path = "/walletsolidity/triggerconstantcontract";
        let answer = http(self.text("/assets/1/rpc_url"), "POST", path, "", &question.to_string()).await;
        let held = answer["constant_result"][0].as_str().and_then(|it| u64::from_str_radix(it, 16).ok());
        held.unwrap_or_else(|| panic!("{answer}"))
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
        let mut pointers = vec!["/api_url".to_owned(), "/api_key".into(), "/partner_id".into()];
        pointers.extend((0..2).flat_map(|at| ["id", "chain", "rpc_url"].map(|it| format!("/assets/{at}/{it}"))));
        for pointer in &pointers {
            assert!(!run.text(pointer).is_empty(), "{pointer}");
        }
        assert_eq!((run.text("/assets/0/chain"), &dev["assets"][0]["decimals"]), ("eip155:31337", &json!(6)));
        assert_eq!((run.text("/assets/1/chain"), &dev["assets"][1]["decimals"]), ("tron:31337", &json!(6)));
        assert!(run.text("/assets/0/id").ends_with(&run.text("/assets/0/contract").to_lowercase()), "{dev}");
        assert!(run.text("/assets/1/id").ends_with(&format!("/trc20:{}", run.text("/assets/1/contract"))), "{dev}");
        // What people read: the address, the key, and a line to type for each chain.
        let said = std::fs::read_to_string(folder.path().join("log")).expect("its words");
        let assets = [run.text("/assets/0/id"), run.text("/assets/1/id")];
        let words = [run.text("/api_url"), run.text("/api_key"), "curl -s", "/v1/withdrawals", "make demo"];
        for word in words.into_iter().chain(assets) {
            assert!(said.contains(word), "{word}: {said}");
        }
        run.order("first", 0).await;
        run.order("first-on-TRON", 1).await;
        until("the first are paid", async || run.is_paid("first").await && run.is_paid("first-on-TRON").await).await;
        assert_eq!((run.payments().await, run.held_on_tron().await), (1, 12_500_000));
        let chains = [0, 1].map(|at| run.text(&format!("/assets/{at}/rpc_url")).trim_start_matches("http://").to_owned());
        run.interrupt().await;
        assert!(!folder.path().join("dev.json").exists(), "the file is there while it runs");
        for gone in chains.into_iter().chain([format!("127.0.0.1:{port}")]) {
            assert!(TcpStream::connect(&gone).await.is_err(), "{gone} still listens");
        }

        let run = Run::start(folder.path(), &database, port).await;
        for same in ["api_url", "api_key", "partner_id"] {
            assert_eq!(run.dev[same], dev[same], "{same}");
        }
        for at in [0, 1] {
            assert_eq!(run.dev["assets"][at]["contract"], dev["assets"][at]["contract"], "the same token on the same chain");
        }
        assert!(run.is_paid("first").await && run.is_paid("first-on-TRON").await, "its history is there");
        assert_eq!((run.payments().await, run.held_on_tron().await), (1, 12_500_000));
        run.order("second", 0).await;
        run.order("second-on-TRON", 1).await;
        until("the second are paid", async || run.is_paid("second").await && run.is_paid("second-on-TRON").await).await;
        assert_eq!((run.payments().await, run.held_on_tron().await), (2, 25_000_000));
        run.interrupt().await;
    }

    /// Its TRON dies with it, and is in its file; anvil is somebody else's here.
    async fn killed_at_once_after_an_order_it_goes_on_with_its_tron_and_pays_once(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let (port, node) = (free_port(), world.anvil.url());
        let more = ["--node", &node];
        let start = || Run::start_with(world.folder(), world.database(), port, &more);
        let mut ordered = 0;
        for after in [0, 400, 800, 1_200, 1_600, 2_000] {
            let run = start().await;
            run.order(&format!("killed-after-{after}-ms"), 1).await;
            ordered += 1;
            // Wherever it is by then.
            tokio::time::sleep(Duration::from_millis(after)).await;
            run.kill().await;
        }
        let run = start().await;
        for after in [0, 400, 800, 1_200, 1_600, 2_000] {
            let order = format!("killed-after-{after}-ms");
            until("it is paid", async || run.is_paid(&order).await).await;
        }
        assert_eq!(run.held_on_tron().await, ordered * 12_500_000);
        run.interrupt().await;
    }

    /// A folder from before there was TRON gets wallets and a limit there; without it again, the other chain pays on.
    async fn a_folder_without_tron_gets_it_later_and_may_leave_it_out_again(database: Database) {
        let folder = tempfile::tempdir().expect("a folder");
        let (database, port) = (database.url(folder.path()), free_port());
        let without = || Run::start_with(folder.path(), &database, port, &["--no-tron"]);
        let run = without().await;
        assert_eq!(run.dev["assets"].as_array().map(Vec::len), Some(1), "{}", run.dev);
        run.order("alone", 0).await;
        until("it is paid", async || run.is_paid("alone").await).await;
        run.interrupt().await;
        let run = Run::start(folder.path(), &database, port).await;
        run.order("on-TRON", 1).await;
        until("it is paid", async || run.is_paid("on-TRON").await).await;
        assert_eq!(run.held_on_tron().await, 12_500_000);
        run.interrupt().await;
        let run = without().await;
        run.order("alone-again", 0).await;
        until("it is paid", async || run.is_paid("alone-again").await).await;
        assert_eq!(run.payments().await, 2);
        run.interrupt().await;
    }
}

#[tokio::test]
async fn a_port_of_tron_in_use_is_named_with_what_to_do() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = taken.local_addr().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let ended = Command::new(env!("CARGO_BIN_EXE_sluice"))
        .current_dir(Path::new(env!("CARGO_MANIFEST_DIR")).join("../.."))
        .args([
            "dev",
            "--chain-port",
            "0",
            "--listen",
            "127.0.0.1:0",
            "--tron-port",
            &address.port().to_string(),
        ])
        .arg("--data")
        .arg(folder.path())
        .env("LANG", "C.UTF-8")
        .output()
        .await
        .expect("it runs");
    let said = String::from_utf8_lossy(&ended.stderr).into_owned();
    assert_eq!(ended.status.code(), Some(3), "{said}");
    assert!(said.contains(&address.to_string()) && said.contains("--tron-port"), "{said}");
}
