//! Questions to a chain, and carrying bytes to it.

mod came;
mod trial;

use super::Fut;
use crate::address::Address;
use crate::alert::Raise;
use crate::amount::{Cost, Units};
use crate::asset::{Asset, AssetId};
use crate::attempt::{Durable, Signed, TronTerms};
use crate::chain::{BlockRef, ChainProfile};
use crate::energy::Lendable;
use crate::fee::Market;
use crate::id::AttemptId;
use crate::intent::Payment;
use crate::proof::{Final, SlotReading};
use crate::resource::{Conditions, Resources};
use crate::slot::Slot;

pub use came::{CoinIn, Lent, LentRun, PaidIn};
pub use trial::{Preflight, Trial};

/// No usable answer. It says nothing about money.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChainError {
    /// No node answered.
    #[error("no node of {chain} answers: {why}")]
    Down {
        /// Chain.
        chain: String,
        /// The last reason.
        why: String,
    },
    /// Nodes contradict each other about something final, or too few of them agree.
    #[error("nodes of {chain} do not agree: {why}")]
    Disagree {
        /// Chain.
        chain: String,
        /// About what.
        why: String,
    },
    /// The block asked for is not on the chain (any more).
    #[error("block not found")]
    NoBlock,
    /// An account, asset or slot of another family of chains: somebody asked the wrong chain.
    #[error("{what} is none of {chain}")]
    Foreign {
        /// Chain.
        chain: String,
        /// What was asked about.
        what: String,
    },
}

/// What a node said to bytes. Evidence for the log, never a verdict (M5).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Heard {
    /// It took them.
    Accepted,
    /// It had them.
    Known,
    /// The nonce is consumed: ask the slot.
    NonceConsumed,
    /// Below the pool's floor, or too cheap a replacement.
    Underpriced,
    /// A predecessor is missing.
    Gap,
    /// The account cannot pay for it now.
    NoFunds,
    /// Anything else: possibly accepted.
    Unclear(String),
}

/// The ends of the chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Heads {
    /// Latest block, by one healthy node, no higher than `reached`.
    pub latest: BlockRef,
    /// Time of the latest block, seconds.
    pub latest_time: i64,
    /// Height that as many operators as a quorum takes have reached; `None` when fewer answer.
    pub reached: Option<u64>,
    /// Final block, by quorum; `None` while too few agree.
    pub finalized: Option<Final<BlockRef>>,
}

/// One block and what in it concerns our wallets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockFacts {
    /// Height and hash.
    pub block: BlockRef,
    /// Parent's hash.
    pub parent: [u8; 32],
    /// What the node that told of it shows in it.
    pub shown: Shown,
}

/// What one node shows of our wallets in a block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Transactions sent by a wallet that was asked about.
    pub sent: Vec<SentFact>,
    /// Value or permission that left a wallet by a transaction that it did not send.
    pub drained: Vec<DrainFact>,
    /// The node that told: `operator/host`.
    pub told_by: String,
}

impl Shown {
    /// Hashes of all of it.
    pub fn txids(&self) -> impl Iterator<Item = [u8; 32]> + '_ {
        self.sent.iter().map(|sent| sent.txid).chain(self.drained.iter().map(|drain| drain.txid))
    }
}

/// A transaction sent by one of our wallets, whoever made it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SentFact {
    /// Sender.
    pub from: Address,
    /// Hash.
    pub txid: [u8; 32],
    /// Nonce, where accounts have one.
    pub nonce: Option<u64>,
}

/// A Transfer or Approval log of one of our wallets in a transaction it did not send.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DrainFact {
    /// The wallet.
    pub wallet: Address,
    /// Hash of the transaction.
    pub txid: [u8; 32],
    /// What happened, in one sentence.
    pub what: String,
}

/// One attempt as the chain port needs it to recognise its effect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The attempt.
    pub attempt: AttemptId,
    /// Its hash.
    pub txid: [u8; 32],
    /// Pay or void.
    pub kind: crate::attempt::Kind,
    /// Its terms on TRON: where a proof that it is nowhere begins and ends.
    pub tron: Option<TronTerms>,
}

