//! The local chain of TRON: a simulator of our own, or one that somebody else runs.

mod own;

use sluice_core::address::TronAddress;
use sluice_core::asset::Asset;
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_devnet::tron::{Remote, RemoteError, Standing};

use self::own::Own;
use super::DevArguments;
use super::files::Folder;
use crate::config::{AssetEntry, Both, Chain, Energy, Node, ProfileOverrides};
use crate::error::StartError;

/// TRX that each demo wallet is given: what some ten thousand payments burn.
const COINS: i64 = 200_000;
const SUN: i64 = 1_000_000;

/// How long the engine watches settled blocks at least, milliseconds: longer than what was signed twice could live.
const WATCHED_MS: u64 = 130_000;

/// A chain with a test dollar on it.
pub(super) struct Local {
    own: Option<Own>,
    /// The first one is told what to do.
    remote: Remote,
    urls: Vec<String>,
    at: Standing,
    funds: u64,
    profile: ProfileOverrides,
}

impl Local {
    /// Starts one, unless nodes were named; they have to be of the development chain, and of no other.
    pub(super) async fn start(arguments: &DevArguments, folder: &Folder) -> Result<Option<Self>, StartError> {
        if arguments.no_tron {
            return Ok(None);
        }
        let own = match arguments.tron_nodes.as_slice() {
            [] => Some(Own::start(arguments, folder).await?),
            _ => None,
        };
        let urls = own.as_ref().map_or_else(|| arguments.tron_nodes.clone(), |own| own.urls().to_vec());
        let Some(url) = urls.first() else { return Ok(None) };
        let port = url.strip_prefix("http://127.0.0.1:").map(|port| port.trim_end_matches('/'));
        let port = port.and_then(|port| port.parse().ok()).ok_or_else(|| {
            StartError::Said(Both::new(
                format!("--tron-node {url} is not http://127.0.0.1:<port>"),
                format!("--tron-node {url}: http://127.0.0.1:<포트> 형식이어야 합니다"),
            ))
        })?;
        let remote = Remote::local(port);
        let at = remote.standing().await.map_err(|error| unusable(&error))?;
        let id = ChainProfile::tron_devnet().id;
        if u64::from(at.chain_id) != id.reference {
            let found = at.chain_id;
            return Err(StartError::Said(Both::new(
                format!(
                    "{url} simulates the chain {found}; start `sluice tron-sim --chain-id {}`",
                    id.reference
                ),
                format!(
                    "{url}은(는) 체인 {found}입니다. `sluice tron-sim --chain-id {}`로 시작하세요",
                    id.reference
                ),
            )));
        }
        let profile = match &own {
            Some(_) => quick(arguments.block_ms),
            None => ProfileOverrides::default(),
        };
        Ok(Some(Self { own, remote, urls, at, funds: arguments.funds, profile }))
    }

    /// It ends with us.
    pub(super) const fn is_own(&self) -> bool {
        self.own.is_some()
    }

    pub(super) fn remote(&self) -> Remote {
        self.remote.clone()
    }

    pub(super) fn id(&self) -> ChainId {
        ChainProfile::tron_devnet().id
    }

    pub(super) fn url(&self) -> String {
        self.remote.url()
    }

    pub(super) fn chain(&self, energy: Option<Energy>) -> Chain {
        let nodes = (1..).zip(&self.urls);
        let nodes: Vec<_> =
            nodes.map(|(place, url)| Node::of(&format!("local-{place}"), url.clone())).collect();
        Chain {
            id: self.id().to_string(),
            quorum: (nodes.len() == 1).then_some(1),
            nodes,
            energy,
            profile: self.profile.clone(),
        }
    }

    /// The dollar, and the coin.
    pub(super) fn assets(&self) -> [AssetEntry; 2] {
        let dollar = AssetEntry {
            id: format!("{}/trc20:{}", self.id(), self.at.usdt),
            symbol: "USDT".into(),
            precision: 6,
            decimals: 6,
            freezable: true,
        };
        [dollar, AssetEntry::of(&Asset::native(&ChainProfile::tron_devnet()))]
    }

    /// Gives a wallet TRX and dollars, with the next block.
    pub(super) async fn fill(&self, account: TronAddress) -> Result<(), StartError> {
        let account = account.to_string();
        let to = account.parse().map_err(|error| StartError::Other(format!("{account}: {error}")))?;
        let units = self.funds.saturating_mul(1_000_000);
        self.remote.faucet(to, COINS * SUN, units).await.map_err(|error| unusable(&error))
    }

    /// What was given is final at once, and nobody waits for it. A simulator of somebody else keeps its own time.
    pub(super) async fn make_final(&self) -> Result<(), StartError> {
        match &self.own {
            Some(_) => self.remote.solidify().await.map_err(|error| unusable(&error)),
            None => Ok(()),
        }
    }

    /// Waits until the one that is ours is gone, which it does not do by itself unless its file cannot be written.
    pub(super) async fn gone(&self) {
        match &self.own {
            Some(own) => own.gone().await,
            None => std::future::pending().await,
        }
    }

    /// Ends the one that is ours.
    ///
    /// # Errors
    /// [`StartError::Outside`] if it had ended before, and why.
    pub(super) async fn stop(self) -> Result<(), StartError> {
        match self.own {
            Some(own) => own.stop().await,
            None => Ok(()),
        }
    }
}

/// What differs where a block comes so often: as many more are watched.
fn quick(block_ms: u64) -> ProfileOverrides {
    let usual = ChainProfile::tron_devnet().settled_watch_blocks;
    ProfileOverrides {
        block_time_ms: Some(block_ms),
        settled_watch_blocks: Some(usual.max(WATCHED_MS / block_ms.max(1))),
        ..ProfileOverrides::default()
    }
}

fn unusable(error: &RemoteError) -> StartError {
    StartError::Said(Both::new(
        error.to_string(),
        format!("TRON 시뮬레이터를 쓸 수 없습니다({error}). `sluice tron-sim --chain-id 31337`로 시작하세요"),
    ))
}
