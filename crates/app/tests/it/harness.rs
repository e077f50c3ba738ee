//! A chain, an engine in processes of its own, a caller with its own list, and a judge that believes only the chain.

mod caller;
mod engine;
mod judge;

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

pub use caller::{Caller, Order};
pub use engine::{Engine, SignerProcess};
pub use judge::Judge;
use sluice_devnet::anvil::{Anvil, AnvilConfig, Mining};
use sluice_devnet::token::TestUsd;

/// Longest anything in a test may take.
pub const PATIENCE: Duration = Duration::from_secs(120);

/// The database a promise is kept on.
#[derive(Clone, Debug)]
pub enum Database {
    /// A file in the engine's folder.
    Sqlite,
    /// A server; each world makes a database of its own there.
    Postgres(String),
}

impl Database {
    /// The throw-away cluster of `scripts/with-postgres.sh`; without one the promise is kept on SQLite alone, and says so.
    #[expect(clippy::disallowed_methods, reason = "tests have no configuration reader")]
    pub fn postgres() -> Option<Self> {
        let url = std::env::var("SLUICE_TEST_POSTGRES_URL").ok();
        if url.is_none() {
            eprintln!(
                "SLUICE_TEST_POSTGRES_URL is not set: run `make test` to keep this promise on PostgreSQL too"
            );
        }
        url.map(Self::Postgres)
    }

    fn url(&self, folder: &Path) -> String {
        match self {
            Self::Sqlite => format!("sqlite://{}", folder.join("sluice.db").display()),
            Self::Postgres(server) => {
                let name =
                    format!("it_{}", folder.file_name().unwrap().to_string_lossy().replace(['.', '-'], "_"))
                        .to_lowercase();
                let made = Command::new("psql")
                    .args([
                        server.as_str(),
                        "-v",
                        "ON_ERROR_STOP=1",
                        "-qc",
                        &format!("create database \"{name}\""),
                    ])
                    .output()
                    .expect("psql runs");
                let said = String::from_utf8_lossy(&made.stderr);
                assert!(made.status.success() || said.contains("already exists"), "{said}");
                let (base, _) = server.rsplit_once('/').unwrap();
                format!("{base}/{name}")
            }
        }
    }
}

/// How the chain of a world behaves.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Time between blocks.
    pub block: Duration,
    /// Hot wallets.
    pub lanes: u8,
}

impl Default for Shape {
    fn default() -> Self {
        Self { block: Duration::from_millis(250), lanes: 2 }
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
}

impl World {
    /// A world of this shape.
    pub async fn new(database: Database, shape: Shape) -> Self {
        let tools = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../contracts");
        let anvil = Anvil::start(AnvilConfig {
            tools_dir: Some(tools),
            mining: Mining::Every(shape.block),
            slots_in_an_epoch: 1,
            ..AnvilConfig::default()
        })
        .await
        .expect("anvil starts; `scripts/setup.sh tools` installs it");
        let usd = TestUsd::ensure(anvil.rpc()).await.expect("the test dollar deploys");
        let folder = tempfile::tempdir().expect("a temporary folder");
        let database = database.url(folder.path());
        Self { anvil, usd, folder, database, shape }
    }

    /// Starts an engine on this world and waits until it serves.
    pub async fn engine(&self) -> Engine {
        Engine::start(self.folder.path(), &self.database, &self.anvil.url(), self.shape.lanes).await
    }

    /// Starts a signer in a process of its own, over the keys of this world.
    pub async fn signer(&self) -> SignerProcess {
        SignerProcess::start(self.folder.path(), &self.database, &self.anvil.url(), self.shape.lanes).await
    }

    /// Starts one of several engines on the same database, over that signer.
    pub async fn engine_beside(&self, signer: &SignerProcess, name: &str) -> Engine {
        let socket = ["--signer-socket".into(), signer.socket.display().to_string()];
        Engine::start_as(
            self.folder.path(),
            &self.database,
            &self.anvil.url(),
            self.shape.lanes,
            name,
            &socket,
        )
        .await
    }

    /// The judge.
    pub fn judge(&self) -> Judge {
        Judge::new(self.anvil.rpc().clone(), self.usd.address())
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

/// Asks until the answer is yes, or fails with what was waited for.
pub async fn until(what: &str, mut ask: impl AsyncFnMut() -> bool) {
    let waited = tokio::time::timeout(PATIENCE, async {
        while !ask().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    assert!(waited.await.is_ok(), "still waiting after {PATIENCE:?}: {what}");
}
