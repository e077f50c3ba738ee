//! Payments simulated before a slot is taken (DESIGN 4).
//!
//! Why a transfer would fail is asked from the contract (`paused`, `isBlacklisted`, balances), never read from the text
//! of a revert. A verdict that would end a withdrawal is confirmed by a node of another operator; where the second passes
//! it, the chain is the judge.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join_all;
use sluice_codec::evm::call;
use sluice_codec::scale;
use sluice_core::address::{Address, EvmAddress};
use sluice_core::amount::Units;
use sluice_core::port::chain::{ChainError, Preflight, Trial};
use sluice_core::transfer::{Failure, Remedy};

use super::Evm;
use super::account::{balance_call, balance_of, coins, latest};
use super::gas::within;
use super::node::{At, Call, Called, Node, NodeError};
use crate::crew::exactly;

/// What a transaction costs before it does anything (Yellow Paper, `G_transaction`): no estimate is below it.
const GAS_MIN: u64 = 21_000;
/// Calls asked one by one at the same time.
const APART_AT_ONCE: usize = 16;
/// As nobody: for questions whose answer does not depend on who asks.
const NOBODY: EvmAddress = EvmAddress([0; 20]);

/// A trial in the chain's units.
#[derive(Clone, Copy)]
struct Run<'a> {
    trial: &'a Trial,
    from: EvmAddress,
    to: EvmAddress,
    token: Option<EvmAddress>,
    units: Units,
    /// What a transfer of the token has needed lately.
    known: Option<u64>,
}

impl Evm {
    pub(super) async fn simulate(&self, trials: &[Trial]) -> Result<Vec<Preflight>, ChainError> {
        if trials.is_empty() {
            return Ok(Vec::new());
        }
        let known = self.gas.lately(self.clock.now());
        let runs = trials.iter().map(|trial| {
            let units = scale::to_chain(trial.payment.amount, &trial.asset);
            let ours = trial.asset.id.chain == self.crew.profile().id;
            let token = trial.asset.contract().and_then(Address::evm);
            let known = token.and_then(|token| known.get(&token).copied());
            let ends = trial.from.evm().zip(trial.to.evm());
            let run = units.zip(ends).filter(|_| ours);
            run.map(|(units, (from, to))| Run { trial, from, to, token, units, known }).ok_or_else(|| {
                self.disagree(format!("{} cannot say this amount of {}", self.name(), trial.asset.id))
            })
        });
        let runs: &Vec<Run<'_>> = &runs.collect::<Result<_, _>>()?;
        let ask = |node: Arc<dyn Node>| async move { simulate_on(&*node, runs).await };
        let (first, mut found) = self.crew.first(ask).await?;
        for (run, found) in runs.iter().zip(&found) {
            // What passed within its bound taught nothing: learned again, an old lie would outlive its time.
            if let (Some(token), Preflight::Passes { gas, .. }) = (run.token, found)
                && run.known.is_none_or(|known| *gas > known)
            {
                self.gas.learn(token, *gas, self.rules.transfer_gas_max, self.clock.now());
            }
        }
        let ends = |found: &Preflight| matches!(found, Preflight::Fails(failure) if matches!(failure.remedy(), Remedy::Fail));
        let ending: Vec<usize> =
            found.iter().enumerate().filter(|(_, found)| ends(found)).map(|(position, _)| position).collect();
        let again: &Vec<Run<'_>> =
            &ending.iter().filter_map(|position| runs.get(*position).copied()).collect();
        let others = self.crew.readers().await.into_iter();
        let mut others = others.filter(|node| self.crew.operator(*node) != self.crew.operator(first));
        if let (false, Some(other)) = (ending.is_empty(), others.next()) {
            let ask = |node: Arc<dyn Node>| async move { simulate_on(&*node, again).await };
            let answer = self.crew.each(&[other], ask).await.pop().and_then(|(_, answer)| answer.ok());
            for (nth, position) in ending.into_iter().enumerate() {
                // Without an answer nothing ends: it is tried again.
                let second = answer.as_ref().and_then(|answer| answer.get(nth).copied());
                let second = second.unwrap_or(Preflight::Fails(Failure::NodeDown));
                if let (Some(found), false) = (found.get_mut(position), ends(&second)) {
                    *found = second;
                }
            }
        }
        Ok(found)
    }
}

