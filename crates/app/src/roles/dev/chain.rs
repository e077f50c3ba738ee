//! The local chain: an anvil of our own, or one that somebody else runs.

use std::time::Duration;

use sluice_core::chain::ChainProfile;
use sluice_devnet::anvil::{Anvil, AnvilConfig, Mining, SavedChain};
use sluice_devnet::rpc::Rpc;
use sluice_devnet::token::TestUsd;

use super::DevArguments;
use super::files::Folder;
use crate::config::{AssetEntry, Both};
use crate::error::StartError;

/// A chain with the test dollar on it.
pub(super) struct Local {
    anvil: Option<Anvil>,
    rpc: Rpc,
    usd: TestUsd,
    funds: u64,
}

impl Local {
    pub(super) async fn start(arguments: &DevArguments, folder: &Folder) -> Result<Self, StartError> {
        let other = |error: &dyn std::fmt::Display| StartError::Other(error.to_string());
        let (anvil, rpc) = match &arguments.node {
            Some(url) => {
                let port = url
                    .strip_prefix("http://127.0.0.1:")
                    .and_then(|port| port.trim_end_matches('/').parse().ok())
                    .ok_or_else(|| {
                        StartError::Said(Both::new(
                            format!("--node {url} is not http://127.0.0.1:<port>"),
                            format!("--node {url}: http://127.0.0.1:<포트> 형식이어야 합니다"),
                        ))
                    })?;
                (None, Rpc::local(port))
            }
            None => {
                let anvil = Anvil::start(AnvilConfig {
                    tools_dir: Some("contracts".into()),
                    port: arguments.chain_port,
                    chain_id: ChainProfile::devnet().id.reference,
                    mining: Mining::Every(Duration::from_millis(arguments.block_ms)),
                    slots_in_an_epoch: 1,
                    saved_chain: Some(SavedChain::at(folder.path("chain.json"))),
                    silent: true,
                    ..AnvilConfig::default()
                })
                .await?;
                let rpc = anvil.rpc().clone();
                (Some(anvil), rpc)
            }
        };
        let usd = TestUsd::ensure(&rpc).await.map_err(|error| other(&error))?;
        Ok(Self { anvil, rpc, usd, funds: arguments.funds })
    }

    pub(super) fn url(&self) -> String {
        self.rpc.url()
    }

    pub(super) const fn rpc(&self) -> &Rpc {
        &self.rpc
    }

    pub(super) const fn usd(&self) -> &TestUsd {
        &self.usd
    }

    /// What each demo wallet is given, in whole test dollars.
    pub(super) const fn funds(&self) -> u64 {
        self.funds
    }

    pub(super) fn asset(&self) -> AssetEntry {
        let chain = ChainProfile::devnet().id;
        AssetEntry {
            id: format!("{chain}/erc20:{}", self.usd.address().to_string().to_lowercase()),
            symbol: "USDC".into(),
            precision: 6,
            decimals: 6,
            freezable: true,
        }
    }

    pub(super) async fn stop(self) -> Result<(), StartError> {
        match self.anvil {
            Some(anvil) => Ok(anvil.stop().await?),
            None => Ok(()),
        }
    }
}
