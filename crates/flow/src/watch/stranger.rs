//! In: transfers in whose slot a quorum shows a transaction that is no outcome of it: none of their attempts, or one that
//! did not do what it was made for. Out: the lane is frozen and
//! the stranger noted; once it lies as deep as a new slot asks for, the transfer is final by that death, and its
//! withdrawal waits for a person: the stranger may have paid the very recipient (M4, M6). A crash leaves the note, and
//! the chain is asked again.

use sluice_core::chain::txid_text;
use std::collections::BTreeMap;

use sluice_core::id::{ProofId, WalletId};
use sluice_core::journal::LostTxid;
use sluice_core::moved::Moved;
use sluice_core::port::store::{Change, Cursor, LaneView};
use sluice_core::proof::{Final, NotDead, SlotReading};
use sluice_core::sighting::{Sighting, Word};
use sluice_core::slot::Slot;
use sluice_core::transfer::{Purpose, Transfer};

use super::{Watch, settle};
use crate::StageError;

/// A transfer and what a quorum read in its slot.
type Found = (Transfer, Final<SlotReading>);

pub(super) async fn run(watch: &mut Watch<'_>, cursor: &Cursor, found: Vec<Found>) -> Result<(), StageError> {
    let found = found.into_iter().filter(|(_, reading)| followed(cursor, reading.reading()));
    let found = unmoved(watch, found.collect()).await?;
    let (noted, fresh) = found.into_iter().partition(|(transfer, reading)| {
        transfer.taken_by().is_some() && transfer.taken_by() == reading.reading().stranger()
    });
    note(watch, fresh).await?;
    bury(watch, noted).await
}

/// Only in a block the watcher has followed, which notices when that block leaves; or in one older than it remembers.
fn followed(cursor: &Cursor, reading: &SlotReading) -> bool {
    let Some(stranger) = reading.stranger() else { return false };
    cursor.blocks.contains(&stranger.block)
        || cursor.blocks.last().is_some_and(|lowest| stranger.block.number < lowest.number)
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
        let lost = lost(watch, &found).await?;
        let (explained, found): (Vec<_>, Vec<_>) = found.into_iter().partition(|it| explained(it, &lost));
        if !explained.is_empty() {
            let taken = |(transfer, reading): Found| transfer.take(&reading, watch.now());
            let transfers = explained.into_iter().map(taken).collect::<Result<_, _>>()?;
            let cause = Some(watch.cause("slot_consumed_by_a_lost_attempt"));
            changes.push(Change { transfers, cause, ..Change::default() });
        }
        if found.is_empty() {
            continue;
        }
        let slots = found.iter().filter_map(|(transfer, reading)| {
            let (slot, stranger) = (transfer.slot()?, reading.reading().stranger()?);
            let what = what(reading, &lost);
            Some(format!("slot {slot} is consumed by {}, {what}", txid_text(&stranger.txid)))
        });
        let evidence = slots.collect::<Vec<_>>().join("; ");
        let mut change = watch.freezing(view.wallet.clone(), evidence)?.unwrap_or_default();
        for (transfer, reading) in found {
            change.sighted.extend(sighted(watch, &view, &transfer, &reading, &lost).await?);
            change.transfers.push(transfer.take(&reading, watch.now())?);
        }
        change.cause = Some(watch.cause("slot_consumed_by_stranger"));
        changes.push(change);
    }
    watch.apply(changes).await?;
    Ok(())
}

/// What the journal of a lost life has of the transactions that consumed the slots of fills (M17).
async fn lost(watch: &Watch<'_>, found: &[Found]) -> Result<Vec<LostTxid>, StageError> {
    let fills = found.iter().filter(|(transfer, _)| transfer.purpose == Purpose::Fill);
    let asked: Vec<_> = fills.filter_map(|(_, reading)| foreign(reading)).collect();
    match asked.is_empty() {
        true => Ok(vec![]),
        false => Ok(watch.ports.store.lost_txids(watch.id(), &asked).await?),
    }
}

