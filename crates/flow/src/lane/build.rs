//! In: fuelled transfers. Out: built ones: slot and unsigned bytes are durable. What can have changed since the decision
//! is judged again first, and the signer's caps are asked before a slot exists.
//! A crash leaves nothing, or all of it: slots and bytes of a slice are one commit.

pub(super) mod expiring;
mod nonces;

use sluice_core::alert::Code;
use sluice_core::chain::Rules;
use sluice_core::journal::Seen;
use sluice_core::port::store::Change;
use sluice_core::transfer::{Failure, State, Transfer};
use sluice_core::withdrawal::{State as WithdrawalState, Waiting};

use super::give_back::{self, Fate};
use super::{Lane, recipient, startup};
use crate::{StageError, may_replace};

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let fuelled: Vec<Transfer> =
        lane.transfers().filter(|transfer| matches!(transfer.state, State::Fuelled(_))).cloned().collect();
    if fuelled.is_empty() {
        return Ok(());
    }
    if !lane.wallet().takes_work() || lane.doubted() {
        return Ok(()); // `plan` gives it back.
    }
    // Stops are read again: the lane's view may be a network call old (M12).
    lane.view.stops = lane.ports.store.stops().await?;
    let (open, stopped): (Vec<_>, Vec<_>) = fuelled.into_iter().partition(|transfer| !lane.stopped(transfer));
    let (mut changes, mut admitted) = (Vec::new(), Vec::new());
    let open = hold_replacements(lane, open, &mut changes).await?;
    for transfer in stopped {
        lane.blocked_by(Waiting::Stop);
        changes.push(back(lane, transfer, Fate::Back("stopped")).await?);
    }
    let open = hold_untrusted(lane, open, &mut changes).await?;
    let (room, seen) = admit(lane, open, &mut changes).await?;
    for transfer in room {
        if lane.view.cancels.iter().any(|id| transfer.items.iter().any(|item| item.withdrawal == *id)) {
            changes.push(back(lane, transfer, Fate::Cancelled).await?);
        } else {
            admitted.push(transfer);
        }
    }
    // With the slots: where the store turns out to be another one than was compared, they are not given out (M17).
    match allot(lane, admitted).await? {
        Some(slice) => changes.push(Change { journal_seq: seen, ..slice }),
        None if seen.is_some() => {
            changes.push(Change {
                journal_seq: seen,
                cause: Some(lane.cause("admitted")),
                ..Change::default()
            });
        }
        None => {}
    }
    lane.apply(changes).await?;
    Ok(())
}

/// While finality is in doubt no slot is replaced by another (M16): what was planned before the doubt arose goes back.
pub(super) async fn hold_replacements(
    lane: &mut Lane<'_>,
    transfers: Vec<Transfer>,
    changes: &mut Vec<Change>,
) -> Result<Vec<Transfer>, StageError> {
    if may_replace(lane.ports, lane.wallet().chain).await? {
        return Ok(transfers);
    }
    let mut first = Vec::new();
    for transfer in transfers {
        let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
        let withdrawals = lane.ports.store.withdrawals(&ids).await?;
        if withdrawals
            .iter()
            .any(|it| matches!(&it.state, WithdrawalState::Assigned(on) if on.last.is_some()))
        {
            let cause = lane.cause("build");
            changes.push(give_back::change(transfer, withdrawals, Fate::Back("finality_in_doubt"), cause)?);
        } else {
            first.push(transfer);
        }
    }
    Ok(first)
}

/// A sweep whose recipient was stopped, frozen or retired since it was planned gets no slot: energy may have been awaited meanwhile.
async fn hold_untrusted(
    lane: &mut Lane<'_>,
    transfers: Vec<Transfer>,
    changes: &mut Vec<Change>,
) -> Result<Vec<Transfer>, StageError> {
    let mut fit = Vec::new();
    for transfer in transfers {
        if recipient::all_fit(lane, &transfer).await? {
            fit.push(transfer);
        } else {
            lane.blocked_by(Waiting::Person);
            changes.push(back(lane, transfer, Fate::Back("recipient_not_trusted")).await?);
        }
    }
    Ok(fit)
}

/// Asks the signer for room in its caps, and how far its journal is by that. A permanent refusal is a person's business, a
/// passing one waits.
async fn admit(
    lane: &mut Lane<'_>,
    transfers: Vec<Transfer>,
    changes: &mut Vec<Change>,
) -> Result<(Vec<Transfer>, Option<Seen>), StageError> {
    if transfers.is_empty() {
        return Ok((transfers, None));
    }
    if !startup::remembers(lane).await? {
        return Ok((vec![], None));
    }
    let fence = lane.fence().await?;
    let payments: Vec<_> =
        transfers.iter().flat_map(|transfer| transfer.live().map(|item| item.approved.clone())).collect();
    let mut answers = match lane.ports.signer.admit(lane.wallet().id, fence.epoch(), &payments).await {
        Ok(answers) => answers.into_iter(),
        Err(error) => {
            super::sign::signer_down(lane, &error.to_string());
            return Ok((vec![], None));
        }
    };
    let (mut admitted, mut journal_seq) = (Vec::new(), None);
    for transfer in transfers {
        let mut refusal = None;
        for answer in answers.by_ref().take(transfer.live().count()) {
            match answer {
                Ok(ticket) => journal_seq = journal_seq.max(Some(ticket.journal_seq)),
                Err(said) => refusal = refusal.or(Some(said)),
            }
        }
        let Some(refusal) = refusal else {
            admitted.push(transfer);
            continue;
        };
        lane.blocked_by(Waiting::Signature);
        let whose =
            transfer.items.first().map_or_else(|| transfer.id.to_string(), |it| it.withdrawal.to_string());
        let fate = if refusal.permanent {
            Fate::Failed(Failure::SignerRefused)
        } else {
            Fate::Failed(Failure::SignerDown)
        };
        lane.found(Code::SignerRefused, format!("{whose}, before a slot exists: {refusal}"));
        changes.push(back(lane, transfer, fate).await?);
    }
    Ok((admitted, journal_seq.map(|seq| lane.seen(seq))))
}

/// Gives the slice its slots and bytes.
async fn allot(lane: &mut Lane<'_>, slice: Vec<Transfer>) -> Result<Option<Change>, StageError> {
    if slice.is_empty() {
        return Ok(None);
    }
    let change = match lane.profile().rules {
        Rules::Evm(rules) => nonces::allot(lane, &rules, slice).await?,
        Rules::Tron(rules) => expiring::allot(lane, &rules, slice).await?,
    };
    match change {
        Some(change) if change.transfers.is_empty() => give_back_overtaken(lane).await,
        change => Ok(change),
    }
}

/// The market outran the reservation before anything was built: the oldest item gives its reservation back and is
/// fuelled again from the queue.
async fn give_back_overtaken(lane: &mut Lane<'_>) -> Result<Option<Change>, StageError> {
    let overtaken = lane.transfers().find(|transfer| matches!(transfer.state, State::Fuelled(_))).cloned();
    match overtaken {
        Some(transfer) => Ok(Some(back(lane, transfer, Fate::Failed(Failure::FeeCapReached)).await?)),
        None => Ok(None),
    }
}

pub(super) async fn back(lane: &Lane<'_>, transfer: Transfer, fate: Fate) -> Result<Change, StageError> {
    let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
    let withdrawals = lane.ports.store.withdrawals(&ids).await?;
    Ok(give_back::change(transfer, withdrawals, fate, lane.cause("build"))?)
}