/// The questions about one trial, by their place among the calls.
#[derive(Default)]
struct Places {
    decimals: Option<usize>,
    paused: Option<usize>,
    sender: Option<usize>,
    recipient: Option<usize>,
    balance: Option<usize>,
    /// `None` when the wallet has not enough native coin for it to be tried.
    transfer: Option<usize>,
}

/// Calls of a slice; questions that several trials share are asked once.
#[derive(Default)]
struct Calls {
    calls: Vec<Call>,
    shared: BTreeMap<(EvmAddress, Vec<u8>), usize>,
}

impl Calls {
    fn push(&mut self, call: Call) -> usize {
        self.calls.push(call);
        self.calls.len() - 1
    }

    fn shared(&mut self, call: Call) -> usize {
        let key = (call.to, call.data.clone());
        if let Some(place) = self.shared.get(&key) {
            return *place;
        }
        let place = self.push(call);
        self.shared.insert(key, place);
        place
    }

    fn view(&mut self, token: EvmAddress, data: Vec<u8>) -> usize {
        self.shared(Call { from: NOBODY, to: token, value: Units::ZERO, data, gas: None })
    }
}

fn transfer_call(run: &Run<'_>) -> Call {
    let (from, to) = (run.from, run.to);
    match run.token {
        Some(token) => {
            let data = call::transfer(to, run.units);
            Call { from, to: token, value: Units::ZERO, data, gas: run.known }
        }
        None => Call { from, to, value: run.units, data: Vec::new(), gas: None },
    }
}

