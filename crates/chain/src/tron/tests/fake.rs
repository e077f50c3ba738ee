//! A model chain, nodes that tell it differently, and what the tests share.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex};

use futures_util::FutureExt;
use sluice_codec::evm::call;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::alert::{Code, Raise};
use sluice_core::amount::Units;
use sluice_core::chain::{BlockRef, ChainProfile};
use sluice_core::errand::Resource;
use sluice_core::port::Fut;
use sluice_core::port::world::Clock;
use sluice_core::time::Timestamp;

use crate::tron::node::{
    Account, Api, Block, Called, Header, Info, Left, Node, NodeError, Prices, Said, Stake, Tag, Trigger, Tx,
};
use crate::tron::{Quorum, Tron};

pub const US: TronAddress = TronAddress([0x11; 20]);
pub const THEM: TronAddress = TronAddress([0x22; 20]);
pub const THIEF: TronAddress = TronAddress([0x33; 20]);
pub const TOKEN: TronAddress = TronAddress([0x44; 20]);
/// Prices as they usually are.
pub const USUAL: Prices = Prices {
    energy_sun: 100,
    bandwidth_sun: 1_000,
    memo_sun: 1_000_000,
    account_sun: 1_000_000,
    account_bandwidth_sun: 100_000,
};
/// When block 0 was made, milliseconds.
pub const GENESIS_MS: i64 = 1_800_000_000_000;

/// Runs what needs no waiting.
pub fn run<T>(future: impl Future<Output = T>) -> T {
    future.now_or_never().expect("nothing here waits")
}

/// What happens to a world.
pub type Change = fn(&mut World);

/// What one node believes, and how it behaves.
#[derive(Clone)]
pub struct World {
    pub blocks: Vec<(Block, Vec<Info>)>,
    pub solid: u64,
    pub chain_id: u64,
    pub down: bool,
    /// It has no history, and says so.
    pub lite: bool,
    /// Receipts that it does not find by their id, nor for their block.
    pub missing: BTreeSet<[u8; 32]>,
    /// Receipts that it does not find by their id alone.
    pub unindexed: bool,
    /// Transactions that it leaves out of blocks, receipts and all.
    pub hidden: BTreeSet<[u8; 32]>,
    /// Added to every time it tells.
    pub shift_ms: i64,
    /// Solid blocks that come while it is asked: one before each head.
    pub comes: u64,
    /// What happens to it once it has answered a question of this name for the first time.
    pub then: Option<(&'static str, Change)>,
    pub prices: Prices,
    pub said: Said,
    pub knows: bool,
    pub balance: u64,
    pub paused: bool,
    pub blacklist: BTreeSet<TronAddress>,
    pub reverts: bool,
    pub energy: u64,
    pub decimals: u8,
    pub contract: bool,
    /// Accounts that are not activated.
    pub nobody: BTreeSet<TronAddress>,
    pub left: Left,
    /// Staked for energy.
    pub stake: Stake,
    /// What of it could be lent, and taken back from whoever has it.
    pub lendable: u64,
    pub loan: u64,
    /// Given up, and what of it is due.
    pub unstaking: u64,
    pub collectable: u64,
    pub asked: BTreeMap<&'static str, usize>,
}

pub fn hash_of(number: u64, salt: u8) -> [u8; 32] {
    let mut hash = [salt; 32];
    hash[..8].copy_from_slice(&number.to_be_bytes());
    hash
}

pub const fn time_of(number: u64) -> i64 {
    GENESIS_MS + 3_000 * number.cast_signed()
}

impl World {
    /// A chain of blocks 0..=latest.
    pub fn new(latest: u64, solid: u64) -> Self {
        let mut world = Self {
            blocks: Vec::new(),
            solid,
            chain_id: 728_126_428,
            down: false,
            lite: false,
            missing: BTreeSet::new(),
            unindexed: false,
            hidden: BTreeSet::new(),
            shift_ms: 0,
            comes: 0,
            then: None,
            prices: USUAL,
            said: Said::Taken,
            knows: false,
            balance: 1_000,
            paused: false,
            blacklist: BTreeSet::new(),
            reverts: false,
            energy: 64_285,
            decimals: 6,
            contract: false,
            nobody: BTreeSet::new(),
            left: Left::default(),
            stake: Stake::default(),
            lendable: 0,
            loan: 0,
            unstaking: 0,
            collectable: 0,
            asked: BTreeMap::new(),
        };
        (0..=latest).for_each(|_| world.mine(vec![]));
        world
    }