/// A slot to be read: all signed attempts of it, and what paying means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SlotQuestion {
    /// Slot.
    pub slot: Slot,
    /// Every signed attempt of it.
    pub attempts: Vec<Known>,
    /// What is paid.
    pub asset: Asset,
    /// To whom and how much; the exact Transfer log expected of a paying attempt.
    pub pays: Vec<Payment>,
    /// Transactions that are none of ours and are said to be in the slot: a hint where to look, judged like everything.
    pub strangers: Vec<[u8; 32]>,
}

/// A wallet's nonces; zero on TRON, whose accounts have none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Nonces {
    /// Including the pool.
    pub pending: u64,
    /// At the latest block.
    pub latest: u64,
}

/// What an account is at a final block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Its next nonce; zero on TRON.
    pub nonce: u64,
    /// What it holds, one entry for each asset that was asked about, in order.
    pub units: Vec<Units>,
}

/// What a final transaction that we did not make did to a wallet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Where it is.
    pub block: BlockRef,
    /// Nonce it used up, when the wallet sent it.
    pub nonce: Option<u64>,
    /// What the wallet paid for its inclusion; zero when it did not send it.
    pub cost: Cost,
    /// Native coin it sent away.
    pub coin_left: Units,
    /// Tokens that left it, one entry for each log: contract and exact units.
    pub tokens_left: Vec<(Address, Units)>,
    /// Somebody may now move tokens of it.
    pub permits: bool,
}

impl Foreign {
    /// Whether it concerns the wallet at all.
    pub fn concerns(&self) -> bool {
        self.nonce.is_some() || self.permits || self.value_left()
    }

    /// Whether more than a fee left.
    pub fn value_left(&self) -> bool {
        !self.coin_left.is_zero() || !self.tokens_left.is_empty()
    }
}

/// What a token transfer or approval found on chain says; for `resolve --paid-by`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TransferLog {
    /// Index in its block.
    pub log_index: u64,
    /// Payer.
    pub from: Address,
    /// Recipient.
    pub to: Address,
    /// Exact units.
    pub units: Units,
}

/// The transfers of one transaction, with its block.
pub type TransferLogs = (BlockRef, Vec<TransferLog>);

/// How a node fares. For people and figures; never evidence about money, and never an address, which may hold a secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NodeFacts {
    /// `operator/host`.
    pub name: String,
    /// Who runs it.
    pub operator: String,
    /// It is asked: of our chain, not contradicting, no open breaker, in step.
    pub healthy: bool,
    /// Its latest block, as last heard.
    pub height: Option<u64>,
    /// Why it is not asked or asked last, as a stable word: `unproven`, `other_chain`, `contradicts`, `breaker_open`,
    /// `out_of_step`, `failing`.
    pub trouble: Option<&'static str>,
}

/// One chain.
pub trait Chain: Send + Sync {
    /// What the chain is like.
    fn profile(&self) -> &ChainProfile;

    /// The fee market at the latest block. [`ChainError::Foreign`] on TRON, which has none.
    fn market(&self) -> Fut<'_, Result<Market, ChainError>>;

    /// What TRON asks now. [`ChainError::Foreign`] on a chain that has a fee market instead.
    fn conditions(&self) -> Fut<'_, Result<Conditions, ChainError>>;

    /// Energy and bandwidth of a wallet on TRON, at a block. [`ChainError::Foreign`] on a chain that has neither.
    fn resources(&self, wallet: Address) -> Fut<'_, Result<(BlockRef, Resources), ChainError>>;

    /// What a wallet could lend of its stake for energy now, as one node says: it bounds what is asked for, and the chain has the
    /// last word. [`ChainError::Foreign`] where there is no energy.
    fn lendable(&self, wallet: Address) -> Fut<'_, Result<Lendable, ChainError>>;

