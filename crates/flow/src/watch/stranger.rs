//! In: transfers in whose slot a quorum sees a transaction that none of their attempts explains. Out: the lane is frozen
//! and the sighting noted; once the note lies as deep as a new slot asks for, the transfer is final by that death, and
//! its withdrawal waits for a person: the stranger may have paid the very recipient (M4, M6). A crash leaves the note,
//! and the chain is asked again.

use std::collections::BTreeMap;

use sluice_core::chain::BlockRef;
use sluice_core::id::{ProofId, WalletId};
use sluice_core::moved::Moved;
use sluice_core::port::store::Cursor;
use sluice_core::proof::{Final, NotDead, SlotReading};
use sluice_core::transfer::Transfer;

use super::{Watch, settle};
use crate::StageError;

/// A transfer and what a quorum read in its slot.
type Found = (Transfer, Final<SlotReading>);

pub(super) async fn run(watch: &mut Watch<'_>, cursor: &Cursor, found: Vec<Found>) -> Result<(), StageError> {
    // Only under a block the watcher has followed: it notices when that block leaves.
    let found = found.into_iter().filter(|(_, reading)| cursor.blocks.contains(&reading.head()));
    let found = unmoved(watch, found.collect()).await?;
    let (mut fresh, mut ripe) = (Vec::new(), Vec::new());
    for (transfer, reading) in found {
        match transfer.taken_under() {
            None => fresh.push((transfer, reading)),
            Some(under) => ripe.push((transfer, reading, under)),
        }
    }
    note(watch, fresh).await?;
    bury(watch, ripe).await
}

/// Without those that moved since they were read: an attempt signed meanwhile may be what consumed the slot.
async fn unmoved(watch: &Watch<'_>, found: Vec<Found>) -> Result<Vec<Found>, StageError> {
    if found.is_empty() {
        return Ok(found);
    }
    let ids: Vec<_> = found.iter().map(|(transfer, _)| transfer.id).collect();
    let now: BTreeMap<_, _> =
        watch.ports.store.transfers(&ids).await?.into_iter().map(|(it, _)| (it.id, it.version)).collect();
    Ok(found.into_iter().filter(|(it, _)| now.get(&it.id) == Some(&it.version)).collect())
}

/// Freezes each lane and notes the sighting, in one commit: the lane is frozen once for each sighting, and a person who
/// unfreezes it is not overruled while the note grows deep.
async fn note(watch: &mut Watch<'_>, fresh: Vec<Found>) -> Result<(), StageError> {
    let mut lanes: BTreeMap<WalletId, Vec<Found>> = BTreeMap::new();
    for (transfer, reading) in fresh {
        lanes.entry(transfer.wallet).or_default().push((transfer, reading));
    }
    let mut changes = Vec::new();
    for (wallet, found) in lanes {
        let Some(view) = watch.ports.store.lane(wallet).await? else { continue };
        let slots: Vec<String> =
            found.iter().filter_map(|(transfer, _)| transfer.slot().map(ToString::to_string)).collect();
        let evidence = format!("consumed by a transaction that is not ours: slot {}", slots.join(", "));
        let mut change = watch.freezing(view.wallet, evidence)?.unwrap_or_default();
        for (transfer, reading) in found {
            change.transfers.push(transfer.take(&reading, watch.now())?);
        }
        change.cause = Some(watch.cause("slot_consumed_by_stranger"));
        changes.push(change);
    }
    watch.apply(changes).await?;
    Ok(())
}

/// Ends what was noted deep enough. Where the block of the note has left the chain, it is noted anew.
async fn bury(
    watch: &mut Watch<'_>,
    ripe: Vec<(Transfer, Final<SlotReading>, BlockRef)>,
) -> Result<(), StageError> {
    if ripe.is_empty() {
        return Ok(());
    }
    let mut unders: Vec<BlockRef> = ripe.iter().map(|(_, _, under)| *under).collect();
    unders.sort();
    unders.dedup();
    let there = watch.chain.still_final(&unders).await?;
    let there: BTreeMap<BlockRef, Final<bool>> = unders.into_iter().zip(there).collect();
    let deep = watch.chain.profile().death_extra_blocks;
    let (mut changes, mut again) = (Vec::new(), Vec::new());
    for (transfer, reading, under) in ripe {
        let Some(there) = there.get(&under) else { continue };
        let now = watch.now();
        let proof = ProofId::new(watch.ports.entropy.ulid(now));
        match transfer.clone().lost(&reading, there, proof, deep, now)? {
            Ok((step, proof)) => changes.push(settle::ended(watch, step, proof).await?),
            Err(NotDead::NotTaken) => again.push((transfer, reading)),
            Err(
                NotDead::NotDeepEnough { .. }
                | NotDead::NotConsumedByUs
                | NotDead::StillValid
                | NotDead::ScanBroken,
            ) => {}
        }
    }
    watch.apply(changes).await?;
    note(watch, again).await
}

/// The slot is open again for a transfer in which a stranger was noted: the note is taken back.
pub(super) fn open_again(
    transfer: Transfer,
    reading: &Final<SlotReading>,
    watch: &Watch<'_>,
) -> Result<Option<Moved<Transfer>>, StageError> {
    if transfer.taken_under().is_none() {
        return Ok(None);
    }
    Ok(Some(transfer.take(reading, watch.now())?))
}
