//! Puts the ports together and keeps the loops running.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use sluice_chain::evm::http::client;
use sluice_core::asset::Asset;
use sluice_core::id::WalletId;
use sluice_core::intent::DeploymentId;
use sluice_core::port::chain::Chain;
use sluice_core::port::meter::Meter;
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::port::store::Store;
use sluice_core::port::world::{Clock, Entropy};
use sluice_core::port::{Ports, deliver::Deliver, signer::Signer};
use sluice_flow::{self as flow, StageError};
use sluice_store::Db;
use tokio::task::{AbortHandle, JoinError, JoinSet};

use crate::config::{Both, Config};
use crate::error::StartError;
use crate::world::{LocalWake, SystemClock, SystemEntropy, random};
use crate::{metrics, nodes, vendors};

/// Comparisons at a start that may be overtaken by those of others.
const COMPARES_MAX: u32 = 8;

/// Everything a process needs to serve and to work.
pub struct Engine {
    /// What the loops are given.
    pub ports: Ports,
    /// The database, for reading.
    pub reader: Arc<dyn Reader>,
    /// The database, for rows without money behind them.
    pub registry: Arc<dyn Registry>,
    /// The installation.
    pub deployment: DeploymentId,
    /// This process, in leases: unique for each start, so that a restarted process never renews its predecessor's.
    pub owner: String,
}

/// Every port of a process: what `assemble` lets somebody put something around, before anything is asked of them.
pub struct Doors {
    /// What the loops are given.
    pub ports: Ports,
    /// Reading.
    pub reader: Arc<dyn Reader>,
    /// Rows without money behind them.
    pub registry: Arc<dyn Registry>,
}

/// Which loops a process runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, clap::ValueEnum)]
pub enum Role {
    /// The REST server.
    Api,
    /// Lanes: plan, fund, fuel, build, sign, broadcast.
    Processor,
    /// Chains: watch, settle; sealing, reconciliation, deadlines.
    Monitor,
    /// Alerts to their sinks.
    Notifier,
}

/// Opens the database, asks the signer who it is, connects the chains. `around` may put something around each port.
///
/// # Errors
/// [`StartError`]: one sentence and an exit code.
pub async fn assemble(
    config: &Config,
    signer: Arc<dyn Signer>,
    deliver: Arc<dyn Deliver>,
    around: impl FnOnce(Doors) -> Doors,
) -> Result<Engine, StartError> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let entropy: Arc<dyn Entropy> = Arc::new(SystemEntropy);
    let meter: Arc<dyn Meter> = Arc::new(metrics::Figures);
    let db = Db::open(&config.database.url, clock.clone(), entropy.clone()).await?;
    let db = Arc::new(db.observed(Arc::clone(&meter)));
    let signer = metrics::measured_signer(signer, clock.clone());
    let deployment = signer.hello(None).await.map_err(StartError::Signer)?.deployment;
    db.belongs_to(&deployment).await?;
    let mut chains: BTreeMap<_, Arc<dyn Chain>> = BTreeMap::new();
    let mut assets = Vec::new();
    for entry in &config.assets {
        assets.push(entry.asset()?);
    }
    let http =
        client().map_err(|error| StartError::Other(format!("HTTP to nodes cannot be set up: {error}")))?;
    for chain in &config.chains {
        let connected = nodes::connect(config, chain, &assets, &http, &clock).await?;
        chains.insert(connected.profile().id, connected);
    }
    let energy = vendors::connect(config, &deployment, &clock)?;
    let store: Arc<dyn Store> = db.clone();
    let ports = Ports {
        store,
        chains,
        signer,
        energy,
        deliver,
        clock,
        entropy,
        wake: Arc::new(LocalWake::default()),
        meter,
    };
    let Doors { ports, reader, registry } = around(Doors { ports, reader: db.clone(), registry: db });
    let coins = ports.chains.values().map(|chain| Asset::native(chain.profile()));
    for asset in assets.into_iter().chain(coins) {
        registry.put_asset(asset).await?;
    }
    compared(&ports).await?;
    let owner = format!("{}-{}", std::process::id(), hex::encode(random::<6>()));
    Ok(Engine { ports, reader, registry, deployment, owner })
}

/// Compares store and signer's journal before anybody is served: a copy that does not know what it has lost would let a
/// withdrawal be cancelled that the lost life has paid (M17).
async fn compared(ports: &Ports) -> Result<(), StartError> {
    let mut tries = 1..COMPARES_MAX;
    loop {
        let error = match flow::journal::compare(ports).await {
            Ok(flow::journal::Standing::Together | flow::journal::Standing::WentBack) => return Ok(()),
            // Another process starts, too, and was faster.
            Err(StageError::Overtaken) if tries.next().is_some() => continue,
            Err(error) => error,
        };
        return Err(StartError::Outside(Both::new(
            format!(
                "the database could not be compared with the signer's journal: {error}; nothing is served before that. Look whether the signer runs and can read its journal, then start again"
            ),
            format!(
                "데이터베이스를 서명 서버의 저널과 대조하지 못했습니다: {error}. 대조하기 전에는 아무 요청도 받지 않습니다. 서명 서버가 실행 중이고 저널을 읽을 수 있는지 확인한 뒤 다시 시작하세요"
            ),
        )));
    }
}

