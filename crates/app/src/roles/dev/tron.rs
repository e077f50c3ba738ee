//! The local chain of TRON: a simulator that somebody else runs.

use sluice_core::address::TronAddress;
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_devnet::tron::{Remote, RemoteError, Standing};

use super::DevArguments;
use crate::config::{AssetEntry, Both, Chain, Node, ProfileOverrides};
use crate::error::StartError;

/// TRX that each demo wallet is given: what some hundred payments burn.
const COINS: i64 = 10_000;
const SUN: i64 = 1_000_000;

/// A chain with a test dollar on it.
pub(super) struct Local {
    /// The first one is told what to do.
    remote: Remote,
    urls: Vec<String>,
    at: Standing,
    funds: u64,
}

impl Local {
    /// Those that were named, if any; they have to be of the development chain, and of no other.
    pub(super) async fn reach(arguments: &DevArguments) -> Result<Option<Self>, StartError> {
        let Some(url) = arguments.tron_nodes.first() else { return Ok(None) };
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
        Ok(Some(Self { remote, urls: arguments.tron_nodes.clone(), at, funds: arguments.funds }))
    }

    pub(super) fn id(&self) -> ChainId {
        ChainProfile::tron_devnet().id
    }

    pub(super) fn url(&self) -> String {
        self.remote.url()
    }

    pub(super) fn chain(&self) -> Chain {
        let nodes = (1..).zip(&self.urls);
        let nodes: Vec<_> =
            nodes.map(|(place, url)| Node::of(&format!("local-{place}"), url.clone())).collect();
        Chain {
            id: self.id().to_string(),
            quorum: (nodes.len() == 1).then_some(1),
            nodes,
            profile: ProfileOverrides::default(),
        }
    }

    pub(super) fn asset(&self) -> AssetEntry {
        AssetEntry {
            id: format!("{}/trc20:{}", self.id(), self.at.usdt),
            symbol: "USDT".into(),
            precision: 6,
            decimals: 6,
            freezable: true,
        }
    }

    /// Gives a wallet TRX and dollars.
    pub(super) async fn fill(&self, account: TronAddress) -> Result<(), StartError> {
        let account = account.to_string();
        let to = account.parse().map_err(|error| StartError::Other(format!("{account}: {error}")))?;
        let units = self.funds.saturating_mul(1_000_000);
        self.remote.faucet(to, COINS * SUN, units).await.map_err(|error| unusable(&error))
    }
}

fn unusable(error: &RemoteError) -> StartError {
    StartError::Said(Both::new(
        error.to_string(),
        format!("TRON 시뮬레이터를 쓸 수 없습니다({error}). `sluice tron-sim --chain-id 31337`로 시작하세요"),
    ))
}
