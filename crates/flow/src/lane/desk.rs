//! The turn of a desk: an external wallet whose key was shown, and which does refills alone (ADR 0027).
//!
//! Nothing is planned before somebody wants the bytes. They are made for that wish, of what is true then, and in one commit with
//! their slot they count as in flight: what a person may have signed and sent, nobody here learns before the chain shows it. A
//! crash leaves the wish, or what is in flight; either is gone on with by the next turn.

mod make;
mod tell;

use std::collections::BTreeSet;

use sluice_core::hand_out::HandOut;
use sluice_core::id::WithdrawalId;
use sluice_core::port::store::{Change, Wanted};
use sluice_core::transfer::Transfer;
use sluice_core::withdrawal::Waiting;
use sluice_core::{alert, stop};

use super::plan::is_unslotted;
use super::{Lane, Memory, broadcast, cancel, fuel, fund, give_back, plan};
use crate::{StageError, may_replace, measured};

/// Transfers of a desk that are open at once. People sign one at a time.
pub const DESK_WINDOW: u16 = 4;
/// Errands looked at in one turn.
const LOOK_MAX: usize = 64;

pub(super) async fn run(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<(), StageError> {
    let ports = lane.ports;
    measured(ports, "cancel", Box::pin(cancel::run(lane))).await?;
    measured(ports, "broadcast", Box::pin(broadcast::run(lane, memory))).await?;
    lapse(lane).await?;
    measured(ports, "plan", Box::pin(take(lane))).await?;
    measured(ports, "fund", Box::pin(fund::run(lane))).await?;
    measured(ports, "fuel", Box::pin(fuel::run(lane))).await?;
    measured(ports, "hand_out", Box::pin(make::run(lane))).await?;
    measured(ports, "tell", Box::pin(tell::run(lane))).await?;
    lane.note_obstacle().await
}

/// The wish for what a transfer pays, while it stands.
fn wish<'l>(lane: &'l Lane<'_>, transfer: &Transfer) -> Option<&'l HandOut> {
    let now = lane.now();
    let mut standing = lane.view.hand_outs.iter().filter(|it| it.stands(now));
    standing.find(|it| transfer.live().any(|item| item.withdrawal == it.withdrawal))
}

/// Wishes whose time is over come to nothing, and what was taken up for them goes back.
async fn lapse(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let now = lane.now();
    let mut changes = Vec::new();
    for it in lane.view.hand_outs.iter().filter(|it| it.state.made().is_none() && !it.stands(now)) {
        changes.push(Change {
            hand_outs: vec![it.clone().lapse("not_in_time")?],
            cause: Some(lane.cause("hand_out")),
            ..Change::default()
        });
    }
    let unwanted: Vec<Transfer> =
        lane.transfers().filter(|it| is_unslotted(it) && wish(lane, it).is_none()).cloned().collect();
    for transfer in unwanted {
        let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
        let withdrawals = lane.ports.store.withdrawals(&ids).await?;
        let fate = give_back::Fate::Back("hand_out_lapsed");
        changes.push(give_back::change(transfer, withdrawals, fate, lane.cause("hand_out"))?);
    }
    lane.apply(changes).await?;
    Ok(())
}

/// Takes up what somebody wants the bytes of.
async fn take(lane: &mut Lane<'_>) -> Result<(), StageError> {
    if !lane.wallet().hands_out(lane.now()) {
        return plan::give_all_back(lane).await;
    }
    if lane.doubted() {
        plan::give_all_back(lane).await?;
        lane.blocked_by(Waiting::Node);
        return Ok(());
    }
    let now = lane.now();
    let wanted: BTreeSet<WithdrawalId> =
        lane.view.hand_outs.iter().filter(|it| it.stands(now)).map(|it| it.withdrawal).collect();
    let room = usize::from(DESK_WINDOW).saturating_sub(lane.transfers().count());
    if wanted.is_empty() || room == 0 {
        return Ok(());
    }
    let (partner, chain, wallet) = (lane.wallet().partner, lane.wallet().chain, lane.wallet().id);
    let replacements = may_replace(lane.ports, chain).await?;
    let pinned = Wanted { assets: vec![], replacements, pinned_to: Some(wallet), skip: 0 };
    let mut due = lane.ports.store.claimable(partner, &pinned, now, LOOK_MAX).await?;
    due.retain(|it| wanted.contains(&it.id));
    let before = due.len();
    due.retain(|it| !stop::stopped(&lane.view.stops, partner, it.request.asset.id, Some(wallet)));
    if due.len() < before {
        lane.blocked_by(Waiting::Stop);
    }
    due.truncate(room);
    let taken = due.into_iter().filter_map(|it| it.approved_payment().map(|approved| (it, approved)));
    let changes = plan::planned(lane, taken.collect())?;
    lane.apply(changes).await?;
    Ok(())
}

/// The books, beside the chain, do not have what is wanted.
fn short(lane: &mut Lane<'_>, what: String) {
    lane.blocked_by(Waiting::Funds);
    lane.found(alert::Code::FundsShort, what);
}
