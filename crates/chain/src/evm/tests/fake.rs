//! A model chain, nodes that tell it differently, and what the tests share.

mod samples;

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use sluice_codec::evm::{call, log};
use sluice_core::address::EvmAddress;
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Units;
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;
use sluice_core::port::world::Clock;
use sluice_core::time::Timestamp;

use crate::evm::node::{At, Call, Called, Header, Node, NodeError, Sent, Tag, TxLog};
pub use crate::evm::node::{Log, Receipt};
use crate::evm::{Evm, Quorum};
pub use samples::*;

pub const US: EvmAddress = EvmAddress([0x11; 20]);
pub const THEM: EvmAddress = EvmAddress([0x22; 20]);
pub const THIEF: EvmAddress = EvmAddress([0x33; 20]);
pub const TOKEN: EvmAddress = EvmAddress([0x44; 20]);
/// When block 0 was made, seconds.
pub const GENESIS_S: i64 = 1_800_000_000;

/// Runs what needs no waiting.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing here waits")
}

#[derive(Clone)]
pub struct Block {
    pub header: Header,
    pub receipts: Vec<(u64, Receipt)>,
}

/// What one node believes, and how it behaves.
#[derive(Clone)]
pub struct World {
    pub blocks: Vec<Block>,
    pub finalized: Option<u64>,
    pub chain_id: u64,
    pub down: bool,
    /// It takes questions and answers none in time.
    pub silent: bool,
    /// Receipts the node does not (yet) have.
    pub missing: BTreeSet<[u8; 32]>,
    /// Whom transactions are sent to, and with how much native value, where that matters.
    pub carried: BTreeMap<[u8; 32], (EvmAddress, u64)>,
    /// States below this height are pruned.
    pub pruned_below: u64,
    /// The connection breaks when it is asked about a state below this height.
    pub cut_below: u64,
    /// Nonces the node claims, whatever its blocks say.
    pub claims: BTreeMap<EvmAddress, u64>,
    pub balance: u64,
    pub decimals: u8,
    pub paused: bool,
    pub blacklist: BTreeSet<EvmAddress>,
    pub tip: u128,
    pub code: bool,
    pub heard: Heard,
    /// Answers of `eth_call` that are an error of the node for this recipient of a transfer.
    pub poison: Option<EvmAddress>,
    pub gas: u64,
    pub asked: BTreeMap<&'static str, usize>,
}

