//! How a block comes about, and what is forgotten with it.

use std::sync::Arc;

use super::{
    super::journal::{Entries, Journal, Made, Unwritten},
    BLOCK_MS, Block, Chain, Included, LAYERS_BELOW_SOLID, Stalled, TAPOS_BLOCKS, UNSOLID_MAX, WITNESSES,
    Waiting,
};

/// Blocks that a chain has when it is first seen, at least.
const FIRST_BLOCKS: u64 = 2;

impl Chain {
    /// Makes a few blocks before anybody looks, so that there is a solid one that transactions can refer to. How many
    /// follows from how far final was behind when the chain began.
    pub(in crate::tron) fn begin(&mut self, first_lag: u64, wall_ms: i64) -> Result<(), Stalled> {
        while self.head.number < FIRST_BLOCKS.max(first_lag.saturating_add(1)) {
            self.make(self.head.time_ms.saturating_add(BLOCK_MS), wall_ms)?;
        }
        Ok(())
    }

    /// Makes a block of what waits.
    pub(in crate::tron) fn mine(&mut self, wall_ms: i64) -> Result<(), Stalled> {
        let time_ms = self.next_time(wall_ms);
        self.make(time_ms, wall_ms)
    }

    /// Makes a block of this time.
    pub(super) fn make(&mut self, time_ms: i64, wall_ms: i64) -> Result<(), Stalled> {
        let parent = Arc::clone(self.head());
        if parent.number.saturating_sub(self.solid) >= UNSOLID_MAX {
            return Err(Stalled::Unsolid);
        }
        if self.journal.as_ref().is_some_and(Journal::has_failed) {
            return Err(Stalled::Unwritten);
        }
        self.state.undo();
        self.state.open();
        let env = self.env();
        let (mut included, mut deeds, mut left) = (Vec::new(), Vec::new(), Vec::new());
        let mut bytes = 0_i64;
        let mut entries = self.journal.is_some().then(Entries::default);
        for waiting in self.pool.take() {
            match waiting {
                Waiting::Deed(deed) => {
                    deed.apply(&mut self.state, &env);
                    entries.iter_mut().for_each(|entries| entries.deed(&deed));
                    deeds.push(deed);
                }
                Waiting::Tx(tx) => {
                    let sum = bytes.saturating_add(tx.size_bytes);
                    if sum > self.setup.block_bytes_max && !included.is_empty() {
                        left.push(Waiting::Tx(tx));
                    } else if let Ok(receipt) = self.attempt(&env, &tx) {
                        bytes = sum;
                        entries.iter_mut().for_each(|entries| entries.tx(&tx));
                        included.push(Included { tx, receipt });
                    }
                }
            }
        }
        self.tick_maintenance(time_ms);
        let turn = self.slot_of(time_ms).cast_unsigned() % u64::from(WITNESSES);
        let turn = turn.saturating_add(u64::from(self.branch)) % u64::from(WITNESSES);
        let witness = usize::try_from(turn).ok().and_then(|turn| self.witnesses.get(turn));
        let block = Block::make(&parent, time_ms, witness, included, deeds);
        self.clock.reached(time_ms, wall_ms);
        if let (Some(journal), Some(entries)) = (&mut self.journal, entries) {
            let made = Made {
                number: block.number,
                time_ms,
                branch: self.branch,
                ahead_ms: self.clock.ahead_ms(),
                id_end: Made::end_of(&block.id),
                receipts: block.receipts(),
                entries: Vec::new(),
            };
            // Before anybody sees it. If that fails nobody is answered any more, and the next start has no such block.
            journal.add(&entries.finish(&made)).map_err(|Unwritten| Stalled::Unwritten)?;
        }
        self.append(block);
        // Afterwards: what waits on is tried on the new head.
        self.state.open();
        for waiting in left {
            self.wait_again(waiting);
        }
        self.forget();
        Ok(())
    }

    /// When the next block is made.
    pub(super) fn next_time(&self, wall_ms: i64) -> i64 {
        let head_ms = self.head().time_ms;
        if self.setup.between_slots {
            return self.now_ms(wall_ms).max(head_ms.saturating_add(1));
        }
        let slots = self.slot_of(self.now_ms(wall_ms)).max(self.slot_of(head_ms).saturating_add(1));
        self.setup.genesis_ms.saturating_add(slots.saturating_mul(BLOCK_MS))
    }

    fn append(&mut self, block: Block) {
        let number = block.number;
        for (place, included) in block.included.iter().enumerate() {
            self.index.insert(included.tx.id, (number, place));
            self.executed.insert((included.tx.expiration_ms, included.tx.id), ());
        }
        self.ids.push_back(block.id);
        self.head = Arc::new(block);
        self.blocks.push_back(Arc::clone(&self.head));
        if !self.stalled {
            self.solid = self.solid.max(number.saturating_sub(self.setup.solid_lag));
        }
    }

    fn tick_maintenance(&mut self, time_ms: i64) {
        let globals = self.state.globals();
        let interval = globals.params.get(super::super::state::Param::MaintenanceTimeInterval).max(BLOCK_MS);
        let behind = time_ms.saturating_sub(globals.next_maintenance_ms);
        if behind >= 0 {
            let periods = (behind / interval).saturating_add(1);
            self.state.change_globals(|globals| {
                globals.cycle = globals.cycle.saturating_add(periods);
                let next = globals.next_maintenance_ms.saturating_add(periods.saturating_mul(interval));
                globals.next_maintenance_ms = next;
            });
        }
    }

    /// Everything is bounded: layers, blocks, transactions, ids and what could be a duplicate.
    fn forget(&mut self) {
        let kept_from = self.solid.saturating_sub(LAYERS_BELOW_SOLID);
        while self.first_layer < kept_from && self.state.layers() > 1 {
            self.state.settle_oldest();
            self.first_layer = self.first_layer.saturating_add(1);
        }
        let solid = self.solid;
        let is_old = |block: &Arc<Block>| block.number < solid.saturating_sub(LAYERS_BELOW_SOLID);
        while (self.blocks.len() > self.setup.blocks_max || self.index.len() > self.setup.transactions_max)
            && self.blocks.front().is_some_and(is_old)
        {
            for included in self.blocks.pop_front().iter().flat_map(|block| &block.included) {
                self.index.remove(&included.tx.id);
            }
        }
        while self.ids.len() > usize::try_from(TAPOS_BLOCKS).unwrap_or(usize::MAX) {
            self.ids.pop_front();
        }
        // No branch has a head older than the solid block.
        let solid_ms = self.block(self.solid).map_or(self.setup.genesis_ms, |block| block.time_ms);
        while let Some(entry) = self.executed.first_entry() {
            if entry.key().0 > solid_ms {
                break;
            }
            entry.remove();
        }
    }
}
