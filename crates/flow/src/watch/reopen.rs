//! In: blocks that left the chain. Out: what was seen in them is unseen; what was final in them is reopened in the same
//! slot, loudly (M16). A crash leaves the blocks stored, and the next turn walks back again.

mod several;

use sluice_core::alert::{Code, Raise};
use sluice_core::chain::BlockRef;
use sluice_core::id::{TransferId, WithdrawalId};
use sluice_core::port::store::{ChainChange, Change, Cursor, Pause};
use sluice_core::transfer::{End, Life, State, Transfer};
use sluice_core::withdrawal::{GivenBackWhy, State as WithdrawalState};

use super::Watch;
use crate::StageError;

pub(super) async fn run(
    watch: &mut Watch<'_>,
    cursor: &Cursor,
    removed: Vec<BlockRef>,
    height: u64,
) -> Result<(), StageError> {
    let ids = watch.ports.store.included_in(watch.id(), &removed).await?;
    let now = watch.now();
    let (mut changes, mut ends) = (Vec::new(), Vec::new());
    for (transfer, _) in watch.ports.store.transfers(&ids).await? {
        match &transfer.state {
            State::Seen(_) => changes.push(Change {
                transfers: vec![transfer.unsee(height, now)?],
                cause: Some(watch.cause("reorg")),
                ..Change::default()
            }),
            // The signer's tombstone ended it, and no block.
            State::Final(ended) if matches!(ended.end, End::NeverSigned(_)) => {}
            State::Final(_) => ends.push(transfer),
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Dropped { .. } => {}
        }
    }
    if !ends.is_empty() {
        // Settlement waits until the chain is final past every height that was final before: whoever finalized the wrong
        // fork must first be proven right again. It waits before the first end is taken back: afterwards nothing that is
        // stored would say that one was.
        let until = cursor.finalized.map_or(height, |block| block.number);
        if !watch
            .apply(vec![learned(watch, vec![], Pause::Until(until))])
            .await?
            .iter()
            .all(|applied| *applied)
        {
            return Ok(());
        }
    }
    let (together, alone) = several::part(ends);
    for transfers in together {
        changes.push(several::reopen(watch, transfers, height).await?);
    }
    for transfer in alone {
        changes.push(reopen(watch, transfer, height).await?);
    }
    // The blocks stay stored until everything in them was taken back: what moved meanwhile is tried again.
    if !watch.apply(changes).await?.iter().all(|applied| *applied) {
        return Ok(());
    }
    watch.apply(vec![learned(watch, removed, Pause::Unchanged)]).await?;
    Ok(())
}

fn learned(watch: &Watch<'_>, removed: Vec<BlockRef>, pause: Pause) -> Change {
    Change {
        chain: Some(ChainChange { chain: watch.id(), removed, added: vec![], finalized: None, pause }),
        cause: Some(watch.cause("reorg")),
        ..Change::default()
    }
}

/// A transfer that has no slot yet.
pub(super) async fn unslotted(watch: &Watch<'_>, id: TransferId) -> Result<Option<Transfer>, StageError> {
    let found = watch.ports.store.transfers(&[id]).await?.into_iter().next();
    Ok(found.map(|(transfer, _)| transfer).filter(|it| it.slot().is_none() && !it.state.terminal()))
}

async fn reopen(watch: &Watch<'_>, transfer: Transfer, height: u64) -> Result<Change, StageError> {
    let now = watch.now();
    let proof = watch.ports.store.proof(transfer.id).await?;
    let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
    let withdrawals = watch.ports.store.withdrawals(&ids).await?;
    let mut change = Change { cause: Some(watch.cause("finality_reversed")), ..Change::default() };
    // A withdrawal that was given a newer slot, or ended, on the strength of this transfer's end.
    let mut moved_on = false;
    let ended_by_this = |withdrawal: WithdrawalId| {
        let life = transfer.items.iter().find(|item| item.withdrawal == withdrawal).map(|item| item.life);
        proof
            .as_ref()
            .filter(|proof| life == Some(Life::Paid(proof.id())) || life == Some(Life::Dead(proof.id())))
    };
    for withdrawal in withdrawals {
        let Some(proof) = ended_by_this(withdrawal.id) else { continue }; // It died by a tombstone, which stands.
        let back = match &withdrawal.state {
            WithdrawalState::Paid(paid) => paid.proof == proof.id(),
            WithdrawalState::NeedsAttention(attention) => {
                attention.slots_dead || attention.last.is_some_and(|(last, _)| last == transfer.id)
            }
            // Given back by this death, or by that of a newer slot: none of them is alive but this.
            WithdrawalState::Queued(_) => true,
            WithdrawalState::Assigned(assigned) if assigned.transfer == transfer.id => continue,
            // Taken again, but without a slot so far: it is given back before one is written.
            WithdrawalState::Assigned(assigned) => match unslotted(watch, assigned.transfer).await? {
                Some(newer) => {
                    change.transfers.push(newer.drop_unslotted("reopened", now)?);
                    let why = GivenBackWhy::NoSlot { code: "reopened" };
                    let step = withdrawal.give_back(why, now, now)?;
                    change.withdrawals.push(step.then(|it| it.reopen(proof, &transfer, now))?);
                    continue;
                }
                None => false,
            },
            WithdrawalState::Requested
            | WithdrawalState::Held(_)
            | WithdrawalState::Approved(_)
            | WithdrawalState::Rejected(_)
            | WithdrawalState::Cancelled(_)
            | WithdrawalState::Failed(_) => false,
        };
        if back {
            change.withdrawals.push(withdrawal.reopen(proof, &transfer, now)?);
        } else {
            moved_on = true;
        }
    }
    change.raise.push(reversed(
        &transfer,
        match moved_on {
            true => "its slot is voided, and its withdrawal has moved on: compare both transfers now",
            false => "its stored bytes are sent again",
        },
    ));
    change.transfers.push(transfer.reopen(height, moved_on, now)?);
    Ok(change)
}

/// The alarm.
fn reversed(transfer: &Transfer, what: &str) -> Raise {
    let slot = transfer.slot().map_or_else(String::new, ToString::to_string);
    Raise {
        code: Code::FinalityReversed,
        subject: transfer.id.to_string(),
        partner: Some(transfer.partner),
        detail: format!("the block that ended slot {slot} is no longer on the chain; {what}"),
    }
}
