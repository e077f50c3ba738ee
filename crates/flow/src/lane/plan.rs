//! In: withdrawals in the queue. Out: planned transfers of this lane, earliest due first, no more than its window and
//! its free funds can take. A crash leaves nothing, or a planned transfer that the next turn goes on with or gives back.

use std::collections::BTreeMap;

use sluice_core::asset::Asset;
use sluice_core::id::TransferId;
use sluice_core::lane::{room, unsettled_full};
use sluice_core::port::store::Change;
use sluice_core::transfer::{State, Transfer};
use sluice_core::withdrawal::{State as WithdrawalState, Waiting, Withdrawal};
use sluice_core::{alert, stop};

use super::Lane;
use super::give_back::{self, Fate};
use crate::StageError;

/// Most queue entries looked at for one slice: what does not fit is passed over, within reason.
const LOOK_MAX: usize = 64;

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<bool, StageError> {
    if !lane.wallet().takes_work() {
        return give_all_back(lane).await.map(|()| false);
    }
    let transfers: Vec<Transfer> = lane.transfers().cloned().collect();
    let unslotted = transfers.iter().filter(|transfer| is_unslotted(transfer)).count();
    let room = room(lane.profile(), &transfers).saturating_sub(unslotted);
    if room == 0 {
        lane.blocked_by(Waiting::Lane);
        if unsettled_full(lane.profile(), &transfers) {
            let most = lane.profile().unsettled_max;
            lane.found(alert::Code::UnsettledFull, format!("{most} transfers are sent and not final"));
        }
        return Ok(false);
    }
    let (partner, chain, now) = (lane.wallet().partner, lane.wallet().chain, lane.now());
    let due = lane.ports.store.claimable(partner, chain, now, LOOK_MAX).await?;
    if due.is_empty() {
        return Ok(false);
    }
    let wallet = lane.wallet().id;
    // While finality is in doubt no slot is replaced by another (M16).
    let in_doubt = lane.ports.store.cursor(chain, 1).await?.settle_after.is_some_and(|after| after > 0);
    let replaces =
        |it: &Withdrawal| matches!(&it.state, WithdrawalState::Queued(queued) if queued.last.is_some());
    let open: Vec<_> = due
        .into_iter()
        .filter(|it| !(in_doubt && replaces(it)))
        .filter(|it| !stop::stopped(&lane.view.stops, it.partner, it.request.asset.id, Some(wallet)))
        .collect();
    if open.is_empty() {
        lane.blocked_by(Waiting::Stop);
        return Ok(false);
    }

    let mut assets: BTreeMap<_, Asset> = BTreeMap::new();
    for withdrawal in &open {
        assets.insert(withdrawal.request.asset.id, withdrawal.request.asset.clone());
    }
    let assets: Vec<Asset> = assets.into_values().collect();
    let (at, balances) = lane.chain.balances(lane.wallet().address, &assets).await?;
    let mut free: BTreeMap<_, _> = assets
        .iter()
        .zip(balances)
        .map(|(asset, balance)| (asset.id, lane.free(asset, balance, at)))
        .collect();

    let (mut changes, mut short) = (Vec::new(), None);
    for withdrawal in open {
        if changes.len() == room {
            break;
        }
        let asset = withdrawal.request.asset.clone();
        let needs = sluice_codec::scale::to_chain(withdrawal.request.amount, &asset);
        let left = free.get(&asset.id).copied().unwrap_or_default();
        let Some(left) = needs.and_then(|needs| left.checked_sub(needs)) else {
            short.get_or_insert((asset, left));
            continue;
        };
        free.insert(asset.id, left);
        let Some(approved) = withdrawal.approved_payment() else { continue };
        let id = TransferId::new(lane.ports.entropy.ulid(now));
        let plan = Transfer::plan(id, partner, wallet, asset, vec![(withdrawal.id, approved)], now);
        changes.push(Change {
            transfers: vec![plan],
            withdrawals: vec![withdrawal.assign(id, wallet, now)?],
            cause: Some(lane.cause("plan")),
            ..Change::default()
        });
    }
    note_funds(lane, short);
    let applied = lane.apply(changes).await?;
    Ok(applied.iter().filter(|applied| **applied).count() >= room)
}

fn note_funds(lane: &mut Lane<'_>, short: Option<(Asset, sluice_core::amount::Units)>) {
    let Some((asset, left)) = short else { return };
    lane.blocked_by(Waiting::Funds);
    let left = sluice_codec::scale::from_chain(left, &asset).floor.text(asset.precision);
    let what = format!("{left} {} are free, and a due withdrawal needs more", asset.symbol);
    lane.found(alert::Code::FundsShort, what);
}

/// A frozen, paused, retired or tripped lane keeps nothing that has no slot.
async fn give_all_back(lane: &mut Lane<'_>) -> Result<(), StageError> {
    lane.blocked_by(Waiting::Person);
    let mut changes = Vec::new();
    for transfer in lane.transfers().filter(|transfer| is_unslotted(transfer)).cloned().collect::<Vec<_>>() {
        let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
        let withdrawals = lane.ports.store.withdrawals(&ids).await?;
        changes.push(give_back::change(
            transfer,
            withdrawals,
            Fate::Back("lane_closed"),
            lane.cause("lane_closed"),
        )?);
    }
    lane.apply(changes).await?;
    Ok(())
}

pub(super) fn is_unslotted(transfer: &Transfer) -> bool {
    matches!(transfer.state, State::Planned | State::Funded(_) | State::Fuelling(_) | State::Fuelled(_))
}
