//! The chain: production of blocks, execution, finality, and blocks that leave.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::Heard;

use super::block::{Accounts, Block, Event, Executed, Tx, hash, words};
use super::pool::Rules;
use super::token::{Call, Issuer, parse};
use super::view::NodeState;
use crate::rng::Rng;

/// Gas of a token transfer.
pub const TRANSFER_GAS: u64 = 52_000;
/// Gas of a plain native transfer.
pub const PLAIN_GAS: u64 = 21_000;
/// Gas a reverting transfer burns.
const REVERT_GAS: u64 = 31_000;

/// What makes a slot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// An account nonce.
    Nonce,
    /// A transaction that expires.
    Expiry,
}

/// How a chain behaves.
#[derive(Clone, Debug)]
pub struct Terms {
    /// What makes a slot.
    pub shape: Shape,
    /// CAIP-2 reference.
    pub chain_id: u64,
    /// The token contract.
    pub token: EvmAddress,
    /// Blocks the final head lags behind the latest.
    pub finality_lag: u64,
    /// Least tip of every pool, wei.
    pub tip_floor_wei: u128,
    /// Usual base fee, wei.
    pub base_fee_wei: u128,
    /// Transactions a block holds.
    pub block_room: usize,
    /// Chance that a producer takes a transaction that it could take, permille.
    pub taken_permille: u64,
    /// Chance that a waiting transaction reaches another node between two blocks, permille.
    pub gossip_permille: u64,
    /// Chance that a node takes a transaction of a block that left back into its pool, permille.
    pub returned_permille: u64,
}

/// One chain and the nodes that follow it.
pub struct Chain {
    /// How it behaves.
    pub terms: Terms,
    /// The canonical chain, from genesis.
    pub blocks: Vec<Arc<Block>>,
    /// Blocks that left, by hash: a node that lags may still show them.
    pub left: BTreeMap<[u8; 32], Arc<Block>>,
    /// What the token's issuer has decided.
    pub issuer: Issuer,
    /// The nodes.
    pub nodes: Vec<NodeState>,
    /// Base fee of the next block is pushed towards this, wei; a spike raises it for a while.
    pub fee_target_wei: u128,
    /// Finality stands still while set.
    pub finality_stalled: bool,
    /// Transfers that moved something else than they say on any branch, by hash: who sent them, and whether they do so where
    /// they were executed last.
    pub differed: BTreeMap<[u8; 32], (EvmAddress, bool)>,
    finalized: u64,
    /// What was final up to this height has left: finality comes back there a block at a time, and now and then stands.
    regrows: Option<u64>,
    luck: Rng,
    decoded: BTreeMap<[u8; 32], Arc<Tx>>,
}

impl Chain {
    /// A chain with a genesis block.
    pub fn new(terms: Terms, accounts: Accounts, nodes: Vec<NodeState>, time_s: i64, luck: Rng) -> Self {
        let id = BlockRef { number: 0, hash: hash([terms.chain_id]) };
        let base_fee_wei = terms.base_fee_wei;
        let genesis =
            Block { id, parent: [0; 32], time_s, base_fee_wei, txs: vec![], after: Arc::new(accounts) };
        Self {
            fee_target_wei: terms.base_fee_wei,
            terms,
            blocks: vec![Arc::new(genesis)],
            left: BTreeMap::new(),
            issuer: Issuer::default(),
            nodes,
            finality_stalled: false,
            differed: BTreeMap::new(),
            finalized: 0,
            regrows: None,
            luck,
            decoded: BTreeMap::new(),
        }
    }

    /// The latest block.
    pub fn head(&self) -> &Arc<Block> {
        // There is always a genesis block: `reorg` keeps it.
        &self.blocks[self.blocks.len() - 1]
    }

    /// Height of the final head.
    pub const fn finalized(&self) -> u64 {
        self.finalized
    }

    /// The canonical block at a height.
    pub fn at(&self, number: u64) -> Option<&Arc<Block>> {
        usize::try_from(number).ok().and_then(|index| self.blocks.get(index))
    }

    /// What these bytes are; bytes are decoded once, however many nodes they reach.
    pub fn decode(&mut self, raw: &[u8], decode: impl FnOnce(&[u8]) -> Option<Tx>) -> Option<Arc<Tx>> {
        let key = hash(
            raw.chunks(8).map(|eight| eight.iter().fold(0, |word, byte| (word << 8) | u64::from(*byte))),
        );
        if let Some(tx) = self.decoded.get(&key) {
            return Some(Arc::clone(tx));
        }
        let tx = Arc::new(decode(raw)?);
        self.decoded.insert(key, Arc::clone(&tx));
        Some(tx)
    }

    /// A transaction that some node has seen.
    pub fn known(&self, txid: &[u8; 32]) -> Option<Arc<Tx>> {
        self.decoded.values().find(|tx| tx.hash == *txid).cloned()
    }

