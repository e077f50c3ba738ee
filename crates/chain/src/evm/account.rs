//! Balances, nonces and code of accounts: by one node for what is decided again, by quorum for what is booked.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::{join, join_all};
use sluice_codec::evm::call;
use sluice_core::address::{Address, EvmAddress};
use sluice_core::amount::Units;
use sluice_core::asset::Asset;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{ChainError, Nonces, Standing};
use sluice_core::proof::Final;

use super::Evm;
use super::node::{At, Call, Called, Header, Node, NodeError, Tag};
use crate::crew::{Dissent, Judge, exactly};

impl Evm {
    /// All at the latest block's hash, so that the sums belong together (M8).
    pub(super) async fn read_balances(
        &self,
        wallet: EvmAddress,
        assets: &[Asset],
    ) -> Result<(BlockRef, Vec<Units>), ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let block = latest(&*node).await?.block;
            Ok((block, holdings(&*node, wallet, assets, At::Hash(block.hash)).await?))
        };
        Ok(self.crew.first(ask).await?.1)
    }

    pub(super) async fn read_nonces(&self, wallet: EvmAddress) -> Result<Nonces, ChainError> {
        Ok(self.crew.first(|node| nonces(node, wallet)).await?.1)
    }

    /// As many operators must answer as a quorum takes, so that no node that lags alone says that nothing is ahead. Nor is
    /// one heard that lies about the final block: its word alone would hold a lane up.
    pub(super) async fn count_nonces(&self, wallet: EvmAddress) -> Result<Nonces, ChainError> {
        let answers = self.crew.each(&self.crew.voters().await, |node| nonces(node, wallet)).await;
        let mut heard: BTreeMap<usize, Nonces> =
            answers.into_iter().filter_map(|(index, answer)| Some((index, answer.ok()?))).collect();
        let mut counts = heard.values().map(|nonces| (nonces.pending, nonces.latest));
        let first = counts.next();
        if counts.any(|count| Some(count) != first) {
            self.compare_counts(wallet).await;
            let voters = self.crew.voters().await;
            heard.retain(|index, _| voters.contains(index));
        }
        let operators: BTreeSet<&str> = heard.keys().map(|index| self.crew.operator(*index)).collect();
        if operators.len() < self.crew.needed() {
            return Err(self.crew.down(self.crew.why_none()));
        }
        let most = |of: fn(&Nonces) -> u64| heard.values().map(of).max().unwrap_or_default();
        Ok(Nonces { pending: most(|it| it.pending), latest: most(|it| it.latest) })
    }

    /// Nodes that count differently may be late, or see another pool. Under one final block they cannot honestly differ:
    /// whoever does is quarantined. Where there is no agreement nothing is learnt, and that is raised there.
    async fn compare_counts(&self, wallet: EvmAddress) {
        let Ok(head) = self.crew.final_head().await else { return };
        let at = At::Hash(head.block.hash);
        let ask = |node: Arc<dyn Node>| async move {
            let nonces = exactly(1, node.nonces(&[wallet], at).await?, "nonces")?;
            Ok(nonces.into_iter().map(Some).collect())
        };
        // Every one is asked, however many agree.
        let judge = Judge { weigh: |_, _| Dissent::Lie, absence: |_: &u64| true, lacks: |_| None };
        let _quarantined_or_not = self.crew.agree(&head, 1, ask, &judge).await;
    }

    /// All at the final block's hash, as enough operators read it.
    pub(super) async fn read_standing(
        &self,
        wallet: EvmAddress,
        assets: &[Asset],
    ) -> Result<Final<Standing>, ChainError> {
        let head = self.crew.final_head().await?;
        let at = At::Hash(head.block.hash);
        let ask = |node: Arc<dyn Node>| async move {
            let accounts = [wallet];
            let (nonce, units) = join(node.nonces(&accounts, at), holdings(&*node, wallet, assets, at)).await;
            let nonce = exactly(1, nonce?, "nonces")?.pop();
            let nonce = nonce.ok_or_else(|| NodeError::Nonsense("a nonce is missing".to_owned()))?;
            Ok(vec![Some(Standing { nonce, units: units? })])
        };
        // Two operators at one block cannot honestly differ.
        let judge = Judge { weigh: |_, _| Dissent::Lie, absence: |_: &Standing| false, lacks: |_| None };
        let read = self.crew.agree(&head, 1, ask, &judge).await?.pop();
        read.ok_or_else(|| self.disagree("nobody told what the account is"))
    }

    /// Code that any node sees is there: an account counts as plain only when every node that answers says so.
    pub(super) async fn read_code(&self, account: EvmAddress) -> Result<bool, ChainError> {
        let voters = self.crew.voters().await;
        let answers = self.crew.each(&voters, |node| async move { node.has_code(account).await }).await;
        let mut said = answers.into_iter().filter_map(|(_, answer)| answer.ok()).peekable();
        if said.peek().is_none() {
            return Err(self.crew.down(self.crew.why_none()));
        }
        Ok(said.any(|code| code))
    }
}

