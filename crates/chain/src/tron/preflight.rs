//! Payments simulated before a slot is taken (DESIGN 4).
//!
//! Why a transfer would fail is asked from the contract (`paused`, `isBlackListed`, balances), never read from the text of a
//! failure, and that it passes is read from its not failing: Tether's `transfer` returns false where it has moved. A verdict
//! that would end a withdrawal is confirmed by a node of another operator, and so is an energy that no transfer needs; where the
//! second passes it, the chain is the judge.
//!
//! A transfer of TRX runs no code and takes no energy. Where its recipient is no account yet it makes one, which costs 1.1 TRX
//! besides: that is told, and within what an attempt may burn beside its energy (`BURN_BESIDE_MAX_SUN`).

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::{join, join_all, join3};
use sluice_codec::evm::call;
use sluice_codec::scale;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::amount::Units;
use sluice_core::asset::AssetKind;
use sluice_core::errand::{Deed, Resource};
use sluice_core::port::chain::{ChainError, Preflight, Trial};
use sluice_core::transfer::{Failure, Remedy};

use super::Tron;
use super::account::{balance_call, balance_of, contract};
use super::node::{Account, Api, Called, Node, NodeError, Tag, Trigger};
use crate::crew::exactly;

/// As nobody: for questions whose answer does not depend on who asks.
const NOBODY: TronAddress = TronAddress([0; 20]);
/// Payments of TRX asked about at the same time.
const AT_ONCE: usize = 16;

/// A trial in the chain's units.
#[derive(Clone, Copy)]
struct Run<'a> {
    trial: &'a Trial,
    from: TronAddress,
    to: TronAddress,
    token: Option<TronAddress>,
    units: Units,
    /// Most energy that a transfer is believed to need.
    energy_max: u64,
}

/// What one node says of a trial.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Found {
    /// It passes or fails.
    Told(Preflight),
    /// It passes with an energy that no transfer needs, or with none.
    Odd,
}

impl Found {
    /// Another operator is asked before this is believed.
    fn doubted(&self) -> bool {
        match self {
            Self::Told(Preflight::Passes { .. }) => false,
            Self::Told(Preflight::Fails(failure)) => matches!(failure.remedy(), Remedy::Fail),
            Self::Odd => true,
        }
    }
}

impl Tron {
    pub(super) async fn simulate(&self, trials: &[Trial]) -> Result<Vec<Preflight>, ChainError> {
        if trials.is_empty() {
            return Ok(Vec::new());
        }
        let runs = trials.iter().map(|trial| {
            let units = scale::to_chain(trial.payment.amount, &trial.asset);
            let ours = trial.asset.id.chain == self.crew.profile().id;
            let token = contract(&trial.asset);
            let ends = trial.from.tron().zip(trial.to.tron());
            let known = token.is_some() == trial.asset.contract().is_some();
            let run = units.zip(ends).filter(|_| ours && known);
            let energy_max = self.rules.transfer_energy_max;
            run.map(|(units, (from, to))| Run { trial, from, to, token, units, energy_max }).ok_or_else(
                || {
                    self.crew.disagree(format!(
                        "{} cannot say this amount of {}",
                        self.name(),
                        trial.asset.id
                    ))
                },
            )
        });
        let runs: &Vec<Run<'_>> = &runs.collect::<Result<_, _>>()?;
        let ask = |node: Arc<dyn Node>| async move { simulate_on(&*node, runs).await };
        let (first, found) = self.crew.first(ask).await?;
        let again: &Vec<Run<'_>> =
            &runs.iter().zip(&found).filter(|(_, found)| found.doubted()).map(|(run, _)| *run).collect();
        let mut second = self.second_opinion(first, again).await;
        let down = Preflight::Fails(Failure::NodeDown);
        let judged = found.into_iter().map(|found| match (found, found.doubted()) {
            (Found::Told(told), false) => told,
            (found, _) => match (found, second.as_mut().map(Iterator::next)) {
                // There is nobody else to ask.
                (Found::Told(told), None) => told,
                (Found::Odd, None) => down,
                // Without an answer nothing ends: it is tried again.
                (_, Some(None | Some(Found::Odd))) => down,
                (Found::Told(told), Some(Some(second))) if second.doubted() => told,
                (Found::Told(_), Some(Some(Found::Told(second)))) => second,
                (Found::Odd, Some(Some(second))) if second.doubted() => down,
                (Found::Odd, Some(Some(Found::Told(second)))) => second,
            },
        });
        Ok(judged.collect())
    }

