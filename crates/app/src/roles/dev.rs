//! `sluice dev`: SQLite, local chains and the whole engine on one machine, with a demo partner. What `make run` starts.

mod chain;
mod energy;
mod files;
mod pool;
mod seed;
mod tron;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use sluice_api::problem::Lang;
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::id::PartnerId;
use sluice_core::port::Ports;

use crate::cli::Global;
use crate::config::{Alerts, Chain, Config, Database, Energy, Keys, Node, ProfileOverrides, Server, Signer};
use crate::engine::{Doors, Role, assemble};
use crate::error::StartError;
use crate::failpoint::Failpoint;
use crate::roles::run::{interrupted, work_and_serve};
use crate::secrets::Sealer;
use crate::{serve, signer_link, sinks, telemetry};

use energy::{Vendors, owes};
use files::Folder;
use pool::Pool;

/// How `sluice dev` is started. Everything has a default; the rest is for tests and for two engines on one chain.
#[derive(Args, Debug)]
pub struct DevArguments {
    /// Where the API listens.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Port of the local chain; 0 takes a free one.
    #[arg(long, default_value_t = 8545)]
    chain_port: u16,
    /// Time between blocks of the local chains, milliseconds.
    #[arg(long, default_value_t = 1_000)]
    block_ms: u64,
    /// Use this node (an anvil) instead of starting one.
    #[arg(long)]
    node: Option<String>,
    /// Port of the first of the two nodes of the local TRON; the other has the next one. 0 takes free ones.
    #[arg(long, default_value_t = 8090)]
    tron_port: u16,
    /// Use this node of TRON (a `sluice tron-sim --chain-id 31337`) instead of starting two. May be repeated: each is taken
    /// for another operator's, and two are needed to prove that a transaction is nowhere
    #[arg(long = "tron-node", value_name = "URL")]
    tron_nodes: Vec<String>,
    /// Buy energy from these simulators of vendors (a `sluice devnet market`) instead of ones of our own.
    #[arg(long, value_name = "URL", conflicts_with_all = ["no_energy", "no_tron"])]
    energy_market: Option<String>,
    /// Buy no energy: TRX is burned for each payment on TRON.
    #[arg(long)]
    no_energy: bool,
    /// Lend energy of this wallet's stake to the others, instead of vendors or beside them. It pays nobody then. Beside a
    /// TRON of our own a wallet is made for it unless named.
    #[arg(long, value_name = "ACCOUNT", conflicts_with_all = ["no_energy", "no_tron"])]
    energy_pool: Option<String>,
    /// For so long, seconds.
    #[arg(long, default_value_t = 3_600)]
    energy_stay_s: u64,
    /// What each energy of it costs other partners, millionths of a sun.
    #[arg(long, default_value_t = 0)]
    energy_price: u64,
    /// Let this partner pay for it afterwards, and owe so many sun at most. May be repeated
    #[arg(long, value_name = "PARTNER=SUN", value_parser = owes)]
    energy_on_account: Vec<(PartnerId, u64)>,
    /// Leave TRON out.
    #[arg(long, conflicts_with = "tron_nodes")]
    no_tron: bool,
    /// Use this database instead of SQLite in the folder.
    #[arg(long)]
    database: Option<String>,
    /// Use a signer on this Unix socket instead of one in this process.
    #[arg(long)]
    signer_socket: Option<PathBuf>,
    /// Hot wallets of the demo partner.
    #[arg(long, default_value_t = 2, value_parser = clap::value_parser!(u8).range(1..=32))]
    lanes: u8,
    /// Whole test dollars that each of them is given.
    #[arg(long, default_value_t = 2_000_000, value_parser = clap::value_parser!(u64).range(1..=1_000_000_000))]
    funds: u64,
    /// Name of the file for scripts, in the folder. A second engine on the same folder needs another one.
    #[arg(long, default_value = "dev.json")]
    dev_file: String,
    /// Make keys and a configuration for `sluice signer` in the folder, and end.
    #[arg(long)]
    prepare: bool,
    /// For tests: where a failpoint is armed.
    #[arg(long, hide = true)]
    failpoint_file: Option<PathBuf>,
    /// What this process does; all of it unless named. May be repeated.
    #[arg(long = "role")]
    roles: Vec<Role>,
}

/// Starts, works until interrupted, stops what it started. Something may be around its ports, below the failpoints.
///
/// # Errors
/// [`StartError`]: one sentence.
pub async fn run(
    arguments: DevArguments,
    global: &Global,
    around: impl FnOnce(Ports) -> Ports,
) -> Result<(), StartError> {
    telemetry::start("warn,sluice=info");
    let folder = Folder::prepare(&global.data(), &arguments.dev_file)?;
    // The port first: a second `make run` must not touch what the first is using.
    let listener = serve::listen(&arguments.listen).await?;
    folder.forget_dev_file();
    let local = chain::Local::start(&arguments, &folder).await?;
    let ended = match tron::Local::start(&arguments, &folder).await {
        Ok(tron) => {
            let chains = Chains { local, tron };
            let ended = on_chains(&arguments, &folder, &chains, listener, global.lang(), around).await;
            chains.stop().await.and(ended)
        }
        Err(error) => local.stop().await.and(Err(error)),
    };
    folder.forget_dev_file();
    ended
}

