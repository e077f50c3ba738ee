//! A node of TRON as a process sees it: with faults, and with a witness on what leaves.

use std::sync::Arc;

use sluice_chain::tron::node::{
    Account, Api, Block, Called, Header, Info, Left, Node, NodeError, Prices, Said, Tag, Trigger,
};
use sluice_core::address::TronAddress;
use sluice_core::errand::Resource;
use sluice_core::port::Fut;

use super::Site;
use crate::oracle::Witness;

/// A node behind faults.
pub struct ChaosTron {
    /// The model's.
    pub inner: Arc<dyn Node>,
    /// Where calls come from.
    pub site: Site,
    /// Sees what leaves.
    pub witness: Witness,
}

type Asked<'a, T> = Fut<'a, Result<T, NodeError>>;

macro_rules! ask {
    ($self:ident, $method:literal, $make:expr) => {
        Box::pin($self.site.ask($method, move || $make, NodeError::Transport, NodeError::Transport))
    };
}

impl Node for ChaosTron {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn operator(&self) -> &str {
        self.inner.operator()
    }

    fn chain_id(&self) -> Asked<'_, u64> {
        ask!(self, "node.chain_id", self.inner.chain_id())
    }

    fn header(&self, tag: Tag) -> Asked<'_, Option<Header>> {
        ask!(self, "node.header", self.inner.header(tag))
    }

    fn block(&self, number: u64, api: Api) -> Asked<'_, Option<Block>> {
        ask!(self, "node.block", self.inner.block(number, api))
    }

    fn blocks(&self, from: u64, count: u64) -> Asked<'_, Vec<Block>> {
        ask!(self, "node.blocks", self.inner.blocks(from, count))
    }

    fn infos<'a>(&'a self, txids: &'a [[u8; 32]], api: Api) -> Asked<'a, Vec<Option<Info>>> {
        ask!(self, "node.infos", self.inner.infos(txids, api))
    }

    fn infos_of(&self, number: u64, api: Api) -> Asked<'_, Vec<Info>> {
        ask!(self, "node.infos_of", self.inner.infos_of(number, api))
    }

    fn knows(&self, txid: [u8; 32]) -> Asked<'_, bool> {
        ask!(self, "node.knows", self.inner.knows(txid))
    }

    fn account(&self, account: TronAddress, api: Api) -> Asked<'_, Option<Account>> {
        ask!(self, "node.account", self.inner.account(account, api))
    }

    fn lendable(&self, account: TronAddress, resource: Resource) -> Asked<'_, u64> {
        ask!(self, "node.lendable", self.inner.lendable(account, resource))
    }

    fn collectable(&self, account: TronAddress, at_ms: i64) -> Asked<'_, u64> {
        ask!(self, "node.collectable", self.inner.collectable(account, at_ms))
    }

    fn loan(&self, from: TronAddress, to: TronAddress, resource: Resource, at_ms: i64) -> Asked<'_, u64> {
        ask!(self, "node.loan", self.inner.loan(from, to, resource, at_ms))
    }

    fn left(&self, account: TronAddress) -> Asked<'_, Left> {
        ask!(self, "node.left", self.inner.left(account))
    }

    fn prices(&self) -> Asked<'_, Prices> {
        ask!(self, "node.prices", self.inner.prices())
    }

    fn is_contract(&self, account: TronAddress) -> Asked<'_, bool> {
        ask!(self, "node.is_contract", self.inner.is_contract(account))
    }

    fn calls<'a>(&'a self, calls: &'a [Trigger], api: Api) -> Fut<'a, Vec<Result<Called, NodeError>>> {
        let unclear = move || calls.iter().map(|_| Err(NodeError::Transport("timeout".into()))).collect();
        Box::pin(self.site.tell("node.calls", move || self.inner.calls(calls, api), unclear))
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Said, NodeError>>> {
        let make = move || -> Fut<'a, _> {
            self.witness.sent(self.site.process, raw);
            self.inner.send(raw)
        };
        let unclear = move || raw.iter().map(|_| Err(NodeError::Transport("timeout".into()))).collect();
        Box::pin(self.site.tell("node.send", make, unclear))
    }
}
