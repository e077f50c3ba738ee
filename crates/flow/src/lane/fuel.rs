//! In: funded transfers, and those whose energy was asked for. Out: fuelled ones: simulated as the sender, with gas, or energy
//! and bandwidth, reserved. While a wallet's energy is critical what has priority goes first. What lacks energy asks for it, together; what simulation refuses follows the failure table before
//! any slot is taken. A crash leaves a transfer that is simulated again.

mod ahead;
mod ask;
mod tank;
mod together;

use sluice_core::alert::Code;
use sluice_core::port::chain::{Preflight, Trial};
use sluice_core::port::store::Change;
use sluice_core::resource::Needs;
use sluice_core::transfer::{Failure, State, Transfer};
use sluice_core::withdrawal::Waiting;

use self::ask::Asking;
use self::tank::{Short, Taken, Tank};
use super::Lane;
use super::give_back::{self, Fate};
use crate::StageError;

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    payouts(lane).await?;
    ahead::run(lane).await
}

async fn payouts(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let waits = |it: &&Transfer| matches!(it.state, State::Funded(_) | State::Fuelling(_));
    let funded: Vec<Transfer> = lane.transfers().filter(waits).cloned().collect();
    let funded = together::now(lane, funded).await?;
    if funded.is_empty() {
        return ask::end_unwanted(lane, false).await;
    }
    let from = lane.wallet().address;
    let trials: Vec<Trial> = funded
        .iter()
        .flat_map(|transfer| {
            transfer.live().map(|item| Trial {
                from,
                asset: transfer.asset.clone(),
                to: item.approved.payment.to,
                payment: item.approved.payment.clone(),
            })
        })
        .collect();
    let verdicts = lane.chain.preflight(&trials).await?;
    let mut tank = Tank::read(lane).await?;
    let now = lane.now();
    let mut asking = Asking::default();

    let mut changes = Vec::new();
    let mut verdicts = verdicts.into_iter();
    for transfer in funded {
        let of_it = verdicts.by_ref().take(transfer.live().count());
        let Some(verdict) = together(of_it) else { continue };
        let failure = match verdict {
            Preflight::Fails(failure) => failure,
            Preflight::Passes { gas, activates } => {
                let pays = transfer.live().map(|item| &item.approved.payment);
                match tank.take(&Needs::of(pays, gas, activates), ask::lacking(lane, &transfer)) {
                    Ok(Taken { limit, budget, mut estimate }) => {
                        asking.met(lane, &transfer);
                        if let Some(estimate) = estimate.as_mut().filter(|estimate| estimate.lent > 0) {
                            estimate.need = ask::source(lane, &transfer);
                        }
                        changes.push(Change {
                            transfers: vec![transfer.fuel(limit, budget, estimate, now)?],
                            cause: Some(lane.cause("fuel")),
                            ..Change::default()
                        });
                        continue;
                    }
                    Err(Short::Energy) => {
                        lane.blocked_by(Waiting::Energy);
                        asking.add(transfer, gas);
                        continue;
                    }
                    Err(Short::BurnCap) => {
                        lane.blocked_by(Waiting::Energy);
                        lane.found(Code::EnergyShort, BURN_CAP);
                        continue;
                    }
                    Err(Short::Failure(Failure::FeeCapReached)) => {
                        lane.blocked_by(Waiting::FeeCap);
                        tell(lane, Failure::FeeCapReached);
                        continue;
                    }
                    Err(Short::Failure(failure)) => failure,
                }
            }
        };
        match failure {
            Failure::GasEmpty => lane.blocked_by(Waiting::Gas),
            Failure::SenderBlacklisted | Failure::TokenPaused | Failure::TokenDiffers => {
                lane.blocked_by(Waiting::Person)
            }
            Failure::FundsShort => lane.blocked_by(Waiting::Funds),
            Failure::RecipientBlacklisted
            | Failure::TransferReverts
            | Failure::RevertedOnChain
            | Failure::FeeCapReached
            | Failure::SignerRefused
            | Failure::SignerDown
            | Failure::NodeDown
            | Failure::Voided
            | Failure::Expired
            | Failure::OutOfEnergy => {}
        }
        tell(lane, failure);
        let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
        let withdrawals = lane.ports.store.withdrawals(&ids).await?;
        changes.push(give_back::change(
            transfer,
            withdrawals,
            Fate::Failed(failure),
            lane.cause(failure.as_str()),
        )?);
    }
    lane.apply(changes).await?;
    asking.ask(lane, &tank).await
}

/// What the alert says where nothing may be burned.
const BURN_CAP: &str =
    "as much TRX is burned within the hour, or may be by what is on its way, as the cap allows";

/// What the trials of one transfer come to: the gas of all of them, or the first that fails. `None` without a trial.
fn together(verdicts: impl Iterator<Item = Preflight>) -> Option<Preflight> {
    verdicts.reduce(|all, next| match (all, next) {
        (Preflight::Passes { gas, activates }, Preflight::Passes { gas: more, activates: another }) => {
            Preflight::Passes { gas: gas.saturating_add(more), activates: activates || another }
        }
        (failed @ Preflight::Fails(_), _) | (_, failed @ Preflight::Fails(_)) => failed,
    })
}

/// The alert a trouble asks for.
fn tell(lane: &mut Lane<'_>, trouble: Failure) {
    match trouble {
        Failure::GasEmpty => lane.found(Code::GasLow, "the wallet cannot pay for gas; top it up"),
        Failure::SenderBlacklisted => {
            lane.found(Code::BreakerOpen, "the issuer refuses this wallet; nothing is sent from it");
        }
        Failure::TokenPaused => {
            lane.found(Code::BreakerOpen, "the issuer has paused the token; everything waits");
        }
        Failure::TokenDiffers => lane.found(
            Code::BreakerOpen,
            "the token says that it has other decimals than assets.decimals; nothing of it is sent",
        ),
        Failure::FeeCapReached => {
            lane.found(Code::FeeAtCap, "the fee market is above the cap; raise it for a time or wait");
        }
        Failure::FundsShort
        | Failure::RecipientBlacklisted
        | Failure::TransferReverts
        | Failure::RevertedOnChain
        | Failure::SignerRefused
        | Failure::SignerDown
        | Failure::NodeDown
        | Failure::Voided
        | Failure::Expired
        | Failure::OutOfEnergy => {}
    }
}
