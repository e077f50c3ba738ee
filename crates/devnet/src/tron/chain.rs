//! The chain: blocks on a clock, a pool before them, a solid part behind them, and the way back.
//!
//! The newest layer of the state always holds what waits in the pool, as a full node's does: an account shows its
//! balance after its own pending transactions. A block takes that layer back, executes what it has room for, and lets
//! the rest wait.

mod block;
mod clock;
mod deed;
mod pool;
mod reorg;
mod setup;
#[cfg(test)]
mod tests;

use std::{
    collections::{BTreeMap, VecDeque},
    sync::Arc,
};

pub(super) use block::{Block, BlockId, Included, id as block_id};
pub use clock::ClockKind;
pub(super) use deed::Deed;
pub use reorg::Fate;
pub(super) use setup::Setup;

use super::{
    execute::{self, Env, Receipt},
    key::Account as Signer,
    state::{Globals, State, Tether},
    tx::{Tx, Txid},
    view::View,
};
use clock::Clock;
use pool::Pool;

/// Milliseconds from block to block.
pub const BLOCK_MS: i64 = 3_000;
/// Blocks to which a transaction may refer.
const TAPOS_BLOCKS: u64 = 65_536;
/// Blocks that a chain has when it is first seen, at least.
const FIRST_BLOCKS: u64 = 2;
/// Witnesses take turns.
const WITNESSES: u32 = 27;
/// Layers that are kept below the solid block, for nodes that lag.
pub(super) const LAYERS_BELOW_SOLID: u64 = 256;
/// Blocks above the solid one; no further block is made until it moves on.
pub(super) const UNSOLID_MAX: u64 = 4_096;
/// What each known account begins with.
const GENESIS_BALANCE_SUN: i64 = 100_000_000_000_000;
/// What the bank has staked for energy, as a part of all stakes.
const BANK_STAKE_SUN: i64 = 1_000_000_000_000_000;

/// No block can be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{UNSOLID_MAX} blocks are not solid: let the chain become solid again before it can grow")]
pub struct Stalled;

/// A chain.
#[derive(Debug)]
pub(super) struct Chain {
    setup: Setup,
    witnesses: Vec<Signer>,
    state: State,
    /// The block whose changes layer 0 holds.
    first_layer: u64,
    head: Arc<Block>,
    /// The newest blocks, `head` among them.
    blocks: VecDeque<Arc<Block>>,
    /// The newest blocks' ids, also of blocks that are forgotten.
    ids: VecDeque<BlockId>,
    index: BTreeMap<Txid, (u64, usize)>,
    /// What was executed and could come again: it is a duplicate until it expires.
    executed: BTreeMap<(i64, Txid), ()>,
    pool: Pool,
    clock: Clock,
    solid: u64,
    stalled: bool,
    /// Sets blocks of another branch apart.
    branch: u32,
}

