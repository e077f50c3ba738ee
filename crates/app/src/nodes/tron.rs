//! Nodes of TRON.

use std::fs;
use std::sync::Arc;

use sluice_chain::tron::http::{HttpConfig, HttpNode};
use sluice_chain::tron::node::{Api, Called, Node, NodeError, Trigger};
use sluice_chain::tron::{Quorum, Tron};
use sluice_codec::evm::call;
use sluice_core::address::{Address, TronAddress};
use sluice_core::asset::Asset;
use sluice_core::port::chain::Chain;

use super::Wanted;
use crate::config;
use crate::error::StartError;
use crate::metrics;

pub(super) async fn connect(wanted: Wanted<'_>) -> Result<Arc<dyn Chain>, StartError> {
    let id = wanted.profile.id;
    let mut nodes: Vec<Arc<dyn Node>> = Vec::new();
    for node in &wanted.chain.nodes {
        let config = HttpConfig {
            solid_url: node.solid_url.clone(),
            api_key: key(node)?,
            ..HttpConfig::new(&node.operator, &node.url)
        };
        let made =
            HttpNode::new(wanted.http.clone(), config).map_err(|error| wanted.unusable(node, error))?;
        nodes.push(metrics::measured_tron(Arc::new(made), id, Arc::clone(wanted.clock)));
    }
    for node in &nodes {
        wanted.is_of_it(node.name(), node.chain_id().await)?;
        for asset in wanted.assets {
            let Some(token) = asset.contract().and_then(Address::tron) else { continue };
            wanted.is_as_configured(asset, node.name(), decimals(&**node, token).await)?;
        }
    }
    let tokens = wanted.assets.iter().filter_map(|asset| Asset::contract(asset));
    let quorum = Quorum { needed: wanted.quorum };
    let tron = Tron::new(wanted.profile.clone(), nodes, quorum, Arc::clone(wanted.clock));
    let tron = tron.ok_or_else(|| StartError::Other(format!("{id} is no network of TRON")))?;
    Ok(Arc::new(tron.believing(tokens)))
}

/// The key of a node's customer, from a file that nobody prints.
fn key(node: &config::Node) -> Result<Option<String>, StartError> {
    let Some(path) = &node.api_key_file else { return Ok(None) };
    let unreadable =
        |error: std::io::Error| StartError::Path { path: path.display().to_string(), why: error.to_string() };
    Ok(Some(fs::read_to_string(path).map_err(unreadable)?.trim().to_owned()))
}

/// What a token says; `None` for anything but a number of digits.
async fn decimals(node: &dyn Node, token: TronAddress) -> Result<Option<u8>, NodeError> {
    let ask = [Trigger { owner: token, contract: token, data: call::decimals() }];
    match node.calls(&ask, Api::Full).await.pop() {
        Some(Ok(Called::Returned { data, .. })) => Ok(call::read_u8(&data)),
        Some(Ok(Called::Reverted)) => Ok(None),
        Some(Err(error)) => Err(error),
        None => Err(NodeError::Nonsense("no answer to a call".to_owned())),
    }
}
