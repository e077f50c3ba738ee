//! An installation as in production: a chain, a signer of its own, an engine with a configuration file, several lanes.

use std::time::Duration;

use sluice_devnet::anvil::{Anvil, AnvilConfig, Mining};
use sluice_devnet::chaos::{Chaos, ChaosConfig, PoolRules};
use sluice_devnet::token::TestUsd;

use crate::client::until;
use crate::database::Database;
use crate::engine::{Door, Engine, RECIPIENT, serves};
use crate::program::{Folder, PATIENCE, Process, Program, free_port};

/// Blocks that the chain makes before it answers again.
const MINED_AT_ONCE: usize = 100;

/// How it is laid out.
#[derive(Clone, Copy, Debug)]
pub struct Shape {
    /// Hot wallets.
    pub lanes: u32,
    /// Time between blocks.
    pub block: Duration,
    /// Slots of a lane that may be outside of blocks.
    pub window: u32,
    /// Blocks that the chain has before it is first looked at.
    pub blocks: u64,
    /// The rules of geth's pool between the engine and the chain, which knows none.
    pub pool: bool,
    /// More lines of the server's configuration.
    pub server: &'static str,
}

/// It. Everything ends when it is dropped.
pub struct Installation {
    /// The engine.
    pub engine: Engine,
    /// The signer.
    pub signer: Process,
    anvil: Anvil,
    usd: TestUsd,
    _chaos: Option<Chaos>,
    config: String,
    folder: Folder,
}

impl Installation {
    /// Sets it up.
    pub fn create(
        program: &Program,
        database: &Database<'_>,
        folder: Folder,
        shape: Shape,
    ) -> Result<Self, String> {
        let (anvil, usd, chaos) = database.runtime().block_on(chain(program, shape))?;
        let node = chaos.as_ref().map_or_else(|| anvil.url(), Chaos::url);
        let (data, lanes) = (folder.text(), shape.lanes.to_string());
        let block_ms = shape.block.as_millis().to_string();
        let common = ["--node", &node, "--lanes", &lanes, "--block-ms", &block_ms, "--funds", "10000000"];
        let mut prepare = vec![
            "dev",
            "--prepare",
            "--no-tron",
            "--listen",
            "127.0.0.1:0",
            "--database",
            &database.url,
            "--data",
            &data,
        ];
        prepare.extend(common);
        program.run(&folder, "prepare", &prepare)?;
        let signer = folder.file("signer.toml").display().to_string();
        let mut signer = program.start(&folder, "signer", &["signer", "--config", &signer])?;
        let socket = folder.file("signer.sock");
        until("a signer that listens", PATIENCE, || {
            signer.lives()?;
            Ok(std::os::unix::net::UnixStream::connect(&socket).is_ok())
        })?;
        let socket = socket.display().to_string();
        let mut more = vec!["--signer-socket", &socket, "--role", "api"];
        more.extend(common);
        let (seeding, _) = Engine::dev(program, &folder, &database.url, &more)?;
        let door = seeding.door.clone();
        seeding.process.interrupt()?;
        let config = folder.file("sluice.toml");
        let text = configuration(&folder, database, &node, &door, shape);
        std::fs::write(&config, text).map_err(|error| format!("{}: {error}", config.display()))?;
        let config = config.display().to_string();
        let engine = run(program, &folder, &config, door)?;
        Ok(Self { engine, signer, anvil, usd, _chaos: chaos, config, folder })
    }

    /// Starts the engine again, where the one before was.
    pub fn again(&self, program: &Program) -> Result<Engine, String> {
        run(program, &self.folder, &self.config, self.engine.door.clone())
    }

    /// Processor time the chain has used.
    pub fn chain_busy(&self) -> Result<Duration, String> {
        self.anvil.pid().map_or(Ok(Duration::ZERO), crate::program::busy)
    }

    /// What the recipient of every order holds, in millionths of a dollar.
    pub fn received(&self, database: &Database<'_>) -> Result<u128, String> {
        let recipient = RECIPIENT.parse().map_err(|_| "the recipient is no address")?;
        let units =
            database.runtime().block_on(self.usd.balance_of(recipient)).map_err(|error| error.to_string())?;
        u128::try_from(units).map_err(|error| error.to_string())
    }

    /// The highest block of the chain.
    pub fn height(&self, database: &Database<'_>) -> Result<u64, String> {
        database.runtime().block_on(self.anvil.control().block_number()).map_err(|error| error.to_string())
    }

    /// Lets the token's issuer refuse whoever is paid at this address.
    pub fn blacklist(&self, database: &Database<'_>, address: &str) -> Result<(), String> {
        let address = address.parse().map_err(|_| "no address")?;
        let done = database.runtime().block_on(self.usd.blacklist(address));
        done.map(|_| ()).map_err(|error| error.to_string())
    }

