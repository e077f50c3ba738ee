//! EVM chains: one [`Evm`] per chain, over nodes of several operators.

mod account;
mod effect;
pub mod errors;
mod foreign;
mod gas;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "http")]
mod json;
mod market;
pub mod node;
mod preflight;
mod receipt;
mod slot;
mod submit;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_core::address::{Address, EvmAddress};
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Signed};
use sluice_core::chain::{BlockRef, ChainProfile, EvmRules};
use sluice_core::energy::Lendable;
use sluice_core::fee::Market;
use sluice_core::port::Fut;
use sluice_core::port::chain::{
    BlockFacts, Chain, ChainError, Foreign, Heads, Heard, LentRun, NodeFacts, Nonces, PaidIn, Preflight,
    Shown, SlotQuestion, Standing, TransferLog, Trial,
};
use sluice_core::port::world::Clock;
use sluice_core::proof::{Final, SlotReading};
use sluice_core::resource::{Conditions, Resources};

use crate::crew::Crew;
use node::Node;

pub use crate::crew::Quorum;

/// One EVM chain over its nodes.
pub struct Evm {
    rules: EvmRules,
    crew: Crew<dyn Node>,
    believed: Option<BTreeSet<EvmAddress>>,
    gas: gas::Known,
    clock: Arc<dyn Clock>,
}

impl Evm {
    /// A chain read through `nodes`, asked in this order where one is enough. `None`: the profile is of another family.
    pub fn new(
        profile: ChainProfile,
        nodes: Vec<Arc<dyn Node>>,
        quorum: Quorum,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let rules = *profile.evm()?;
        let crew = Crew::new(profile, nodes, quorum, Arc::clone(&clock));
        Some(Self { rules, crew, believed: None, gas: gas::Known::default(), clock })
    }

    /// Believes Transfer and Approval logs of these contracts only, where it looks for value that left a wallet.
    ///
    /// A log is a claim of the contract that emitted it. Anybody can deploy a contract that claims to have moved a token
    /// from our wallet, and address poisoners do so by the million: without this list each of them could freeze a lane.
    /// Name every token that our wallets hold.
    #[must_use]
    pub fn believing(mut self, contracts: impl IntoIterator<Item = Address>) -> Self {
        self.believed = Some(contracts.into_iter().filter_map(Address::evm).collect());
        self
    }

    fn name(&self) -> String {
        self.crew.profile().id.to_string()
    }

    fn disagree(&self, why: impl Into<String>) -> ChainError {
        self.crew.disagree(why)
    }

    fn none_of_ours(&self, what: impl Into<String>) -> ChainError {
        ChainError::Foreign { chain: self.name(), what: what.into() }
    }

    fn account(&self, address: Address) -> Result<EvmAddress, ChainError> {
        address.evm().ok_or_else(|| self.none_of_ours(address.to_string()))
    }
}

impl Chain for Evm {
    fn profile(&self) -> &ChainProfile {
        self.crew.profile()
    }

