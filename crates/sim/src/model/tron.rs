//! `sluice_chain::tron::node::Node` over the model of the *expiry* shape.

use std::sync::{Arc, MutexGuard, PoisonError};

use sluice_chain::tron::node::{
    Account, Api, Block as ShownBlock, Called, Executed as CameTo, Header, Info, Left, Log, Node, NodeError,
    Prices, Said, Tag, Trigger, Tx as ShownTx,
};
use sluice_codec::tron;
use sluice_core::address::{EvmAddress, TronAddress};
use sluice_core::errand::Resource;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;

use super::block::{Accounts, Block, Executed, Tx, Validity};
use super::chain::Chain;
use super::chain::expiry::{ACCOUNT_BANDWIDTH_SUN, ACCOUNT_SUN, TRANSFER_ENERGY};
use super::node::SharedChain;
use super::token::{self, TRANSFER_TOPIC, returned, topic};
use super::view::{Lie, View};

/// TRX that are staked for energy in the whole network.
const STAKED_TRX: u64 = 1_000_000_000;
/// Energy of each of them, a day.
pub const ENERGY_OF_A_TRX: u64 = 10;

/// What a block, an answer or a pool is asked for in one hop.
type Asked<'a, T> = Fut<'a, Result<T, NodeError>>;

/// One node of the model.
pub struct TronNode {
    chain: SharedChain,
    index: usize,
    name: String,
    operator: String,
}

impl TronNode {
    /// The node at an index of the chain's list.
    pub fn new(chain: SharedChain, index: usize) -> Self {
        let (name, operator) = {
            let chain = chain.lock().unwrap_or_else(PoisonError::into_inner);
            chain.nodes.get(index).map(|node| (node.name.clone(), node.operator.clone())).unwrap_or_default()
        };
        Self { chain, index, name, operator }
    }

    fn lock(&self) -> MutexGuard<'_, Chain> {
        self.chain.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn ask<T: Send + 'static>(
        &self,
        question: impl FnOnce(&View<'_>, &Chain) -> Result<T, NodeError>,
    ) -> Asked<'_, T> {
        let chain = self.lock();
        let answer = match chain.view(self.index) {
            Some(view) if !view.node().down => question(&view, &chain),
            Some(_) | None => Err(NodeError::Transport("connection refused".into())),
        };
        Box::pin(std::future::ready(answer))
    }
}

const fn header(block: &Block) -> Header {
    Header { block: block.id, parent: block.parent, time_ms: block.time_ms() }
}

/// The block that an API ends with.
fn top<'a>(view: &View<'a>, api: Api) -> Option<&'a Arc<Block>> {
    match api {
        Api::Full => Some(view.head()),
        Api::Solid => view.finalized(),
    }
}

fn block_at<'a>(view: &View<'a>, number: u64, api: Api) -> Option<&'a Arc<Block>> {
    let top = top(view, api)?.id.number;
    (number <= top).then(|| view.at(number)).flatten()
}

fn state(view: &View<'_>, api: Api) -> Arc<Accounts> {
    top(view, api).map(|block| Arc::clone(&block.after)).unwrap_or_default()
}

const fn came_to(done: &Executed) -> CameTo {
    match (done.success, done.starved) {
        (true, _) => CameTo::Success,
        (false, true) => CameTo::OutOfEnergy,
        (false, false) => CameTo::Failed,
    }
}

fn shown(view: &View<'_>, chain: &Chain, block: &Block) -> ShownBlock {
    let mut transactions = vec![];
    if view.node().lie != Some(Lie::HiddenTransactions) {
        for done in &block.txs {
            let raw = done.tx.validity.as_ref().map(|it| Arc::clone(&it.raw)).unwrap_or_default();
            transactions.push(ShownTx::read(&raw, Some(came_to(done))));
        }
    }
    if view.node().lie == Some(Lie::FalseStranger)
        && let Some(raw) = false_theft(chain, block)
    {
        transactions.push(ShownTx::read(&raw, Some(CameTo::Success)));
    }
    ShownBlock { header: header(block), transactions }
}