    /// Adds a block with transactions and their receipts; the height is filled in.
    pub fn mine(&mut self, included: Vec<(Tx, Info)>) {
        let number = self.blocks.len() as u64;
        let block = BlockRef { number, hash: hash_of(number, 0xaa) };
        let parent = self.blocks.last().map_or([0; 32], |(block, _)| block.header.block.hash);
        let header = Header { block, parent, time_ms: time_of(number) };
        let (transactions, mut infos): (Vec<Tx>, Vec<Info>) = included.into_iter().unzip();
        infos.iter_mut().for_each(|info| info.number = number);
        self.blocks.push((Block { header, transactions }, infos));
    }

    /// The chain grows to a height, solid `lag` blocks behind.
    pub fn grow(&mut self, latest: u64, lag: u64) {
        (self.blocks.len() as u64..=latest).for_each(|_| self.mine(vec![]));
        self.solid = latest - lag;
    }

    /// Gives every block from `number` on another id: another chain from there.
    pub fn fork(&mut self, number: u64, salt: u8) {
        for (block, _) in self.blocks.iter_mut().skip(number as usize) {
            block.header.block.hash = hash_of(block.header.block.number, salt);
            if block.header.block.number > number {
                block.header.parent = hash_of(block.header.block.number - 1, salt);
            }
        }
    }

    fn top(&self, api: Api) -> u64 {
        if api == Api::Solid { self.solid } else { self.blocks.len() as u64 - 1 }
    }

    fn shown(&self, number: u64, api: Api) -> Option<Block> {
        let (mut block, _) = self.blocks.get(number as usize).filter(|_| number <= self.top(api)).cloned()?;
        block.header.time_ms += self.shift_ms;
        block.transactions.retain(|tx| !self.hidden.contains(&tx.txid()));
        Some(block)
    }

    fn infos(&self, api: Api) -> impl Iterator<Item = &Info> {
        let all = self.blocks.iter().take(self.top(api) as usize + 1).flat_map(|(_, infos)| infos);
        all.filter(|info| !self.missing.contains(&info.txid) && !self.hidden.contains(&info.txid))
    }

