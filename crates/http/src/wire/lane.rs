//! Lanes.

use sluice_api::lane::{
    FeeCap, Lane as WireLane, LaneState as WireState, OldestItem, SightingWord, UNEXPLAINED_MAX, Unexplained,
};
use sluice_api::problem::{Lang, Reason, ReasonCode};
use sluice_api::tag;
use sluice_core::port::reader::{STORE_WENT_BACK, WalletView};
use sluice_core::port::store::LaneView;
use sluice_core::sighting::{Sighting, Word};
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;
use sluice_core::transfer::Transfer;
use sluice_core::wallet::{LaneState, Wallet};
use sluice_core::withdrawal::Waiting;

use super::wallet::custody;
use super::withdrawal::wire_status;
use super::{count, hex32, time};

/// A lane or a desk; `None` for a wallet that is neither, or left service and is neither any more. `held` is what it holds, `window` how many
/// slots it may have out at once.
pub(crate) fn lane(
    view: &WalletView,
    held: Option<&LaneView>,
    window: u32,
    lang: Lang,
    now: Timestamp,
) -> Option<WireLane> {
    let wallet = Some(&view.wallet).filter(|wallet| wallet.gets_slots())?;
    let stop = held.and_then(|held| held.stops.iter().find(|stop| covers(stop, wallet)));
    let transfers = || held.into_iter().flat_map(LaneView::transfers);
    let holder = held.and_then(|held| held.holder.as_ref());
    let oldest = transfers().map(|(transfer, _)| transfer).min_by_key(|transfer| transfer.planned_at);
    let (state, since) = (state(&wallet.state, stop)?, stop.map_or(view.since, |stop| stop.at));
    Some(WireLane {
        id: wallet.id.to_string(),
        object: tag::Lane::Is,
        partner_id: wallet.partner.to_string(),
        chain: wallet.chain.to_string(),
        address: wallet.address.to_string(),
        custody: custody(wallet.custody),
        state,
        reason: why(view, state, lang),
        note: Some(wallet.reason.clone()).filter(|note| !note.is_empty()),
        since: time(if state == WireState::Frozen { view.since } else { since }),
        next_nonce: Some(wallet.next_nonce),
        in_flight: u32::try_from(view.in_flight).unwrap_or(0),
        window,
        queued: u32::try_from(transfers().filter(|(it, _)| it.slot().is_none()).count()).unwrap_or(u32::MAX),
        oldest: oldest.map(oldest_item),
        fee_cap: wallet.raised_cap.filter(|cap| now < cap.until).map(|cap| FeeCap {
            max_fee_wei: cap.max_fee_wei.to_string().as_str().into(),
            until: time(cap.until),
        }),
        unexplained: held.map_or(vec![], |held| {
            held.sightings.iter().filter_map(unexplained).take(UNEXPLAINED_MAX).collect()
        }),
        worked_by: holder.filter(|holder| now < holder.until).map(|holder| holder.owner.clone()),
        epoch: holder.map_or(0, |holder| count(holder.epoch)),
        version: count(wallet.version),
    })
}

fn covers(stop: &Stop, wallet: &Wallet) -> bool {
    match stop.scope {
        Scope::All => true,
        Scope::Partner(partner) => partner == wallet.partner,
        Scope::Chain(chain) => chain == wallet.chain,
        Scope::Wallet(id) => id == wallet.id,
        Scope::Asset(_) => false, // its other assets go on
    }
}

const fn state(state: &LaneState, stop: Option<&Stop>) -> Option<WireState> {
    match (state, stop) {
        (LaneState::Retired, _) => None,
        (LaneState::Frozen { .. }, _) => Some(WireState::Frozen),
        (_, Some(_)) => Some(WireState::Stopped),
        (LaneState::Open, None) => Some(WireState::Open),
        (LaneState::Paused, None) => Some(WireState::Paused),
        (LaneState::Draining, None) => Some(WireState::Draining),
    }
}

fn why(view: &WalletView, state: WireState, lang: Lang) -> Option<Reason> {
    let wallet = &view.wallet;
    let code = match state {
        WireState::Frozen => Some(frozen_by(view)),
        WireState::Stopped => Some(ReasonCode::Stopped),
        WireState::Paused => Some(ReasonCode::PausedByOperator),
        WireState::Draining => Some(ReasonCode::DrainedByOperator),
        WireState::Open if wallet.is_lane() && !wallet.takes_work() => Some(ReasonCode::BreakerOpen),
        WireState::Open => match wallet.obstacle.map(|obstacle| obstacle.waiting) {
            Some(Waiting::Funds) => Some(ReasonCode::FundsShort),
            Some(Waiting::Gas) => Some(ReasonCode::GasEmpty),
            Some(Waiting::FeeCap) => Some(ReasonCode::FeeCapReached),
            Some(_) | None => None,
        },
    };
    code.map(|code| Reason::new(code, lang))
}

/// What froze a lane.
pub(crate) fn frozen_by(view: &WalletView) -> ReasonCode {
    if view.cause == STORE_WENT_BACK { ReasonCode::StoreBehind } else { ReasonCode::UnexplainedTransfer }
}

/// `None` for what was denied, which needs no explanation.
fn unexplained(sighting: &Sighting) -> Option<Unexplained> {
    let word = match sighting.word {
        Word::Claimed => SightingWord::Claimed,
        Word::Confirmed => SightingWord::Confirmed,
        Word::Denied => return None,
    };
    Some(Unexplained {
        txid: hex32(&sighting.txid),
        block: sighting.block.number,
        nonce: sighting.nonce,
        what: sighting.what.clone(),
        word,
        told_by: sighting.told_by.clone(),
        seen_at: time(sighting.seen_at),
    })
}

fn oldest_item(transfer: &Transfer) -> OldestItem {
    OldestItem {
        withdrawal_id: transfer.items.first().map(|item| item.withdrawal.to_string()),
        transfer_id: transfer.id.to_string(),
        status: wire_status(sluice_core::withdrawal::on_lane(transfer.phase())),
        nonce: transfer.slot().and_then(sluice_core::slot::Slot::nonce),
        since: time(transfer.changed_at),
    }
}