    fn market(&self) -> Fut<'_, Result<Market, ChainError>> {
        Box::pin(self.read_market())
    }

    fn conditions(&self) -> Fut<'_, Result<Conditions, ChainError>> {
        Box::pin(async { Err(self.none_of_ours("the price of energy")) })
    }

    fn resources(&self, _wallet: Address) -> Fut<'_, Result<(BlockRef, Resources), ChainError>> {
        Box::pin(async { Err(self.none_of_ours("energy of an account")) })
    }

    fn lendable(&self, _wallet: Address) -> Fut<'_, Result<Lendable, ChainError>> {
        Box::pin(async { Err(self.none_of_ours("energy to lend")) })
    }

    fn lent<'a>(
        &'a self,
        _from: u64,
        _count: u64,
        _wallets: &'a [Address],
    ) -> Fut<'a, Result<LentRun, ChainError>> {
        Box::pin(async { Err(self.none_of_ours("energy that was lent")) })
    }

    fn paid_in(
        &self,
        _account: Address,
        _from: u64,
        _count: u64,
    ) -> Fut<'_, Result<Option<Final<PaidIn>>, ChainError>> {
        Box::pin(async { Err(self.none_of_ours("what is paid ahead for energy")) })
    }

    fn heads(&self) -> Fut<'_, Result<Heads, ChainError>> {
        Box::pin(self.crew.read_heads())
    }

    fn block<'a>(&'a self, number: u64, wallets: &'a [Address]) -> Fut<'a, Result<BlockFacts, ChainError>> {
        Box::pin(async move { self.read_block(number, &accounts(wallets)).await })
    }

    fn second_look<'a>(
        &'a self,
        told_by: &'a str,
        block: BlockRef,
        wallets: &'a [Address],
    ) -> Fut<'a, Option<Vec<Shown>>> {
        Box::pin(async move {
            let wallets = &accounts(wallets);
            let ask = |node: Arc<dyn Node>| async move { self.concerning(&*node, block.hash, wallets).await };
            self.crew.second_look(told_by, ask).await
        })
    }

    fn disproved(&self, node: &str, about: &str) {
        self.crew.disprove(node, about);
    }

    fn contradicted(&self, what: &str) {
        self.crew.raise(Code::NodesDisagree, what);
    }

    fn submit<'a>(&'a self, attempts: &'a [Durable<Signed>]) -> Fut<'a, Vec<Heard>> {
        Box::pin(self.send_to_all(attempts))
    }

    fn preflight<'a>(&'a self, trials: &'a [Trial]) -> Fut<'a, Result<Vec<Preflight>, ChainError>> {
        Box::pin(self.simulate(trials))
    }

    fn balances<'a>(
        &'a self,
        wallet: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<(BlockRef, Vec<Units>), ChainError>> {
        Box::pin(async move { self.read_balances(self.account(wallet)?, assets).await })
    }

    fn counted(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>> {
        Box::pin(async move { self.count_nonces(self.account(wallet)?).await })
    }

    fn nonces(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>> {
        Box::pin(async move { self.read_nonces(self.account(wallet)?).await })
    }

    fn standing<'a>(
        &'a self,
        wallet: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<Final<Standing>, ChainError>> {
        Box::pin(async move { self.read_standing(self.account(wallet)?, assets).await })
    }

    fn progress<'a>(
        &'a self,
        questions: &'a [SlotQuestion],
    ) -> Fut<'a, Result<Vec<SlotReading>, ChainError>> {
        Box::pin(self.read_progress(questions))
    }

    fn settle<'a>(
        &'a self,
        questions: &'a [SlotQuestion],
    ) -> Fut<'a, Result<Vec<Final<SlotReading>>, ChainError>> {
        Box::pin(self.read_final(questions))
    }

    fn still_final<'a>(&'a self, blocks: &'a [BlockRef]) -> Fut<'a, Result<Vec<Final<bool>>, ChainError>> {
        Box::pin(self.crew.read_still_final(blocks))
    }

    fn transfers_of<'a>(
        &'a self,
        asset: AssetId,
        txid: [u8; 32],
    ) -> Fut<'a, Result<Option<Final<(BlockRef, Vec<TransferLog>)>>, ChainError>> {
        Box::pin(self.read_transfers_of(asset, txid))
    }

    fn foreign(
        &self,
        wallet: Address,
        txid: [u8; 32],
    ) -> Fut<'_, Result<Final<Option<Foreign>>, ChainError>> {
        Box::pin(async move { self.read_foreign(self.account(wallet)?, txid).await })
    }

    fn has_code(&self, account: Address) -> Fut<'_, Result<bool, ChainError>> {
        Box::pin(async move { self.read_code(self.account(account)?).await })
    }

    fn nodes(&self) -> Vec<NodeFacts> {
        self.crew.facts()
    }

    fn troubles(&self) -> Vec<Raise> {
        self.crew.troubles()
    }
}

/// Those of them that can be on an EVM chain: of another wallet nothing is found here.
fn accounts(wallets: &[Address]) -> Vec<EvmAddress> {
    wallets.iter().filter_map(|wallet| wallet.evm()).collect()
}
