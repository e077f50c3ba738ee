//! One chain seen by several nodes: each may lag behind, stand on another branch, or have no history.

use std::sync::Arc;

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::{
    chain::{Block, BlockId, Chain, Included},
    tx::Txid,
    view::View,
};

/// Transactions that a branch of its own has at most; further ones are lost.
const BRANCH_TRANSACTIONS_MAX: usize = 1_000;

/// A branch that one node alone stands on: above `at` its blocks are others, and what is offered to it goes there.
#[derive(Debug, Clone, Default)]
pub(super) struct Branch {
    /// The last block it shares with everybody.
    pub(super) at: u64,
    /// What is in its own blocks, by their numbers.
    pub(super) included: Vec<(u64, Included)>,
}

/// What sets a node apart.
#[derive(Debug, Clone, Default)]
pub(super) struct Peculiarity {
    /// Blocks that it does not know yet.
    pub(super) lag: u64,
    /// It knows no history, and says so.
    pub(super) lite: bool,
    pub(super) branch: Option<Branch>,
}

/// The chain as one node knows it.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) chain: &'a Chain,
    peculiarity: &'a Peculiarity,
    /// Asked for what is solid alone.
    pub(super) solid_only: bool,
}

/// A block as one node knows it.
#[derive(Debug)]
pub(super) enum Seen<'a> {
    /// One of the chain's.
    Shared(&'a Arc<Block>),
    /// One of the node's own branch.
    Own { number: u64, id: BlockId, parent: BlockId, time_ms: i64, included: Vec<&'a Included> },
}

impl<'a> Node<'a> {
    pub(super) fn new(chain: &'a Chain, peculiarity: &'a Peculiarity, solid_only: bool) -> Self {
        Self { chain, peculiarity, solid_only }
    }

    /// The newest block it knows, solid or not.
    pub(super) fn head_number(&self) -> u64 {
        self.chain.head().number.saturating_sub(self.peculiarity.lag)
    }

    /// The newest block it takes for final.
    pub(super) fn solid_number(&self) -> u64 {
        let solid = self.chain.solid().min(self.head_number());
        self.peculiarity.branch.as_ref().map_or(solid, |branch| solid.min(branch.at))
    }

    /// The newest block it tells of.
    pub(super) fn newest_number(&self) -> u64 {
        if self.solid_only { self.solid_number() } else { self.head_number() }
    }

    fn own_from(&self) -> u64 {
        self.peculiarity.branch.as_ref().map_or(u64::MAX, |branch| branch.at.saturating_add(1))
    }

    /// The state that questions are answered from.
    pub(super) fn view(&self) -> View<'a> {
        let newest = self.newest_number().min(self.own_from().saturating_sub(1));
        if newest == self.chain.head().number && !self.solid_only {
            return self.chain.newest();
        }
        self.chain.after(newest)
    }

    pub(super) fn block(&self, number: u64) -> Option<Seen<'a>> {
        if number > self.newest_number() {
            return None;
        }
        let shared = self.chain.block(number)?;
        let Some(branch) = self.peculiarity.branch.as_ref().filter(|branch| number > branch.at) else {
            return Some(Seen::Shared(shared));
        };
        let included = branch.included.iter().filter(|(of, _)| *of == number).map(|(_, one)| one);
        Some(Seen::Own {
            number,
            id: self.id_of(number)?,
            parent: self.id_of(number.checked_sub(1)?)?,
            time_ms: shared.time_ms,
            included: included.collect(),
        })
    }

    pub(super) fn id_of(&self, number: u64) -> Option<BlockId> {
        let id = self.chain.id_of(number)?;
        if number < self.own_from() {
            return Some(id);
        }
        let hash: [u8; 32] = Sha256::digest([b"branch".as_slice(), &id].concat()).into();
        Some(super::chain::block_id(number, &hash))
    }

    pub(super) fn block_of(&self, id: &BlockId) -> Option<Seen<'a>> {
        let mut number = [0; 8];
        number.copy_from_slice(id.get(..8)?);
        let number = u64::from_be_bytes(number);
        (self.id_of(number)? == *id).then(|| self.block(number)).flatten()
    }

    /// Where a transaction is, as far as this node knows: the block's number and time, and what became of it.
    pub(super) fn included(&self, id: &Txid) -> Option<(u64, i64, &'a Included)> {
        let own = self.peculiarity.branch.iter().flat_map(|branch| &branch.included);
        for (number, included) in own.filter(|(_, one)| one.tx.id == *id) {
            if *number <= self.newest_number() {
                return Some((*number, self.chain.block(*number)?.time_ms, included));
            }
        }
        let (block, included) = self.chain.included(id)?;
        let known = block.number <= self.newest_number() && block.number < self.own_from();
        known.then_some((block.number, block.time_ms, included))
    }

    /// True if it shows what waits: a node that is up to date and stands with the others.
    pub(super) fn shows_pool(&self) -> bool {
        !self.solid_only && self.peculiarity.lag == 0 && self.peculiarity.branch.is_none()
    }
}

impl Branch {
    /// Puts a transaction into the branch's next block.
    pub(super) fn include(&mut self, head: u64, included: Included) {
        if self.included.len() < BRANCH_TRANSACTIONS_MAX {
            self.included.push((head.max(self.at).saturating_add(1), included));
        }
    }
}

impl Seen<'_> {
    pub(super) fn number(&self) -> u64 {
        match self {
            Self::Shared(block) => block.number,
            Self::Own { number, .. } => *number,
        }
    }

    pub(super) fn id(&self) -> BlockId {
        match self {
            Self::Shared(block) => block.id,
            Self::Own { id, .. } => *id,
        }
    }

    pub(super) fn parent(&self) -> BlockId {
        match self {
            Self::Shared(block) => block.parent,
            Self::Own { parent, .. } => *parent,
        }
    }

    pub(super) fn time_ms(&self) -> i64 {
        match self {
            Self::Shared(block) => block.time_ms,
            Self::Own { time_ms, .. } => *time_ms,
        }
    }

    pub(super) fn included(&self) -> Vec<&Included> {
        match self {
            Self::Shared(block) => block.included.iter().collect(),
            Self::Own { included, .. } => included.clone(),
        }
    }

    pub(super) fn json(&self, visible: bool, with_transactions: bool) -> Map<String, Value> {
        match self {
            Self::Shared(block) => block.json(visible, with_transactions),
            Self::Own { number, id, parent, time_ms, included } => {
                let raw = json!({
                    "number": number, "txTrieRoot": "0".repeat(64), "parentHash": hex::encode(parent),
                    "timestamp": time_ms, "version": 32,
                    "witness_address": super::json::address_text(&[0x41; 21], visible),
                });
                let mut shown = Map::from_iter([
                    ("blockID".to_owned(), json!(hex::encode(id))),
                    (
                        "block_header".to_owned(),
                        json!({ "raw_data": raw, "witness_signature": "00".repeat(65) }),
                    ),
                ]);
                if with_transactions && !included.is_empty() {
                    let transactions = included.iter();
                    let shown_ones =
                        transactions.map(|one| Value::Object(one.tx.json(visible, Some(one.ret()))));
                    shown.insert("transactions".to_owned(), shown_ones.collect());
                }
                shown
            }
        }
    }
}
