//! Whether blocks are still there.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use futures_util::future::join_all;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::ChainError;
use sluice_core::proof::Final;

use super::health::Crew;
use super::peer::{NodeError, Peer, Tag};
use super::quorum::{Dissent, Judge};

/// Headers asked for at once on one node.
const HEADERS_AT_ONCE: usize = 16;

impl<N: Peer + ?Sized> Crew<N> {
    pub(crate) async fn read_still_final(&self, blocks: &[BlockRef]) -> Result<Vec<Final<bool>>, ChainError> {
        if blocks.is_empty() {
            return Ok(Vec::new());
        }
        let head = self.final_head().await?;
        if let Some(above) = blocks.iter().find(|block| block.number > head.block.number) {
            // Finality itself is lower than it was: nothing can be said about what lies above it.
            let why = format!("the final block is #{}, below #{}", head.block.number, above.number);
            return Err(self.disagree(why));
        }
        let (count, top) = (blocks.len(), head.block);
        let judge = Judge { weigh: |_, _| Dissent::Lie, absence: |there: &bool| !there, lacks: |_| None };
        let ask = |node: Arc<N>| async move {
            let numbers = blocks.iter().map(|block| block.number).chain([top.number]).collect();
            let hashes = hashes(&*node, numbers).await?;
            // A node that has left the head, or lacks a block, cannot tell.
            let holds = hashes.get(&top.number) == Some(&top.hash);
            let told = |block: &BlockRef| {
                hashes.get(&block.number).filter(|_| holds).map(|hash| *hash == block.hash)
            };
            Ok(blocks.iter().map(told).collect())
        };
        // Whether a block that is gone had been final before is known to the caller alone.
        self.agree(&head, count, ask, &judge).await
    }
}

/// The hashes a node has at heights.
pub(crate) async fn hashes<N: Peer + ?Sized>(
    node: &N,
    numbers: BTreeSet<u64>,
) -> Result<BTreeMap<u64, [u8; 32]>, NodeError> {
    let numbers: Vec<u64> = numbers.into_iter().collect();
    let mut hashes = BTreeMap::new();
    for few in numbers.chunks(HEADERS_AT_ONCE) {
        let tops = join_all(few.iter().map(|number| node.top(Tag::Number(*number)))).await;
        for (number, top) in few.iter().zip(tops) {
            if let Some(top) = top? {
                hashes.insert(*number, top.block.hash);
            }
        }
    }
    Ok(hashes)
}
