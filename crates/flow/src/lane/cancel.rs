//! In: wishes to cancel for work of this lane. Out: granted where no slot exists or none was ever signed; otherwise the
//! slot is turned to void and the chain decides. A crash leaves the wish, and whatever was already turned.

use sluice_core::port::store::Change;
use sluice_core::transfer::{Mode, State, Transfer};
use sluice_core::withdrawal::{State as WithdrawalState, Waiting};

use super::Lane;
use super::close::{Closed, close_unsigned, draft_race};
use super::give_back::{self, Fate};
use super::plan::is_unslotted;
use super::sign::signer_down;
use crate::{StageError, revived};

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let cancels = lane.view.cancels.clone();
    let wanted: Vec<Transfer> = lane
        .transfers()
        .filter(|transfer| transfer.live().any(|item| cancels.contains(&item.withdrawal)))
        .cloned()
        .collect();
    let mut changes = Vec::new();
    for transfer in wanted {
        if is_unslotted(&transfer) {
            let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
            let withdrawals = lane.ports.store.withdrawals(&ids).await?;
            changes.push(give_back::change(transfer, withdrawals, Fate::Cancelled, lane.cause("cancel"))?);
            continue;
        }
        match &transfer.state {
            State::Built(built) if built.mode == Mode::Pay => {
                let closed = cancel_built(lane, &transfer).await;
                changes.extend(or_later(lane, closed)?)
            }
            State::Signed(signed) if signed.mode == Mode::Pay && signed.taken_by.is_none() => {
                let voided = cancel_signed(lane, &transfer).await;
                changes.extend(or_later(lane, voided)?)
            }
            // Voided already, in a block, or lost to a stranger: the chain's answer is on its way.
            State::Built(_) | State::Signed(_) | State::Seen(_) => {}
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Final(_)
            | State::Dropped { .. } => {}
        }
    }
    lane.apply(changes).await?;
    Ok(())
}

/// A signer or a market that does not answer leaves the wish for the next turn: the rest of the lane is not held up by it.
fn or_later(
    lane: &mut Lane<'_>,
    done: Result<Option<Change>, StageError>,
) -> Result<Option<Change>, StageError> {
    match done {
        Err(StageError::Signer(error)) => {
            signer_down(lane, &error.to_string());
            Ok(None)
        }
        Err(StageError::Chain(error)) => {
            tracing::warn!(wallet.id = %lane.wallet().id, %error, "A wish to cancel waits for the fee market");
            Ok(None)
        }
        done => done,
    }
}

/// The signer may have been asked. It closes the slot if it never signed, and says what it signed if it did.
async fn cancel_built(lane: &mut Lane<'_>, transfer: &Transfer) -> Result<Option<Change>, StageError> {
    match close_unsigned(lane, transfer, "cancelled").await? {
        Some(Closed::Dead(closed)) => {
            let now = lane.now();
            let mut change = Change { cause: Some(lane.cause("cancel")), ..Change::default() };
            closed.change_into(&mut change);
            let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
            for withdrawal in lane.ports.store.withdrawals(&ids).await? {
                if matches!(withdrawal.state, WithdrawalState::Assigned(_)) {
                    let step = revived::never_signed(lane.ports, withdrawal, &closed.proof, now).await?;
                    change.withdrawals.push(step);
                }
            }
            Ok(Some(change))
        }
        Some(Closed::Signed(change)) => Ok(Some(*change)),
        None => Ok(None),
    }
}

/// Bytes may have left: a dearer void races them. Where the chain cannot replace, only its answer can be awaited.
async fn cancel_signed(lane: &mut Lane<'_>, transfer: &Transfer) -> Result<Option<Change>, StageError> {
    if !lane.profile().replaceable() {
        return Ok(None);
    }
    let market = lane.chain.market().await?;
    let Some(void) = draft_race(lane, transfer, &market) else {
        lane.blocked_by(Waiting::FeeCap);
        return Ok(None);
    };
    let now = lane.now();
    let allotment = transfer.clone().void_signed("cancelled", void, now)?;
    Ok(Some(Change {
        transfers: vec![allotment.transfer],
        attempts: vec![allotment.attempt],
        cause: Some(lane.cause("cancel")),
        ..Change::default()
    }))
}
