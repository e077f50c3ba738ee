//! In: new blocks. Out: the stored chain follows the real one; what of ours a block holds is seen, what a reorg took is
//! unseen or reopened, what nobody explains freezes its lane (M6). A crash leaves the cursor where the last commit was.

use sluice_core::chain::txid_text;
use std::cmp::Ordering;

use sluice_core::chain::BlockRef;
use sluice_core::journal::LostTxid;
use sluice_core::port::chain::{Heads, Shown};
use sluice_core::port::store::{ChainChange, Change, Cursor, Pause};
use sluice_core::wallet::Wallet;

use super::sightings::{self, Found};
use super::{Watch, agreed, inclusion, reopen};
use crate::StageError;

/// Blocks read in one turn.
const BLOCKS_MAX: u64 = 32;

pub(super) async fn run(
    watch: &mut Watch<'_>,
    heads: &Heads,
    awaited: &mut Option<BlockRef>,
) -> Result<bool, StageError> {
    let cursor = watch.cursor().await?;
    let Some(top) = cursor.blocks.first().copied() else {
        // The first sight of a chain: wallets are adopted later than this, so nothing before it is ours. Where everything
        // that was followed has left the chain, what came meanwhile is ours too: from the final block on.
        let finalized = heads.finalized.as_ref().filter(|_| cursor.finalized.is_some());
        let first = finalized.map_or(heads.latest, |head| head.head());
        let chain = joined(watch, vec![(first, [0; 32])]);
        watch.apply(vec![chain]).await?;
        return Ok(true);
    };
    if agreed::run(watch, heads, &cursor, awaited).await? {
        return Ok(true);
    }
    let followed = match heads.latest.number.cmp(&top.number) {
        Ordering::Greater => forward(watch, &cursor.blocks, heads.latest.number).await?,
        Ordering::Equal => Some(false).filter(|_| heads.latest.hash == top.hash),
        // A node that is behind is no reorg, unless it contradicts what we stored at its height.
        Ordering::Less => cursor
            .blocks
            .iter()
            .find(|block| block.number == heads.latest.number)
            .is_none_or(|block| block.hash == heads.latest.hash)
            .then_some(false),
    };
    match followed {
        Some(more) => Ok(more),
        None => {
            let fork = fork_height(watch, &cursor, heads).await?;
            if one_node_alone_says_so(watch, &cursor, fork).await? {
                return Ok(false); // The port quarantines it; the next turn asks another one.
            }
            walk_back(watch, &cursor, fork).await?;
            Ok(true)
        }
    }
}

/// Takes back every stored block above a height, or all of them.
pub(super) async fn walk_back(
    watch: &mut Watch<'_>,
    cursor: &Cursor,
    fork: Option<u64>,
) -> Result<(), StageError> {
    let gone = cursor.blocks.iter().filter(|block| fork.is_none_or(|fork| block.number > fork));
    // Heights count from what was followed, never from what one node claims.
    reopen::run(watch, cursor, gone.copied().collect(), fork.unwrap_or_default()).await
}

/// Whether a walk back would go below finality on one node's word: a quorum still holds the block. Without a quorum this
/// is an error, and nothing is taken back until there is one (M16).
async fn one_node_alone_says_so(
    watch: &Watch<'_>,
    cursor: &Cursor,
    fork: Option<u64>,
) -> Result<bool, StageError> {
    let Some(finalized) = cursor.finalized.filter(|head| fork.is_none_or(|fork| fork < head.number)) else {
        return Ok(false);
    };
    let Some(block) = cursor.blocks.iter().find(|block| block.number <= finalized.number) else {
        return Ok(false);
    };
    let there = watch.chain.still_final(std::slice::from_ref(block)).await?;
    Ok(there.first().is_some_and(|there| *there.reading()))
}

/// Height of the highest stored block that is still on the chain; `None` when none is: a reorg deeper than what is
/// stored, after which the watch begins anew.
async fn fork_height(watch: &Watch<'_>, cursor: &Cursor, heads: &Heads) -> Result<Option<u64>, StageError> {
    for block in cursor.blocks.iter().filter(|block| block.number <= heads.latest.number) {
        let there = if heads.latest.number == block.number {
            heads.latest.hash
        } else {
            watch.chain.block(block.number, &[]).await?.block.hash
        };
        if there == block.hash {
            return Ok(Some(block.number));
        }
    }
    Ok(None)
}