/// Simulates a slice on one node, everything at its latest block.
async fn simulate_on(node: &dyn Node, runs: &[Run<'_>]) -> Result<Vec<Preflight>, NodeError> {
    let at = At::Hash(latest(node).await?.block.hash);
    let mut payers: Vec<EvmAddress> =
        runs.iter().filter(|run| run.token.is_none()).map(|run| run.from).collect();
    payers.sort();
    payers.dedup();
    let coins: BTreeMap<EvmAddress, Units> =
        payers.iter().copied().zip(coins(node, &payers, at).await?).collect();

    let mut calls = Calls::default();
    let mut places = Vec::with_capacity(runs.len());
    for run in runs {
        let mut place = Places::default();
        if let Some(token) = run.token {
            place.decimals = Some(calls.view(token, call::decimals()));
            if run.trial.asset.freezable {
                place.paused = Some(calls.view(token, call::paused()));
                place.sender = Some(calls.view(token, call::is_blacklisted(run.from)));
                place.recipient = Some(calls.view(token, call::is_blacklisted(run.to)));
            }
            place.balance = Some(calls.shared(balance_call(run.from, token)));
        }
        // A node answers a call it cannot fund with an error and not with a revert, so it is not asked.
        let funded = run.token.is_some() || coins.get(&run.from).is_some_and(|coins| *coins >= run.units);
        if funded {
            place.transfer = Some(calls.push(transfer_call(run)));
        }
        places.push(place);
    }
    let answers = within(node, &mut calls.calls, at, went_through).await?;

    let verdicts = runs.iter().zip(&places).map(|(run, place)| verdict(run, place, &answers));
    let verdicts: Vec<Result<(), Failure>> = verdicts.collect::<Result<_, _>>()?;
    // Those that passed within what is known need no estimate.
    let made = places.iter().map(|place| place.transfer.and_then(|transfer| calls.calls.get(transfer)));
    let passed: Vec<(Result<(), Failure>, Option<&Call>)> = verdicts.into_iter().zip(made).collect();
    let unknown = passed.iter().filter_map(|(verdict, call)| verdict.is_ok().then_some(*call).flatten());
    let unknown: Vec<Call> = unknown.filter(|call| call.gas.is_none()).cloned().collect();
    let mut estimates = estimated(node, &unknown).await?.into_iter();
    let found = passed.into_iter().map(|(verdict, call)| {
        let gas = match (verdict, call.and_then(|call| call.gas)) {
            (Err(failure), _) => Err(failure),
            (Ok(()), Some(gas)) => Ok(gas),
            (Ok(()), None) => estimates.next().unwrap_or(Err(Failure::NodeDown)),
        };
        gas.map_or_else(Preflight::Fails, |gas| Preflight::passes(gas.max(GAS_MIN)))
    });
    Ok(found.collect())
}

/// The answers to one trial's questions, most telling first.
fn verdict(
    run: &Run<'_>,
    place: &Places,
    answers: &[Option<Called>],
) -> Result<Result<(), Failure>, NodeError> {
    let answer = |place: Option<usize>| place.and_then(|place| answers.get(place)?.as_ref());
    // A contract that was configured as freezable and does not answer is judged by the transfer itself.
    let yes =
        |place| matches!(answer(place), Some(Called::Returned(data)) if call::read_bool(data) == Some(true));
    // Before anything else: with other decimals every amount below would be another amount.
    let expected = run.trial.asset.decimals;
    match (run.token, answer(place.decimals)) {
        (None, _) => {}
        (Some(_), Some(Called::Returned(data))) if call::read_u8(data) == Some(expected) => {}
        (Some(_), Some(Called::Returned(_) | Called::Reverted(_))) => return Ok(Err(Failure::TokenDiffers)),
        (Some(_), None) => return Ok(Err(Failure::NodeDown)),
    }
    if yes(place.paused) {
        return Ok(Err(Failure::TokenPaused));
    }
    if yes(place.sender) {
        return Ok(Err(Failure::SenderBlacklisted));
    }
    if yes(place.recipient) {
        return Ok(Err(Failure::RecipientBlacklisted));
    }
    if place.transfer.is_none() {
        return Ok(Err(Failure::FundsShort));
    }
    let short = match (run.token, answer(place.balance)) {
        (Some(_), Some(balance)) => balance_of(balance)? < run.units,
        (Some(_), None) => return Ok(Err(Failure::NodeDown)),
        (None, _) => false,
    };
    Ok(match answer(place.transfer) {
        Some(Called::Returned(data)) if run.token.is_none() || went_through(data) => Ok(()),
        Some(Called::Returned(_) | Called::Reverted(_)) if short => Err(Failure::FundsShort),
        Some(Called::Returned(_) | Called::Reverted(_)) => Err(Failure::TransferReverts),
        None => Err(Failure::NodeDown),
    })
}

/// What a token's transfer answers when it has moved: true, or nothing at all (USDT on Ethereum). A false is a refusal
/// without a revert.
fn went_through(data: &[u8]) -> bool {
    data.is_empty() || call::read_bool(data) == Some(true)
}

/// Calls a slice at once. Where the node answers the slice with an error, each call alone: one that it cannot answer
/// (`None`) must not stop the others.
pub(super) async fn called(
    node: &dyn Node,
    calls: &[Call],
    at: At,
) -> Result<Vec<Option<Called>>, NodeError> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let refused = match node.calls(calls, at).await {
        Ok(answers) => return Ok(exactly(calls.len(), answers, "calls")?.into_iter().map(Some).collect()),
        Err(error @ NodeError::Rpc { .. }) if calls.len() > 1 => error,
        Err(error) => return Err(error),
    };
    let mut apart = Vec::with_capacity(calls.len());
    for few in calls.chunks(APART_AT_ONCE) {
        for answer in join_all(few.iter().map(|call| node.calls(std::slice::from_ref(call), at))).await {
            apart.push(match answer {
                Ok(answer) => exactly(1, answer, "calls")?.pop(),
                Err(NodeError::Rpc { .. }) => None,
                Err(error) => return Err(error),
            });
        }
    }
    if apart.iter().all(Option::is_none) { Err(refused) } else { Ok(apart) }
}

/// Gas of a slice of calls that passed, in the same manner.
async fn estimated(node: &dyn Node, calls: &[Call]) -> Result<Vec<Result<u64, Failure>>, NodeError> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    // It passed a moment ago and reverts now.
    let judged = |gas: Option<u64>| gas.ok_or(Failure::TransferReverts);
    let refused = match node.estimates(calls).await {
        Ok(answers) => {
            return Ok(exactly(calls.len(), answers, "estimates")?.into_iter().map(judged).collect());
        }
        Err(error @ NodeError::Rpc { .. }) if calls.len() > 1 => error,
        Err(error) => return Err(error),
    };
    let mut apart = Vec::with_capacity(calls.len());
    for few in calls.chunks(APART_AT_ONCE) {
        for answer in join_all(few.iter().map(|call| node.estimates(std::slice::from_ref(call)))).await {
            apart.push(match answer {
                Ok(answer) => exactly(1, answer, "estimates")?.pop().map_or(Err(Failure::NodeDown), judged),
                Err(NodeError::Rpc { .. }) => Err(Failure::NodeDown),
                Err(error) => return Err(error),
            });
        }
    }
    if apart.iter().all(|gas| *gas == Err(Failure::NodeDown)) { Err(refused) } else { Ok(apart) }
}
