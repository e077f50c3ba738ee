//! What one node shows of the chain: late, stuck on a branch that lost, down, or lying.

use std::sync::Arc;

use sluice_core::chain::BlockRef;

use super::block::{Block, hash, words};
use super::chain::Chain;
use super::pool::Pool;

/// How a node lies. One operator may; the others must win (M4, M16).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Lie {
    /// Answers every receipt question with a success, complete with the log that was hoped for.
    FakeReceipt,
    /// Has never seen any transaction.
    NullReceipt,
    /// Shows a head that is many blocks old, as if it were the latest.
    StaleHead,
    /// Shows nonces that are too high by one.
    WrongNonce,
    /// Shows another hash for the final block.
    WrongFinalizedHash,
    /// Says it took bytes, and drops them.
    SwallowsBytes,
    /// Gives no answer to bytes, and drops them.
    LosesBytes,
    /// Says the nonce was consumed, whatever is sent.
    RefusesBytes,
    /// Shows, in every block, a transfer out of a wallet that never was.
    FalseStranger,
    /// Shows empty blocks of its own, linked and as high as the others'; what it calls final is true, and a little old.
    OwnFork,
    /// The same, and many blocks higher than the others'.
    InflatedHead,
    /// Leaves every transaction out of its blocks, has no receipts, and counts none for the latest block.
    HiddenTransactions,
    /// Shows true receipts, in a block that nobody has.
    ForgedBlock,
}

impl Lie {
    /// All of them.
    pub const ALL: [Self; 13] = [
        Self::FakeReceipt,
        Self::NullReceipt,
        Self::StaleHead,
        Self::WrongNonce,
        Self::WrongFinalizedHash,
        Self::SwallowsBytes,
        Self::LosesBytes,
        Self::RefusesBytes,
        Self::FalseStranger,
        Self::OwnFork,
        Self::InflatedHead,
        Self::HiddenTransactions,
        Self::ForgedBlock,
    ];

    /// The name in coverage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::FakeReceipt => "fake_receipt",
            Self::NullReceipt => "null_receipt",
            Self::StaleHead => "stale_head",
            Self::WrongNonce => "wrong_nonce",
            Self::WrongFinalizedHash => "wrong_finalized_hash",
            Self::SwallowsBytes => "swallows_bytes",
            Self::LosesBytes => "loses_bytes",
            Self::RefusesBytes => "refuses_bytes",
            Self::FalseStranger => "false_stranger",
            Self::OwnFork => "own_fork",
            Self::InflatedHead => "inflated_head",
            Self::HiddenTransactions => "hidden_transactions",
            Self::ForgedBlock => "forged_block",
        }
    }
}

/// Blocks a stale head lags.
const STALE_BLOCKS: u64 = 12;

/// Blocks an inflated head is ahead: more than a watcher remembers.
const INFLATED_BLOCKS: u64 = 200;

/// One node.
#[derive(Clone, Debug)]
pub struct NodeState {
    /// `operator/host`.
    pub name: String,
    /// Who runs it.
    pub operator: String,
    /// What waits here.
    pub pool: Pool,
    /// A transaction whose predecessor is missing is refused, not queued.
    pub refuses_gaps: bool,
    /// Blocks it is behind.
    pub lag: u64,
    /// Answers nothing.
    pub down: bool,
    /// What it lies about.
    pub lie: Option<Lie>,
    /// The branch it is stuck on, with the height that was final when it got stuck.
    pub stuck: Option<(Vec<Arc<Block>>, u64)>,
}

impl NodeState {
    /// An honest node.
    pub fn new(name: &str, operator: &str) -> Self {
        Self {
            name: name.into(),
            operator: operator.into(),
            pool: Pool::default(),
            refuses_gaps: false,
            lag: 0,
            down: false,
            lie: None,
            stuck: None,
        }
    }

    /// Blocks of its own, where it lies about them, on the branch it was on when it began; up to the others' height.
    pub(super) fn forge(&mut self, chain: &[Arc<Block>], finalized: u64) {
        let ahead = match self.lie {
            Some(Lie::OwnFork) => 0,
            Some(Lie::InflatedHead) => INFLATED_BLOCKS,
            _ => return,
        };
        let (branch, _) = self.stuck.get_or_insert_with(|| (chain.to_vec(), finalized));
        let height = chain.last().map_or(0, |head| head.id.number) + 1 + ahead;
        while let Some(head) = branch.last().filter(|head| head.id.number < height) {
            let number = head.id.number + 1;
            let id = BlockRef { number, hash: hash(words(&head.id.hash).chain([number, 0xf0])) };
            let block = Block { id, parent: head.id.hash, txs: vec![], ..Block::clone(head) };
            branch.push(Arc::new(block));
        }
    }
}

/// The chain as a node shows it.
pub struct View<'a> {
    chain: &'a Chain,
    node: &'a NodeState,
    blocks: &'a [Arc<Block>],
    finalized: u64,
}

impl Chain {
    /// The chain as a node shows it.
    pub fn view(&self, node: usize) -> Option<View<'_>> {
        let node = self.nodes.get(node)?;
        let (all, finalized) = match &node.stuck {
            Some((branch, finalized)) => (branch, *finalized),
            None => (&self.blocks, self.finalized()),
        };
        let stale = if node.lie == Some(Lie::StaleHead) { STALE_BLOCKS } else { 0 };
        let hidden = usize::try_from(node.lag.max(stale)).unwrap_or(usize::MAX);
        let shown = all.len().saturating_sub(hidden).max(1);
        Some(View { chain: self, node, blocks: &all[..shown], finalized })
    }
}

impl<'a> View<'a> {
    /// The node.
    pub const fn node(&self) -> &'a NodeState {
        self.node
    }

    /// Its latest block.
    pub fn head(&self) -> &'a Arc<Block> {
        &self.blocks[self.blocks.len() - 1]
    }

    /// Its block at a height.
    pub fn at(&self, number: u64) -> Option<&'a Arc<Block>> {
        self.blocks.get(usize::try_from(number).ok()?)
    }

    /// Its final block.
    pub fn finalized(&self) -> Option<&'a Arc<Block>> {
        let number = self.finalized.min(self.head().id.number);
        (number > 0).then(|| self.at(number)).flatten()
    }

    /// A canonical block by hash.
    pub fn canonical(&self, hash: &[u8; 32]) -> Option<&'a Arc<Block>> {
        // Questions are about recent blocks.
        self.blocks.iter().rev().find(|block| block.id.hash == *hash)
    }

    /// A block by hash, canonical or not.
    pub fn any(&self, hash: &[u8; 32]) -> Option<&'a Arc<Block>> {
        self.canonical(hash).or_else(|| self.chain.left.get(hash))
    }

    /// Where a transaction is, with what it did and its first log index.
    pub fn find(&self, txid: &[u8; 32]) -> Option<(&'a Arc<Block>, &'a super::block::Executed)> {
        self.blocks
            .iter()
            .rev()
            .find_map(|block| block.txs.iter().find(|done| done.tx.hash == *txid).map(|done| (block, done)))
    }

    /// A hash that is not the block's.
    pub fn forged(&self, of: BlockRef) -> BlockRef {
        let mut hash = of.hash;
        hash[0] ^= 0xff;
        BlockRef { number: of.number, hash }
    }
}
