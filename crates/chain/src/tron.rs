//! TRON: one [`Tron`] per network, over nodes of several operators.
//!
//! What differs from EVM chains: an account has no nonce, so a slot is a transaction id, and it ends by its expiration and a
//! proof of absence; a receipt names a height and no hash, so it only leads to a block; there is no state at a past block, so
//! what is told is bound to a node's head by asking for that before and after; and energy stands where gas does.

mod account;
mod conditions;
mod effect;
pub mod errors;
mod foreign;
#[cfg(feature = "http")]
pub mod http;
#[cfg(feature = "http")]
mod json;
mod lent;
pub mod node;
mod paid_in;
mod place;
mod preflight;
mod scan;
mod slot;
mod submit;
#[cfg(test)]
mod tests;
mod watch;

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_core::address::{Address, TronAddress};
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::attempt::{Durable, Signed};
use sluice_core::chain::{BlockRef, ChainProfile, TronRules};
use sluice_core::energy::Lendable;
use sluice_core::fee::Market;
use sluice_core::port::Fut;
use sluice_core::port::chain::{
    BlockFacts, Chain, ChainError, Foreign, Heads, Heard, LentRun, NodeFacts, Nonces, PaidIn, Preflight,
    Shown, SlotQuestion, Standing, TransferLogs, Trial,
};
use sluice_core::port::world::Clock;
use sluice_core::proof::{Final, SlotReading};
use sluice_core::resource::{Conditions, Resources};

use crate::crew::Crew;
use node::Node;

pub use crate::crew::Quorum;

/// One network of TRON over its nodes.
pub struct Tron {
    rules: TronRules,
    crew: Crew<dyn Node>,
    believed: Option<BTreeSet<TronAddress>>,
    prices: conditions::Known,
}

impl Tron {
    /// A network read through `nodes`, asked in this order where one is enough. `None`: the profile is of another family.
    pub fn new(
        profile: ChainProfile,
        nodes: Vec<Arc<dyn Node>>,
        quorum: Quorum,
        clock: Arc<dyn Clock>,
    ) -> Option<Self> {
        let rules = *profile.tron()?;
        let crew = Crew::new(profile, nodes, quorum, clock);
        Some(Self { rules, crew, believed: None, prices: conditions::Known::default() })
    }

    /// Believes Transfer and Approval logs of these contracts only, where it looks for value that left a wallet.
    ///
    /// A log is a claim of the contract that emitted it. Anybody can deploy a contract that claims to have moved a token
    /// from our wallet, and address poisoners do so by the million: without this list each of them could freeze a lane.
    /// Name every token that our wallets hold.
    #[must_use]
    pub fn believing(mut self, contracts: impl IntoIterator<Item = Address>) -> Self {
        self.believed = Some(contracts.into_iter().filter_map(Address::tron).collect());
        self
    }

    fn believes(&self, contract: &TronAddress) -> bool {
        self.believed.as_ref().is_none_or(|believed| believed.contains(contract))
    }

    fn name(&self) -> String {
        self.crew.profile().id.to_string()
    }

    fn none_of_ours(&self, what: impl Into<String>) -> ChainError {
        ChainError::Foreign { chain: self.name(), what: what.into() }
    }

    fn account(&self, address: Address) -> Result<TronAddress, ChainError> {
        address.tron().ok_or_else(|| self.none_of_ours(address.to_string()))
    }
}

impl Chain for Tron {
    fn profile(&self) -> &ChainProfile {
        self.crew.profile()
    }

    fn market(&self) -> Fut<'_, Result<Market, ChainError>> {
        Box::pin(async { Err(self.none_of_ours("a fee market")) })
    }

    fn conditions(&self) -> Fut<'_, Result<Conditions, ChainError>> {
        Box::pin(self.read_conditions())
    }

    fn resources(&self, wallet: Address) -> Fut<'_, Result<(BlockRef, Resources), ChainError>> {
        Box::pin(async move { self.read_resources(self.account(wallet)?).await })
    }

    fn lendable(&self, wallet: Address) -> Fut<'_, Result<Lendable, ChainError>> {
        Box::pin(async move { self.read_lendable(self.account(wallet)?).await })
    }

    fn lent<'a>(
        &'a self,
        from: u64,
        count: u64,
        wallets: &'a [Address],
    ) -> Fut<'a, Result<LentRun, ChainError>> {
        Box::pin(async move { self.read_lent(from, count, &accounts(wallets)).await })
    }

    fn paid_in(
        &self,
        account: Address,
        from: u64,
        count: u64,
    ) -> Fut<'_, Result<Option<Final<PaidIn>>, ChainError>> {
        Box::pin(async move { self.read_paid_in(self.account(account)?, from, count).await })
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
        Box::pin(async move { self.read_second(told_by, block, &accounts(wallets)).await })
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
        self.nonces(wallet)
    }

    fn nonces(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>> {
        Box::pin(async move { self.account(wallet).map(|_| Nonces { pending: 0, latest: 0 }) })
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
    ) -> Fut<'a, Result<Option<Final<TransferLogs>>, ChainError>> {
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

/// Those of them that can be on TRON: of another wallet nothing is found here.
fn accounts(wallets: &[Address]) -> Vec<TronAddress> {
    wallets.iter().filter_map(|wallet| wallet.tron()).collect()
}
