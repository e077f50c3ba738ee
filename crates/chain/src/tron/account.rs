//! What accounts hold and may use: by one node for what is decided again, by quorum for what is booked.
//!
//! TRON answers no question about the state at a past block. A node is asked for its head before and after: where that is the
//! same block, what it said in between is the state of that block. Behind a balancer the three answers may come from three
//! machines, and nothing shows it; that is why what is booked is read by quorum.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join;
use sluice_codec::evm::call;
use sluice_core::address::{Address, EvmAddress, TronAddress};
use sluice_core::amount::Units;
use sluice_core::asset::{Asset, AssetKind};
use sluice_core::chain::BlockRef;
use sluice_core::errand::Deed;
use sluice_core::port::chain::{ChainError, Standing};
use sluice_core::proof::Final;
use sluice_core::resource::Resources;

use super::Tron;
use super::node::{Account, Api, Called, Header, Left, Node, NodeError, Tag, Trigger};
use crate::crew::{Dissent, Head, Judge, exactly};

/// How often a node is asked again because a block came in between. One comes every three seconds.
const TRIES: usize = 3;
/// How often operators are asked for the same solid block. They learn of a new one within some hundred milliseconds of each
/// other.
const ROUNDS: usize = 4;

impl Tron {
    /// All of one solid block, so that the sums belong together (M8). The state of the other API has in it whatever waits in the
    /// node's pool, and would count a refill that may never come. Where a block came in between each time, they are named
    /// after the one before: what was paid in between then counts twice against the wallet, and nothing counts twice for it.
    pub(super) async fn read_balances(
        &self,
        wallet: TronAddress,
        assets: &[Asset],
    ) -> Result<(BlockRef, Vec<Units>), ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let holdings = || holdings(&*node, wallet, assets, Api::Solid);
            Ok(still(&*node, Tag::Finalized, holdings).await?.0)
        };
        Ok(self.crew.first(ask).await?.1)
    }

    /// What a wallet may still use, of one block in the same manner: the latest, for the other API does not tell it. What waits
    /// in the node's pool has been taken off already.
    pub(super) async fn read_resources(
        &self,
        wallet: TronAddress,
    ) -> Result<(BlockRef, Resources), ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let ((block, left), _) = still(&*node, Tag::Latest, || node.left(wallet)).await?;
            let Left { energy, bandwidth, free_bandwidth, energy_most, bandwidth_most, .. } = left;
            let network = left.network();
            let told = Resources { energy, bandwidth, free_bandwidth, energy_most, bandwidth_most, network };
            Ok((block, told))
        };
        Ok(self.crew.first(ask).await?.1)
    }

    /// What an account holds at a solid block, as enough operators read it. Each tells its state at its own solid block, and
    /// only while that stands still; so they are asked until enough of them stand at the same one.
    pub(super) async fn read_standing(
        &self,
        wallet: TronAddress,
        assets: &[Asset],
    ) -> Result<Final<Standing>, ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let holdings = || holdings(&*node, wallet, assets, Api::Solid);
            let (told, stood) = still(&*node, Tag::Finalized, holdings).await?;
            Ok(stood.then_some(told))
        };
        for _ in 0..ROUNDS {
            let voters = self.crew.voters().await;
            let mut told: BTreeMap<usize, (BlockRef, Vec<Units>)> = BTreeMap::new();
            for (node, answer) in self.crew.each(&voters, ask).await {
                told.extend(answer.ok().flatten().map(|told| (node, told)));
            }
            let finals: Vec<(usize, BlockRef)> = told.iter().map(|(node, (at, _))| (*node, *at)).collect();
            // The agreed block is the highest that enough have reached; who is further has no state of it any more.
            let Ok(head) = self.crew.try_head(&finals).await else { continue };
            let there = |node: &usize| told.get(node).is_some_and(|(block, _)| *block == head.block);
            let nodes: Vec<usize> = head.nodes.iter().copied().filter(there).collect();
            let said: BTreeMap<usize, Vec<Units>> =
                told.into_iter().map(|(node, (_, units))| (node, units)).collect();
            if let Some(standing) = self.agree_on_standing(&head, &nodes, &said)? {
                return Ok(standing);
            }
        }
        Err(self.crew.disagree("too few operators tell what an account holds at the same solid block"))
    }

    /// `None` where too few of them stand at the agreed block.
    fn agree_on_standing(
        &self,
        head: &Head,
        nodes: &[usize],
        said: &BTreeMap<usize, Vec<Units>>,
    ) -> Result<Option<Final<Standing>>, ChainError> {
        // Two operators at one block cannot honestly differ.
        let judge = Judge { weigh: |_, _| Dissent::Lie, absence: |_: &Standing| false, lacks: |_| None };
        let standing = |node: &usize| Some((*node, Standing { nonce: 0, units: said.get(node)?.clone() }));
        self.crew.count_under(head, nodes.iter().filter_map(standing).collect(), &judge)
    }

    /// A contract that any node sees is one: an account counts as plain only when every node that answers says so.
    pub(super) async fn read_code(&self, account: TronAddress) -> Result<bool, ChainError> {
        let voters = self.crew.voters().await;
        let answers = self.crew.each(&voters, |node| async move { node.is_contract(account).await }).await;
        let mut said = answers.into_iter().filter_map(|(_, answer)| answer.ok()).peekable();
        if said.peek().is_none() {
            return Err(self.crew.down(self.crew.why_none()));
        }
        Ok(said.any(|contract| contract))
    }
}

