//! In: the first turn of a process on a lane. Out: the lane goes on, or is frozen because the chain has counted nonces
//! that this store never gave out: a second writer, a leaked key, or a store that went back in time (M6, M17).

use sluice_core::alert::{Code, Raise};
use sluice_core::port::chain::SlotQuestion;
use sluice_core::port::store::Change;
use sluice_core::proof::SlotReading;
use sluice_core::slot::Slot;
use sluice_core::wallet::LaneState;

use super::{Lane, Memory};
use crate::StageError;

pub(super) async fn run(lane: &mut Lane<'_>, memory: &mut Memory) -> Result<(), StageError> {
    if memory.compared {
        return Ok(());
    }
    let wallet = lane.wallet().clone();
    if !matches!(wallet.state, LaneState::Frozen { .. } | LaneState::Retired) {
        let nonces = lane.chain.nonces(wallet.address).await?;
        let counted = nonces.pending.max(nonces.latest);
        if counted > wallet.next_nonce {
            // One node's word stops nothing: only a final quorum freezes. Until it has spoken the next turn asks again;
            // a slot that a stranger takes meanwhile is read as such.
            let slot =
                Slot::EvmNonce { chain: wallet.chain, sender: wallet.address, nonce: wallet.next_nonce };
            let question = SlotQuestion { slot, attempts: vec![], asset: lane.native(), pays: vec![] };
            let there = lane.chain.settle(&[question]).await?;
            if there.first().is_none_or(|there| *there.reading() != SlotReading::Foreign) {
                return Ok(());
            }
            let evidence = format!(
                "the chain counts {counted} transactions of this wallet and the store gave out {}: a second writer, a \
                 leaked key, or a restored store",
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
                cause: Some(lane.cause("nonce_ahead")),
                ..Change::default()
            };
            if !lane.apply(vec![change]).await?.contains(&true) {
                return Ok(()); // It moved meanwhile; compared again in the next turn.
            }
        }
    }
    memory.compared = true;
    Ok(())
}
