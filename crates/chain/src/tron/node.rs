//! One node, one typed method per endpoint used: the seam below quorum and above JSON.
//!
//! `http` implements it over a node's HTTP API; a simulator may implement it over a model chain. Quorum, watching and
//! submission are written against this trait and run unchanged over both (ADR 0007).

use sluice_codec::tron::{Call, Glance, glance, txid};
use sluice_core::address::TronAddress;
use sluice_core::chain::BlockRef;
use sluice_core::errand::Resource;
use sluice_core::port::Fut;
use sluice_core::resource::Network;

use crate::crew::{Peer, Top, exactly};

pub use crate::crew::{NodeError, Tag};

/// Which of a node's two APIs is asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// `/wallet`: what the node takes for the chain now.
    Full,
    /// `/walletsolidity`: what is solid. State is that at the node's solid block.
    Solid,
}

/// A block header, as far as we read it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Height and id.
    pub block: BlockRef,
    /// Parent's id.
    pub parent: [u8; 32],
    /// Milliseconds since 1970.
    pub time_ms: i64,
}

/// What execution came to: `contractRet` of a transaction in a block, `receipt.result` of its receipt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Executed {
    /// `SUCCESS`.
    Success,
    /// `OUT_OF_ENERGY`.
    OutOfEnergy,
    /// Any other failure that has a name.
    Failed,
}

/// A transaction of a block. Made of its bytes, so its id is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tx {
    txid: [u8; 32],
    owner: Option<TronAddress>,
    kind: i32,
    call: Option<Call>,
    executed: Option<Executed>,
}

impl Tx {
    /// Reads `raw_data`. `executed` is what the block says came of it, where it says so by a name we know. What we cannot read
    /// is nobody's: a transaction of a kind that is new to us must not hide the block around it.
    pub fn read(raw: &[u8], executed: Option<Executed>) -> Self {
        let seen = glance(raw).unwrap_or(Glance { owner: None, kind: 0, call: None });
        Self { txid: txid(raw), owner: seen.owner, kind: seen.kind, call: seen.call, executed }
    }

    /// SHA-256 of its bytes.
    pub const fn txid(&self) -> [u8; 32] {
        self.txid
    }

    /// Whose account acts; `None` where that is hidden, or cannot be read.
    pub const fn owner(&self) -> Option<TronAddress> {
        self.owner
    }

    /// `ContractType` on the wire.
    pub const fn kind(&self) -> i32 {
        self.kind
    }

    /// What it does, where we know its type.
    pub const fn call(&self) -> Option<&Call> {
        self.call.as_ref()
    }

    /// What its block says came of it; `None` where that has no name, or none we know.
    pub const fn executed(&self) -> Option<Executed> {
        self.executed
    }
}

/// A block.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// Its header.
    pub header: Header,
    /// Its transactions, in order.
    pub transactions: Vec<Tx>,
}

/// A log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    /// Emitter.
    pub address: TronAddress,
    /// Topics.
    pub topics: Vec<[u8; 32]>,
    /// Data.
    pub data: Vec<u8>,
}

/// What the node keeps of an executed transaction. It names its block by height alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Transaction.
    pub txid: [u8; 32],
    /// Height of its block.
    pub number: u64,
    /// All that it burned or paid, sun.
    pub fee_sun: u64,
    /// What it paid out of stakes that had been given up, sun.
    pub collected_sun: u64,
    /// `receipt.result`, of calls of contracts; `None` where it has no name, or none we know.
    pub executed: Option<Executed>,
    /// It says `FAILED`.
    pub failed: bool,
    /// Energy that it used, its owner's and others'.
    pub energy: u64,
    /// Logs.
    pub logs: Vec<Log>,
}

/// A call to simulate.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Trigger {
    /// As whom.
    pub owner: TronAddress,
    /// Which contract.
    pub contract: TronAddress,
    /// Call data.
    pub data: Vec<u8>,
}

/// What a simulated call did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Called {
    /// It returned. What a token's transfer returns says nothing: Tether's returns false.
    Returned {
        /// What.
        data: Vec<u8>,
        /// Energy it used, the penalty of a busy contract included.
        energy: u64,
    },
    /// It failed.
    Reverted,
}

/// An account that is activated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// TRX that is not staked, sun.
    pub sun: u64,
    /// TRX that is staked for bandwidth.
    pub bandwidth: Stake,
    /// TRX that is staked for energy.
    pub energy: Stake,
    /// TRX of stakes that were given up and has not been paid out, due or not, sun.
    pub unstaking_sun: u64,
}

/// What an account has staked for one resource, sun.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stake {
    /// Not lent.
    pub own_sun: u64,
    /// Lent to others.
    pub lent_sun: u64,
}

impl Account {
    /// Without a stake.
    pub fn of(sun: u64) -> Self {
        Self { sun, bandwidth: Stake::default(), energy: Stake::default(), unstaking_sun: 0 }
    }

    /// Its stake for a resource.
    pub const fn stake(&self, resource: Resource) -> Stake {
        match resource {
            Resource::Bandwidth => self.bandwidth,
            Resource::Energy => self.energy,
        }
    }
}

/// What an account may still use, as the node works it out for now.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Left {
    /// Energy.
    pub energy: u64,
    /// Bandwidth of stakes, bytes.
    pub bandwidth: u64,
    /// Free bandwidth, bytes.
    pub free_bandwidth: u64,
    /// Energy of the whole network, a day.
    pub network_energy: u64,
    /// TRX of the whole network that are staked for it.
    pub network_stake_trx: u64,
    /// Energy of stakes in a day, nothing of it used.
    pub energy_most: u64,
    /// Bandwidth of stakes in a day, bytes, nothing of it used.
    pub bandwidth_most: u64,
}