/// The contract of a token.
fn contract(asset: &Asset) -> Option<EvmAddress> {
    asset.contract().and_then(Address::evm)
}

/// What a wallet holds of each asset at one block, in order.
async fn holdings(
    node: &dyn Node,
    wallet: EvmAddress,
    assets: &[Asset],
    at: At,
) -> Result<Vec<Units>, NodeError> {
    let calls: Vec<Call> =
        assets.iter().filter_map(contract).map(|token| balance_call(wallet, token)).collect();
    let native = assets.iter().any(|asset| asset.contract().is_none());
    let coin = async { if native { node.balance(wallet, at).await } else { Ok(Units::ZERO) } };
    let tokens = async { if calls.is_empty() { Ok(Vec::new()) } else { node.calls(&calls, at).await } };
    let (coin, tokens) = join(coin, tokens).await;
    let (coin, tokens) = (coin?, exactly(calls.len(), tokens?, "balances")?);
    let mut tokens = tokens.iter().map(balance_of);
    let none = || Err(NodeError::Nonsense("a balance is missing".to_owned()));
    let units = assets.iter().map(|asset| match contract(asset) {
        Some(_) => tokens.next().unwrap_or_else(none),
        None => Ok(coin),
    });
    units.collect()
}

/// The latest block of a node; having none is nonsense.
async fn nonces(node: Arc<dyn Node>, wallet: EvmAddress) -> Result<Nonces, NodeError> {
    let accounts = [wallet];
    let (pending, latest) =
        join(node.nonces(&accounts, At::Pending), node.nonces(&accounts, At::Latest)).await;
    match (exactly(1, pending?, "nonces")?.as_slice(), exactly(1, latest?, "nonces")?.as_slice()) {
        // A block may come between the two questions.
        ([pending], [latest]) => Ok(Nonces { pending: (*pending).max(*latest), latest: *latest }),
        _ => Err(NodeError::Nonsense("a nonce is missing".to_owned())),
    }
}

pub(super) async fn latest(node: &dyn Node) -> Result<Header, NodeError> {
    node.header(Tag::Latest).await?.ok_or_else(|| NodeError::Nonsense("no latest block".to_owned()))
}

/// Asks a token for a balance.
pub(super) fn balance_call(wallet: EvmAddress, token: EvmAddress) -> Call {
    Call { from: wallet, to: token, value: Units::ZERO, data: call::balance_of(wallet), gas: None }
}

/// Reads the answer of [`balance_call`].
pub(super) fn balance_of(answer: &Called) -> Result<Units, NodeError> {
    let units = match answer {
        Called::Returned(data) => call::read_units(data),
        Called::Reverted(_) => None,
    };
    units.ok_or_else(|| NodeError::Nonsense("a token does not tell a balance".to_owned()))
}

/// Native balances of accounts at one block, in order.
pub(super) async fn coins(node: &dyn Node, accounts: &[EvmAddress], at: At) -> Result<Vec<Units>, NodeError> {
    join_all(accounts.iter().map(|account| node.balance(*account, at))).await.into_iter().collect()
}
