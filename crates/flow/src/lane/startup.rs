//! In: the first turn of a process on a lane. Out: the lane goes on, or is frozen because the store and the signer's
//! journal are not of the same time, or because the chain has counted nonces that this store never gave out: a second
//! writer, a leaked key, or a store that went back in time (M6, M17).

use sluice_core::alert::{Code, Raise};
use sluice_core::port::chain::SlotQuestion;
use sluice_core::port::signer::Hello;
use sluice_core::port::store::Change;
use sluice_core::proof::SlotReading;
use sluice_core::sighting::Sighting;
use sluice_core::slot::Slot;
use sluice_core::wallet::LaneState;

use super::sign::signer_down;
use super::{Held, Lane, Memory};
use crate::StageError;
use crate::journal::{self, Standing};

/// Whether the lane may go on with its turn. Until it was compared, nothing is planned, built, signed or sent.
pub(super) async fn run(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<bool, StageError> {
    // The store was exchanged for an older one under a running process.
    if lane.view.journal_seq < memory.journal_seq {
        memory.compared = false;
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
    memory.compared = with_the_chain(lane).await?;
    Ok(true)
}

/// Compares store and journal, and takes the lane's epoch above every one that the signer has obeyed.
async fn with_the_journal(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let standing = journal::compare(lane.ports).await?;
    let id = lane.wallet().id;
    let hello: Hello = lane.ports.signer.hello(Some(id)).await?;
    lane.fee_cap = hello.fee_cap(lane.wallet().chain);
    // Asked after the signer: a holder that was overtaken finds its fence stale, and no restored store.
    let fence = lane.fence().await?;
    if standing == Standing::WentBack || hello.epoch > fence.epoch {
        let asked_at = lane.now();
        let lease = lane.ports.store.outbid(&fence, hello.epoch).await?.ok_or(StageError::LeaseLost)?;
        lane.held = Held { fence: lease.fence, asked_at };
    }
    lane.reload().await
}

/// Compares the next nonce with the chain. `false` when it has to be done again.
async fn with_the_chain(lane: &mut Lane<'_>) -> Result<bool, StageError> {
    let wallet = lane.wallet().clone();
    if matches!(wallet.state, LaneState::Frozen { .. } | LaneState::Retired) {
        return Ok(true);
    }
    let nonces = lane.chain.nonces(wallet.address).await?;
    let counted = nonces.pending.max(nonces.latest);
    if counted <= wallet.next_nonce {
        return Ok(true);
    }
    // One node's word stops nothing: only a final quorum freezes. Until it has spoken the next turn asks again; a slot
    // that a stranger takes meanwhile is read as such.
    let slot = Slot::EvmNonce { chain: wallet.chain, sender: wallet.address, nonce: wallet.next_nonce };
    let question =
        SlotQuestion { slot, attempts: vec![], asset: lane.native(), pays: vec![], strangers: vec![] };
    let there = lane.chain.settle(&[question]).await?;
    let Some(there) = there.first() else { return Ok(false) };
    let sighted = match *there.reading() {
        SlotReading::Foreign(stranger) => {
            let (nonce, at) = (wallet.next_nonce, lane.now());
            vec![Sighting::of_stranger(&wallet, nonce, stranger, there.operators(), at)]
        }
        SlotReading::Unaccounted => vec![],
        SlotReading::Open | SlotReading::Ours(_) => return Ok(false),
    };
    let evidence = format!(
        "the chain counts {counted} transactions of this wallet and the store gave out {}: a second writer, a leaked \
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