    fn call(&self, trigger: &Trigger) -> Called {
        let word = |value: Units| Called::Returned { data: value.to_be_bytes::<32>().to_vec(), energy: 500 };
        let yes = |yes: bool| word(Units::from(u8::from(yes)));
        let Trigger { owner, data, .. } = trigger;
        if *data == call::decimals() {
            return word(Units::from(self.decimals));
        }
        if *data == call::paused() {
            return yes(self.paused);
        }
        let listed = |account: &&TronAddress| call::is_black_listed(EvmAddress(account.0)) == *data;
        if let Some(listed) = [US, THEM, THIEF].iter().find(listed) {
            return yes(self.blacklist.contains(listed));
        }
        let Some((_, units)) = call::as_transfer(data) else { return word(Units::from(self.balance)) };
        let stopped = self.paused || self.reverts || self.blacklist.contains(owner);
        match stopped || units > Units::from(self.balance) {
            true => Called::Reverted,
            // As on the main network: moved, and false.
            false => Called::Returned { data: vec![0; 32], energy: self.energy },
        }
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

    fn tell<T>(
        &self,
        what: &'static str,
        say: impl FnOnce(&mut World) -> Result<T, NodeError>,
    ) -> Result<T, NodeError> {
        let mut world = self.world.lock().unwrap();
        *world.asked.entry(what).or_default() += 1;
        if world.down {
            return Err(NodeError::Transport("no connection".into()));
        }
        let history = ["block", "blocks", "infos", "infos_of", "knows"].contains(&what);
        if world.lite && history {
            return Err(NodeError::Rpc { code: 0, message: "this node is a lite fullnode".into() });
        }
        let said = say(&mut world);
        if let Some((_, change)) = world.then.take_if(|(when, _)| *when == what) {
            change(&mut world);
        }
        said
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
        ready(self.tell("header", |world| {
            if tag == Tag::Finalized && world.comes > 0 {
                world.comes -= 1;
                world.solid += 1;
            }
            let number = match tag {
                Tag::Latest => world.top(Api::Full),
                Tag::Finalized => world.solid,
                Tag::Number(number) => number,
            };
            Ok(world.shown(number, Api::Full).map(|block| block.header))
        }))
    }
    fn block(&self, number: u64, api: Api) -> Fut<'_, Result<Option<Block>, NodeError>> {
        ready(self.tell("block", |world| Ok(world.shown(number, api))))
    }
    fn blocks(&self, from: u64, count: u64) -> Fut<'_, Result<Vec<Block>, NodeError>> {
        ready(self.tell("blocks", |world| {
            Ok((from..from + count).map_while(|number| world.shown(number, Api::Solid)).collect())
        }))
    }
    fn infos<'a>(&'a self, txids: &'a [[u8; 32]], api: Api) -> Fut<'a, Result<Vec<Option<Info>>, NodeError>> {
        ready(self.tell("infos", |world| {
            let find = |txid: &[u8; 32]| world.infos(api).find(|info| info.txid == *txid).cloned();
            Ok(txids.iter().map(|txid| find(txid).filter(|_| !world.unindexed)).collect())
        }))
    }
    fn infos_of(&self, number: u64, api: Api) -> Fut<'_, Result<Vec<Info>, NodeError>> {
        ready(self.tell("infos_of", |world| {
            Ok(world.infos(api).filter(|info| info.number == number).cloned().collect())
        }))
    }
    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Said, NodeError>>> {
        let answer = self.tell("send", |world| Ok(world.said.clone()));
        ready(raw.iter().map(|_| answer.clone()).collect())
    }
    fn knows(&self, _txid: [u8; 32]) -> Fut<'_, Result<bool, NodeError>> {
        ready(self.tell("knows", |world| Ok(world.knows)))
    }
    fn calls<'a>(&'a self, calls: &'a [Trigger], _api: Api) -> Fut<'a, Vec<Result<Called, NodeError>>> {
        let answers = self.tell("calls", |world| Ok(calls.iter().map(|call| world.call(call)).collect()));
        ready(match answers {
            Ok(answers) => Vec::into_iter(answers).map(Ok).collect(),
            Err(error) => calls.iter().map(|_| Err(error.clone())).collect(),
        })
    }
    fn account(&self, account: TronAddress, _api: Api) -> Fut<'_, Result<Option<Account>, NodeError>> {
        ready(self.tell("account", |world| {
            let there = !world.nobody.contains(&account);
            Ok(there.then_some(Account {
                energy: world.stake,
                unstaking_sun: world.unstaking,
                ..Account::of(world.balance)
            }))
        }))
    }
    fn left(&self, _account: TronAddress) -> Fut<'_, Result<Left, NodeError>> {
        ready(self.tell("left", |world| Ok(world.left)))
    }
    fn lendable(&self, _account: TronAddress, _resource: Resource) -> Fut<'_, Result<u64, NodeError>> {
        ready(self.tell("lendable", |world| Ok(world.lendable)))
    }
    fn collectable(&self, _account: TronAddress, _at_ms: i64) -> Fut<'_, Result<u64, NodeError>> {
        ready(self.tell("collectable", |world| Ok(world.collectable)))
    }
    fn loan(
        &self,
        _from: TronAddress,
        _to: TronAddress,
        _resource: Resource,
        _at_ms: i64,
    ) -> Fut<'_, Result<u64, NodeError>> {
        ready(self.tell("loan", |world| Ok(world.loan)))
    }
    fn prices(&self) -> Fut<'_, Result<Prices, NodeError>> {
        ready(self.tell("prices", |world| Ok(world.prices)))
    }
    fn is_contract(&self, _account: TronAddress) -> Fut<'_, Result<bool, NodeError>> {
        ready(self.tell("is_contract", |world| Ok(world.contract)))
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
    pub tron: Tron,
    pub nodes: Vec<Arc<Fake>>,
    pub clock: Arc<Hands>,
}

pub fn stage(world: &World, operators: &[&str], needed: usize) -> Stage {
    let now_ms = time_of(world.blocks.len() as u64);
    let clock = Arc::new(Hands(AtomicI64::new(now_ms * 1_000)));
    let fake = |(index, operator): (usize, &&str)| {
        let name = format!("{operator}/{index}");
        Arc::new(Fake { name, operator: (*operator).to_owned(), world: Mutex::new(world.clone()) })
    };
    let nodes: Vec<Arc<Fake>> = operators.iter().enumerate().map(fake).collect();
    let given = nodes.iter().map(|node| Arc::clone(node) as Arc<dyn Node>).collect();
    let profile = ChainProfile::tron_mainnet();
    let tron = Tron::new(profile, given, Quorum { needed }, Arc::clone(&clock) as Arc<dyn Clock>);
    Stage { tron: tron.unwrap().believing([TOKEN.into()]), nodes, clock }
}

/// Codes of troubles, with their subjects.
pub fn codes(raised: &[Raise]) -> Vec<(Code, &str)> {
    raised.iter().map(|raise| (raise.code, raise.subject.as_str())).collect()
}
