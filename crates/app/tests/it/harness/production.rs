//! Engines as in production: `sluice run` with a configuration file, a signer of its own, and several operators of nodes.

use std::path::PathBuf;

use sluice_devnet::chaos::{Chaos, ChaosConfig};

use super::engine::DevFile;
use super::{Door, Engine, SignerProcess, World};

/// An installation: operators and a signer. Engines come and go.
pub struct Production {
    /// Who runs the nodes: the names a quorum counts, each with a door of its own in front of the world's node.
    pub operators: Vec<(String, Door)>,
    /// Who holds the keys; ended when dropped.
    pub signer: SignerProcess,
    dev: DevFile,
    config: PathBuf,
}

impl World {
    /// Sets up a production installation with so many operators, all in front of this world's node. The demo partner and
    /// its wallets are made by one start of `sluice dev` that runs no loop.
    pub async fn production(&self, operators: &[&str]) -> Production {
        let node = self.anvil.port();
        self.production_over(operators.iter().map(|name| (*name, node))).await
    }

    /// The same with a proxy between each operator and the node, on which things go wrong once it is told so.
    pub async fn chaotic(&self, operators: &[&str], seed: u64) -> (Production, Vec<Chaos>) {
        let mut proxies = Vec::new();
        for (operator, seed) in operators.iter().zip(seed..) {
            let chaos = Chaos::start(ChaosConfig::before(self.anvil.url(), seed)).await;
            proxies.push(chaos.unwrap_or_else(|error| panic!("{operator}: {error}")));
        }
        let ports = proxies.iter().map(Chaos::port);
        (self.production_over(operators.iter().copied().zip(ports)).await, proxies)
    }

    async fn production_over(&self, operators: impl Iterator<Item = (&str, u16)>) -> Production {
        let signer = self.signer().await;
        let only_api =
            ["--signer-socket", &signer.socket.display().to_string(), "--role", "api"].map(String::from);
        let seeding = Engine::start(self, "seed", &only_api).await;
        let dev = seeding.dev.clone();
        seeding.interrupt().await;
        let mut named = Vec::new();
        for (name, node) in operators {
            named.push((name.to_owned(), Door::before(node).await));
        }
        let config = self.file("sluice.toml");
        std::fs::write(&config, self.configuration(&named, &signer, &dev)).expect("a configuration");
        Production { operators: named, signer, dev, config }
    }

    fn configuration(&self, operators: &[(String, Door)], signer: &SignerProcess, dev: &DevFile) -> String {
        let nodes: Vec<String> = operators
            .iter()
            .map(|(name, door)| {
                format!("{{ url = \"http://127.0.0.1:{}\", operator = \"{name}\" }}", door.port())
            })
            .collect();
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
nodes = [{nodes}]
[chains.profile]
block_time_ms = {block_ms}
{profile}
[[assets]]
id = "{asset}"
symbol = "USDC"
precision = 6
decimals = 6
freezable = true
"#,
            sealing = self.file("sealing.key").display(),
            database = self.database,
            socket = signer.socket.display(),
            nodes = nodes.join(", "),
            block_ms = self.shape.block.as_millis(),
            profile = self.shape.profile,
            server = self.shape.server,
            asset = dev.assets[0].id,
        )
    }
}

impl Production {
    /// Starts an engine and waits until it serves.
    pub async fn engine(&self, world: &World, name: &str) -> Engine {
        Engine::start_production(world, name, &self.config, self.dev.clone()).await
    }

    /// The door of the operator of this name.
    pub fn operator(&self, name: &str) -> &Door {
        let found = self.operators.iter().find(|(operator, _)| operator == name);
        &found.expect("an operator of this name").1
    }
}
