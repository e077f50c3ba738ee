//! A chain, an engine in processes of its own, a caller with its own list, and a judge that believes only the chain.

mod auditor;
mod beside;
mod blocks;
mod caller;
mod database;
mod door;
mod engine;
mod judge;
mod point;
mod production;
mod signer;
mod stored;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

pub use auditor::Auditor;
pub use caller::{Caller, Order};
pub use database::Database;
pub use door::{Door, Manner};
pub use engine::{Engine, signal};
pub use judge::Judge;
pub use point::Point;
pub use production::Production;
pub use signer::SignerProcess;
use sluice_api::status::Status;
use sluice_api::withdrawal::Withdrawal;
use sluice_devnet::anvil::{Anvil, AnvilConfig, Mining};
use sluice_devnet::chaos::{Chaos, ChaosConfig};
use sluice_devnet::control::Control;
use sluice_devnet::token::TestUsd;
use sluice_mutant::Mutant;
pub use stored::Stored;

/// Longest anything in a test may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// How the chain of a world behaves.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Time between blocks.
    pub block: Duration,
    /// Hot wallets.
    pub lanes: u8,
    /// Whole test dollars in each of them.
    pub funds: u64,
    /// Blocks of an epoch: what is final is two epochs below the newest block.
    pub epoch: u64,
    /// Figures of the chain's profile that differ, as TOML; for production engines.
    pub profile: &'static str,
    /// Figures of the server that differ, as TOML; for production engines.
    pub server: &'static str,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            block: Duration::from_millis(250),
            lanes: 2,
            funds: 2_000_000,
            epoch: 1,
            profile: "",
            server: "",
        }
    }
}

/// A chain with a test dollar, and a place for engines.
pub struct World {
    /// The node.
    pub anvil: Anvil,
    /// The token.
    pub usd: TestUsd,
    folder: tempfile::TempDir,
    database: String,
    shape: Shape,
    /// What engines take for the node, where that is not the node itself.
    node: Option<String>,
    /// Where each engine of this world listens, so that a caller finds it again after a restart.
    ports: Mutex<BTreeMap<String, u16>>,
    door: Option<Door>,
    /// The rule that its engines have off.
    broken: Option<Mutant>,
    /// Nodes of TRON, where they pay there too.
    tron: Vec<String>,
    /// Vendors of energy, where they buy it.
    market: Option<String>,
}

impl World {
    /// A world of this shape.
    pub async fn new(database: Database, shape: Shape) -> Self {
        let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        let anvil = Anvil::start(AnvilConfig {
            tools_dir: Some(tools),
            mining: Mining::Every(shape.block),
            slots_in_an_epoch: shape.epoch,
            // What a test undoes, and some more.
            history_blocks: 160,
            ..AnvilConfig::default()
        })
        .await
        .expect("anvil starts; `scripts/setup.sh tools` installs it");
        let usd = TestUsd::ensure(anvil.rpc()).await.expect("the test dollar deploys");
        // The token is final before anybody asks about it.
        anvil.control().mine(2 * shape.epoch + 2).await.expect("blocks are mined");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = database.url(folder.path());
        Self {
            anvil,
            usd,
            folder,
            database,
            shape,
            node: None,
            ports: Mutex::default(),
            door: None,
            broken: None,
            tron: vec![],
            market: None,
        }
    }

    /// The same with engines that have a rule off.
    pub async fn with(broken: Option<Mutant>, database: Database, shape: Shape) -> Self {
        let mut world = Self::new(database, shape).await;
        world.broken = broken;
        world
    }

    /// The same with a door in front of the PostgreSQL server, for this world alone.
    pub async fn behind_a_door(database: Database, shape: Shape) -> Self {
        let mut world = Self::new(database, shape).await;
        let (server, name) = world.database.rsplit_once('/').expect("a server and a name");
        let (user, port) = server.rsplit_once(':').expect("a port");
        let door = Door::before(port.parse().expect("a port")).await;
        world.database = format!("{user}:{}/{name}", door.port());
        world.door = Some(door);
        world
    }

    /// The same with a proxy between engines and node, on which things go wrong once it is told so.
    pub async fn behind_chaos(database: Database, shape: Shape, seed: u64) -> (Self, Chaos) {
        let mut world = Self::new(database, shape).await;
        let chaos = Chaos::start(ChaosConfig::before(world.anvil.url(), seed)).await;
        let chaos = chaos.unwrap_or_else(|error| panic!("{error}"));
        world.node = Some(chaos.url());
        (world, chaos)
    }