    /// A new account of the signer for another partner, with coins and dollars.
    pub fn account(
        &self,
        program: &Program,
        database: &Database<'_>,
        partner: &str,
    ) -> Result<String, String> {
        let config = self.folder.file("signer.toml").display().to_string();
        let chain = self.engine.door.asset.split('/').next().unwrap_or_default();
        let words = [
            "--json",
            "signer",
            "--config",
            &config,
            "key",
            "create",
            "--chain",
            chain,
            "--partner",
            partner,
        ];
        let said = program.run(&self.folder, "account", &words)?;
        let made = said.lines().find_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
        let made = made.ok_or_else(|| format!("no account: {said}"))?;
        let text = made["address"].as_str().ok_or("an account without an address")?.to_owned();
        let address = text.parse().map_err(|_| "no address")?;
        let coins = "10000000000000000000".parse().map_err(|_| "no number")?;
        database.runtime().block_on(async {
            let given = self.anvil.control().set_balance(address, coins).await;
            given.map_err(|error| error.to_string())?;
            let dollars = "1000000000".parse().map_err(|_| "no number")?;
            self.usd.mint(address, dollars).await.map(|_| text).map_err(|error| error.to_string())
        })
    }

    /// How many transactions of these wallets the chain has, also those that no block holds yet.
    pub fn sent(&self, database: &Database<'_>, wallets: &[String]) -> Result<u64, String> {
        database.runtime().block_on(async {
            let mut all = 0;
            for wallet in wallets {
                let count: String = self
                    .anvil
                    .rpc()
                    .call("eth_getTransactionCount", (wallet, "pending"))
                    .await
                    .map_err(|error| error.to_string())?;
                let count = count.strip_prefix("0x").and_then(|hex| u64::from_str_radix(hex, 16).ok());
                all += count.ok_or("a count that is no number")?;
            }
            Ok(all)
        })
    }

    /// How many transactions each block holds, with its time in seconds.
    pub fn blocks(&self, database: &Database<'_>) -> Result<Vec<(u64, usize)>, String> {
        database.runtime().block_on(async {
            let newest = self.anvil.control().block_number().await.map_err(|error| error.to_string())?;
            let mut blocks = Vec::new();
            for number in 0..=newest {
                let block: serde_json::Value = self
                    .anvil
                    .rpc()
                    .call("eth_getBlockByNumber", (format!("{number:#x}"), false))
                    .await
                    .map_err(|error| error.to_string())?;
                let at =
                    block["timestamp"].as_str().and_then(|hex| u64::from_str_radix(hex.get(2..)?, 16).ok());
                let inside = block["transactions"].as_array().map_or(0, Vec::len);
                blocks.push((at.ok_or("a block without a time")?, inside));
            }
            Ok(blocks)
        })
    }
}

/// An EVM chain with a block so often.
pub async fn anvil(program: &Program, block: Duration) -> Result<Anvil, String> {
    let config = AnvilConfig {
        tools_dir: Some(program.tools()),
        mining: Mining::Every(block),
        history_blocks: 160,
        ..AnvilConfig::default()
    };
    Anvil::start(config).await.map_err(|error| error.to_string())
}

async fn chain(program: &Program, shape: Shape) -> Result<(Anvil, TestUsd, Option<Chaos>), String> {
    let anvil = anvil(program, shape.block).await?;
    let usd = TestUsd::ensure(anvil.rpc()).await.map_err(|error| error.to_string())?;
    // The token is final before anybody asks about it.
    for step in (0..shape.blocks).step_by(MINED_AT_ONCE) {
        let blocks = (shape.blocks - step).min(MINED_AT_ONCE as u64);
        anvil.control().mine(blocks).await.map_err(|error| error.to_string())?;
    }
    if !shape.pool {
        return Ok((anvil, usd, None));
    }
    let chaos = Chaos::start(ChaosConfig::before(anvil.url(), 1)).await.map_err(|error| error.to_string())?;
    chaos.enforce(Some(PoolRules::geth()));
    Ok((anvil, usd, Some(chaos)))
}

fn run(program: &Program, folder: &Folder, config: &str, door: Door) -> Result<Engine, String> {
    let address = format!("127.0.0.1:{}", free_port()?);
    let mut process = program.start(folder, "run", &["run", "--config", config, "--listen", &address])?;
    serves(&mut process, &address)?;
    Ok(Engine { process, address, door })
}

fn configuration(folder: &Folder, database: &Database<'_>, node: &str, door: &Door, shape: Shape) -> String {
    format!(
        r#"
[server]
sealing_key_file = "{sealing}"
{server}
[database]
url = "{database}"
[signer]
socket = "{socket}"
deployment = "dev"
[[chains]]
id = "eip155:31337"
nodes = [{{ url = "{node}", operator = "local" }}]
[chains.profile]
block_time_ms = {block_ms}
window = {window}
unsettled_max = {unsettled_max}
[[assets]]
id = "{asset}"
symbol = "USDC"
precision = 6
decimals = 6
freezable = true
"#,
        sealing = folder.file("sealing.key").display(),
        server = shape.server,
        database = database.url,
        socket = folder.file("signer.sock").display(),
        block_ms = shape.block.as_millis(),
        window = shape.window,
        unsettled_max = (shape.window * 8).max(512),
        asset = door.asset,
    )
}
