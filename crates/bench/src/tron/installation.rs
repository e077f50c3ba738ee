//! An installation that pays on TRON alone: a simulated network, a signer of its own, an engine with a configuration file.

use std::time::Duration;

use serde_json::{Value, json};

use crate::client::{post, until};
use crate::database::Database;
use crate::engine::{Door, Engine, serves};
use crate::installation;
use crate::program::{Folder, PATIENCE, Process, Program, free_ports};

/// Hot wallets.
pub const LANES: u32 = 4;
/// Whom everybody is paid to: an account that none of the wallets is. It holds the token from the first payment on.
const RECIPIENT: &str = "TJrwVCELqpuNni8YCbh2C8LmgPR9UjSVbV";
/// TRX that each wallet has at stake for energy, in sun: more than all of its payments use.
const STAKE_SUN: u64 = 100_000_000_000_000;
/// Transactions that may wait for a block.
const POOL: &str = "20000";
/// Longest wait for the next block: what was given is in it.
const BLOCK: Duration = Duration::from_secs(30);

/// It. Everything ends when it is dropped.
pub struct Installation {
    /// The engine.
    pub engine: Engine,
    /// The signer.
    pub signer: Process,
    /// The nodes.
    pub chain: Process,
    node: String,
    usdt: String,
    _folder: Folder,
}

impl Installation {
    /// Sets it up, with blocks that are final so many later.
    pub fn create(
        program: &Program,
        database: &Database<'_>,
        folder: Folder,
        solid_lag: u64,
    ) -> Result<Self, String> {
        let ports = free_ports()?;
        let nodes = ports.map(|port| format!("http://127.0.0.1:{port}"));
        let node = format!("127.0.0.1:{}", ports[0]);
        let (port, lag) = (ports[0].to_string(), solid_lag.to_string());
        let mut chain = program.start(
            &folder,
            "tron-sim",
            &[
                "tron-sim",
                "--port",
                &port,
                "--nodes",
                "2",
                "--chain-id",
                "31337",
                "--solid-lag",
                &lag,
                "--pool",
                POOL,
            ],
        )?;
        until("nodes that answer", PATIENCE, || {
            chain.lives()?;
            Ok(post(&node, "/wallet/getnowblock", &json!({})).is_ok())
        })?;
        // `sluice dev` makes wallets, keys and a partner, and wants an EVM chain beside; it ends with this block.
        let anvil = database.runtime().block_on(installation::anvil(program, Duration::from_secs(1)))?;
        let (evm, data, lanes) = (anvil.url(), folder.text(), LANES.to_string());
        let common = ["--node", &evm, "--tron-node", &nodes[0], "--tron-node", &nodes[1], "--no-energy"];
        let size = ["--lanes", &lanes, "--funds", "10000000"];
        let mut prepare = vec!["dev", "--prepare", "--listen", "127.0.0.1:0"];
        prepare.extend(["--database", &database.url, "--data", &data]);
        prepare.extend(common.iter().chain(&size));
        program.run(&folder, "prepare", &prepare)?;
        let signer_config = folder.file("signer.toml").display().to_string();
        let mut signer = program.start(&folder, "signer", &["signer", "--config", &signer_config])?;
        let socket = folder.file("signer.sock");
        until("a signer that listens", PATIENCE, || {
            signer.lives()?;
            Ok(std::os::unix::net::UnixStream::connect(&socket).is_ok())
        })?;
        let socket = socket.display().to_string();
        let mut more = vec!["--signer-socket", &socket, "--role", "api"];
        more.extend(common.iter().chain(&size));
        let (seeding, _) = Engine::dev(program, &folder, &database.url, &more)?;
        let door = seeding.door.clone().paying("tron:", RECIPIENT, &folder)?;
        let wallets = wallets(&seeding)?;
        seeding.process.interrupt()?;
        drop(anvil);
        for wallet in &wallets {
            post(&node, "/sim/stake", &json!({ "address": wallet, "resource": "ENERGY", "sun": STAKE_SUN }))?;
        }
        until("wallets with energy", BLOCK, || {
            let has = |wallet: &String| -> Result<bool, String> {
                let of = json!({ "address": wallet, "visible": true });
                let said = post(&node, "/wallet/getaccountresource", &of)?;
                Ok(said["EnergyLimit"].as_u64().is_some_and(|limit| limit > 0))
            };
            wallets.iter().try_fold(true, |all, wallet| Ok(all && has(wallet)?))
        })?;
        let config = folder.file("sluice.toml");
        std::fs::write(&config, configuration(&folder, database, &nodes, &door))
            .map_err(|error| format!("{}: {error}", config.display()))?;
        let config = config.display().to_string();
        let address = format!("127.0.0.1:{}", crate::program::free_port()?);
        let mut process =
            program.start(&folder, "run", &["run", "--config", &config, "--listen", &address])?;
        serves(&mut process, &address)?;
        let usdt = door.asset.rsplit(':').next().unwrap_or_default().to_owned();
        let engine = Engine { process, address, door };
        Ok(Self { engine, signer, chain, node, usdt, _folder: folder })
    }

    /// What the recipient of every order holds, in millionths of a dollar: by a node's word for the latest block.
    pub fn received(&self) -> Result<u128, String> {
        let call = json!({
            "owner_address": RECIPIENT, "contract_address": self.usdt, "visible": true,
            "function_selector": "balanceOf(address)", "parameter": word_of_recipient(),
        });
        let said = post(&self.node, "/wallet/triggerconstantcontract", &call)?;
        let word = said["constant_result"][0].as_str().unwrap_or_default();
        u128::from_str_radix(word, 16).map_err(|error| format!("a balance of {word:?}: {error}"))
    }
}

/// The recipient as one word of 32 bytes. Written down: nothing here computes addresses.
const fn word_of_recipient() -> &'static str {
    "0000000000000000000000006189af622c68f042f1087b7407d554782cfba0b4"
}

/// Addresses of the wallets on TRON.
fn wallets(engine: &Engine) -> Result<Vec<String>, String> {
    let said = engine.door.first.ask(&engine.address, "GET", "/v1/lanes?limit=100", "")?;
    let lanes = said["data"].as_array().cloned().unwrap_or_default();
    let on_tron = |lane: &&Value| lane["chain"].as_str().is_some_and(|chain| chain.starts_with("tron:"));
    let address = |lane: &Value| lane["address"].as_str().map(str::to_owned);
    let found: Vec<String> = lanes.iter().filter(on_tron).filter_map(address).collect();
    if found.len() == LANES as usize { Ok(found) } else { Err(format!("lanes on TRON: {said}")) }
}

fn configuration(folder: &Folder, database: &Database<'_>, nodes: &[String; 2], door: &Door) -> String {
    format!(
        r#"
[server]
sealing_key_file = "{sealing}"
[database]
url = "{database}"
[signer]
socket = "{socket}"
deployment = "dev"
[[chains]]
id = "tron:31337"
nodes = [{{ url = "{first}", operator = "one" }}, {{ url = "{second}", operator = "two" }}]
[[assets]]
id = "{asset}"
symbol = "USDT"
precision = 6
decimals = 6
freezable = true
"#,
        sealing = folder.file("sealing.key").display(),
        database = database.url,
        socket = folder.file("signer.sock").display(),
        first = nodes[0],
        second = nodes[1],
        asset = door.asset,
    )
}