    /// The door in front of the database.
    pub fn door(&self) -> &Door {
        self.door.as_ref().expect("this world has one")
    }

    /// Starts an engine on this world, with a signer inside it, and waits until it serves.
    pub async fn engine(&self) -> Engine {
        Engine::start(self, "dev", &[]).await
    }

    /// Starts a signer in a process of its own, over the keys of this world.
    pub async fn signer(&self) -> SignerProcess {
        SignerProcess::start(self, 1_024).await
    }

    /// The same with so few file descriptors.
    pub async fn signer_with(&self, files_max: u32) -> SignerProcess {
        SignerProcess::start(self, files_max).await
    }

    /// Starts an engine over that signer and waits for nothing: it may be about to kill itself.
    pub fn engine_begun(&self, signer: &SignerProcess, more: &[&str]) -> Engine {
        let socket = signer.socket.display().to_string();
        let more: Vec<_> =
            ["--signer-socket", &socket].iter().chain(more).map(|it| (*it).to_owned()).collect();
        Engine::begin(self, &self.database, "dev", &more)
    }

    /// Starts an engine over that signer, told more than usual, and waits until it serves.
    pub async fn engine_with(&self, signer: &SignerProcess, more: &[&str]) -> Engine {
        let socket = signer.socket.display().to_string();
        let more: Vec<_> =
            ["--signer-socket", &socket].iter().chain(more).map(|it| (*it).to_owned()).collect();
        Engine::start(self, "dev", &more).await
    }

    /// Starts one of several engines on the same database, over that signer.
    pub async fn engine_beside(&self, signer: &SignerProcess, name: &str) -> Engine {
        Engine::start(self, name, &["--signer-socket".into(), signer.socket.display().to_string()]).await
    }

    /// Starts an engine on any database over that signer, with these roles alone; all of them where none is named.
    pub async fn engine_on(
        &self,
        database: &str,
        signer: &SignerProcess,
        name: &str,
        roles: &[&str],
    ) -> Engine {
        let mut more = vec!["--signer-socket".to_owned(), signer.socket.display().to_string()];
        more.extend(roles.iter().flat_map(|role| ["--role".to_owned(), (*role).to_owned()]));
        Engine::start_on(self, database, name, &more).await
    }

    /// Runs the program to its end: its exit code, what it answered and what it complained of.
    pub async fn sluice(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let mut command = tokio::process::Command::new(env!("CARGO_BIN_EXE_sluice"));
        command.args(arguments).env("LANG", "C").current_dir(self.folder()).kill_on_drop(true);
        let ended =
            tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends").expect("it runs");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (ended.status.code(), text(&ended.stdout), text(&ended.stderr))
    }

    /// The judge.
    pub fn judge(&self) -> Judge {
        Judge::new(self.anvil.rpc().clone(), self.usd.address())
    }

    /// The levers of the node.
    pub fn control(&self) -> Control {
        self.anvil.control()
    }

    /// No block is made any more, until [`Self::blocks`] or [`Self::mine`].
    pub async fn no_blocks(&self) {
        self.control().set_interval_mining(0).await.expect("mining stops");
    }

    /// A block every second again: anvil takes whole seconds while it runs.
    pub async fn blocks(&self) {
        self.control().set_interval_mining(1).await.expect("mining goes on");
    }

    /// Makes blocks now.
    pub async fn mine(&self, blocks: u64) {
        self.control().mine(blocks).await.expect("blocks are mined");
    }

    /// Waits until the node holds what this order is to be paid with. `broadcast` does not say so: it is stored with the
    /// signature, before a node is asked.
    pub async fn pooled(&self, caller: &Caller, order: &Order) -> Withdrawal {
        let sent = caller.wait_for(order, Status::Broadcast).await;
        // Asked for what was sent last, each time anew: a raised fee takes the place of what the pool held.
        until(&format!("{} is in the pool", order.external_id), async || {
            let sent = caller.look(order).await.expect("it is there");
            let txid = &sent.transactions.last().expect("a transaction").txid;
            let held: Option<serde_json::Value> =
                self.anvil.rpc().call("eth_getTransactionByHash", [txid]).await.expect("the node answers");
            held.is_some()
        })
        .await;
        sent
    }

