//! A simulator of TRON of our own, on a thread of its own: however long it takes to open its chain or to make a block, the
//! engine's threads wait for nothing. It speaks to the engine as a node in another process would, and ends with us, however
//! we end: what it answered about a block is in its file.

use std::net::Ipv4Addr;
use std::thread::{Builder, JoinHandle};

use sluice_core::chain::ChainProfile;
use sluice_devnet::tron::{Blocks, Tron, TronConfig, TronError};
use tokio::sync::{oneshot, watch};

use super::super::DevArguments;
use super::super::files::Folder;
use crate::config::Both;
use crate::error::StartError;
use crate::roles::tron_sim::{not_started, state};

/// Nodes, each taken for another operator's: that a transaction is nowhere takes two to prove.
const NODES: usize = 2;
/// How far final is behind, in blocks.
const SOLID_LAG: u64 = 2;
/// Where the chain is kept, in the folder.
const FILE: &str = "tron.state";

/// A running simulator.
pub(super) struct Own {
    urls: Vec<String>,
    /// Dropped to end it.
    stop: oneshot::Sender<()>,
    /// Its sender lives as long as the simulator.
    gone: watch::Receiver<()>,
    /// Why it could not go on, if it could not.
    thread: JoinHandle<Option<String>>,
}

impl Own {
    /// Starts it and waits until it serves; it goes on with the chain that is in the folder.
    ///
    /// # Errors
    /// [`StartError`]: one sentence.
    pub(super) async fn start(arguments: &DevArguments, folder: &Folder) -> Result<Self, StartError> {
        let chain = ChainProfile::tron_devnet().id.reference;
        let config = TronConfig {
            listen: (Ipv4Addr::LOCALHOST, arguments.tron_port).into(),
            nodes: NODES,
            chain_id: u32::try_from(chain).map_err(|error| StartError::Other(format!("{chain}: {error}")))?,
            blocks: Blocks::EveryMs(arguments.block_ms),
            solid_lag: SOLID_LAG,
            state: Some(folder.path(FILE)),
            ..TronConfig::default()
        };
        let (alive, gone) = watch::channel(());
        let (stop, stopped) = oneshot::channel();
        let (tell, told) = oneshot::channel();
        let thread = Builder::new().name("tron".into()).spawn(move || {
            let ended = simulate(config, tell, stopped);
            drop(alive);
            ended
        });
        let thread = thread.map_err(|error| StartError::Other(format!("no thread for TRON: {error}")))?;
        let urls = told.await.map_err(|_| ended_by_itself())??;
        Ok(Self { urls, stop, gone, thread })
    }

    /// The addresses of its nodes.
    pub(super) fn urls(&self) -> &[String] {
        &self.urls
    }

    /// Waits until it has ended by itself.
    pub(super) async fn gone(&self) {
        // Nothing is ever sent: an end is all there is to wait for.
        let _its_end = self.gone.clone().changed().await;
    }

    /// Ends it.
    ///
    /// # Errors
    /// [`StartError::Outside`] if it had ended before.
    pub(super) async fn stop(self) -> Result<(), StartError> {
        let Self { stop, thread, .. } = self;
        drop(stop);
        match tokio::task::spawn_blocking(|| thread.join()).await {
            Ok(Ok(None)) => Ok(()),
            Ok(Ok(Some(why))) => Err(StartError::Outside(state::unwritten(&why))),
            // It has panicked.
            Ok(Err(_)) | Err(_) => Err(ended_by_itself()),
        }
    }
}

/// Its whole life. Why it could not go on, if it could not.
fn simulate(
    config: TronConfig,
    tell: oneshot::Sender<Result<Vec<String>, StartError>>,
    stopped: oneshot::Receiver<()>,
) -> Option<String> {
    let told = |result| {
        // Who started it is gone, and with it whoever would ask this simulator anything.
        let _nobody_listens = tell.send(result);
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            told(Err(StartError::Other(format!("no runtime for TRON: {error}"))));
            return None;
        }
    };
    runtime.block_on(async {
        match Tron::start(config).await {
            Err(error) => {
                told(Err(refused(error)));
                None
            }
            Ok(tron) => {
                told(Ok((0..tron.nodes()).map(|node| tron.node_url(node)).collect()));
                tokio::select! {
                    _ = stopped => None,
                    why = tron.failed() => Some(why),
                }
            }
        }
    })
}

fn refused(error: TronError) -> StartError {
    match error {
        TronError::Listen { address, source } => StartError::Outside(Both::new(
            format!(
                "TRON cannot listen on {address}: {source}; another program may use the port, choose one with --tron-port, or \
                 leave TRON out with --no-tron"
            ),
            format!(
                "TRON이 {address}에서 수신할 수 없습니다: {source}. 다른 프로그램이 쓰는 포트라면 --tron-port로 바꾸거나 --no-tron으로 TRON을 빼세요"
            ),
        )),
        other => not_started(other),
    }
}

fn ended_by_itself() -> StartError {
    StartError::Outside(Both::new(
        "the simulator of TRON ended by itself, which is a defect; the log says more, and a restart goes on",
        "TRON 시뮬레이터가 스스로 끝났습니다. 결함이며 로그에 원인이 있습니다. 다시 시작하면 이어집니다",
    ))
}