/// A transaction of one of our wallets that nobody else has.
fn false_theft(chain: &Chain, block: &Block) -> Option<Vec<u8>> {
    let wallet = chain.blocks.first()?.after.native.keys().next()?;
    let terms = tron::Terms {
        reference: tron::Reference { bytes: block.tapos().0, hash: block.tapos().1 },
        expiration_ms: block.time_ms() + 60_000,
        timestamp_ms: block.time_ms(),
        fee_limit_sun: 1_000_000,
        memo: vec![],
        permission_id: 0,
    };
    let (owner, to) = (TronAddress(wallet.0), TronAddress([0xee; 20]));
    Some(tron::raw(&tron::Unsigned { owner, call: tron::Call::TrxTransfer { to, sun: 1 }, terms }))
}

fn info(block: &Block, done: &Executed) -> Info {
    let logs = done.event.as_ref().map(|event| Log {
        address: TronAddress(event.token.0),
        topics: vec![TRANSFER_TOPIC, topic(event.from), topic(event.to)],
        data: returned(event.atoms),
    });
    let called = !done.tx.data.is_empty();
    Info {
        txid: done.tx.hash,
        number: block.id.number,
        fee_sun: u64::try_from(done.price_wei).unwrap_or(u64::MAX),
        collected_sun: 0,
        executed: called.then(|| came_to(done)),
        failed: !done.success,
        energy: if called { TRANSFER_ENERGY } else { 0 },
        logs: logs.into_iter().collect(),
    }
}

/// A receipt for something that never happened, as convincing as a liar can make it.
fn forged(view: &View<'_>, chain: &Chain, txid: &[u8; 32]) -> Option<Info> {
    let tx = chain.known(txid)?;
    let event = match token::parse(&tx.data) {
        Some(token::Call::Transfer(to, atoms)) => {
            Some(super::block::Event { index: 0, token: tx.to, from: tx.from, to, atoms })
        }
        // The coin moves without a log.
        None if tx.value_wei > 0 => None,
        Some(_) | None => return None,
    };
    let done = Executed { tx, success: true, gas_used: 1, price_wei: 1_000, event, starved: false };
    Some(info(view.finalized().unwrap_or(view.head()), &done))
}

impl Node for TronNode {
    fn name(&self) -> &str {
        &self.name
    }

    fn operator(&self) -> &str {
        &self.operator
    }