    /// Bytes reach a node.
    pub fn offer(&mut self, node: usize, tx: &Arc<Tx>) -> Heard {
        let accounts = Arc::clone(&self.head().after);
        let tip_floor_wei = self.terms.tip_floor_wei;
        let head_ms = self.head().time_ms();
        let leans = tx.validity.as_ref().is_some_and(|it| self.leans_on(it.tapos));
        let Some(node) = self.nodes.get_mut(node) else { return Heard::Unclear("no such node".into()) };
        if tx.validity.is_some() {
            return node.pool.offer_loose(tx, &accounts, head_ms, leans);
        }
        node.pool.offer(tx, &accounts, Rules { tip_floor_wei, refuses_gaps: node.refuses_gaps })
    }

    /// Whether a block that a transaction leans on is on the canonical chain.
    fn leans_on(&self, tapos: ([u8; 2], [u8; 8])) -> bool {
        self.blocks.iter().rev().any(|block| block.tapos() == tapos)
    }

    /// Adds a block of what waits in the pools.
    pub fn produce(&mut self, time_s: i64) -> &Arc<Block> {
        self.gossip();
        self.move_fee();
        let salt = self.luck.bits();
        let (txs, after) = match self.terms.shape {
            Shape::Nonce => self.execute(),
            Shape::Expiry => expiry::execute(self),
        };
        for done in &txs {
            let differs = differs(done);
            // One that is in another block now may do there what it was made for, or nothing.
            if differs || self.differed.contains_key(&done.tx.hash) {
                self.differed.insert(done.tx.hash, (done.tx.from, differs));
            }
        }
        let parent = self.head();
        let number = parent.id.number + 1;
        let mut id = BlockRef {
            number,
            hash: hash(
                words(&parent.id.hash)
                    .chain([number, salt])
                    .chain(txs.iter().flat_map(|done| words(&done.tx.hash))),
            ),
        };
        if self.terms.shape == Shape::Expiry {
            // The id of a block on TRON begins with its height.
            id.hash[..8].copy_from_slice(&number.to_be_bytes());
        }
        // Chains with blocks faster than a second share one.
        let time_s = time_s.max(parent.time_s);
        let block = Block { id, parent: parent.id.hash, time_s, base_fee_wei: self.next_fee(), txs, after };
        self.nodes.iter_mut().for_each(|node| node.forge(&self.blocks, self.finalized));
        self.blocks.push(Arc::new(block));
        self.finalize(number);
        let (accounts, head_ms) = (Arc::clone(&self.head().after), self.head().time_ms());
        for node in &mut self.nodes {
            node.pool.settle(&accounts, head_ms);
        }
        self.head()
    }

    /// The final head follows the latest; after a reversal slowly, until it is where it had been.
    fn finalize(&mut self, latest: u64) {
        let target = latest.saturating_sub(self.terms.finality_lag);
        if self.finality_stalled || target <= self.finalized {
            return;
        }
        match self.regrows {
            Some(_) if !self.luck.chance(400) => {}
            Some(until) => {
                self.finalized += 1;
                self.regrows = Some(until).filter(|until| self.finalized < *until);
            }
            None => self.finalized = target,
        }
    }

    /// The last `depth` blocks leave and `depth + 1` others take their place. Transactions of the blocks that left are
    /// back in some pools, not all. Nodes in `stuck` keep showing the branch that lost until they are told otherwise.
    pub fn reorg(&mut self, depth: u64, time_s: i64, stuck: &[usize]) {
        let keep = self.blocks.len().saturating_sub(usize::try_from(depth).unwrap_or(usize::MAX)).max(1);
        let lost: Vec<Arc<Block>> = self.blocks[keep..].to_vec();
        for node in stuck {
            let view = (self.blocks.clone(), self.finalized);
            if let Some(node) = self.nodes.get_mut(*node) {
                node.stuck = Some(view);
            }
        }
        self.blocks.truncate(keep);
        let fork = self.head().id.number;
        if fork < self.finalized {
            self.regrows = self.regrows.max(Some(self.finalized));
            self.finalized = fork;
        }
        for tx in lost.iter().flat_map(|block| &block.txs).map(|done| &done.tx) {
            for node in 0..self.nodes.len() {
                if self.luck.chance(self.terms.returned_permille) {
                    // What a pool says to a transaction that nobody sent it is heard by nobody.
                    let _heard = self.offer(node, tx);
                }
            }
        }
        // What takes the place of final blocks is not final at once.
        let stalled = self.finality_stalled;
        self.finality_stalled |= self.regrows.is_some();
        let count = lost.len() as u64 + 1;
        for block in lost {
            self.left.insert(block.id.hash, block);
        }
        for _ in 0..count {
            self.produce(time_s);
        }
        self.finality_stalled = stalled;
    }

