//! What one node shows of a range of blocks: every transfer log of the tokens from or to the wallets, every transaction of
//! the wallets with its receipt, and where the wallets stand at both ends. Two nodes that tell the truth show the same.
//!
//! The blocks are read whole, one after the other, and each must name the one before it: what lies between the two hashes
//! is looked at without a gap.

mod blocks;
mod logs;
mod receipts;
mod standing;

use std::collections::{BTreeMap, BTreeSet};

use ruint::aliases::U256;
use serde_json::{Value, json};

use crate::chain::{Address, Chain, Family, Hash};
use crate::evm::{self, Transfer};
use crate::node::{Node, NodeError};
use crate::stand::{Block, Stand};

pub(crate) use standing::stand;

/// What is to be read.
#[derive(Clone, Debug)]
pub(crate) struct Scope {
    pub(crate) chain: Chain,
    pub(crate) wallets: BTreeSet<Address>,
    pub(crate) tokens: BTreeSet<Address>,
    /// Where the wallets stood; read from the chain when it is only a block.
    pub(crate) opening: Opening,
    /// The named final block.
    pub(crate) closing: Block,
    /// Transactions that the list names.
    pub(crate) told: BTreeSet<Hash>,
    pub(crate) bounds: Bounds,
}

/// Where a range begins: above this block.
#[derive(Clone, Debug)]
pub(crate) enum Opening {
    Known(Stand),
    At(Block),
}

impl Opening {
    pub(crate) fn block(&self) -> Block {
        match self {
            Self::Known(stand) => stand.block,
            Self::At(block) => *block,
        }
    }
}

/// How much is asked at once, and at all.
#[derive(Clone, Copy, Debug)]
pub struct Bounds {
    /// The most blocks of a range.
    pub blocks_max: u64,
    /// Blocks of one question for logs, to begin with; halved where a provider refuses.
    pub log_blocks: u64,
    /// Questions of one batch, to begin with; halved where a provider refuses.
    pub batch: usize,
}

impl Default for Bounds {
    fn default() -> Self {
        Self { blocks_max: 200_000, log_blocks: 2_000, batch: 50 }
    }
}

/// Everything a node shows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// Where the wallets stood before the range.
    pub opening: Stand,
    /// Where they stand at its end.
    pub closing: Stand,
    /// Decimals of each token.
    pub decimals: BTreeMap<Address, u8>,
    /// Transfers from or to a wallet, in the order of the chain.
    pub transfers: Vec<Transfer>,
    /// Transactions of the wallets, in the order of the chain.
    pub sent: Vec<Sent>,
    /// Coin that plain transactions brought to the wallets.
    pub received: BTreeMap<Address, U256>,
    /// Transactions that the list names and the wallets did not send within the range.
    pub elsewhere: BTreeMap<Hash, Option<Elsewhere>>,
    /// Time of the last block, in milliseconds since 1970; 0 on a chain where nothing expires.
    pub closing_ms: u64,
    /// Where transactions expire: the blocks that do not hold those of the list that no block is said to hold.
    pub absent: BTreeMap<Hash, Run>,
}

/// Linked blocks, each of which was read whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Run {
    /// All above this height,
    pub above: u64,
    /// up to this one,
    pub last: u64,
    /// which is of this time, in milliseconds since 1970.
    pub last_ms: u64,
}

/// A transaction of a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sent {
    /// Which.
    pub txid: Hash,
    /// Height of its block.
    pub block: u64,
    /// Whose.
    pub from: Address,
    /// Its place in the wallet's sequence; 0 on TRON, whose accounts have none.
    pub nonce: u64,
    /// Who was called or paid; none for a deployment.
    pub to: Option<Address>,
    /// Coin it carried.
    pub value: U256,
    /// Its data.
    pub input: Vec<u8>,
    /// Whether it did what it says.
    pub succeeded: bool,
    /// What its inclusion cost, in coin.
    pub fee: U256,
    /// Whether it carries authorizations (EIP-7702): it gives accounts code, whatever else it does.
    pub delegates: bool,
    /// On TRON, the number of its type where it is neither a transfer of coin nor a call.
    pub kind: Option<u64>,
}

impl Sent {
    /// Where it is, in words.
    pub(crate) fn place(&self) -> String {
        match self.from.family() {
            Family::Evm => format!("in block {}, nonce {}", self.block, self.nonce),
            Family::Tron => format!("in block {}", self.block),
        }
    }

