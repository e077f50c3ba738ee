//! A chain, each call a failpoint.

use std::sync::Arc;

use sluice_core::address::Address;
use sluice_core::alert::Raise;
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Signed};
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::energy::Lendable;
use sluice_core::fee::Market;
use sluice_core::port::Fut;
use sluice_core::port::chain::{
    BlockFacts, Chain, ChainError, Foreign, Heads, Heard, LentRun, NodeFacts, Nonces, PaidIn, Preflight,
    Shown, SlotQuestion, Standing, TransferLogs, Trial,
};
use sluice_core::proof::{Final, SlotReading};
use sluice_core::resource::{Conditions, Resources};

use super::Failpoint;

/// Every call of a chain that something is around.
pub const CALLS: [&str; 21] = [
    "chain.market",
    "chain.conditions",
    "chain.resources",
    "chain.lendable",
    "chain.lent",
    "chain.paid_in",
    "chain.heads",
    "chain.block",
    "chain.second_look",
    "chain.submit",
    "chain.preflight",
    "chain.balances",
    "chain.standing",
    "chain.counted",
    "chain.nonces",
    "chain.progress",
    "chain.settle",
    "chain.still_final",
    "chain.transfers_of",
    "chain.foreign",
    "chain.has_code",
];

pub(super) fn wrap(inner: Arc<dyn Chain>, point: &Arc<Failpoint>) -> Arc<dyn Chain> {
    Arc::new(Wrapped { inner, point: point.clone() })
}

struct Wrapped {
    inner: Arc<dyn Chain>,
    point: Arc<Failpoint>,
}

macro_rules! ask {
    ($self:ident, $call:literal, $work:expr) => {
        Box::pin($self.point.around($call, vec![], $work))
    };
}

type Answer<'a, T> = Fut<'a, Result<T, ChainError>>;

impl Chain for Wrapped {
    fn profile(&self) -> &ChainProfile {
        self.inner.profile()
    }

    fn market(&self) -> Answer<'_, Market> {
        ask!(self, "chain.market", self.inner.market())
    }

    fn conditions(&self) -> Answer<'_, Conditions> {
        ask!(self, "chain.conditions", self.inner.conditions())
    }

    fn resources(&self, wallet: Address) -> Answer<'_, (BlockRef, Resources)> {
        ask!(self, "chain.resources", self.inner.resources(wallet))
    }

    fn lendable(&self, wallet: Address) -> Answer<'_, Lendable> {
        ask!(self, "chain.lendable", self.inner.lendable(wallet))
    }

    fn lent<'a>(&'a self, from: u64, count: u64, wallets: &'a [Address]) -> Answer<'a, LentRun> {
        ask!(self, "chain.lent", self.inner.lent(from, count, wallets))
    }

    fn paid_in(&self, account: Address, from: u64, count: u64) -> Answer<'_, Option<Final<PaidIn>>> {
        ask!(self, "chain.paid_in", self.inner.paid_in(account, from, count))
    }

    fn heads(&self) -> Answer<'_, Heads> {
        ask!(self, "chain.heads", self.inner.heads())
    }

    fn block<'a>(&'a self, number: u64, wallets: &'a [Address]) -> Answer<'a, BlockFacts> {
        ask!(self, "chain.block", self.inner.block(number, wallets))
    }

    fn second_look<'a>(
        &'a self,
        told_by: &'a str,
        block: BlockRef,
        wallets: &'a [Address],
    ) -> Fut<'a, Option<Vec<Shown>>> {
        ask!(self, "chain.second_look", self.inner.second_look(told_by, block, wallets))
    }

    fn disproved(&self, node: &str, about: &str) {
        self.inner.disproved(node, about);
    }

    fn contradicted(&self, what: &str) {
        self.inner.contradicted(what);
    }

    fn submit<'a>(&'a self, attempts: &'a [Durable<Signed>]) -> Fut<'a, Vec<Heard>> {
        ask!(self, "chain.submit", self.inner.submit(attempts))
    }

    fn preflight<'a>(&'a self, trials: &'a [Trial]) -> Answer<'a, Vec<Preflight>> {
        ask!(self, "chain.preflight", self.inner.preflight(trials))
    }

    fn balances<'a>(&'a self, wallet: Address, assets: &'a [Asset]) -> Answer<'a, (BlockRef, Vec<Units>)> {
        ask!(self, "chain.balances", self.inner.balances(wallet, assets))
    }

    fn standing<'a>(&'a self, account: Address, assets: &'a [Asset]) -> Answer<'a, Final<Standing>> {
        ask!(self, "chain.standing", self.inner.standing(account, assets))
    }

    fn counted(&self, wallet: Address) -> Answer<'_, Nonces> {
        ask!(self, "chain.counted", self.inner.counted(wallet))
    }

    fn nonces(&self, wallet: Address) -> Answer<'_, Nonces> {
        ask!(self, "chain.nonces", self.inner.nonces(wallet))
    }

    fn progress<'a>(&'a self, questions: &'a [SlotQuestion]) -> Answer<'a, Vec<SlotReading>> {
        ask!(self, "chain.progress", self.inner.progress(questions))
    }

    fn settle<'a>(&'a self, questions: &'a [SlotQuestion]) -> Answer<'a, Vec<Final<SlotReading>>> {
        ask!(self, "chain.settle", self.inner.settle(questions))
    }

    fn still_final<'a>(&'a self, blocks: &'a [BlockRef]) -> Answer<'a, Vec<Final<bool>>> {
        ask!(self, "chain.still_final", self.inner.still_final(blocks))
    }

    fn transfers_of<'a>(&'a self, asset: AssetId, txid: [u8; 32]) -> Answer<'a, Option<Final<TransferLogs>>> {
        ask!(self, "chain.transfers_of", self.inner.transfers_of(asset, txid))
    }

    fn foreign(&self, wallet: Address, txid: [u8; 32]) -> Answer<'_, Final<Option<Foreign>>> {
        ask!(self, "chain.foreign", self.inner.foreign(wallet, txid))
    }

    fn has_code(&self, account: Address) -> Answer<'_, bool> {
        ask!(self, "chain.has_code", self.inner.has_code(account))
    }

    fn nodes(&self) -> Vec<NodeFacts> {
        self.inner.nodes()
    }

    fn troubles(&self) -> Vec<Raise> {
        self.inner.troubles()
    }
}
