//! Ordering a dearer attempt for a lane's oldest slot, without waiting for its blocks. The caps stay: where they leave no
//! room the answer says so, and raising the cap for a time is the remedy.

use sluice_core::attempt::{Attempt, Durable};
use sluice_core::fee::{self, Offer};
use sluice_core::port::Ports;
use sluice_core::port::signer::FeeCap;
use sluice_core::port::store::LaneView;
use sluice_core::stop::stopped;
use sluice_core::time::Timestamp;
use sluice_core::transfer::{Mode, Signed, State, Transfer};
use sluice_core::wallet::{SpeedUp, Wallet};

use super::OrderError;
use crate::stops::soon;

/// The order for this lane as it stands, if it can be carried out now.
pub(super) async fn order(
    ports: &Ports,
    view: &LaneView,
    max_fee_wei: Option<u128>,
    at: Timestamp,
) -> Result<SpeedUp, OrderError> {
    let wallet = &view.wallet;
    let chain =
        ports.chains.get(&wallet.chain).ok_or_else(|| OrderError::NotConfigured(wallet.chain.to_string()))?;
    let (nonce, transfer, signed, attempts) = oldest(view).ok_or(OrderError::NothingOutside)?;
    let rules = chain.profile().evm().filter(|rules| rules.replaceable);
    let (Some(rules), false) = (rules, signed.pending.is_some()) else {
        return Err(OrderError::NothingOutside);
    };
    if signed.mode == Mode::Pay
        && stopped(&view.stops, transfer.partner, transfer.asset.id, Some(transfer.wallet))
    {
        return Err(OrderError::Stopped);
    }
    let latest = attempts.iter().map(|it| it.get().unsigned()).find(|it| it.id == signed.attempt);
    let offered = latest.and_then(|it| it.terms.evm()).ok_or(OrderError::NothingOutside)?;
    let raised = wallet.cap_in_force(at);
    let cap_wei = fee::cap(rules, raised, signers(ports, wallet).await, offered.gas_limit);
    let most_wei = max_fee_wei.map_or(cap_wei, |most| most.min(cap_wei));
    let market = chain.market().await?;
    match fee::bump(rules, offered, offered.gas_limit, &market, most_wei) {
        Offer::At(_) => Ok(SpeedUp { nonce, max_fee_wei, at }),
        Offer::AboveCap { needed_wei, cap_wei } => Err(OrderError::FeeAtCap { needed_wei, cap_wei }),
    }
}

/// What the signer takes at most on the wallet's chain; `None` where it does not say.
async fn signers(ports: &Ports, wallet: &Wallet) -> Option<FeeCap> {
    soon(ports, ports.signer.hello(None)).await?.ok()?.fee_cap(wallet.chain)
}

/// The oldest slot that is outside and in no block yet.
fn oldest(view: &LaneView) -> Option<(u64, &Transfer, &Signed, &[Durable<Attempt>])> {
    let outside = view.transfers().filter_map(|(transfer, attempts)| match &transfer.state {
        State::Signed(signed) => Some((signed.slot.nonce()?, transfer, signed, attempts)),
        State::Planned
        | State::Funded(_)
        | State::Fuelling(_)
        | State::Fuelled(_)
        | State::Built(_)
        | State::Seen(_)
        | State::Final(_)
        | State::Dropped { .. } => None,
    });
    outside.min_by_key(|(nonce, ..)| *nonce)
}
