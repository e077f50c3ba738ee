//! In: blocks that left the chain. Out: what was seen in them is unseen; what was final in them is reopened in the same
//! slot, loudly (M16). A crash leaves the blocks stored, and the next turn walks back again.

use sluice_core::alert::{Code, Raise};
use sluice_core::chain::BlockRef;
use sluice_core::id::WithdrawalId;
use sluice_core::port::store::{ChainChange, Change, Cursor};
use sluice_core::transfer::{Life, State, Transfer};
use sluice_core::withdrawal::State as WithdrawalState;

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
    let mut changes = Vec::new();
    let mut reversed = false;
    for (transfer, _) in watch.ports.store.transfers(&ids).await? {
        match &transfer.state {
            State::Seen(_) => changes.push(Change {
                transfers: vec![transfer.unsee(height, now)?],
                cause: Some(watch.cause("reorg")),
                ..Change::default()
            }),
            State::Final(_) => {
                reversed = true;
                changes.push(reopen(watch, transfer, height).await?);
            }
            State::Planned
            | State::Funded(_)
            | State::Fuelling(_)
            | State::Fuelled(_)
            | State::Built(_)
            | State::Signed(_)
            | State::Dropped { .. } => {}
        }
    }
    // Settlement waits until the chain is final past every height that was final before: whoever finalized the wrong
    // fork must first be proven right again.
    let settle_after = reversed.then(|| cursor.finalized.map_or(height, |block| block.number));
    // The blocks stay stored until everything in them was taken back: what moved meanwhile is tried again.
    if !watch.apply(changes).await?.iter().all(|applied| *applied) {
        return Ok(());
    }
    let chain = Change {
        chain: Some(ChainChange { chain: watch.id(), removed, added: vec![], finalized: None, settle_after }),
        cause: Some(watch.cause("reorg")),
        ..Change::default()
    };
    watch.apply(vec![chain]).await?;
    Ok(())
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
            .filter(|proof| life == Some(Life::Paid(proof.id)) || life == Some(Life::Dead(proof.id)))
    };
    for withdrawal in withdrawals {
        let Some(proof) = ended_by_this(withdrawal.id) else { continue }; // It died by a tombstone, which stands.
        let back = match &withdrawal.state {
            WithdrawalState::Paid(paid) => paid.proof == proof.id,
            WithdrawalState::NeedsAttention(attention) => {
                attention.last.is_some_and(|(last, _)| last == transfer.id)
            }
            // Given back by this death and not taken again: it has no newer slot.
            WithdrawalState::Queued(queued) => queued.last.is_some_and(|(last, _)| last == transfer.id),
            WithdrawalState::Assigned(assigned) if assigned.transfer == transfer.id => continue,
            WithdrawalState::Assigned(_)
            | WithdrawalState::Requested
            | WithdrawalState::Held(_)
            | WithdrawalState::Approved(_)
            | WithdrawalState::Rejected(_)
            | WithdrawalState::Cancelled(_)
            | WithdrawalState::Failed(_) => false,
        };
        if back {
            change.withdrawals.push(withdrawal.reopen(proof, now)?);
        } else {
            moved_on = true;
        }
    }
    change.raise.push(Raise {
        code: Code::FinalityReversed,
        subject: transfer.id.to_string(),
        partner: Some(transfer.partner),
        detail: format!(
            "the block that ended slot {} is no longer on the chain; its stored bytes are sent again{}",
            transfer.slot().map_or_else(String::new, ToString::to_string),
            if moved_on { ", and its withdrawal has moved on: compare both transfers now" } else { "" },
        ),
    });
    change.transfers.push(transfer.reopen(height, moved_on, now)?);
    Ok(change)
}