impl Chain {
    pub(super) fn new(setup: Setup) -> Self {
        let witnesses = (0..WITNESSES).map(|index| Signer::derived("witness", setup.seed, index)).collect();
        let interval = super::state::Params::default().get(super::state::Param::MaintenanceTimeInterval);
        let globals = Globals {
            bandwidth_weight_trx: setup.bandwidth_weight_trx,
            // The bank's part is added below.
            energy_weight_trx: setup.energy_weight_trx.saturating_sub(BANK_STAKE_SUN / super::state::SUN),
            cycle: 1,
            next_maintenance_ms: setup.genesis_ms.saturating_add(interval),
            tether: Tether {
                contract: Some(setup.token),
                owner: Some(setup.token_owner),
                factor: setup.factor,
                traffic: setup.traffic,
                cycle: 1,
                ..Tether::default()
            },
            ..Globals::default()
        };
        let mut state = State::new(globals);
        let start = Env { head_ms: setup.genesis_ms, head_slot: 0 };
        let mut token = super::state::Account::new(setup.token, setup.genesis_ms);
        token.is_contract = true;
        state.accounts.set(setup.token, Some(token));
        for address in &setup.accounts {
            Deed::Credit { to: *address, sun: GENESIS_BALANCE_SUN }.apply(&mut state, &start);
            Deed::Mint { to: *address, units: setup.units_each }.apply(&mut state, &start);
        }
        let bank = setup.bank;
        Deed::Credit { to: bank, sun: GENESIS_BALANCE_SUN }.apply(&mut state, &start);
        let stake =
            Deed::Stake { owner: bank, resource: super::state::Resource::Energy, sun: BANK_STAKE_SUN };
        stake.apply(&mut state, &start);
        let genesis = Arc::new(Block::genesis(setup.chain_id, setup.seed, setup.genesis_ms));
        let ids = VecDeque::from([genesis.id]);
        // The pool's layer.
        state.open();
        Self {
            clock: Clock::new(setup.clock, setup.genesis_ms),
            pool: Pool::new(setup.pool_max),
            witnesses,
            state,
            first_layer: 1,
            blocks: VecDeque::from([Arc::clone(&genesis)]),
            head: genesis,
            ids,
            index: BTreeMap::new(),
            executed: BTreeMap::new(),
            solid: 0,
            stalled: false,
            branch: 0,
            setup,
        }
    }

    pub(super) fn setup(&self) -> &Setup {
        &self.setup
    }

    // Time

    /// The simulator's time, given the machine's.
    pub(super) fn now_ms(&self, wall_ms: i64) -> i64 {
        self.clock.now_ms(wall_ms)
    }

    pub(super) fn advance(&mut self, ms: i64) {
        self.clock.advance(ms);
    }

    /// True if a block is due.
    pub(super) fn is_due(&self, wall_ms: i64) -> bool {
        self.now_ms(wall_ms) >= self.head().time_ms.saturating_add(BLOCK_MS)
    }

    // Blocks

    pub(super) fn head(&self) -> &Arc<Block> {
        &self.head
    }

    pub(super) fn solid(&self) -> u64 {
        self.solid
    }

    pub(super) fn block(&self, number: u64) -> Option<&Arc<Block>> {
        let first = self.blocks.front()?.number;
        self.blocks.get(usize::try_from(number.checked_sub(first)?).ok()?)
    }

    /// The id of a block, also of one whose content is forgotten.
    pub(super) fn id_of(&self, number: u64) -> Option<BlockId> {
        let back = usize::try_from(self.head().number.checked_sub(number)?).ok()?;
        self.ids.get(self.ids.len().checked_sub(back.checked_add(1)?)?).copied()
    }

    /// Where an executed transaction is.
    pub(super) fn included(&self, id: &Txid) -> Option<(&Arc<Block>, &Included)> {
        let (number, place) = self.index.get(id)?;
        let block = self.block(*number)?;
        Some((block, block.included.get(*place)?))
    }

    /// A transaction that waits, with what became of it when it was tried.
    pub(super) fn pending(&self, id: &Txid) -> Option<(&Arc<Tx>, &Receipt)> {
        self.pool.get(id)
    }

    /// Transactions and orders that wait.
    pub(super) fn waiting(&self) -> usize {
        self.pool.len()
    }

    pub(super) fn pending_ids(&self) -> impl Iterator<Item = &Txid> {
        self.pool.ids()
    }

    // State

    /// Slots of three seconds since the genesis block.
    fn slot_of(&self, time_ms: i64) -> i64 {
        time_ms.saturating_sub(self.setup.genesis_ms) / BLOCK_MS
    }

    fn env(&self) -> Env {
        let head_ms = self.head().time_ms;
        Env { head_ms, head_slot: self.slot_of(head_ms) }
    }