    fn chain_id(&self) -> Asked<'_, u64> {
        self.ask(|_, chain| Ok(chain.terms.chain_id))
    }

    fn header(&self, tag: Tag) -> Asked<'_, Option<Header>> {
        self.ask(|view, _| {
            let block = match tag {
                Tag::Latest => Some(view.head()),
                Tag::Finalized => view.finalized(),
                Tag::Number(number) => view.at(number),
            };
            let mut header = block.map(|block| header(block));
            if let Some(header) = &mut header
                && tag == Tag::Finalized
                && view.node().lie == Some(Lie::WrongFinalizedHash)
            {
                header.block = wrong(header.block);
            }
            Ok(header)
        })
    }

    fn block(&self, number: u64, api: Api) -> Asked<'_, Option<ShownBlock>> {
        self.ask(|view, chain| Ok(block_at(view, number, api).map(|block| shown(view, chain, block))))
    }

    fn blocks(&self, from: u64, count: u64) -> Asked<'_, Vec<ShownBlock>> {
        self.ask(|view, chain| {
            let numbers = from..from.saturating_add(count.min(100));
            let there = numbers.map_while(|number| block_at(view, number, Api::Solid));
            Ok(there.map(|block| shown(view, chain, block)).collect())
        })
    }

    fn infos<'a>(&'a self, txids: &'a [[u8; 32]], api: Api) -> Asked<'a, Vec<Option<Info>>> {
        self.ask(|view, chain| {
            let answer = |txid: &[u8; 32]| match view.node().lie {
                Some(Lie::FakeReceipt) => forged(view, chain, txid),
                Some(Lie::NullReceipt | Lie::HiddenTransactions) => None,
                lie => {
                    let top = top(view, api)?.id.number;
                    let (block, done) = view.find(txid).filter(|(block, _)| block.id.number <= top)?;
                    let number = block.id.number + u64::from(lie == Some(Lie::ForgedBlock));
                    Some(Info { number, ..info(block, done) })
                }
            };
            Ok(txids.iter().map(answer).collect())
        })
    }

    fn infos_of(&self, number: u64, api: Api) -> Asked<'_, Vec<Info>> {
        self.ask(|view, _| {
            let hides = matches!(view.node().lie, Some(Lie::NullReceipt | Lie::HiddenTransactions));
            let block = block_at(view, number, api).filter(|_| !hides);
            Ok(block
                .map(|block| block.txs.iter().map(|done| info(block, done)).collect())
                .unwrap_or_default())
        })
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Said, NodeError>>> {
        let mut chain = self.lock();
        let (down, lie) = chain.nodes.get(self.index).map_or((true, None), |node| (node.down, node.lie));
        let said = raw.iter().map(|raw| {
            if down {
                return Err(NodeError::Transport("connection refused".into()));
            }
            if lie == Some(Lie::LosesBytes) {
                return Err(NodeError::Silent("no answer in time".into()));
            }
            let Some(tx) = chain.decode(raw, decode) else { return Ok(Said::Other("SIGERROR".into())) };
            Ok(match lie {
                Some(Lie::SwallowsBytes) => Said::Taken,
                Some(Lie::RefusesBytes) => Said::Other("TRANSACTION_EXPIRATION_ERROR".into()),
                _ => match chain.offer(self.index, &tx) {
                    Heard::Accepted | Heard::Known => Said::Taken,
                    Heard::NoFunds => Said::NoFunds,
                    Heard::Unclear(text) if text.starts_with("DUP") => Said::Duplicate,
                    Heard::Unclear(text) => Said::Other(text),
                    Heard::NonceConsumed | Heard::Underpriced | Heard::Gap => {
                        Said::Other("no such thing here".into())
                    }
                },
            })
        });
        let said = said.collect();
        Box::pin(std::future::ready(said))
    }

    fn knows(&self, txid: [u8; 32]) -> Asked<'_, bool> {
        self.ask(|view, _| Ok(view.node().pool.loose().contains_key(&txid) || view.find(&txid).is_some()))
    }

    fn calls<'a>(&'a self, calls: &'a [Trigger], api: Api) -> Fut<'a, Vec<Result<Called, NodeError>>> {
        let chain = self.lock();
        let answers = match chain.view(self.index) {
            Some(view) if !view.node().down => {
                let state = state(&view, api);
                calls.iter().map(|call| Ok(run(&state, &chain, call))).collect()
            }
            Some(_) | None => {
                calls.iter().map(|_| Err(NodeError::Transport("connection refused".into()))).collect()
            }
        };
        Box::pin(std::future::ready(answers))
    }

    fn account(&self, account: TronAddress, api: Api) -> Asked<'_, Option<Account>> {
        self.ask(|view, _| {
            let state = state(view, api);
            let sun = state.native.get(&EvmAddress(account.0));
            Ok(sun.map(|sun| Account::of(u64::try_from(*sun).unwrap_or(u64::MAX))))
        })
    }

    /// Nobody stakes here.
    fn lendable(&self, _account: TronAddress, _resource: Resource) -> Asked<'_, u64> {
        self.ask(|_, _| Ok(0))
    }

    fn collectable(&self, _account: TronAddress, _at_ms: i64) -> Asked<'_, u64> {
        self.ask(|_, _| Ok(0))
    }

    fn loan(&self, _from: TronAddress, _to: TronAddress, _resource: Resource, _at_ms: i64) -> Asked<'_, u64> {
        self.ask(|_, _| Ok(0))
    }

    fn left(&self, account: TronAddress) -> Asked<'_, Left> {
        self.ask(|view, _| {
            let energy = state(view, Api::Full).energy_left(EvmAddress(account.0));
            let (network_energy, network_stake_trx) = (ENERGY_OF_A_TRX * STAKED_TRX, STAKED_TRX);
            Ok(Left { energy, network_energy, network_stake_trx, ..Left::default() })
        })
    }

    fn prices(&self) -> Asked<'_, Prices> {
        self.ask(|_, chain| {
            let energy_sun = u64::try_from(chain.fee_target_wei).unwrap_or(u64::MAX);
            Ok(Prices {
                energy_sun,
                bandwidth_sun: 1_000,
                memo_sun: 1_000_000,
                account_sun: u64::try_from(ACCOUNT_SUN).unwrap_or(u64::MAX),
                account_bandwidth_sun: u64::try_from(ACCOUNT_BANDWIDTH_SUN).unwrap_or(u64::MAX),
            })
        })
    }

    fn is_contract(&self, account: TronAddress) -> Asked<'_, bool> {
        self.ask(|_, chain| Ok(account.0 == chain.terms.token.0))
    }
}

