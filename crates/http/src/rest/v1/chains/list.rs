//! `GET /v1/chains`: lists chains as they look to us now. What the network asks is read at most every few seconds,
//! however many callers there are, and never waited for long.

use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use sluice_api::chain::{
    Chain as WireChain, ChainFamily, ChainState, Market as WireMarket, Node as WireNode,
};
use sluice_api::query::Page;
use sluice_api::tag;
use sluice_core::chain::{ChainProfile, Family};
use sluice_core::fee::Market;
use sluice_core::port::chain::{Chain, NodeFacts};
use sluice_core::port::reader::ChainStatus;
use sluice_core::time::Timestamp;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::problem::Reject;
use crate::wire::{block, time};

/// Longest wait for a node.
const MARKET_WAIT: Duration = Duration::from_millis(1_500);
/// A chain whose blocks stand still for so many of its block times, and for [`STILL_MS`], is degraded.
const STILL_BLOCKS: u64 = 15;
/// See [`STILL_BLOCKS`], milliseconds.
const STILL_MS: u64 = 30_000;
/// A chain that stands still for so much longer is down.
const DOWN_TIMES: u64 = 10;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let chains = join_all(call.ports().chains.values().map(|chain| one(&call, chain))).await;
    let chains = chains.into_iter().collect::<Result<Vec<_>, _>>()?;
    ok(&Listing::of(sluice_api::path::CHAINS, &[])
        .page(chains, &page, |chain: &WireChain| chain.id.clone())?)
}

async fn one(call: &Call, chain: &Arc<dyn Chain>) -> Result<WireChain, Reject> {
    let profile = chain.profile();
    let status = call.reader().chain_status(profile.id).await?;
    let facts = (call.server.api.chain_facts)(profile.id);
    Ok(WireChain {
        id: profile.id.to_string(),
        object: tag::Chain::Is,
        name: profile.name.clone(),
        family: match profile.id.family {
            Family::Evm => ChainFamily::Evm,
            Family::Tron => ChainFamily::Tron,
        },
        coin: profile.native_symbol.clone(),
        state: state(profile, &status, call.now),
        head: status.latest.map(block),
        final_block: status.finalized.map(block),
        quorum: facts.quorum,
        operators: facts.operators,
        single_source: facts.operators < 2,
        market: market(call, chain).await.map(|market| WireMarket {
            base_fee: market.base_fee_wei.to_string().as_str().into(),
            tip: market
                .tip_wei
                .max(profile.evm().map_or(0, |rules| rules.tip_floor_wei))
                .to_string()
                .as_str()
                .into(),
            at: time(market.at),
        }),
        nodes: chain.nodes().into_iter().map(node).collect(),
    })
}

fn node(facts: NodeFacts) -> WireNode {
    WireNode {
        name: facts.name,
        operator: facts.operator,
        healthy: facts.healthy,
        height: facts.height,
        trouble: facts.trouble.map(str::to_owned),
    }
}

/// How well a chain is followed, by how long its blocks stand still for us.
pub(crate) fn state(profile: &ChainProfile, status: &ChainStatus, now: Timestamp) -> ChainState {
    let Some(moved_at) = status.moved_at else { return ChainState::Down };
    let still_ms = u64::try_from(now.since_ms(moved_at)).unwrap_or(0);
    let allowed_ms = profile.block_time_ms.saturating_mul(STILL_BLOCKS).max(STILL_MS);
    if still_ms <= allowed_ms {
        ChainState::Ok
    } else if still_ms <= allowed_ms.saturating_mul(DOWN_TIMES) {
        ChainState::Degraded
    } else {
        ChainState::Down
    }
}

async fn market(call: &Call, chain: &Arc<dyn Chain>) -> Option<Market> {
    let id = chain.profile().id;
    if let Some(known) = call.server.market_known(id, call.now) {
        return known;
    }
    let read = tokio::time::timeout(MARKET_WAIT, chain.market()).await.ok().and_then(Result::ok);
    call.server.market_read(id, read, call.now);
    read
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_that_stands_still_is_degraded_and_then_down() {
        let profile = ChainProfile::polygon();
        let now = Timestamp::from_micros(1_700_000_000_000_000);
        let moved = |ms_ago: i64| ChainStatus {
            latest: None,
            finalized: None,
            moved_at: Some(now.plus_ms(-ms_ago)),
            settle_after: None,
        };
        assert_eq!(state(&profile, &moved(29_000), now), ChainState::Ok);
        assert_eq!(state(&profile, &moved(31_000), now), ChainState::Degraded);
        assert_eq!(state(&profile, &moved(301_000), now), ChainState::Down);
        let never = ChainStatus { moved_at: None, ..moved(0) };
        assert_eq!(state(&profile, &never, now), ChainState::Down);
    }
}
