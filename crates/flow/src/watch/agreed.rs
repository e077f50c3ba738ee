//! In: the final block that a quorum agrees on, and the height that as many operators have reached. Out: followed blocks
//! that either contradicts are walked back, and a node that still shows them is not heard for a while (M16). Blocks are
//! followed on one node's word: this is what ends its own fork. A crash leaves the blocks stored, and the next turn looks
//! again.

use sluice_core::chain::BlockRef;
use sluice_core::port::chain::Heads;
use sluice_core::port::store::Cursor;

use super::{Watch, blocks};
use crate::StageError;

/// Followed blocks that a quorum is asked about at once.
const ASKED_MAX: usize = 32;

/// Whether something was walked back. `awaited` is an agreed block that is not followed yet: where finality is fast, each
/// one is above the top when it is heard of.
pub(super) async fn run(
    watch: &mut Watch<'_>,
    heads: &Heads,
    cursor: &Cursor,
    awaited: &mut Option<BlockRef>,
) -> Result<bool, StageError> {
    let Some(top) = cursor.blocks.first() else { return Ok(false) };
    let agreed = [awaited.take(), heads.finalized.as_ref().map(|head| head.head())];
    *awaited = agreed.into_iter().flatten().find(|agreed| agreed.number > top.number);
    for agreed in agreed.into_iter().flatten() {
        let row = cursor.blocks.iter().find(|block| block.number == agreed.number);
        if let Some(row) = row.filter(|row| row.hash != agreed.hash)
            && denied(watch, cursor, *row).await?
        {
            return Ok(true);
        }
    }
    let Some(reached) = heads.reached else { return Ok(false) };
    // What a quorum has called final was there, however far the nodes that answer now are behind.
    let finals = [cursor.finalized, heads.finalized.as_ref().map(|head| head.head())];
    let height = finals.into_iter().flatten().fold(reached, |height, head| height.max(head.number));
    if top.number.saturating_sub(height) <= watch.chain.profile().lag_blocks() {
        return Ok(false);
    }
    let top = top.number;
    let what = format!("blocks up to #{top} were followed, and too few operators have any above #{height}");
    watch.chain.contradicted(&what);
    blocks::walk_back(watch, cursor, Some(height)).await?;
    Ok(true)
}

/// Walks back to the highest stored block that a quorum has on the chain, if it has not this one.
async fn denied(watch: &mut Watch<'_>, cursor: &Cursor, row: BlockRef) -> Result<bool, StageError> {
    let below: Vec<BlockRef> =
        cursor.blocks.iter().filter(|block| block.number <= row.number).copied().collect();
    let mut fork = None;
    for asked in below.chunks(ASKED_MAX) {
        let there = watch.chain.still_final(asked).await?;
        let held = asked.iter().zip(there).find(|(_, there)| *there.reading());
        fork = held.map(|(block, _)| block.number);
        if fork.is_some() {
            break;
        }
    }
    if fork == Some(row.number) {
        return Ok(false); // What was agreed has left the chain meanwhile.
    }
    blame(watch, row).await;
    blocks::walk_back(watch, cursor, fork).await?;
    Ok(true)
}

/// A node that still shows it was not overtaken by a reorg. One operator alone has nobody to be compared with.
async fn blame(watch: &Watch<'_>, row: BlockRef) {
    let nodes = watch.chain.nodes();
    let Some(first) = nodes.first() else { return };
    if nodes.iter().all(|node| node.operator == first.operator) {
        return;
    }
    for _ in &nodes {
        match watch.chain.block(row.number, &[]).await {
            Ok(facts) if facts.block == row => {
                watch.chain.disproved(&facts.shown.told_by, &format!("final block #{}", row.number));
            }
            Ok(_) | Err(_) => return,
        }
    }
}