impl Left {
    /// What all stakes for energy get together.
    pub const fn network(&self) -> Network {
        Network { energy: self.network_energy, stake_trx: self.network_stake_trx }
    }
}

/// What the chain asks, by its parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prices {
    /// `getEnergyFee`, sun for a unit of energy.
    pub energy_sun: u64,
    /// `getTransactionFee`, sun for a byte.
    pub bandwidth_sun: u64,
    /// `getMemoFee`, sun for a transaction with a memo.
    pub memo_sun: u64,
    /// `getCreateNewAccountFeeInSystemContract`, sun for an account that a transfer of TRX makes.
    pub account_sun: u64,
    /// `getCreateAccountFee`, sun for the bytes of such a transfer where no stake covers them.
    pub account_bandwidth_sun: u64,
}

/// What a node says to bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// It took them.
    Taken,
    /// It has seen them: it may have them, or have refused them before.
    Duplicate,
    /// The account cannot pay for it now.
    NoFunds,
    /// Anything else: possibly taken.
    Other(String),
}

/// One node of one operator.
pub trait Node: Send + Sync {
    /// Shown in alerts: `operator/host`.
    fn name(&self) -> &str;

    /// Who runs it. Quorum counts operators, not URLs (M4).
    fn operator(&self) -> &str;

    /// The last four bytes of the id of block 0, which is what `eth_chainId` says. JSON-RPC is off in a node as it is
    /// shipped; its blocks are not.
    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>>;

    /// A header; `None` when there is no such block. [`Tag::Number`] is a height of the full API.
    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>>;

    /// A block; `None` when there is none at this height (`getblockbynum`).
    fn block(&self, number: u64, api: Api) -> Fut<'_, Result<Option<Block>, NodeError>>;

    /// Solid blocks from a height on, in order, at most `count` and as many as there are (`getblockbylimitnext`, which
    /// gives at most 100).
    fn blocks(&self, from: u64, count: u64) -> Fut<'_, Result<Vec<Block>, NodeError>>;

    /// Receipts, one answer per transaction, in order (`gettransactioninfobyid`).
    fn infos<'a>(&'a self, txids: &'a [[u8; 32]], api: Api) -> Fut<'a, Result<Vec<Option<Info>>, NodeError>>;

    /// Receipts of a block, in order (`gettransactioninfobyblocknum`).
    fn infos_of(&self, number: u64, api: Api) -> Fut<'_, Result<Vec<Info>, NodeError>>;

    /// Sends bytes; one answer per transaction, in order (`broadcasthex`). An error is that it gave no answer, and proves no
    /// more (M5).
    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Said, NodeError>>>;

    /// Whether the node shows a transaction, waiting or in a block (`gettransactionfrompending`, `gettransactionbyid`).
    fn knows(&self, txid: [u8; 32]) -> Fut<'_, Result<bool, NodeError>>;

    /// Simulates calls, one answer each, in order (`triggerconstantcontract`). One that the node cannot answer does not
    /// spoil the others.
    fn calls<'a>(&'a self, calls: &'a [Trigger], api: Api) -> Fut<'a, Vec<Result<Called, NodeError>>>;

    /// An account; `None` when it is not activated (`getaccount`).
    fn account(&self, account: TronAddress, api: Api) -> Fut<'_, Result<Option<Account>, NodeError>>;

    /// How much of its stake an account could lend now, sun (`getcandelegatedmaxsize`).
    fn lendable(&self, account: TronAddress, resource: Resource) -> Fut<'_, Result<u64, NodeError>>;

    /// What an account is paid of stakes that it gave up by a block of `at_ms`, sun (`getcanwithdrawunfreezeamount`).
    fn collectable(&self, account: TronAddress, at_ms: i64) -> Fut<'_, Result<u64, NodeError>>;

    /// What an account lends another and could take back once a block of `at_ms` is there, sun (`getdelegatedresourcev2`).
    fn loan(
        &self,
        from: TronAddress,
        to: TronAddress,
        resource: Resource,
        at_ms: i64,
    ) -> Fut<'_, Result<u64, NodeError>>;

    /// What an account may still use (`getaccountresource`).
    fn left(&self, account: TronAddress) -> Fut<'_, Result<Left, NodeError>>;

    /// What the chain asks (`getchainparameters`).
    fn prices(&self) -> Fut<'_, Result<Prices, NodeError>>;

    /// Whether an account is a contract (`getcontract`).
    fn is_contract(&self, account: TronAddress) -> Fut<'_, Result<bool, NodeError>>;
}

impl Peer for dyn Node + '_ {
    fn name(&self) -> &str {
        Node::name(self)
    }

    fn operator(&self) -> &str {
        Node::operator(self)
    }

    fn reference(&self) -> Fut<'_, Result<u64, NodeError>> {
        self.chain_id()
    }

    fn top(&self, tag: Tag) -> Fut<'_, Result<Option<Top>, NodeError>> {
        Box::pin(async move {
            let header = self.header(tag).await?;
            Ok(header.map(|header| Top { block: header.block, time: header.time_ms.div_euclid(1_000) }))
        })
    }

    fn holds(&self, txid: [u8; 32]) -> Fut<'_, Result<Option<u64>, NodeError>> {
        Box::pin(async move {
            let infos = exactly(1, self.infos(&[txid], Api::Solid).await?, "receipts")?;
            Ok(infos.into_iter().flatten().next().map(|info| info.number))
        })
    }
}