pub fn hash_of(number: u64, salt: u8) -> [u8; 32] {
    let mut hash = [salt; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

impl World {
    /// A chain of blocks 0..=latest.
    pub fn new(latest: u64, finalized: u64) -> Self {
        let mut world = Self {
            blocks: Vec::new(),
            finalized: Some(finalized),
            chain_id: 31_337,
            down: false,
            silent: false,
            missing: BTreeSet::new(),
            carried: BTreeMap::new(),
            pruned_below: 0,
            cut_below: 0,
            claims: BTreeMap::new(),
            balance: 1_000,
            decimals: 6,
            paused: false,
            blacklist: BTreeSet::new(),
            tip: 30_000_000_000,
            code: false,
            heard: Heard::Accepted,
            poison: None,
            gas: 45_000,
            asked: BTreeMap::new(),
        };
        for _ in 0..=latest {
            world.mine(vec![]);
        }
        world
    }

    /// Adds a block with transactions of (nonce, receipt); their block is filled in.
    pub fn mine(&mut self, mut receipts: Vec<(u64, Receipt)>) {
        let number = self.blocks.len() as u64;
        let block = BlockRef { number, hash: hash_of(number, 0xaa) };
        receipts.iter_mut().for_each(|(_, receipt)| receipt.block = block);
        let parent = self.blocks.last().map_or([0; 32], |block| block.header.block.hash);
        let header = Header { block, parent, time: GENESIS_S + number as i64, base_fee_wei: 1_000_000_000 };
        self.blocks.push(Block { header, receipts });
    }

    /// Gives every block from `number` on another hash: another chain from there.
    pub fn fork(&mut self, number: u64, salt: u8) {
        for block in self.blocks.iter_mut().skip(number as usize) {
            block.header.block.hash = hash_of(block.header.block.number, salt);
            let at = block.header.block;
            block.receipts.iter_mut().for_each(|(_, receipt)| receipt.block = at);
        }
    }

    fn header(&self, tag: Tag) -> Option<Header> {
        let number = match tag {
            Tag::Latest => self.blocks.len() as u64 - 1,
            Tag::Finalized => self.finalized?,
            Tag::Number(number) => number,
        };
        self.blocks.get(number as usize).map(|block| block.header.clone())
    }

    fn height(&self, at: At) -> Result<u64, NodeError> {
        let latest = self.blocks.len() as u64 - 1;
        let At::Hash(hash) = at else { return Ok(latest) };
        let found = self.blocks.iter().find(|block| block.header.block.hash == hash);
        let missing = NodeError::Rpc { code: -32_000, message: "header not found".into() };
        found.map(|block| block.header.block.number).ok_or(missing)
    }

    fn nonce(&self, account: EvmAddress, height: u64) -> u64 {
        let sent = self.blocks.iter().take(height as usize + 1).flat_map(|block| &block.receipts);
        let count = sent.filter(|(_, receipt)| receipt.from == account).count() as u64;
        self.claims.get(&account).copied().unwrap_or(count)
    }

    fn call(&self, call: &Call) -> Result<Called, NodeError> {
        let word = |value: Units| Called::Returned(value.to_be_bytes::<32>().to_vec());
        let yes = |yes: bool| word(Units::from(u8::from(yes)));
        if call.to != TOKEN {
            return Ok(Called::Returned(vec![]));
        }
        if call.data == call::decimals() {
            return Ok(word(Units::from(self.decimals)));
        }
        if call.data == call::paused() {
            return Ok(yes(self.paused));
        }
        if let Some(listed) =
            [US, THEM, THIEF].iter().find(|account| call::is_blacklisted(**account) == call.data)
        {
            return Ok(yes(self.blacklist.contains(listed)));
        }
        let Some((to, units)) = call::as_transfer(&call.data) else {
            return Ok(word(Units::from(self.balance)));
        };
        if self.poison == Some(to) {
            return Err(NodeError::Rpc { code: -32_000, message: "missing trie node".into() });
        }
        let dry = call.gas.is_some_and(|gas| gas < self.gas);
        let frozen = self.paused || self.blacklist.contains(&call.from) || self.blacklist.contains(&to);
        if dry || frozen || units > Units::from(self.balance) {
            return Ok(Called::Reverted(vec![]));
        }
        Ok(yes(true))
    }
}

/// A node that tells a world.
pub struct Fake {
    name: String,
    operator: String,
    pub world: Mutex<World>,
}

impl Fake {
    pub fn change(&self, change: impl FnOnce(&mut World)) {
        change(&mut self.world.lock().unwrap());
    }

    pub fn asked(&self, what: &str) -> usize {
        self.world.lock().unwrap().asked.get(what).copied().unwrap_or(0)
    }

    pub fn asked_in_all(&self) -> usize {
        self.world.lock().unwrap().asked.values().sum()
    }

    fn tell<T>(
        &self,
        what: &'static str,
        say: impl FnOnce(&World) -> Result<T, NodeError>,
    ) -> Result<T, NodeError> {
        let mut world = self.world.lock().unwrap();
        *world.asked.entry(what).or_default() += 1;
        if world.down {
            return Err(NodeError::Transport("no connection".into()));
        }
        if world.silent {
            return Err(NodeError::Silent("no answer within 5 s".into()));
        }
        say(&world)
    }
}

fn ready<'a, T: Send + 'a>(value: T) -> Fut<'a, T> {
    Box::pin(std::future::ready(value))
}

impl Node for Fake {
    fn name(&self) -> &str {
        &self.name
    }
    fn operator(&self) -> &str {
        &self.operator
    }
    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>> {
        ready(self.tell("chain_id", |world| Ok(world.chain_id)))
    }
    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>> {
        ready(self.tell("header", |world| Ok(world.header(tag))))
    }
    fn transactions(&self, block: [u8; 32]) -> Fut<'_, Result<Option<Vec<Sent>>, NodeError>> {
        ready(self.tell("transactions", |world| {
            let found = world.blocks.iter().find(|found| found.header.block.hash == block);
            let sent = |(nonce, receipt): &(u64, Receipt)| Sent {
                txid: receipt.txid,
                from: receipt.from,
                nonce: *nonce,
                to: world.carried.get(&receipt.txid).map(|(to, _)| *to),
                value: world.carried.get(&receipt.txid).map_or(Units::ZERO, |(_, wei)| Units::from(*wei)),
            };
            Ok(found.map(|block| block.receipts.iter().map(sent).collect()))
        }))
    }
    fn wallet_logs<'a>(
        &'a self,
        block: [u8; 32],
        wallets: &'a [EvmAddress],
    ) -> Fut<'a, Result<Vec<TxLog>, NodeError>> {
        ready(self.tell("wallet_logs", |world| {
            let found = world.blocks.iter().filter(|found| found.header.block.hash == block);
            let logs = found
                .flat_map(|block| &block.receipts)
                .flat_map(|(_, receipt)| receipt.logs.iter().map(|log| (receipt.txid, log.clone())));
            let ours =
                |log: &Log| wallets.iter().any(|wallet| log.topics.get(1) == Some(&log::topic_of(*wallet)));
            Ok(logs.filter(|(_, log)| ours(log)).collect())
        }))
    }
    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Fut<'a, Result<Vec<Option<Receipt>>, NodeError>> {
        ready(self.tell("receipts", |world| {
            let all = || world.blocks.iter().flat_map(|block| &block.receipts);
            let find = |txid: &[u8; 32]| {
                all().find(|(_, receipt)| receipt.txid == *txid && !world.missing.contains(txid))
            };
            Ok(txids.iter().map(|txid| find(txid).map(|(_, receipt)| receipt.clone())).collect())
        }))
    }
    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Fut<'a, Result<Vec<u64>, NodeError>> {
        ready(self.tell("nonces", |world| {
            let height = world.height(at)?;
            if height < world.cut_below {
                return Err(NodeError::Transport("connection closed before message completed".into()));
            }
            if height < world.pruned_below {
                return Err(NodeError::Rpc { code: -32_000, message: "missing trie node".into() });
            }
            Ok(accounts.iter().map(|account| world.nonce(*account, height)).collect())
        }))
    }
    fn balance(&self, _account: EvmAddress, at: At) -> Fut<'_, Result<Units, NodeError>> {
        ready(self.tell("balance", |world| world.height(at).map(|_| Units::from(world.balance))))
    }
    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Fut<'a, Result<Vec<Called>, NodeError>> {
        ready(self.tell("calls", |world| {
            world.height(at)?;
            calls.iter().map(|call| world.call(call)).collect()
        }))
    }
    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Fut<'a, Result<Vec<Option<u64>>, NodeError>> {
        ready(self.tell("estimates", |world| Ok(calls.iter().map(|_| Some(world.gas)).collect())))
    }
    fn tip(&self) -> Fut<'_, Result<u128, NodeError>> {
        ready(self.tell("tip", |world| Ok(world.tip)))
    }
    fn has_code(&self, _account: EvmAddress) -> Fut<'_, Result<bool, NodeError>> {
        ready(self.tell("has_code", |world| Ok(world.code)))
    }
    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        let answer = self.tell("send", |world| Ok(world.heard.clone()));
        ready(raw.iter().map(|_| answer.clone()).collect())
    }
}