    /// What a node of another operator says; `None` where there is no other.
    async fn second_opinion(&self, first: usize, runs: &[Run<'_>]) -> Option<std::vec::IntoIter<Found>> {
        if runs.is_empty() {
            return None;
        }
        let others = self.crew.readers().await.into_iter();
        let mut others = others.filter(|node| self.crew.operator(*node) != self.crew.operator(first));
        let other = others.next()?;
        let ask = |node: Arc<dyn Node>| async move { simulate_on(&*node, runs).await };
        let answer = self.crew.each(&[other], ask).await.pop().and_then(|(_, answer)| answer.ok());
        Some(answer.unwrap_or_default().into_iter())
    }
}

/// The questions about one trial, by their place among the calls.
#[derive(Clone, Copy)]
struct Places {
    decimals: usize,
    paused: Option<usize>,
    sender: Option<usize>,
    recipient: Option<usize>,
    balance: usize,
    transfer: usize,
}

/// Calls of a slice; questions that several trials share are asked once.
#[derive(Default)]
struct Calls {
    calls: Vec<Trigger>,
    shared: BTreeMap<Trigger, usize>,
}

impl Calls {
    fn place(&mut self, call: Trigger) -> usize {
        let Self { calls, shared } = self;
        *shared.entry(call).or_insert_with_key(|call| {
            calls.push(call.clone());
            calls.len() - 1
        })
    }