/// An id that is not the block's, and begins with its height all the same.
const fn wrong(of: sluice_core::chain::BlockRef) -> sluice_core::chain::BlockRef {
    let mut hash = of.hash;
    hash[31] ^= 0xff;
    sluice_core::chain::BlockRef { number: of.number, hash }
}

fn run(state: &Accounts, chain: &Chain, call: &Trigger) -> Called {
    let returns = |word: u128, energy| Called::Returned { data: returned(word), energy };
    if call.contract.0 != chain.terms.token.0 {
        return Called::Returned { data: vec![], energy: 0 };
    }
    let owner = EvmAddress(call.owner.0);
    match token::parse(&call.data) {
        Some(token::Call::Transfer(..)) => {
            // Balances are the only state a call can change, and the change is thrown away.
            match state.token.clone().call(&chain.issuer, owner, &call.data) {
                // Tether's contract says false and moves the money all the same.
                Ok(_) => returns(0, TRANSFER_ENERGY),
                Err(_) => Called::Reverted,
            }
        }
        Some(token::Call::BalanceOf(account)) => returns(state.token.balance(account), 1_000),
        _ => match token::Token::default().call(&chain.issuer, owner, &call.data) {
            Ok(word) => returns(word, 1_000),
            Err(_) => Called::Reverted,
        },
    }
}

/// Real bytes, by the codec that ships.
pub fn decode(raw: &[u8]) -> Option<Tx> {
    let decoded = tron::decode(raw).ok()?;
    let (to, value_wei, data) = match &decoded.unsigned.call {
        tron::Call::TrxTransfer { to, sun } => (*to, u128::try_from(*sun).ok()?, vec![]),
        tron::Call::Trigger { contract, data, .. } => (*contract, 0, data.clone()),
        _ => return None,
    };
    let terms = &decoded.unsigned.terms;
    // Signed by its owner's key, as a node checks.
    if decoded.signers.as_slice() != [decoded.unsigned.owner] {
        return None;
    }
    Some(Tx {
        hash: decoded.txid,
        from: EvmAddress(decoded.unsigned.owner.0),
        nonce: 0,
        to: EvmAddress(to.0),
        value_wei,
        data,
        gas_limit: 0,
        max_fee_wei: 0,
        tip_wei: 0,
        validity: Some(Validity {
            raw: decoded.raw.clone().into(),
            tapos: (terms.reference.bytes, terms.reference.hash),
            expires_at_ms: terms.expiration_ms,
            fee_limit_sun: u128::try_from(terms.fee_limit_sun).ok()?,
            loan: None,
        }),
    })
}