/// What runs beside the engine.
struct Chains {
    local: chain::Local,
    tron: Option<tron::Local>,
}

impl Chains {
    /// Where a node of a chain is.
    fn url(&self, chain: &str) -> String {
        match &self.tron {
            Some(tron) if tron.id().to_string() == chain => tron.url(),
            _ => self.local.url(),
        }
    }

    /// Waits until one of them is gone, which ends the rest.
    async fn gone(&self) {
        match &self.tron {
            Some(tron) => tron.gone().await,
            None => std::future::pending().await,
        }
    }

    /// Stops those that are ours.
    async fn stop(self) -> Result<(), StartError> {
        let tron = match self.tron {
            Some(tron) => tron.stop().await,
            None => Ok(()),
        };
        self.local.stop().await.and(tron)
    }

    fn ids(&self) -> Vec<ChainId> {
        let tron = self.tron.as_ref().map(tron::Local::id);
        std::iter::once(ChainProfile::devnet().id).chain(tron).collect()
    }
}

async fn on_chains(
    arguments: &DevArguments,
    folder: &Folder,
    chains: &Chains,
    listener: tokio::net::TcpListener,
    lang: Lang,
    around: impl FnOnce(Ports) -> Ports,
) -> Result<(), StartError> {
    let keys = Keys {
        deployment: "dev".into(),
        journal: folder.path("signer.journal"),
        keystore: folder.path("keys"),
        password_file: folder.path("keys.password"),
    };
    let vendors = Vendors::start(arguments, chains.tron.as_ref()).await?;
    let pool = Pool::of(arguments, chains.tron.as_ref(), &keys)?;
    let lends = pool.as_ref().map(Pool::account).or_else(|| arguments.energy_pool.clone());
    let energy = energy::section(arguments, lends, vendors.as_ref(), folder)?;
    let config = config(arguments, folder, chains, energy, &keys);
    config.check()?;
    let mut wallets = files::wallet_keys(&keys, &chains.ids(), arguments.lanes)?;
    wallets.extend(pool.as_ref().map(|pool| pool.wallet));
    files::signer_config(folder, &keys, &config)?;
    if arguments.prepare {
        return Ok(());
    }
    let signer = match &arguments.signer_socket {
        Some(socket) => signer_link::socket(socket, &keys.deployment),
        None => signer_link::in_process(&keys, &config)?,
    };
    let around = |doors: Doors| {
        let doors = Doors { ports: around(doors.ports), ..doors };
        match &arguments.failpoint_file {
            Some(file) => Failpoint::at(file).wrap(doors),
            None => doors,
        }
    };
    let engine = assemble(&config, signer, sinks::open(&config.alerts)?, around).await?;
    if let Some(vendors) = &vendors {
        vendors.pay_in(&engine.ports).await?;
    }
    let demo = Box::pin(seed::demo_partner(&engine, &config, folder, chains, &wallets)).await?;
    if let Some(pool) = &pool {
        pool.stake(&engine).await?;
    }
    let sealer = Arc::new(Sealer::read(&config.server.sealing_key_file).map_err(StartError::Said)?);
    let roles: BTreeSet<Role> = if arguments.roles.is_empty() {
        [Role::Api, Role::Processor, Role::Monitor, Role::Notifier].into()
    } else {
        arguments.roles.iter().copied().collect()
    };
    let interrupted = interrupted();
    let stop = async {
        tokio::select! {
            () = interrupted => {}
            () = chains.gone() => {}
        }
    };
    let address = listener.local_addr().map_err(|error| StartError::Other(error.to_string()))?;
    files::announce(folder, &format!("http://{address}"), &demo, &config, chains, lang)?;
    work_and_serve(&engine, &config, sealer, &roles, Some(listener), stop).await
}

fn config(
    arguments: &DevArguments,
    folder: &Folder,
    chains: &Chains,
    energy: Option<Energy>,
    keys: &Keys,
) -> Config {
    let database = arguments
        .database
        .clone()
        .unwrap_or_else(|| format!("sqlite://{}", folder.path("sluice.db").display()));
    let local = Chain {
        id: ChainProfile::devnet().id.to_string(),
        quorum: Some(1),
        nodes: vec![Node::of("local", chains.local.url())],
        energy: None,
        profile: ProfileOverrides { block_time_ms: Some(arguments.block_ms), ..ProfileOverrides::default() },
    };
    Config {
        server: Server {
            listen: arguments.listen.clone(),
            test_mode: true,
            sealing_key_file: folder.path("sealing.key"),
            ..Server::default()
        },
        database: Database { url: database },
        signer: Signer {
            socket: arguments.signer_socket.clone(),
            deployment: arguments.signer_socket.is_some().then(|| keys.deployment.clone()),
            in_process: arguments.signer_socket.is_none().then(|| keys.clone()),
        },
        chains: std::iter::once(local).chain(chains.tron.as_ref().map(|tron| tron.chain(energy))).collect(),
        assets: std::iter::once(chains.local.asset())
            .chain(chains.tron.iter().flat_map(tron::Local::assets))
            .collect(),
        alerts: Alerts::default(),
        treasury: crate::config::Treasury::default(),
    }
}