    fn view(&mut self, token: TronAddress, data: Vec<u8>) -> usize {
        self.place(Trigger { owner: NOBODY, contract: token, data })
    }
}

/// Simulates a slice on one node, as things stand there now.
async fn simulate_on(node: &dyn Node, runs: &[Run<'_>]) -> Result<Vec<Found>, NodeError> {
    let mut calls = Calls::default();
    let places: Vec<Option<Places>> = runs
        .iter()
        .map(|run| {
            let token = run.token?;
            let mut asked = |ask: bool, data: Vec<u8>| ask.then(|| calls.view(token, data));
            let freezable = run.trial.asset.freezable;
            let paused = asked(freezable, call::paused());
            let sender = asked(freezable, call::is_black_listed(EvmAddress(run.from.0)));
            let recipient = asked(freezable, call::is_black_listed(EvmAddress(run.to.0)));
            let data = call::transfer(EvmAddress(run.to.0), run.units);
            Some(Places {
                decimals: calls.view(token, call::decimals()),
                paused,
                sender,
                recipient,
                balance: calls.place(balance_call(run.from, token)),
                transfer: calls.place(Trigger { owner: run.from, contract: token, data }),
            })
        })
        .collect();
    let answers = match calls.calls.is_empty() {
        true => Vec::new(),
        false => exactly(calls.calls.len(), node.calls(&calls.calls, Api::Full).await, "calls")?,
    };
    // One that it cannot answer must not stop the others; a node that answers none is not one to ask.
    if let (false, Some(Err(error))) = (answers.iter().any(Result::is_ok), answers.first()) {
        return Err(error.clone());
    }
    let answers: Vec<Option<Called>> = answers.into_iter().map(Result::ok).collect();
    let mut found = Vec::with_capacity(runs.len());
    for few in runs.iter().zip(places).collect::<Vec<_>>().chunks(AT_ONCE) {
        let judged = few.iter().map(|(run, places)| async {
            match places {
                Some(places) => verdict(run, places, &answers),
                None => match run.trial.asset.id.kind {
                    AssetKind::Errand(deed, resource) => errand_verdict(node, run, deed, resource).await,
                    AssetKind::Native(_) | AssetKind::Trc20(_) | AssetKind::Erc20(_) => {
                        coin_verdict(node, run).await
                    }
                },
            }
        });
        for one in join_all(judged).await {
            found.push(one?);
        }
    }
    Ok(found)
}

/// The answers to one trial's questions, most telling first.
fn verdict(run: &Run<'_>, places: &Places, answers: &[Option<Called>]) -> Result<Found, NodeError> {
    let fails = |failure| Ok(Found::Told(Preflight::Fails(failure)));
    let answer = |place: usize| answers.get(place).and_then(Option::as_ref);
    // A contract that was configured as freezable and does not answer is judged by the transfer itself.
    let yes = |place: Option<usize>| matches!(place.and_then(answer), Some(Called::Returned { data, .. }) if call::read_bool(data) == Some(true));
    // Before anything else: with other decimals every amount below would be another amount. Tether's are a whole word.
    match answer(places.decimals) {
        Some(Called::Returned { data, .. }) if call::read_u8(data) == Some(run.trial.asset.decimals) => {}
        Some(Called::Returned { .. } | Called::Reverted) => return fails(Failure::TokenDiffers),
        None => return fails(Failure::NodeDown),
    }
    if yes(places.paused) {
        return fails(Failure::TokenPaused);
    }
    if yes(places.sender) {
        return fails(Failure::SenderBlacklisted);
    }
    if yes(places.recipient) {
        return fails(Failure::RecipientBlacklisted);
    }
    let Some(balance) = answer(places.balance) else { return fails(Failure::NodeDown) };
    let short = balance_of(balance)? < run.units;
    match answer(places.transfer) {
        Some(Called::Returned { energy, .. }) if (1..=run.energy_max).contains(energy) => {
            Ok(Found::Told(Preflight::passes(*energy)))
        }
        Some(Called::Returned { .. }) => Ok(Found::Odd),
        Some(Called::Reverted) if short => fails(Failure::FundsShort),
        Some(Called::Reverted) => fails(Failure::TransferReverts),
        None => fails(Failure::NodeDown),
    }
}

/// TRX: the chain refuses a transfer to a contract, and one of more than there is. That the fee is there too is the lane's to
/// see: it knows what else is promised.
async fn coin_verdict(node: &dyn Node, run: &Run<'_>) -> Result<Found, NodeError> {
    let (from, to) = (node.account(run.from, Api::Full), node.account(run.to, Api::Full));
    let (from, to, contract) = join3(from, to, node.is_contract(run.to)).await;
    let sun = from?.map_or(Units::ZERO, |account| Units::from(account.sun));
    let activates = to?.is_none();
    Ok(Found::Told(match contract? {
        true => Preflight::Fails(Failure::TransferReverts),
        false if sun < run.units => Preflight::Fails(Failure::FundsShort),
        false => Preflight::Passes { gas: 0, activates },
    }))
}

/// A stake or a loan: whether there is as much to do it with now. Less than that may be there later: a lock ends, energy that
/// was used comes back. The chain lends to nobody who has no account, and to no contract.
async fn errand_verdict(
    node: &dyn Node,
    run: &Run<'_>,
    deed: Deed,
    resource: Resource,
) -> Result<Found, NodeError> {
    let ours = async |pick: fn(Account, Resource) -> u64| {
        let account = node.account(run.from, Api::Full).await?;
        Ok::<_, NodeError>(account.map_or(0, |account| pick(account, resource)))
    };
    let sun = match deed {
        Deed::Stake => ours(|account, _| account.sun).await?,
        Deed::Unstake => ours(|account, resource| account.stake(resource).own_sun).await?,
        Deed::Delegation => {
            let (to, contract) = join(node.account(run.to, Api::Full), node.is_contract(run.to)).await;
            if to?.is_none() || contract? {
                return Ok(Found::Told(Preflight::Fails(Failure::TransferReverts)));
            }
            node.lendable(run.from, resource).await?
        }
        Deed::Reclaim => node.loan(run.from, run.to, resource, now_ms(node).await?).await?,
        Deed::Collect => node.collectable(run.from, now_ms(node).await?).await?,
    };
    Ok(Found::Told(match Units::from(sun) < run.units {
        true => Preflight::Fails(Failure::FundsShort),
        false => Preflight::passes(0),
    }))
}

/// When its latest block was made.
async fn now_ms(node: &dyn Node) -> Result<i64, NodeError> {
    let head = node.header(Tag::Latest).await?;
    Ok(head.ok_or_else(|| NodeError::Nonsense("no latest block".to_owned()))?.time_ms)
}