    /// Energy that was lent to wallets, in at most `count` solid blocks from a height on, as one node shows them. A node that
    /// leaves some out makes an order look undelivered, and one that invents some makes it look delivered: neither pays or
    /// burns anything, for a payout is sent on what the wallet has. [`ChainError::Foreign`] where there is no energy.
    fn lent<'a>(
        &'a self,
        from: u64,
        count: u64,
        wallets: &'a [Address],
    ) -> Fut<'a, Result<LentRun, ChainError>>;

    /// TRX that came to an account by plain transfers of others, in at most `count` final blocks from a height on, by quorum:
    /// money is credited on it. `None` where no block there is final yet. [`ChainError::Foreign`] off TRON.
    fn paid_in(
        &self,
        account: Address,
        from: u64,
        count: u64,
    ) -> Fut<'_, Result<Option<Final<PaidIn>>, ChainError>>;

    /// Latest and final block.
    fn heads(&self) -> Fut<'_, Result<Heads, ChainError>>;

    /// The block at a height and what in it concerns `wallets`; one node, for progress and for M6.
    fn block<'a>(&'a self, number: u64, wallets: &'a [Address]) -> Fut<'a, Result<BlockFacts, ChainError>>;

    /// What the nodes of other operators than that of the node `told_by` show of `wallets` in this very block, those of all
    /// operators when it names none. `None` when no other operator is configured. That one shows nothing proves nothing: it
    /// may not have the block yet.
    fn second_look<'a>(
        &'a self,
        told_by: &'a str,
        block: BlockRef,
        wallets: &'a [Address],
    ) -> Fut<'a, Option<Vec<Shown>>>;

    /// A quorum denies what this node (`operator/host`) showed of a block that is on the chain: it is not heard for a while.
    fn disproved(&self, node: &str, about: &str);

    /// Something that was followed on one node's word is not borne out by the others: an alarm for a person.
    fn contradicted(&self, what: &str);

    /// Sends bytes to every node; one answer per attempt, in order: the best of what was heard.
    fn submit<'a>(&'a self, attempts: &'a [Durable<Signed>]) -> Fut<'a, Vec<Heard>>;

    /// Simulates payments at the latest block; one answer per trial, in order.
    fn preflight<'a>(&'a self, trials: &'a [Trial]) -> Fut<'a, Result<Vec<Preflight>, ChainError>>;

    /// Balances of a wallet, all at one block; one per asset, in order.
    fn balances<'a>(
        &'a self,
        wallet: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<(BlockRef, Vec<Units>), ChainError>>;

    /// A wallet's nonces as the node that counts most of them has them, where as many operators answer as a quorum takes.
    /// For whoever must not overlook a transaction; one node's lie makes it too high (M17).
    fn counted(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>>;

    /// A wallet's nonces by one node.
    fn nonces(&self, wallet: Address) -> Fut<'_, Result<Nonces, ChainError>>;

    /// A wallet's nonce and what it holds, at the final block, by quorum.
    fn standing<'a>(
        &'a self,
        wallet: Address,
        assets: &'a [Asset],
    ) -> Fut<'a, Result<Final<Standing>, ChainError>>;

    /// Reads slots for progress: one node, not final. One answer per question, in order; the inclusion is where the
    /// attempt was seen.
    fn progress<'a>(&'a self, questions: &'a [SlotQuestion])
    -> Fut<'a, Result<Vec<SlotReading>, ChainError>>;

    /// Reads slots for settlement and proof of death: k of n operators, pinned to one final block hash.
    fn settle<'a>(
        &'a self,
        questions: &'a [SlotQuestion],
    ) -> Fut<'a, Result<Vec<Final<SlotReading>>, ChainError>>;

    /// Whether a block is still on the chain, by quorum under the final head.
    fn still_final<'a>(&'a self, blocks: &'a [BlockRef]) -> Fut<'a, Result<Vec<Final<bool>>, ChainError>>;

    /// The Transfer logs of an asset in a final transaction, with its block, by quorum.
    fn transfers_of<'a>(
        &'a self,
        asset: AssetId,
        txid: [u8; 32],
    ) -> Fut<'a, Result<Option<Final<TransferLogs>>, ChainError>>;

    /// What a final transaction did to a wallet, by quorum; `None` when no block up to the final one it was read under
    /// holds it.
    fn foreign(&self, wallet: Address, txid: [u8; 32])
    -> Fut<'_, Result<Final<Option<Foreign>>, ChainError>>;

    /// Whether an account carries code (a contract, or an EIP-7702 delegation).
    fn has_code(&self, account: Address) -> Fut<'_, Result<bool, ChainError>>;

    /// How each node fares, as this process sees it.
    fn nodes(&self) -> Vec<NodeFacts>;

    /// What is wrong with its nodes now: down, contradicting, standing still. The subject is the chain, or begins with it.
    fn troubles(&self) -> Vec<Raise>;
}
