//! Starts and stops Foundry's anvil, the EVM node of every devnet and test.
//!
//! What anvil does that one would not guess (version 1.7.1):
//! - `safe` is one epoch behind the newest block and `finalized` two, with epochs of `slots_in_an_epoch` blocks.
//! - A saved chain keeps blocks, transactions and receipts, but no pending transactions, and of the balances and
//!   contracts only the newest state: what was at `finalized` cannot be asked after a restart. [`Anvil::start`]
//!   therefore steps over the loaded block before it hands out the node.
//! - It writes the saved chain in place. If the machine dies inside that moment, the file is cut short, and the next
//!   start says so ([`AnvilError::SavedChainDamaged`]).

mod config;
mod error;
mod find;
mod watchdog;
mod words;

use std::{io, net::TcpListener, path::PathBuf, process::Stdio, time::Duration};

use alloy_primitives::U64;
use tokio::process::{Child, Command};

pub use config::{AnvilConfig, Mining, SavedChain};
pub use error::AnvilError;
pub use find::{ANVIL_ENV, find};

use crate::{
    control::{BlockTag, Control},
    rpc::{Rpc, RpcError},
};
use watchdog::Watchdog;
use words::Words;

/// A running chain. Stop it with [`Anvil::stop`], which saves it; a dropped one is killed where it stands.
#[derive(Debug)]
pub struct Anvil {
    // Dropped first: see `Watchdog`.
    watchdog: Watchdog,
    child: Child,
    // Dropped after the child: it may print until its end.
    _words: Words,
    rpc: Rpc,
    chain_id: u64,
    saved_at: Option<PathBuf>,
}

impl Anvil {
    /// Starts a node and waits until it answers.
    pub async fn start(mut config: AnvilConfig) -> Result<Self, AnvilError> {
        let binary = find(config.binary.as_deref(), config.tools_dir.as_deref())?;
        if let Some(saved) = &mut config.saved_chain {
            prepare(saved)?;
        }
        let goes_on = config.saved_chain.as_ref().is_some_and(|saved| saved.path.exists());
        let arguments = config.arguments()?;
        if is_in_use(config.port) {
            return Err(AnvilError::PortInUse { port: config.port });
        }

        let guarded = |source| AnvilError::NotGuarded { source };
        let mut watchdog = Watchdog::start().map_err(guarded)?;
        let mut child = Command::new(&binary)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            // A group of its own: on Ctrl-C the program still needs the chain to finish, and stops it itself.
            .process_group(0)
            .kill_on_drop(true)
            .spawn()
            .map_err(|source| AnvilError::NotRun { path: binary, source })?;
        // A child that is already gone has no id; the wait for its first words below reports it.
        if let Some(pid) = child.id() {
            watchdog.guard(pid).await.map_err(guarded)?;
        }

        let mut words = Words::listen(&mut child, config.silent);
        let ready = tokio::time::timeout(config.start_limit, async {
            let rpc = Rpc::local(words.port().await?);
            let found = chain_id(&rpc).await;
            Some((rpc, found))
        });
        let (rpc, found) = match ready.await {
            Ok(Some(ready)) => ready,
            Ok(None) => {
                let status = child.wait().await.map_err(|source| AnvilError::NotReaped { source })?;
                return Err(words.why_ended(status, &config).await);
            }
            Err(_) => {
                let limit_ms = config.start_limit.as_millis();
                return Err(AnvilError::NotReady { limit_ms, last_words: words.last() });
            }
        };
        if found != config.chain_id {
            return Err(AnvilError::OtherChain { expected: config.chain_id, found });
        }
        let saved_at = config.saved_chain.map(|saved| saved.path);
        let anvil = Self { watchdog, child, _words: words, rpc, chain_id: found, saved_at };
        let control = anvil.control();
        if goes_on {
            step_over_loaded_block(&control, config.slots_in_an_epoch).await?;
        }
        if config.silent {
            // Not `--quiet`, which would also hide the port.
            control.set_logging(false).await?;
        }
        Ok(anvil)
    }

    /// The node's client.
    pub fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    /// What only a development node can do.
    pub fn control(&self) -> Control {
        Control::new(self.rpc.clone())
    }

    /// The node's address, for programs that are given one.
    pub fn url(&self) -> String {
        self.rpc.url()
    }

    /// The port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.rpc.port()
    }

    /// The chain id that transactions are signed for.
    pub fn chain_id(&self) -> u64 {
        self.chain_id
    }

    /// The process id; none once it has ended.
    pub fn pid(&self) -> Option<u32> {
        self.child.id()
    }

    /// Stops the node and saves the chain, if it has a place. A node that does not stop in time is killed.
    pub async fn stop(self) -> Result<(), AnvilError> {
        let Self { watchdog, mut child, saved_at, .. } = self;
        let mut shell = watchdog.release();
        // A little longer than the watchdog waits: the kill at the end is for a watchdog that is not there any more.
        let limit = watchdog::GRACE + Duration::from_secs(1);
        let ended = tokio::time::timeout(limit, child.wait()).await;
        // Nothing is left for it to do, whether or not it could be told so.
        let _ = shell.kill().await;
        let reaped = |source| AnvilError::NotReaped { source };
        let clean = match ended {
            Ok(status) => status.map_err(reaped)?.success(),
            Err(_) => {
                child.kill().await.map_err(reaped)?;
                false
            }
        };
        match saved_at {
            Some(path) if !clean || !path.exists() => Err(AnvilError::NotSaved { path }),
            _ => Ok(()),
        }
    }
}

/// Asked before the start, to answer without one. Who takes the port in between is found by anvil itself.
fn is_in_use(port: u16) -> bool {
    port != 0
        && TcpListener::bind(("127.0.0.1", port)).is_err_and(|error| error.kind() == io::ErrorKind::AddrInUse)
}

/// Anvil writes to a file in a directory that does not exist without complaint, and without a file.
fn prepare(saved: &mut SavedChain) -> Result<(), AnvilError> {
    let made = std::path::absolute(&saved.path).and_then(|path| {
        path.parent().map_or(Ok(()), std::fs::create_dir_all)?;
        Ok(path)
    });
    saved.path = made.map_err(|source| AnvilError::NoPlaceToSave { path: saved.path.clone(), source })?;
    Ok(())
}

/// Asks until the node answers. The caller bounds it.
async fn chain_id(rpc: &Rpc) -> u64 {
    let rpc = rpc.clone().with_timeout(Duration::from_secs(1));
    loop {
        match rpc.call::<_, U64>("eth_chainId", [(); 0]).await {
            Ok(id) => return id.to(),
            Err(_) => tokio::time::sleep(Duration::from_millis(10)).await,
        }
    }
}

/// Mines until the loaded block is finalized, because anvil has forgotten the states below it. The base fee stays.
async fn step_over_loaded_block(control: &Control, slots_in_an_epoch: u64) -> Result<(), RpcError> {
    let loaded = control.block(BlockTag::Latest).await?;
    control.mine(2 * slots_in_an_epoch).await?;
    control.set_next_block_base_fee(loaded.base_fee_per_gas).await
}
