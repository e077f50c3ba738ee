//! Transactions that are said to be nowhere: the blocks between the one each refers to and the first of its expiration. Those
//! within the range are read already; what lies before it is read beside it, each block the parent of the next.

use std::collections::{BTreeMap, BTreeSet};

use super::block::contradiction;
use super::read::{Scope, stands_on, there};
use crate::chain::Hash;
use crate::node::Node;
use crate::read::{ReadError, Run};

/// A block that was read beside the range.
struct Kept {
    block: crate::stand::Block,
    time_ms: u64,
    /// Which of the wanted are in it.
    holds: BTreeSet<Hash>,
}

/// The run that does not hold each of these whose life is told and is over.
pub(super) async fn absent(
    node: &Node,
    range: &Scope,
    nowhere: &BTreeSet<Hash>,
) -> Result<BTreeMap<Hash, Run>, ReadError> {
    let (first, last) = (range.opening.block, range.closing.block);
    let mut kept: BTreeMap<u64, Kept> = BTreeMap::new();
    let mut runs = BTreeMap::new();
    for (txid, life) in range.lives.iter().filter(|(txid, _)| nowhere.contains(*txid)) {
        if life.expires_at_ms > range.closing_ms || life.reference > last.number {
            continue; // It may still come.
        }
        if life.reference >= first.number {
            runs.insert(*txid, Run { above: first.number, last: last.number, last_ms: range.closing_ms });
            continue;
        }
        let mut number = life.reference;
        let run = loop {
            if !kept.contains_key(&number) {
                let max = range.bounds.blocks_max;
                let read = kept.len() as u64 + (last.number - first.number);
                if read >= max {
                    return Err(ReadError::TooLong { blocks: read + 1, max });
                }
                kept.insert(
                    number,
                    one(node, number, number.checked_sub(1).and_then(|it| kept.get(&it)), nowhere).await?,
                );
            }
            let Some(here) = kept.get(&number) else {
                return Err(contradiction(node, format!("block {number} is gone")));
            };
            // It refers to a block that was there: it is in one above.
            if number > life.reference && here.holds.contains(txid) {
                let what = format!("block {number} holds {txid}, and it has no receipt");
                return Err(contradiction(node, what));
            }
            if here.time_ms >= life.expires_at_ms {
                break Run { above: life.reference, last: number, last_ms: here.time_ms };
            }
            if number == first.number {
                if here.block != first {
                    return Err(contradiction(node, format!("block {number} is not the one of the opening")));
                }
                break Run { above: life.reference, last: last.number, last_ms: range.closing_ms };
            }
            number += 1;
        };
        runs.insert(*txid, run);
    }
    Ok(runs)
}

/// Reads a block, which must stand on the one below where that was read.
async fn one(
    node: &Node,
    number: u64,
    below: Option<&Kept>,
    wanted: &BTreeSet<Hash>,
) -> Result<Kept, ReadError> {
    let whole = there(node, number).await?;
    if let Some(below) = below {
        stands_on(node, below.block, &whole)?;
    }
    let holds =
        whole.transactions.iter().map(|(asked, _)| asked.txid).filter(|it| wanted.contains(it)).collect();
    Ok(Kept { block: whole.header.block, time_ms: whole.header.time_ms, holds })
}