/// What a node says while its head stands still, and the block. The flag says whether it did; if not, the block is the one
/// before the last answer.
async fn still<T, R>(
    node: &dyn Node,
    tag: Tag,
    ask: impl Fn() -> R,
) -> Result<((BlockRef, T), bool), NodeError>
where
    R: Future<Output = Result<T, NodeError>>,
{
    let mut before = head(node, tag).await?.block;
    let mut tries = 1;
    loop {
        let answer = ask().await?;
        let after = head(node, tag).await?.block;
        if after == before || tries >= TRIES {
            return Ok(((before, answer), after == before));
        }
        (before, tries) = (after, tries + 1);
    }
}

/// A head of a node; having none is nonsense.
async fn head(node: &dyn Node, tag: Tag) -> Result<Header, NodeError> {
    node.header(tag).await?.ok_or_else(|| NodeError::Nonsense("no such block".to_owned()))
}

/// The contract of a token.
pub(super) fn contract(asset: &Asset) -> Option<TronAddress> {
    asset.contract().and_then(Address::tron)
}

/// What a wallet holds of each asset, in order; for an errand, what it could do it with. An account that is not activated has
/// no TRX.
async fn holdings(
    node: &dyn Node,
    wallet: TronAddress,
    assets: &[Asset],
    api: Api,
) -> Result<Vec<Units>, NodeError> {
    let calls: Vec<Trigger> =
        assets.iter().filter_map(contract).map(|token| balance_call(wallet, token)).collect();
    // The coin, and stakes: all of them stand in the account.
    let native = assets.iter().any(|asset| asset.contract().is_none());
    let coin = async { if native { node.account(wallet, api).await } else { Ok(None) } };
    let tokens = async { if calls.is_empty() { Vec::new() } else { node.calls(&calls, api).await } };
    let (coin, tokens) = join(coin, tokens).await;
    let account = coin?.unwrap_or(Account::of(0));
    let mut tokens = exactly(calls.len(), tokens, "balances")?.into_iter();
    let none = || NodeError::Nonsense("a balance is missing".to_owned());
    let units = assets.iter().map(|asset| match contract(asset) {
        Some(_) => balance_of(&tokens.next().ok_or_else(none)??),
        None => Ok(Units::from(match asset.id.kind {
            AssetKind::Errand(Deed::Delegation | Deed::Unstake, resource) => account.stake(resource).own_sun,
            AssetKind::Errand(Deed::Reclaim, resource) => account.stake(resource).lent_sun,
            AssetKind::Errand(Deed::Collect, _) => account.unstaking_sun,
            AssetKind::Errand(Deed::Stake, _)
            | AssetKind::Native(_)
            | AssetKind::Trc20(_)
            | AssetKind::Erc20(_) => account.sun,
        })),
    });
    units.collect()
}

/// Asks a token for a balance.
pub(super) fn balance_call(wallet: TronAddress, token: TronAddress) -> Trigger {
    Trigger { owner: wallet, contract: token, data: call::balance_of(EvmAddress(wallet.0)) }
}

/// Reads the answer of [`balance_call`].
pub(super) fn balance_of(answer: &Called) -> Result<Units, NodeError> {
    let units = match answer {
        Called::Returned { data, .. } => call::read_units(data),
        Called::Reverted => None,
    };
    units.ok_or_else(|| NodeError::Nonsense("a token does not tell a balance".to_owned()))
}
