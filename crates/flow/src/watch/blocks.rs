//! In: new blocks. Out: the stored chain follows the real one; what of ours a block holds is seen, what a reorg took is
//! unseen or reopened, what nobody explains freezes its lane (M6). A crash leaves the cursor where the last commit was.

use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{BlockFacts, Heads};
use sluice_core::port::store::{ChainChange, Change, Cursor};
use sluice_core::wallet::Wallet;

use super::{Watch, inclusion, reopen};
use crate::StageError;

/// Blocks read in one turn.
const BLOCKS_MAX: u64 = 32;

pub(super) async fn run(watch: &mut Watch<'_>, heads: &Heads) -> Result<bool, StageError> {
    let depth = watch.chain.profile().settled_watch_blocks;
    let cursor = watch.ports.store.cursor(watch.id(), depth).await?;
    let Some(top) = cursor.blocks.first().copied() else {
        // The first sight of a chain: wallets are adopted later than this, so nothing before it is ours.
        let chain = change(watch, vec![], vec![(heads.latest, [0; 32])]);
        watch.apply(vec![chain]).await?;
        return Ok(true);
    };
    let fork = fork_point(watch, &cursor, heads).await?;
    if fork.number < top.number || fork.hash != top.hash {
        let removed: Vec<BlockRef> = cursor.blocks.iter().filter(|block| block.number > fork.number).copied().collect();
        reopen::run(watch, &cursor, removed, heads.latest.number).await?;
        return Ok(true);
    }
    forward(watch, top, heads.latest.number).await
}

/// The highest stored block that is still on the chain. Walks back from the top; a reorg deeper than what is stored ends
/// at the lowest stored block, which then counts as replaced too.
async fn fork_point(watch: &Watch<'_>, cursor: &Cursor, heads: &Heads) -> Result<BlockRef, StageError> {
    for block in &cursor.blocks {
        if block.number > heads.latest.number {
            continue;
        }
        if heads.latest == *block {
            return Ok(*block);
        }
        let there = watch.chain.block(block.number, &[]).await?;
        if there.block.hash == block.hash {
            return Ok(*block);
        }
    }
    let lowest = cursor.blocks.last().map_or(0, |block| block.number);
    Ok(BlockRef { number: lowest.saturating_sub(1), hash: [0; 32] })
}

async fn forward(watch: &mut Watch<'_>, top: BlockRef, latest: u64) -> Result<bool, StageError> {
    if latest <= top.number {
        return Ok(false);
    }
    let wallets = watch.ports.store.wallets(Some(watch.id())).await?;
    let addresses: Vec<_> = wallets.iter().map(|wallet| wallet.address).collect();
    let until = latest.min(top.number + BLOCKS_MAX);
    let (mut parent, mut facts) = (top.hash, Vec::new());
    for number in top.number + 1..=until {
        let block = watch.chain.block(number, &addresses).await?;
        if block.parent != parent {
            break; // A reorg while reading: the next turn walks back.
        }
        parent = block.block.hash;
        facts.push(block);
    }
    if facts.is_empty() {
        return Ok(true);
    }
    // Seen and frozen before the cursor moves: a crash in between reads the same blocks again.
    explain(watch, &wallets, &facts).await?;
    let added = facts.iter().map(|block| (block.block, block.parent)).collect();
    let chain = change(watch, vec![], added);
    watch.apply(vec![chain]).await?;
    Ok(latest > until)
}

/// Matches what left our wallets with our attempts; the rest freezes its lane.
async fn explain(watch: &mut Watch<'_>, wallets: &[Wallet], facts: &[BlockFacts]) -> Result<(), StageError> {
    let txids: Vec<[u8; 32]> = facts.iter().flat_map(|block| block.sent.iter().map(|sent| sent.txid)).collect();
    let ours = if txids.is_empty() {
        vec![]
    } else {
        watch.ports.store.attempts_by_txid(watch.id(), &txids).await?
    };
    let mut transfers: Vec<_> = ours.iter().map(|(_, transfer)| *transfer).collect();
    transfers.sort();
    transfers.dedup();
    inclusion::note(watch, &transfers).await?;
    for block in facts {
        let strangers = block.sent.iter().filter(|sent| !ours.iter().any(|(txid, _)| *txid == sent.txid)).map(|sent| {
            let what = format!("transaction 0x{} at nonce {} is not ours", hex(&sent.txid), sent.nonce);
            (sent.from, what)
        });
        let drains = block.drained.iter().map(|drain| {
            (drain.wallet, format!("{} in transaction 0x{}, which is not ours", drain.what, hex(&drain.txid)))
        });
        for (address, what) in strangers.chain(drains).collect::<Vec<_>>() {
            if let Some(wallet) = wallets.iter().find(|wallet| wallet.address == address) {
                let fresh = watch.ports.store.lane(wallet.id).await?;
                if let Some(fresh) = fresh {
                    watch.freeze(fresh.wallet, format!("block {}: {what}", block.block.number)).await?;
                }
            }
        }
    }
    Ok(())
}

pub(super) fn change(
    watch: &Watch<'_>,
    removed: Vec<BlockRef>,
    added: Vec<(BlockRef, [u8; 32])>,
) -> Change {
    let chain = ChainChange { chain: watch.id(), removed, added, finalized: None, settle_after: None };
    Change { chain: Some(chain), cause: Some(watch.cause("blocks")), ..Change::default() }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
