//! Nodes of an EVM chain.

use std::sync::Arc;

use sluice_chain::evm::http::{HttpConfig, HttpNode};
use sluice_chain::evm::node::{At, Call, Called, Node, NodeError};
use sluice_chain::evm::{Evm, Quorum};
use sluice_codec::evm::call;
use sluice_core::address::{Address, EvmAddress};
use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::port::chain::Chain;

use super::Wanted;
use crate::error::StartError;
use crate::metrics;

pub(super) async fn connect(wanted: Wanted<'_>) -> Result<Arc<dyn Chain>, StartError> {
    let id = wanted.profile.id;
    let mut nodes: Vec<Arc<dyn Node>> = Vec::new();
    for node in &wanted.chain.nodes {
        let config = HttpConfig::new(&node.operator, &node.url);
        let made =
            HttpNode::new(wanted.http.clone(), config).map_err(|error| wanted.unusable(node, error))?;
        nodes.push(metrics::measured_node(Arc::new(made), id, Arc::clone(wanted.clock)));
    }
    for node in &nodes {
        wanted.is_of_it(node.name(), node.chain_id().await)?;
        for asset in wanted.assets {
            let Some(token) = asset.contract().and_then(Address::evm) else { continue };
            wanted.is_as_configured(asset, node.name(), decimals(&**node, token).await)?;
        }
    }
    let tokens = wanted.assets.iter().filter_map(|asset| Asset::contract(asset));
    let quorum = Quorum { needed: wanted.quorum };
    let evm = Evm::new(wanted.profile.clone(), nodes, quorum, Arc::clone(wanted.clock));
    let evm = evm.ok_or_else(|| StartError::Other(format!("{id} is no EVM chain")))?;
    Ok(Arc::new(evm.believing(tokens)))
}

/// What a token says; `None` for anything but a number of digits.
async fn decimals(node: &dyn Node, token: EvmAddress) -> Result<Option<u8>, NodeError> {
    let ask = [Call {
        from: EvmAddress([0; 20]),
        to: token,
        value: Units::ZERO,
        data: call::decimals(),
        gas: None,
    }];
    match node.calls(&ask, At::Latest).await?.as_slice() {
        [Called::Returned(answer)] => Ok(call::read_u8(answer)),
        [Called::Reverted(_)] => Ok(None),
        answers => Err(NodeError::Nonsense(format!("{} answers to one call", answers.len()))),
    }
}