pub struct Hands(AtomicI64);

impl Hands {
    pub fn advance(&self, ms: i64) {
        self.0.fetch_add(ms * 1_000, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// A chain over nodes of these operators, all telling `world` at first.
pub struct Stage {
    pub evm: Evm,
    pub nodes: Vec<Arc<Fake>>,
    pub clock: Arc<Hands>,
}

pub fn stage(world: &World, operators: &[&str], needed: usize) -> Stage {
    let clock = Arc::new(Hands(AtomicI64::new((GENESIS_S + world.blocks.len() as i64) * 1_000_000)));
    let fake = |(index, operator): (usize, &&str)| {
        let name = format!("{operator}/{index}");
        Arc::new(Fake { name, operator: (*operator).to_owned(), world: Mutex::new(world.clone()) })
    };
    let nodes: Vec<Arc<Fake>> = operators.iter().enumerate().map(fake).collect();
    let given = nodes.iter().map(|node| Arc::clone(node) as Arc<dyn Node>).collect();
    let evm =
        Evm::new(ChainProfile::devnet(), given, Quorum { needed }, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { evm: evm.unwrap(), nodes, clock }
}

/// Codes of troubles, with their subjects.
pub fn codes(raised: &[Raise]) -> Vec<(Code, &str)> {
    raised.iter().map(|raise| (raise.code, raise.subject.as_str())).collect()
}