fn foreign(reading: &Final<SlotReading>) -> Option<[u8; 32]> {
    match reading.reading() {
        SlotReading::Foreign(stranger) => Some(stranger.txid),
        SlotReading::Open | SlotReading::Ours(_) | SlotReading::Unaccounted | SlotReading::Absent(_) => None,
    }
}

/// Whether a lost attempt of our own consumed its slot: the engine filled it, and what it had signed there before the store
/// went back was faster (M17). Nobody else has this key, so nothing freezes: unless the withdrawal was told to have ended
/// without it, after which nothing explains it (M6).
fn explained((transfer, reading): &Found, lost: &[LostTxid]) -> bool {
    let by = |txid| lost.iter().any(|lost| lost.txid == txid && lost.unexplained().is_none());
    transfer.purpose == Purpose::Fill && foreign(reading).is_some_and(by)
}

/// The record of a stranger that a quorum shows in a slot, where no block was read that showed it.
async fn sighted(
    watch: &Watch<'_>,
    view: &LaneView,
    transfer: &Transfer,
    reading: &Final<SlotReading>,
    lost: &[LostTxid],
) -> Result<Option<Sighting>, StageError> {
    let Some(stranger) = reading.reading().stranger() else { return Ok(None) };
    let known = view.sightings.iter().find(|it| it.txid == stranger.txid);
    if known.is_some_and(|it| it.word == Word::Confirmed && it.block == stranger.block)
        || watch.ports.store.is_adopted(transfer.wallet, stranger.txid).await?
    {
        return Ok(None);
    }
    let nonce = transfer.slot().and_then(Slot::nonce);
    let at = known.map_or(watch.now(), |it| it.seen_at);
    let what = what(reading, lost);
    Ok(Some(Sighting::of_stranger(&view.wallet, nonce, stranger, &what, reading.operators(), at)))
}

/// What is wrong with it.
fn what(reading: &Final<SlotReading>, lost: &[LostTxid]) -> String {
    let known = foreign(reading).and_then(|txid| lost.iter().find(|lost| lost.txid == txid));
    match (reading.reading(), known.and_then(LostTxid::unexplained)) {
        (_, Some(how)) => how,
        (SlotReading::Ours(_), None) => "which did not do exactly what it was made for".into(),
        (
            SlotReading::Foreign(_) | SlotReading::Open | SlotReading::Unaccounted | SlotReading::Absent(_),
            None,
        ) => "which is not ours".into(),
    }
}

/// Ends what was noted and lies deep enough.
async fn bury(watch: &mut Watch<'_>, noted: Vec<Found>) -> Result<(), StageError> {
    let deep = watch.chain.profile().death_extra_blocks;
    let mut changes = Vec::new();
    for (transfer, reading) in noted {
        let now = watch.now();
        let proof = ProofId::new(watch.ports.entropy.ulid(now));
        match transfer.lost(&reading, proof, deep, now)? {
            Ok((step, proof)) => {
                let mut beside = settle::Beside::read(watch, std::iter::once(step.after())).await?;
                changes.push(settle::ended(watch, step, proof, &mut beside).await?);
            }
            Err(
                NotDead::NotDeepEnough { .. }
                | NotDead::NotTaken
                | NotDead::NotConsumedByUs
                | NotDead::StillValid
                | NotDead::ScanBroken,
            ) => {}
        }
    }
    watch.apply(changes).await?;
    Ok(())
}

/// The slot is open again for a transfer in which a stranger was noted: the note is taken back.
pub(super) fn open_again(
    transfer: Transfer,
    reading: &Final<SlotReading>,
    watch: &Watch<'_>,
) -> Result<Option<Moved<Transfer>>, StageError> {
    if transfer.taken_by().is_none() {
        return Ok(None);
    }
    Ok(Some(transfer.take(reading, watch.now())?))
}