/// Reads on from the top. `None` when the chain does not continue what is stored; otherwise whether there is more.
async fn forward(
    watch: &mut Watch<'_>,
    followed: &[BlockRef],
    latest: u64,
) -> Result<Option<bool>, StageError> {
    let Some(top) = followed.first() else { return Ok(None) };
    let wallets = watch.wallets().await?;
    let addresses: Vec<_> = wallets.iter().map(|wallet| wallet.address).collect();
    let until = latest.min(top.number + BLOCKS_MAX);
    let (mut parent, mut facts) = (top.hash, Vec::new());
    for number in top.number + 1..=until {
        let block = watch.chain.block(number, &addresses).await?;
        if block.parent != parent {
            break; // The chain does not continue here: what was read before is taken, the rest is walked back.
        }
        parent = block.block.hash;
        facts.push(block);
    }
    if facts.is_empty() {
        return Ok(None);
    }
    // Seen and frozen before the cursor moves: a crash in between reads the same blocks again.
    let added = facts.iter().map(|block| (block.block, block.parent)).collect();
    let shown: Vec<_> = facts.into_iter().map(|block| (block.block, block.shown)).collect();
    explain(watch, &wallets, followed, &shown).await?;
    let chain = joined(watch, added);
    watch.apply(vec![chain]).await?;
    Ok(Some(latest > until))
}

/// Matches what left our wallets with our attempts; the rest freezes its lane.
pub(super) async fn explain(
    watch: &mut Watch<'_>,
    wallets: &[Wallet],
    followed: &[BlockRef],
    facts: &[(BlockRef, Shown)],
) -> Result<(), StageError> {
    let txids: Vec<[u8; 32]> =
        facts.iter().flat_map(|(_, shown)| shown.sent.iter().map(|sent| sent.txid)).collect();
    let ours = if txids.is_empty() {
        vec![]
    } else {
        watch.ports.store.attempts_by_txid(watch.id(), &txids).await?
    };
    let mut transfers: Vec<_> = ours.iter().map(|(_, transfer)| *transfer).collect();
    transfers.sort();
    transfers.dedup();
    let read: Vec<_> = facts.iter().map(|(block, _)| *block).chain(followed.iter().copied()).collect();
    inclusion::note(watch, &transfers, &read).await?;
    let mut unexplained: Vec<[u8; 32]> =
        txids.into_iter().filter(|txid| !ours.iter().any(|(known, _)| known == txid)).collect();
    unexplained.extend(facts.iter().flat_map(|(_, shown)| shown.drained.iter().map(|drain| drain.txid)));
    // What a restored store learned of its lost life from the signer's journal is ours, and explained by it (M17): unless
    // its withdrawal was told to have ended without it (M6).
    let lost = match unexplained.is_empty() {
        true => vec![],
        false => watch.ports.store.lost_txids(watch.id(), &unexplained).await?,
    };
    let of_lost = |txid: &[u8; 32]| lost.iter().find(|lost| lost.txid == *txid);
    let explained = |txid: &[u8; 32]| of_lost(txid).is_some_and(|lost| lost.unexplained().is_none());
    let known = |txid: &[u8; 32]| explained(txid) || ours.iter().any(|(ours, _)| ours == txid);
    let how = |txid: &[u8; 32]| of_lost(txid).and_then(LostTxid::unexplained);
    let mut found = Vec::new();
    for (block, shown) in facts {
        let told = |address, txid, nonce, what| {
            let wallet = wallets.iter().find(|wallet| wallet.address == address)?.id;
            Some(Found { wallet, txid, nonce, what, block: *block, told_by: shown.told_by.clone() })
        };
        found.extend(shown.sent.iter().filter(|sent| !known(&sent.txid)).filter_map(|sent| {
            let at = sent.nonce.map(|nonce| format!(" at nonce {nonce}")).unwrap_or_default();
            let txid = txid_text(&sent.txid);
            let what = match how(&sent.txid) {
                Some(how) => format!("transaction {txid}{at}, {how}"),
                None => format!("transaction {txid}{at} is not ours"),
            };
            told(sent.from, sent.txid, sent.nonce, what)
        }));
        found.extend(shown.drained.iter().filter(|drain| !explained(&drain.txid)).filter_map(|drain| {
            let how = how(&drain.txid).unwrap_or_else(|| "which is not ours".into());
            let what = format!("{} in transaction {}, {how}", drain.what, txid_text(&drain.txid));
            told(drain.wallet, drain.txid, None, what)
        }));
    }
    let addresses: Vec<_> = wallets.iter().map(|wallet| wallet.address).collect();
    sightings::run(watch, &addresses, found).await
}

fn joined(watch: &Watch<'_>, added: Vec<(BlockRef, [u8; 32])>) -> Change {
    let chain =
        ChainChange { chain: watch.id(), removed: vec![], added, finalized: None, pause: Pause::Unchanged };
    Change { chain: Some(chain), cause: Some(watch.cause("blocks")), ..Change::default() }
}
