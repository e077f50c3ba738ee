//! A node of TRON, each question counted and timed.

use std::sync::Arc;

use sluice_chain::tron::node::{
    Account, Api, Block, Called, Header, Info, Left, Node, NodeError, Prices, Said, Tag, Trigger,
};
use sluice_core::address::TronAddress;
use sluice_core::chain::ChainId;
use sluice_core::errand::Resource;
use sluice_core::port::Fut;
use sluice_core::port::world::Clock;

use super::node::Line;

/// The node, each question counted and timed.
pub fn measured(inner: Arc<dyn Node>, chain: ChainId, clock: Arc<dyn Clock>) -> Arc<dyn Node> {
    let line = Line::new(chain, inner.operator(), clock);
    Arc::new(Measured { inner, line })
}

struct Measured {
    inner: Arc<dyn Node>,
    line: Line,
}

type Answer<'a, T> = Fut<'a, Result<T, NodeError>>;

impl Node for Measured {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn operator(&self) -> &str {
        self.inner.operator()
    }

    fn chain_id(&self) -> Answer<'_, u64> {
        Box::pin(self.line.ask("chain_id", self.inner.chain_id()))
    }

    fn header(&self, tag: Tag) -> Answer<'_, Option<Header>> {
        Box::pin(self.line.ask("header", self.inner.header(tag)))
    }

    fn block(&self, number: u64, api: Api) -> Answer<'_, Option<Block>> {
        Box::pin(self.line.ask("block", self.inner.block(number, api)))
    }

    fn blocks(&self, from: u64, count: u64) -> Answer<'_, Vec<Block>> {
        Box::pin(self.line.ask("blocks", self.inner.blocks(from, count)))
    }

    fn infos<'a>(&'a self, txids: &'a [[u8; 32]], api: Api) -> Answer<'a, Vec<Option<Info>>> {
        Box::pin(self.line.ask("infos", self.inner.infos(txids, api)))
    }

    fn infos_of(&self, number: u64, api: Api) -> Answer<'_, Vec<Info>> {
        Box::pin(self.line.ask("infos_of", self.inner.infos_of(number, api)))
    }

    fn knows(&self, txid: [u8; 32]) -> Answer<'_, bool> {
        Box::pin(self.line.ask("knows", self.inner.knows(txid)))
    }

    fn account(&self, account: TronAddress, api: Api) -> Answer<'_, Option<Account>> {
        Box::pin(self.line.ask("account", self.inner.account(account, api)))
    }

    fn lendable(&self, account: TronAddress, resource: Resource) -> Answer<'_, u64> {
        Box::pin(self.line.ask("lendable", self.inner.lendable(account, resource)))
    }

    fn collectable(&self, account: TronAddress, at_ms: i64) -> Answer<'_, u64> {
        Box::pin(self.line.ask("collectable", self.inner.collectable(account, at_ms)))
    }

    fn loan(&self, from: TronAddress, to: TronAddress, resource: Resource, at_ms: i64) -> Answer<'_, u64> {
        Box::pin(self.line.ask("loan", self.inner.loan(from, to, resource, at_ms)))
    }

    fn left(&self, account: TronAddress) -> Answer<'_, Left> {
        Box::pin(self.line.ask("left", self.inner.left(account)))
    }

    fn prices(&self) -> Answer<'_, Prices> {
        Box::pin(self.line.ask("prices", self.inner.prices()))
    }

    fn is_contract(&self, account: TronAddress) -> Answer<'_, bool> {
        Box::pin(self.line.ask("is_contract", self.inner.is_contract(account)))
    }

    fn calls<'a>(&'a self, calls: &'a [Trigger], api: Api) -> Fut<'a, Vec<Result<Called, NodeError>>> {
        Box::pin(self.line.timed("calls", self.inner.calls(calls, api)))
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Said, NodeError>>> {
        Box::pin(async move {
            let said = self.line.timed("send", self.inner.send(raw)).await;
            for one in &said {
                self.line.sent(match one {
                    Ok(Said::Taken) => "accepted",
                    Ok(Said::Duplicate) => "known",
                    Ok(Said::NoFunds) => "no_funds",
                    Ok(Said::Other(_)) | Err(_) => "unclear",
                });
            }
            said
        })
    }
}
