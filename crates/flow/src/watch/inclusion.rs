//! In: transfers that a block, or a consumed nonce, points at. Out: `seen` where the chain holds one of their attempts.
//! Progress only: one node, not final. A crash leaves `signed`, and the next sweep sees it.

use sluice_core::id::TransferId;
use sluice_core::port::store::Change;
use sluice_core::proof::SlotReading;
use sluice_core::sighting::Word;
use sluice_core::transfer::State;

use super::{Watch, question};
use crate::StageError;

/// Reads the slots of transfers and notes where an attempt of theirs is included. Answers the signed ones in whose slot
/// none was found. `top` is the highest block that was read: an inclusion above it is one node's word about a block that
/// nobody followed, and could neither be walked back nor become final.
pub(super) async fn note(
    watch: &mut Watch<'_>,
    transfers: &[TransferId],
    top: u64,
) -> Result<Vec<TransferId>, StageError> {
    if transfers.is_empty() {
        return Ok(vec![]);
    }
    let open: Vec<_> = watch
        .ports
        .store
        .transfers(transfers)
        .await?
        .into_iter()
        .filter(|(transfer, _)| matches!(transfer.state, State::Signed(_)))
        .filter_map(|(transfer, attempts)| {
            question(&transfer, &attempts).map(|question| (transfer, question))
        })
        .collect();
    if open.is_empty() {
        return Ok(vec![]);
    }
    let (transfers, questions): (Vec<_>, Vec<_>) = open.into_iter().unzip();
    let readings = watch.chain.progress(&questions).await?;
    let now = watch.now();
    let (mut changes, mut absent) = (Vec::new(), Vec::new());
    for (transfer, reading) in transfers.into_iter().zip(readings) {
        match reading {
            // Its block is read first; the sweep after it looks again.
            SlotReading::Ours(inclusion) if inclusion.block.number > top => {}
            SlotReading::Ours(inclusion) => changes.push(Change {
                transfers: vec![transfer.see(inclusion, now)?],
                cause: Some(watch.cause("included")),
                ..Change::default()
            }),
            // `Foreign` by one node's word is no news here: settlement asks a quorum.
            SlotReading::Open | SlotReading::Foreign(_) | SlotReading::Unaccounted => {
                absent.push(transfer.id);
            }
        }
    }
    watch.apply(changes).await?;
    Ok(absent)
}

/// Looks at every lane of the chain for signed slots whose nonce is consumed: what a crash or a missed block left.
/// Answers those in which no attempt of ours was found, for settlement to ask a quorum.
pub(super) async fn sweep(watch: &mut Watch<'_>) -> Result<Vec<TransferId>, StageError> {
    let mut found = Vec::new();
    for wallet in watch.ports.store.wallets(Some(watch.id())).await? {
        let Some(view) = watch.ports.store.lane(wallet.id).await? else { continue };
        let claims = view.sightings.iter().filter(|it| it.word == Word::Claimed).cloned();
        watch.claims.extend(claims);
        let signed: Vec<_> = view
            .transfers
            .iter()
            .filter(|(transfer, _)| matches!(transfer.state, State::Signed(_)))
            .collect();
        if signed.is_empty() {
            continue;
        }
        let latest = watch.chain.nonces(wallet.address).await?.latest;
        found.extend(
            signed
                .iter()
                .filter(|(transfer, _)| {
                    let consumed =
                        transfer.slot().and_then(|it| it.nonce()).is_some_and(|nonce| nonce < latest);
                    consumed || transfer.taken_by().is_some()
                })
                .map(|(transfer, _)| transfer.id),
        );
    }
    let depth = watch.chain.profile().settled_watch_blocks;
    let cursor = watch.ports.store.cursor(watch.id(), depth).await?;
    note(watch, &found, cursor.blocks.first().map_or(0, |block| block.number)).await
}
