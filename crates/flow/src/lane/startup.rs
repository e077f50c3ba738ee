//! In: the first turn of a process on a lane. Out: the lane goes on; or is frozen because the store and the signer's
//! journal are not of the same time, or because the chain has counted nonces that this store never gave out: a second
//! writer, a leaked key, or a store that went back in time (M6, M17); or stands still until one of these is clear.

use sluice_core::alert::{Code, Raise};
use sluice_core::port::chain::SlotQuestion;
use sluice_core::port::signer::Hello;
use sluice_core::port::store::Change;
use sluice_core::proof::SlotReading;
use sluice_core::sighting::Sighting;
use sluice_core::slot::Slot;
use sluice_core::wallet::LaneState;
use sluice_core::withdrawal::Waiting;

use super::sign::signer_down;
use super::{Held, Lane, Memory};
use crate::StageError;
use crate::journal::{self, Standing};

/// Whether the lane may go on with its turn. Until it was compared, nothing is planned, built, signed or sent.
pub(super) async fn run(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<bool, StageError> {
    // The store was exchanged for an older one under a running process.
    if lane.view.journal_seq < memory.journal_seq {
        (memory.compared, memory.filled) = (false, None);
    }
    memory.journal_seq = lane.view.journal_seq;
    if memory.compared {
        return Ok(true);
    }
    match with_the_journal(lane).await {
        Ok(()) => {}
        Err(StageError::Signer(error)) => {
            signer_down(lane, &error.to_string());
            lane.note_obstacle().await?;
            return Ok(false);
        }
        Err(other) => return Err(other),
    }
    memory.journal_seq = lane.view.journal_seq;
    memory.compared = with_the_chain(lane, memory).await?;
    if !memory.compared {
        lane.blocked_by(Waiting::Finality);
        lane.note_obstacle().await?;
    }
    Ok(memory.compared)
}

/// Longest since store and journal were compared when the signer is asked for something, milliseconds. Less than half of
/// the time it wants between two slots of one payment: an engine on another copy of the store, which has this signer sign
/// too, is found out before any payment of both may have a second slot.
const LOOKED_MS: i64 = 2_000;

/// Asked before the signer is asked for anything: whether it remembers what this lane has seen of it, and whether what it
/// has written since is of this store. A journal that was exchanged for an older one under a running engine shuts every
/// lane, and so does one in which another engine writes.
pub(super) async fn remembers(lane: &mut Lane<'_>) -> Result<bool, StageError> {
    let head = match lane.ports.signer.hello(None).await {
        Ok(hello) => hello.journal_seq,
        Err(error) => {
            signer_down(lane, &error.to_string());
            return Ok(false);
        }
    };
    let now = lane.now();
    let fresh = lane.looked_at.is_some_and(|at| (0..LOOKED_MS).contains(&now.since_ms(at)));
    if head >= lane.view.journal_seq && fresh {
        return Ok(true);
    }
    let standing = journal::compare(lane.ports).await?;
    if standing == Standing::Together {
        lane.looked_at = Some(now);
        return Ok(true);
    }
    lane.reload().await?;
    Ok(false)
}

/// Compares store and journal, and takes the lane's epoch above every one that the signer has obeyed.
async fn with_the_journal(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let standing = journal::compare(lane.ports).await?;
    // The signer knows nothing of a desk; a store that went back has shut it, and keeps it quiet.
    if lane.wallet().is_desk() {
        lane.fence().await?;
        return lane.reload().await;
    }
    let id = lane.wallet().id;
    let hello: Hello = lane.ports.signer.hello(Some(id)).await?;
    lane.fee_cap = hello.fee_cap(lane.wallet().chain);
    // Asked after the signer: a holder that was overtaken finds its fence stale, and no restored store.
    let fence = lane.fence().await?;
    if standing == Standing::WentBack || hello.epoch > fence.epoch() {
        let asked_at = lane.now();
        let lease = lane.ports.store.outbid(&fence, hello.epoch).await?.ok_or(StageError::LeaseLost)?;
        lane.held = Held { fence: lease.into_fence(), asked_at };
    }
    lane.reload().await
}

/// Longest a lane stands still because a node counts more than was given out and finality does not show it,
/// milliseconds: longer than any chain of ours takes to finality. Then two persons look.
const AHEAD_MAX_MS: i64 = 30 * 60 * 1_000;

/// Compares the next nonce with the chain. `false` when it has to be done again; nothing gives out a nonce meanwhile, so
/// it is compared with the nonce of start-up however often that is. What this lane has in the air was given out, and is
/// not ahead.
async fn with_the_chain(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<bool, StageError> {
    let wallet = lane.wallet().clone();
    if matches!(wallet.state, LaneState::Frozen { .. } | LaneState::Retired) {
        return Ok(true);
    }
    // Where accounts have no nonce, a stranger shows by its transaction alone.
    let Some(slot) = Slot::of_nonce(wallet.chain, wallet.address, wallet.next_nonce) else { return Ok(true) };
    let nonces = lane.chain.counted(wallet.address).await?;
    let counted = nonces.pending.max(nonces.latest);
    if counted <= wallet.next_nonce {
        return Ok(true);
    }
    // One node's word freezes nothing: a final quorum does. Until it has spoken nothing is done, for what is in the air may
    // be what this store and this journal have both forgotten.
    let question =
        SlotQuestion { slot, attempts: vec![], asset: lane.native(), pays: vec![], strangers: vec![] };
    let there = lane.chain.settle(&[question]).await?;
    let (proven, sighted) = match there.first().map(|there| (*there.reading(), there.operators())) {
        Some((SlotReading::Foreign(stranger), operators)) => (
            true,
            vec![Sighting::of_stranger(
                &wallet,
                Some(wallet.next_nonce),
                stranger,
                "which is not ours",
                operators,
                lane.now(),
            )],
        ),
        Some((SlotReading::Unaccounted, _)) => (true, vec![]),
        Some((SlotReading::Open | SlotReading::Ours(_) | SlotReading::Absent(_), _)) | None => {
            (false, vec![])
        }
    };
    let since = *memory.ahead_since.get_or_insert_with(|| lane.now());
    if !proven && lane.now().since_ms(since) < AHEAD_MAX_MS {
        return Ok(false);
    }
    let seen = if proven { "" } else { ", though half an hour did not make it final" };
    let evidence = format!(
        "the chain counts {counted} transactions of this wallet{seen}, and the store gave out {}: a second writer, a leaked \
         key, or a restored store",
        wallet.next_nonce
    );
    let raise = Raise {
        code: Code::LaneFrozen,
        subject: wallet.id.to_string(),
        partner: Some(wallet.partner),
        detail: evidence.clone(),
    };
    let change = Change {
        wallets: vec![wallet.freeze(evidence)?],
        raise: vec![raise],
        sighted,
        cause: Some(lane.cause("nonce_ahead")),
        ..Change::default()
    };
    Ok(lane.apply(vec![change]).await?.contains(&true))
}
