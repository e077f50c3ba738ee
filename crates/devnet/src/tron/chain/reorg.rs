//! Another branch takes the place of the newest blocks.

use std::sync::Arc;

use super::{BLOCK_MS, Chain, Stalled, pool::Waiting};

/// What becomes of the transactions of the blocks that are taken back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They are in the first block of the new branch.
    Included,
    /// They wait, and the new branch has none of them yet.
    Pending,
    /// They are forgotten, by the pool too.
    Dropped,
}

impl Chain {
    /// Replaces the newest `depth` blocks by as many others and one more, which makes the new branch the longer one.
    /// The solid part stays: a greater depth replaces what is above it.
    pub(in crate::tron) fn reorg(&mut self, depth: u64, fate: Fate, wall_ms: i64) -> Result<u64, Stalled> {
        let depth = depth.min(self.head().number.saturating_sub(self.solid));
        let waiting = self.take_back(depth);
        self.branch = self.branch.wrapping_add(1);
        // What is ordered from outside is done on every branch.
        let (deeds, transactions): (Vec<Waiting>, Vec<Waiting>) =
            waiting.into_iter().partition(|one| matches!(one, Waiting::Deed(_)));
        deeds.into_iter().for_each(|deed| self.wait_again(deed));
        let mut later = Vec::new();
        match fate {
            Fate::Included => transactions.into_iter().for_each(|one| self.wait_again(one)),
            Fate::Pending => later = transactions,
            Fate::Dropped => {}
        }
        for _ in 0..=depth {
            // The other branch was made in the same slots, by other witnesses.
            let slot_ms = self.head.time_ms.saturating_add(BLOCK_MS);
            let time_ms = if self.setup.between_slots { self.next_time(wall_ms) } else { slot_ms };
            self.make(time_ms, wall_ms)?;
        }
        later.into_iter().for_each(|one| self.wait_again(one));
        Ok(depth)
    }

    /// Takes blocks back, and returns what was in them, and then what waits.
    pub(super) fn take_back(&mut self, depth: u64) -> Vec<Waiting> {
        let waiting = self.pool.take();
        self.state.undo();
        let mut undone = Vec::new();
        for _ in 0..depth {
            // The genesis block is solid and stays.
            let Some(below) = self.blocks.len().checked_sub(2).and_then(|at| self.blocks.get(at)) else {
                break;
            };
            self.head = Arc::clone(below);
            let Some(block) = self.blocks.pop_back() else { break };
            self.ids.pop_back();
            self.state.undo();
            for included in &block.included {
                self.index.remove(&included.tx.id);
                self.executed.remove(&(included.tx.expiration_ms, included.tx.id));
            }
            undone.push(block);
        }
        self.state.open();
        let blocks = undone.iter().rev().flat_map(|block| {
            let deeds = block.deeds.iter().cloned().map(Waiting::Deed);
            deeds.chain(block.included.iter().map(|one| Waiting::Tx(Arc::clone(&one.tx))))
        });
        blocks.chain(waiting).collect()
    }
}