    /// Whether it moves and changes nothing, whatever becomes of it: no coin to the wallet itself, without data.
    pub(crate) fn is_void(&self) -> bool {
        self.to == Some(self.from)
            && self.value.is_zero()
            && self.input.is_empty()
            && !self.delegates
            && self.kind.is_none()
    }
}

/// A transaction outside the range, or of somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// Height of its block.
    pub block: u64,
    /// Whether it did what it says.
    pub succeeded: bool,
    /// The transfers of the tokens in it.
    pub transfers: Vec<Transfer>,
}

/// Why a range could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// No answer that could be used.
    #[error(transparent)]
    Node(#[from] NodeError),
    /// More than is read in one run.
    #[error(
        "{blocks} blocks are more than the {max} that one run reads; audit in parts, each beginning where the last one \
         ended (--opening), or raise --blocks-max"
    )]
    TooLong {
        /// Blocks of the range.
        blocks: u64,
        /// The bound.
        max: u64,
    },
    /// The state of an old block is gone.
    #[error(
        "{node} keeps no state of block {block}: {why}. Name a node that does (an archive node), or give the closing of an \
         earlier audit with --opening"
    )]
    NoState {
        /// Which node.
        node: String,
        /// Which block.
        block: u64,
        /// Its own words.
        why: String,
    },
    /// The node contradicts itself.
    #[error("{node} contradicts itself: {what}. Nothing is proven by it; name another node with --rpc")]
    Contradiction {
        /// Which node.
        node: String,
        /// How.
        what: String,
    },
}

/// Reads everything from one node.
pub(crate) async fn read(node: &Node, scope: &Scope) -> Result<Reading, ReadError> {
    let opening_block = scope.opening.block();
    let blocks = scope.closing.number.saturating_sub(opening_block.number);
    if blocks > scope.bounds.blocks_max {
        return Err(ReadError::TooLong { blocks, max: scope.bounds.blocks_max });
    }
    let opening = standing::opening(node, scope).await?;
    let closing = standing::stand(node, scope.chain, scope.closing, &scope.wallets, &scope.tokens).await?;
    let decimals = standing::decimals(node, scope).await?;
    let transfers = logs::transfers(node, scope).await?;
    let found = blocks::of_wallets(node, scope).await?;
    let (sent, received) = receipts::of(node, scope, found, &transfers).await?;
    let known: BTreeSet<Hash> = sent.iter().map(|it| it.txid).collect();
    let elsewhere = receipts::elsewhere(node, scope, &known).await?;
    // What was read belongs to the named block only if that block is still there.
    let still = block(node, json!(format!("0x{:x}", scope.closing.number))).await?;
    if still != Some(scope.closing) {
        let what = format!("block {} had another hash when everything was read", scope.closing.number);
        return Err(ReadError::Contradiction { node: node.name().to_owned(), what });
    }
    Ok(Reading {
        opening,
        closing,
        decimals,
        transfers,
        sent,
        received,
        elsewhere,
        closing_ms: 0,
        absent: BTreeMap::new(),
    })
}

/// A block by its height or tag; none when the node has none.
pub(crate) async fn block(node: &Node, which: Value) -> Result<Option<Block>, NodeError> {
    const METHOD: &str = "eth_getBlockByNumber";
    let head = node.ask(METHOD, json!([which, false])).await?;
    if head.is_null() {
        return Ok(None);
    }
    let read = evm::number(&head["number"]).zip(evm::hash(&head["hash"]));
    let (number, hash) = read.ok_or_else(|| node.not_understood(METHOD, "no height or no hash"))?;
    Ok(Some(Block { number, hash }))
}

/// How many are asked for at once: less after a refusal, never none.
fn fewer(now: usize) -> Option<usize> {
    (now > 1).then(|| now.div_ceil(2))
}

/// Asks many things in batches that a provider takes.
async fn many(
    node: &Node,
    questions: &[crate::node::Question],
    batch: usize,
) -> Result<Vec<Value>, NodeError> {
    let (mut answers, mut size) = (Vec::with_capacity(questions.len()), batch.max(1));
    while let Some(rest) = questions.get(answers.len()..).filter(|rest| !rest.is_empty()) {
        let part = rest.get(..size.min(rest.len())).unwrap_or(rest);
        match node.batch(part).await {
            Ok(more) => answers.extend(more),
            Err(error) => size = fewer(size.min(part.len())).ok_or(error)?,
        }
    }
    Ok(answers)
}