    /// The state with everything that waits.
    pub(super) fn newest(&self) -> View<'_> {
        let env = self.env();
        View::newest(&self.state, env.head_ms, env.head_slot)
    }

    /// The state after a block; after the oldest one that is known, if that is newer.
    pub(super) fn after(&self, number: u64) -> View<'_> {
        let layer = number.saturating_add(1).saturating_sub(self.first_layer);
        let layer = usize::try_from(layer).unwrap_or(usize::MAX);
        let time_ms = self.block(number).map_or(self.setup.genesis_ms, |block| block.time_ms);
        View::before(&self.state, layer, time_ms, self.slot_of(time_ms))
    }

    /// Checks a contract before a transaction is built of it.
    pub(super) fn check_contract(
        &mut self,
        schema: &super::schema::Schema,
        fields: &super::wire::Fields<'_>,
    ) -> Result<(), execute::Invalid> {
        let env = self.env();
        execute::check_contract(&mut self.state, &env, schema, fields)
    }

    // Mining

    /// Makes a few blocks before anybody looks, so that there is a solid one that transactions can refer to.
    pub(super) fn begin(&mut self, wall_ms: i64) -> Result<(), Stalled> {
        for _ in 0..FIRST_BLOCKS.max(self.setup.solid_lag.saturating_add(1)) {
            self.make(self.head.time_ms.saturating_add(BLOCK_MS), wall_ms)?;
        }
        Ok(())
    }

    /// Makes a block of what waits.
    pub(super) fn mine(&mut self, wall_ms: i64) -> Result<(), Stalled> {
        let time_ms = self.next_time(wall_ms);
        self.make(time_ms, wall_ms)
    }

    /// Makes a block of this time.
    fn make(&mut self, time_ms: i64, wall_ms: i64) -> Result<(), Stalled> {
        let parent = Arc::clone(self.head());
        if parent.number.saturating_sub(self.solid) >= UNSOLID_MAX {
            return Err(Stalled);
        }
        self.state.undo();
        self.state.open();
        let env = self.env();
        let (mut included, mut deeds, mut left) = (Vec::new(), Vec::new(), Vec::new());
        let mut bytes = 0_i64;
        for waiting in self.pool.take() {
            match waiting {
                pool::Waiting::Deed(deed) => {
                    deed.apply(&mut self.state, &env);
                    deeds.push(deed);
                }
                pool::Waiting::Tx(tx) => {
                    let sum = bytes.saturating_add(tx.size_bytes);
                    if sum > self.setup.block_bytes_max && !included.is_empty() {
                        left.push(pool::Waiting::Tx(tx));
                    } else if let Ok(receipt) = self.attempt(&env, &tx) {
                        bytes = sum;
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
        self.append(block);
        // Afterwards: what waits on is tried on the new head.
        self.state.open();
        for waiting in left {
            self.wait_again(waiting);
        }
        self.clock.reached(time_ms, wall_ms);
        self.forget();
        Ok(())
    }

    fn next_time(&self, wall_ms: i64) -> i64 {
        let head_ms = self.head().time_ms;
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
        let interval = globals.params.get(super::state::Param::MaintenanceTimeInterval).max(BLOCK_MS);
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

    // Finality

    /// From now on blocks become final, or none does any more.
    pub(super) fn stall(&mut self, stalled: bool) {
        self.stalled = stalled;
        if !stalled {
            self.solid = self.solid.max(self.head().number.saturating_sub(self.setup.solid_lag));
        }
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// How many blocks the solid one is behind the head from now on. It never goes back.
    pub(super) fn set_solid_lag(&mut self, blocks: u64) {
        self.setup.solid_lag = blocks.min(UNSOLID_MAX / 2);
        self.stall(self.stalled);
    }

    // What is not a transaction

    /// Does what no transaction can; it becomes part of the next block.
    pub(super) fn order(&mut self, deed: Deed) {
        let env = self.env();
        deed.apply(&mut self.state, &env);
        self.pool.push_deed(deed);
    }
}
