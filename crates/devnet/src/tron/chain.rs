//! The chain: blocks on a clock, a pool before them, a solid part behind them, and the way back.
//!
//! The newest layer of the state always holds what waits in the pool, as a full node's does: an account shows its
//! balance after its own pending transactions. A block takes that layer back, executes what it has room for, and lets
//! the rest wait.

mod block;
mod clock;
mod deed;
mod mine;
mod pool;
mod reorg;
mod replay;
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
pub(super) use pool::Waiting;
pub use reorg::Fate;
pub(super) use setup::Setup;

use super::{
    execute::{self, Env, Receipt},
    journal::{Journal, Orders},
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
pub enum Stalled {
    /// Too many are not solid.
    #[error("{UNSOLID_MAX} blocks are not solid: let the chain become solid again before it can grow")]
    Unsolid,
    /// The file that the chain is kept in cannot be written.
    #[error("the file that the chain is kept in cannot be written any more, so the chain has ended")]
    Unwritten,
}

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
    /// Where it is kept, if anywhere.
    journal: Option<Journal>,
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
            journal: None,
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
        let mut clock = self.clock;
        clock.advance(ms);
        self.ordered(Orders { ahead_ms: clock.ahead_ms(), ..self.orders() });
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

    // Finality

    /// From now on blocks become final, or none does any more.
    pub(super) fn stall(&mut self, stalled: bool) {
        self.ordered(Orders { stalled, ..self.orders() });
    }

    pub(super) fn is_stalled(&self) -> bool {
        self.stalled
    }

    /// How many blocks the solid one is behind the head from now on. It never goes back.
    pub(super) fn set_solid_lag(&mut self, blocks: u64) {
        self.ordered(Orders { solid_lag: blocks.min(UNSOLID_MAX / 2), ..self.orders() });
    }

    // What is not a transaction

    /// Does what no transaction can; it becomes part of the next block.
    pub(super) fn order(&mut self, deed: Deed) {
        let env = self.env();
        deed.apply(&mut self.state, &env);
        self.pool.push_deed(deed);
    }
}