    /// One block in which the issuer refuses this recipient before anything else in it is executed: what passed
    /// simulation a moment ago reverts. Then the issuer has no objection any more. The payment is in the pool, and blocks
    /// must not come by themselves.
    pub async fn mine_reverting(&self, recipient: &str) {
        let account = recipient.trim_start_matches("0x");
        self.issuer("0xf9f92be4", account).await; // blacklist(address)
        self.mine(1).await;
        self.issuer("0x1a895266", account).await; // unBlacklist(address)
        self.mine(1).await;
    }

    /// A transaction of the token's issuer that pays more than anybody else in the block.
    async fn issuer(&self, selector: &str, account: &str) {
        let transaction = serde_json::json!({
            "from": self.usd.owner().to_string(),
            "to": self.usd.address().to_string(),
            "data": format!("{selector}{account:0>64}"),
            "gas": "0x30d40",
            "maxFeePerGas": "0x746a528800",
            "maxPriorityFeePerGas": "0x746a528800",
        });
        let rpc = self.anvil.rpc();
        rpc.call::<_, String>("eth_sendTransaction", [transaction]).await.expect("the issuer's transaction");
    }

    /// What the engines of this world have logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("engine.log")).unwrap_or_default()
    }

    /// The last lines of it.
    pub fn tail(&self, lines: usize) -> String {
        let log = self.log();
        let from = log.lines().count().saturating_sub(lines);
        log.lines().skip(from).collect::<Vec<_>>().join("\n")
    }

    /// Where everything of this world is kept.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// CAIP-19 id of the test dollar.
    pub fn asset(&self) -> String {
        format!("eip155:31337/erc20:{}", self.usd.address().to_string().to_lowercase())
    }

    /// Its folder outlives it, for people who want to understand what happened.
    pub fn keep(&mut self) {
        self.folder.disable_cleanup(true);
    }

    /// Address of its database.
    pub fn database(&self) -> &str {
        &self.database
    }

    /// Sends the node a signal by name.
    pub fn node(&self, signal: &str) {
        let pid = self.anvil.pid().expect("it runs").to_string();
        let sent = std::process::Command::new("kill").args([&format!("-{signal}"), &pid]).status();
        assert!(sent.is_ok_and(|status| status.success()), "kill -{signal}");
    }

    /// What engines take for the node.
    fn node_url(&self) -> String {
        self.node.clone().unwrap_or_else(|| self.anvil.url())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The port of an engine: the same at every start.
    fn port(&self, name: &str) -> u16 {
        let mut ports = self.ports.lock().unwrap_or_else(PoisonError::into_inner);
        *ports.entry(name.to_owned()).or_insert_with(free_port)
    }
}

impl Drop for World {
    fn drop(&mut self) {
        if std::thread::panicking() {
            self.folder.disable_cleanup(true);
            eprintln!("what the engine said and stored is kept in {}", self.folder.path().display());
        }
    }
}

/// A port nobody listens on, below those the kernel hands to outgoing connections: what is free now must still be free
/// when an engine that was killed comes back.
pub fn free_port() -> u16 {
    use std::sync::atomic::{AtomicU32, Ordering};
    static TRIED: AtomicU32 = AtomicU32::new(0);
    loop {
        let next = std::process::id().wrapping_mul(37).wrapping_add(TRIED.fetch_add(1, Ordering::Relaxed));
        let port = 10_000 + u16::try_from(next % 10_000).expect("below 10,000");
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
}

/// Asks until the answer is yes, or fails with what was waited for.
pub async fn until(what: &str, ask: impl AsyncFnMut() -> bool) {
    within(PATIENCE, what, ask).await;
}

/// Asks until the answer is yes, and fails when that takes longer than promised.
pub async fn within(time: Duration, what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(time, async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "still waiting after {time:?}: {what}");
}

/// The real clock. Promises are about real seconds.
#[expect(clippy::disallowed_methods, reason = "the promise is about real seconds")]
pub fn instant() -> std::time::Instant {
    std::time::Instant::now()
}

/// Time since an instant.
pub fn since(start: std::time::Instant) -> Duration {
    instant().duration_since(start)
}
