//! The chains of the configuration: their nodes over HTTP, each question counted and timed. What answers and is of another
//! chain, or knows a token otherwise, is refused at the start.

mod evm;
mod tron;

use std::sync::Arc;

use sluice_chain::evm::http::Client;
use sluice_core::asset::Asset;
use sluice_core::chain::Rules;
use sluice_core::port::chain::Chain;
use sluice_core::port::world::Clock;

use crate::config::{self, Config, quorum};
use crate::error::StartError;

/// Connects one chain.
///
/// # Errors
/// [`StartError`]: one sentence.
pub async fn connect(
    config: &Config,
    chain: &config::Chain,
    assets: &[Asset],
    http: &Client,
    clock: &Arc<dyn Clock>,
) -> Result<Arc<dyn Chain>, StartError> {
    let profile = config.profile(chain)?;
    let assets: Vec<&Asset> = assets.iter().filter(|asset| asset.id.chain == profile.id).collect();
    let wanted = Wanted { profile, quorum: quorum(chain), chain, assets: &assets, http, clock };
    match wanted.profile.rules {
        Rules::Evm(_) => evm::connect(wanted).await,
        Rules::Tron(_) => tron::connect(wanted).await,
    }
}

/// A chain to be connected.
struct Wanted<'a> {
    profile: sluice_core::chain::ChainProfile,
    quorum: usize,
    chain: &'a config::Chain,
    /// Of this chain.
    assets: &'a [&'a Asset],
    http: &'a Client,
    clock: &'a Arc<dyn Clock>,
}

impl Wanted<'_> {
    fn unusable(&self, node: &config::Node, why: impl std::fmt::Display) -> StartError {
        StartError::Node {
            chain: self.chain.id.clone(),
            operator: node.operator.clone(),
            why: why.to_string(),
        }
    }

    /// A node that answers and is of another chain is a wrong configuration. One that does not answer is trouble, which
    /// delays and alerts and loses nothing.
    fn is_of_it(&self, node: &str, answer: Result<u64, impl std::fmt::Display>) -> Result<(), StartError> {
        let expected = self.profile.id.reference;
        match answer {
            Ok(found) if found != expected => {
                Err(StartError::OtherChain { node: node.to_owned(), found, expected })
            }
            Ok(_) => Ok(()),
            Err(error) => {
                tracing::warn!(node, %error, "A node does not answer yet");
                Ok(())
            }
        }
    }

    /// A token with other decimals than configured is a wrong configuration too: every amount of it would be another
    /// amount. Where no node answers yet, the simulation before each slot asks again.
    fn is_as_configured(
        &self,
        asset: &Asset,
        node: &str,
        said: Result<Option<u8>, impl std::fmt::Display>,
    ) -> Result<(), StartError> {
        match said {
            Ok(Some(decimals)) if decimals == asset.decimals => Ok(()),
            Ok(_) => Err(StartError::OtherToken {
                asset: asset.id.to_string(),
                node: node.to_owned(),
                expected: asset.decimals,
            }),
            Err(error) => {
                tracing::warn!(node, %error, "A node does not say the decimals of a token");
                Ok(())
            }
        }
    }
}