impl Engine {
    /// Runs the loops of these roles until `stop` is signalled; then gives their leases up.
    ///
    /// # Errors
    /// [`StartError::LoopEnded`] where one ended by itself.
    pub async fn work(
        &self,
        roles: &BTreeSet<Role>,
        mut stop: tokio::sync::watch::Receiver<bool>,
    ) -> Result<(), StartError> {
        let mut loops: JoinSet<&'static str> = JoinSet::new();
        if roles.contains(&Role::Monitor) {
            for chain in self.ports.chains.keys().copied() {
                let (ports, owner) = (self.ports.clone(), self.owner.clone());
                loops.spawn(async move {
                    flow::watch::run(ports, chain, owner).await;
                    "chain"
                });
            }
            let (ports, owner) = (self.ports.clone(), self.owner.clone());
            loops.spawn(async move {
                flow::decide::run(ports, owner).await;
                "decide"
            });
            let (ports, owner) = (self.ports.clone(), self.owner.clone());
            loops.spawn(async move {
                flow::house::run(ports, owner).await;
                "house"
            });
        }
        if roles.contains(&Role::Api) {
            let (registry, clock) = (Arc::clone(&self.registry), Arc::clone(&self.ports.clock));
            loops.spawn(async move {
                forget_nonces(&*registry, &*clock).await;
                "nonces"
            });
        }
        if roles.contains(&Role::Notifier) {
            let (ports, owner) = (self.ports.clone(), self.owner.clone());
            loops.spawn(async move {
                flow::notify::run(ports, owner).await;
                "deliver"
            });
        }
        let mut lanes: BTreeMap<WalletId, AbortHandle> = BTreeMap::new();
        let ended = loop {
            if roles.contains(&Role::Processor) {
                self.keep_lanes(&mut loops, &mut lanes).await;
            }
            tokio::select! {
                biased;
                _ = stop.wait_for(|stop| *stop) => break Ok(()),
                Some(ended) = loops.join_next() => {
                    if ended.as_ref().is_err_and(JoinError::is_cancelled) {
                        continue; // by us: its wallet has left service
                    }
                    // Loops do not end; one that did has panicked, and what it guarded stands still. Better all of it
                    // restarts than that half of it goes on.
                    tracing::error!(?ended, "A loop of the engine has ended; stopping this process");
                    break Err(StartError::LoopEnded);
                }
                () = tokio::time::sleep(LANES_LOOK) => {}
            }
        };
        loops.shutdown().await;
        // Whoever works on need not wait for the leases to end.
        if let Err(error) = self.ports.store.release(&self.owner).await {
            tracing::warn!(%error, "The leases of this process end by themselves");
        }
        ended
    }

    /// Starts a loop for every lane and desk in service that has none here, and ends those of wallets that left service. A wallet
    /// adopted while we run gets one too.
    async fn keep_lanes(
        &self,
        loops: &mut JoinSet<&'static str>,
        lanes: &mut BTreeMap<WalletId, AbortHandle>,
    ) {
        let wallets = match self.ports.store.wallets(None).await {
            Ok(wallets) => wallets.into_iter().filter(|wallet| wallet.gets_slots()).collect::<Vec<_>>(),
            Err(error) => {
                tracing::warn!(%error, "Cannot read the wallets; trying again");
                return;
            }
        };
        lanes.retain(|id, running| {
            let in_service = wallets.iter().any(|wallet| wallet.id == *id);
            if !in_service {
                running.abort();
            }
            in_service
        });
        for wallet in wallets {
            if !self.ports.chains.contains_key(&wallet.chain) {
                continue;
            }
            if let Entry::Vacant(place) = lanes.entry(wallet.id) {
                let (ports, owner) = (self.ports.clone(), self.owner.clone());
                place.insert(loops.spawn(async move {
                    flow::lane::run(ports, wallet.id, owner).await;
                    "lane"
                }));
            }
        }
    }
}

/// Forgets the nonces of signed requests that could not be replayed any more, for ever.
async fn forget_nonces(registry: &dyn Registry, clock: &dyn Clock) {
    loop {
        if let Err(error) = registry.sweep_nonces(clock.now()).await {
            tracing::warn!(%error, "Old nonces of requests are forgotten later");
        }
        tokio::time::sleep(NONCES_LOOK).await;
    }
}

/// How often old nonces are looked for.
const NONCES_LOOK: Duration = Duration::from_secs(30);
/// How often new wallets are looked for.
const LANES_LOOK: Duration = Duration::from_secs(1);
