//! Solid blocks from where a transaction's life begins to where it has ended: the one proof that it is nowhere (M4).
//!
//! One node reads them, each the parent of the next, and looks for ids made of the bytes it shows. That node may leave a
//! transaction out, so its run counts only beside an equal one of another operator.

use std::collections::{BTreeMap, BTreeSet};

use sluice_core::attempt::TronTerms;
use sluice_core::chain::BlockRef;
use sluice_core::proof::{NotDead, SCAN_BLOCKS_MAX, Scan, ScannedBlock};

use super::node::{Header, Node, NodeError, Tx};

/// Blocks in one answer. A busy one is some 300 kB of JSON, and an answer has a few seconds to arrive.
const PAGE: u64 = 10;
/// Blocks that one look reads at most. Of a transaction that lives longer nothing is proven; none is made.
const BLOCKS_MAX: usize = SCAN_BLOCKS_MAX as usize;

/// What a node's run says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Run {
    /// It is in none of them.
    Absent(Scan),
    /// It is in the block at this height.
    Holds(u64),
    /// Nothing: the run is broken, or longer than is read at once.
    Unsure,
}

/// A block, as much as is kept of it.
struct Kept {
    header: Header,
    holds: Vec<[u8; 32]>,
}

/// Looks for transactions from the reference block of each to the first block of its expiration, below `head`. Blocks that
/// several lives share are read once.
pub(super) async fn runs(
    node: &dyn Node,
    wanted: &[([u8; 32], TronTerms)],
    head: BlockRef,
) -> Result<Vec<Run>, NodeError> {
    let ids: BTreeSet<[u8; 32]> = wanted.iter().map(|(txid, _)| *txid).collect();
    let mut kept: BTreeMap<u64, Kept> = BTreeMap::new();
    let mut order: Vec<usize> = (0..wanted.len()).collect();
    // The oldest first: what one look leaves over, the next one reads.
    order.sort_by_key(|place| wanted.get(*place).map(|(_, terms)| terms.reference.number));
    let mut runs = vec![Run::Unsure; wanted.len()];
    for place in order {
        let Some((txid, terms)) = wanted.get(place) else { continue };
        let run = run(node, *txid, terms, head, &ids, &mut kept).await?;
        if let Some(slot) = runs.get_mut(place) {
            *slot = run;
        }
    }
    Ok(runs)
}

async fn run(
    node: &dyn Node,
    txid: [u8; 32],
    terms: &TronTerms,
    head: BlockRef,
    ids: &BTreeSet<[u8; 32]>,
    kept: &mut BTreeMap<u64, Kept>,
) -> Result<Run, NodeError> {
    let mut scanned = Vec::new();
    let mut number = terms.reference.number;
    loop {
        if number > head.number {
            return Ok(Run::Unsure);
        }
        if !kept.contains_key(&number)
            && (kept.len() >= BLOCKS_MAX || !read_page(node, number, head, ids, kept).await?)
        {
            return Ok(Run::Unsure);
        }
        let Some(Kept { header, holds }) = kept.get(&number) else { return Ok(Run::Unsure) };
        let contains = holds.contains(&txid);
        if contains {
            return Ok(Run::Holds(number));
        }
        let (block, parent, time_ms) = (header.block, header.parent, header.time_ms);
        scanned.push(ScannedBlock { block, parent, time_ms, contains });
        if time_ms >= terms.expires_at_ms {
            return Ok(match Scan::of(scanned) {
                Ok(scan) => Run::Absent(scan),
                Err(
                    NotDead::ScanBroken
                    | NotDead::StillValid
                    | NotDead::NotConsumedByUs
                    | NotDead::NotTaken
                    | NotDead::NotDeepEnough { .. },
                ) => Run::Unsure,
            });
        }
        number = number.saturating_add(1);
    }
}

/// Reads blocks from a height on. `false`: the node does not show the block there.
async fn read_page(
    node: &dyn Node,
    from: u64,
    head: BlockRef,
    ids: &BTreeSet<[u8; 32]>,
    kept: &mut BTreeMap<u64, Kept>,
) -> Result<bool, NodeError> {
    let count = head.number.saturating_sub(from).saturating_add(1).min(PAGE);
    let blocks = node.blocks(from, count).await?;
    if u64::try_from(blocks.len()).unwrap_or(u64::MAX) > count {
        return Err(NodeError::Nonsense(format!("{} blocks for {count} asked", blocks.len())));
    }
    for (number, block) in (from..).zip(blocks) {
        if block.header.block.number != number {
            return Err(NodeError::Nonsense(format!("block #{} for #{number}", block.header.block.number)));
        }
        let holds = block.transactions.iter().map(Tx::txid).filter(|txid| ids.contains(txid)).collect();
        kept.insert(number, Kept { header: block.header, holds });
    }
    Ok(kept.contains_key(&from))
}