    fn gossip(&mut self) {
        let all: BTreeMap<[u8; 32], Arc<Tx>> =
            self.nodes.iter().flat_map(|node| node.pool.all()).map(|tx| (tx.hash, Arc::clone(tx))).collect();
        let mut in_order: Vec<&Arc<Tx>> = all.values().collect();
        in_order.sort_by_key(|tx| (tx.from, tx.nonce, tx.hash));
        for tx in in_order {
            for node in 0..self.nodes.len() {
                if !self.nodes[node].pool.has(tx) && self.luck.chance(self.terms.gossip_permille) {
                    let _heard = self.offer(node, tx);
                }
            }
        }
    }

    const fn next_fee(&self) -> u128 {
        self.fee_target_wei
    }

    fn move_fee(&mut self) {
        // A step of at most an eighth, as EIP-1559 has it, towards where the market is pushed, with some noise.
        let usual = self.terms.base_fee_wei;
        let noise = usual / 16 * u128::from(self.luck.below(3));
        let pull = self.fee_target_wei.abs_diff(usual) / 8;
        self.fee_target_wei =
            if self.fee_target_wei > usual { self.fee_target_wei - pull } else { self.fee_target_wei + pull };
        self.fee_target_wei = (self.fee_target_wei + noise).saturating_sub(usual / 16).max(1);
    }

    fn execute(&mut self) -> (Vec<Executed>, Arc<Accounts>) {
        let before = Arc::clone(&self.head().after);
        let base_fee_wei = self.next_fee();
        let mut senders: Vec<EvmAddress> = self.nodes.iter().flat_map(|node| node.pool.senders()).collect();
        senders.sort();
        senders.dedup();
        let mut accounts: Option<Accounts> = None;
        let mut done = vec![];
        for sender in senders {
            while done.len() < self.terms.block_room {
                let state = accounts.as_ref().unwrap_or(&before);
                let next = state.nonces.get(&sender).copied().unwrap_or(0);
                let fits = |tx: &&Arc<Tx>| {
                    tx.effective_tip(base_fee_wei).is_some_and(|tip| tip >= self.terms.tip_floor_wei)
                };
                let mut offers: Vec<Arc<Tx>> = self
                    .nodes
                    .iter()
                    .filter_map(|node| node.pool.at(sender, next))
                    .filter(fits)
                    .cloned()
                    .collect();
                offers.dedup_by_key(|tx| tx.hash);
                // Different nodes may hold different attempts of one nonce: any of them can win.
                let Some(tx) = self.luck.pick(&offers).cloned() else { break };
                if !self.luck.chance(self.terms.taken_permille) {
                    break;
                }
                let state = accounts.get_or_insert_with(|| (*before).clone());
                if state.native.get(&sender).copied().unwrap_or(0) < tx.worst_wei() {
                    break;
                }
                let index = done.len() as u64;
                done.push(apply(state, &self.issuer, self.terms.token, tx, base_fee_wei, index));
            }
        }
        (done, accounts.map_or(before, Arc::new))
    }
}

/// Whether it moved something else than it says.
fn differs(done: &Executed) -> bool {
    match (&done.event, parse(&done.tx.data)) {
        (Some(event), Some(Call::Transfer(_, atoms))) => event.atoms != atoms,
        _ => false,
    }
}

fn apply(
    state: &mut Accounts,
    issuer: &Issuer,
    token: EvmAddress,
    tx: Arc<Tx>,
    base_fee_wei: u128,
    index: u64,
) -> Executed {
    let price_wei = base_fee_wei + tx.effective_tip(base_fee_wei).unwrap_or(0);
    *state.nonces.entry(tx.from).or_default() += 1;
    let (success, gas_used, event) = if tx.to == token {
        let outcome = if tx.gas_limit < TRANSFER_GAS || tx.value_wei != 0 {
            Err("out of gas")
        } else {
            state.token.call(issuer, tx.from, &tx.data)
        };
        match (outcome, parse(&tx.data)) {
            (Ok(_), Some(Call::Transfer(to, atoms))) => {
                let atoms = issuer.moves(to, atoms);
                let event = Event { index, token, from: tx.from, to, atoms };
                (true, TRANSFER_GAS, Some(event))
            }
            (Ok(_), _) => (true, TRANSFER_GAS, None),
            (Err(_), _) => (false, REVERT_GAS.min(tx.gas_limit), None),
        }
    } else {
        let has = state.native.entry(tx.from).or_default();
        *has = has.saturating_sub(tx.value_wei);
        *state.native.entry(tx.to).or_default() += tx.value_wei;
        (true, PLAIN_GAS, None)
    };
    let fee = u128::from(gas_used) * price_wei;
    let has = state.native.entry(tx.from).or_default();
    *has = has.saturating_sub(fee);
    Executed { tx, success, gas_used, price_wei, event, starved: false }
}

pub mod expiry;

#[cfg(test)]
mod tests;
