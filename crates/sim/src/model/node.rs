//! `sluice_chain::evm::node::Node` over the model: the seam at which the real quorum, watcher and submitter meet a chain
//! that we can bend.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sluice_chain::evm::node::{At, Call, Called, Header, Log, Node, NodeError, Receipt, Sent, Tag};
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;

use super::block::{Accounts, Block, Executed, Tx};
use super::chain::{Chain, PLAIN_GAS, TRANSFER_GAS};
use super::token::{self, TRANSFER_TOPIC, returned, reverted, topic};
use super::view::{Lie, View};

/// The chain, shared by its nodes and by the world that moves it.
pub type SharedChain = Arc<Mutex<Chain>>;

/// One node of the model.
pub struct ModelNode {
    chain: SharedChain,
    index: usize,
    name: String,
    operator: String,
}

impl ModelNode {
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
    ) -> Fut<'_, Result<T, NodeError>> {
        let chain = self.lock();
        let answer = match chain.view(self.index) {
            Some(view) if !view.node().down => question(&view, &chain),
            Some(_) | None => Err(NodeError::Transport("connection refused".into())),
        };
        Box::pin(std::future::ready(answer))
    }
}

fn unknown_block() -> NodeError {
    NodeError::Rpc { code: -32000, message: "header not found".into() }
}

fn state_at(view: &View<'_>, at: At) -> Result<Arc<Accounts>, NodeError> {
    match at {
        At::Latest | At::Pending => Ok(Arc::clone(&view.head().after)),
        At::Hash(hash) => {
            view.canonical(&hash).map(|block| Arc::clone(&block.after)).ok_or_else(unknown_block)
        }
    }
}

fn log_of(done: &Executed) -> Option<Log> {
    done.event.as_ref().map(|event| Log {
        address: event.token,
        topics: vec![TRANSFER_TOPIC, topic(event.from), topic(event.to)],
        data: returned(event.atoms),
        index: event.index,
    })
}

fn receipt_of(block: &Block, done: &Executed) -> Receipt {
    Receipt {
        txid: done.tx.hash,
        block: block.id,
        from: done.tx.from,
        success: done.success,
        gas_used: done.gas_used,
        gas_price_wei: done.price_wei,
        logs: log_of(done).into_iter().collect(),
    }
}

/// A receipt for something that never happened, as convincing as a liar can make it.
fn forged_receipt(view: &View<'_>, chain: &Chain, txid: &[u8; 32]) -> Option<Receipt> {
    let tx = chain.known(txid)?;
    let event = match token::parse(&tx.data) {
        Some(token::Call::Transfer(to, atoms)) => {
            Some(super::block::Event { index: 0, token: tx.to, from: tx.from, to, atoms })
        }
        _ => None,
    };
    let done = Executed {
        price_wei: tx.max_fee_wei,
        tx,
        success: true,
        gas_used: TRANSFER_GAS,
        event,
        starved: false,
    };
    let block = view.finalized().unwrap_or(view.head());
    Some(receipt_of(block, &done))
}

/// A transfer that never happened, by a transaction that nobody else has.
fn false_theft(chain: &Chain, block: &Block, wallet: EvmAddress) -> ([u8; 32], Log) {
    let mut txid = block.id.hash;
    txid[31] ^= 0xfa;
    let topics = vec![TRANSFER_TOPIC, topic(wallet), topic(EvmAddress([0xee; 20]))];
    (txid, Log { address: chain.terms.token, topics, data: returned(1), index: u64::from(u16::MAX) })
}

fn native_units(wei: u128) -> Units {
    Units::from(wei)
}

fn run_call(accounts: &Accounts, chain: &Chain, call: &Call) -> Called {
    if call.to != chain.terms.token {
        return Called::Returned(vec![]);
    }
    if call.gas.is_some_and(|gas| gas < TRANSFER_GAS) {
        return Called::Reverted(vec![]);
    }
    // Balances are the only state a call can change, and the change is thrown away.
    let outcome = match token::parse(&call.data) {
        Some(token::Call::Transfer(..)) => accounts.token.clone().call(&chain.issuer, call.from, &call.data),
        _ => {
            let mut token = token::Token::default();
            match token::parse(&call.data) {
                Some(token::Call::BalanceOf(account)) => Ok(accounts.token.balance(account)),
                _ => token.call(&chain.issuer, call.from, &call.data),
            }
        }
    };
    match outcome {
        Ok(word) => Called::Returned(returned(word)),
        Err(reason) => Called::Reverted(reverted(reason)),
    }
}

impl Node for ModelNode {
    fn name(&self) -> &str {
        &self.name
    }

    fn operator(&self) -> &str {
        &self.operator
    }

    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>> {
        self.ask(|_, chain| Ok(chain.terms.chain_id))
    }

    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>> {
        self.ask(|view, _| {
            let block = match tag {
                Tag::Latest => Some(view.head()),
                Tag::Finalized => view.finalized(),
                Tag::Number(number) => view.at(number),
            };
            let mut header = block.map(|block| Header {
                block: block.id,
                parent: block.parent,
                time: block.time_s,
                base_fee_wei: block.base_fee_wei,
            });
            if let Some(header) = &mut header
                && tag == Tag::Finalized
                && view.node().lie == Some(Lie::WrongFinalizedHash)
            {
                header.block = view.forged(header.block);
            }
            Ok(header)
        })
    }

    fn transactions(&self, block: [u8; 32]) -> Fut<'_, Result<Option<Vec<Sent>>, NodeError>> {
        self.ask(|view, _| {
            let sent = |done: &Executed| Sent {
                txid: done.tx.hash,
                from: done.tx.from,
                nonce: done.tx.nonce,
                to: Some(done.tx.to),
                value: Units::from(done.tx.value_wei),
            };
            let shown = view.node().lie != Some(Lie::HiddenTransactions);
            let txs = |block: &Arc<Block>| block.txs.iter().filter(|_| shown).map(sent).collect();
            Ok(view.any(&block).map(txs))
        })
    }

    fn wallet_logs<'a>(
        &'a self,
        block: [u8; 32],
        wallets: &'a [EvmAddress],
    ) -> Fut<'a, Result<Vec<([u8; 32], Log)>, NodeError>> {
        self.ask(|view, chain| {
            let block = view.any(&block).ok_or_else(unknown_block)?;
            let of_wallet =
                |done: &&Executed| done.event.as_ref().is_some_and(|event| wallets.contains(&event.from));
            let logs = block.txs.iter().filter(of_wallet);
            let mut logs: Vec<_> =
                logs.filter_map(|done| log_of(done).map(|log| (done.tx.hash, log))).collect();
            if view.node().lie == Some(Lie::HiddenTransactions) {
                logs.clear();
            }
            if let (Some(Lie::FalseStranger), Some(wallet)) = (view.node().lie, wallets.first()) {
                logs.push(false_theft(chain, block, *wallet));
            }
            Ok(logs)
        })
    }

    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Fut<'a, Result<Vec<Option<Receipt>>, NodeError>> {
        self.ask(|view, chain| {
            let answer = |txid: &[u8; 32]| match view.node().lie {
                Some(Lie::FakeReceipt) => forged_receipt(view, chain, txid),
                Some(Lie::NullReceipt | Lie::HiddenTransactions) => None,
                lie => view.find(txid).map(|(block, done)| {
                    let true_one = receipt_of(block, done);
                    let block = if lie == Some(Lie::ForgedBlock) { view.forged(block.id) } else { block.id };
                    Receipt { block, ..true_one }
                }),
            };
            Ok(txids.iter().map(answer).collect())
        })
    }

    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Fut<'a, Result<Vec<u64>, NodeError>> {
        self.ask(|view, _| {
            let state = state_at(view, at)?;
            let nonce = |account: &EvmAddress| {
                let next = state.nonces.get(account).copied().unwrap_or(0);
                let next = if at == At::Pending { view.node().pool.pending(*account, next) } else { next };
                match view.node().lie {
                    Some(Lie::WrongNonce) => next + 1,
                    Some(Lie::HiddenTransactions) if matches!(at, At::Latest | At::Pending) => 0,
                    _ => next,
                }
            };
            Ok(accounts.iter().map(nonce).collect())
        })
    }

    fn balance(&self, account: EvmAddress, at: At) -> Fut<'_, Result<Units, NodeError>> {
        self.ask(|view, _| {
            let state = state_at(view, at)?;
            Ok(native_units(state.native.get(&account).copied().unwrap_or(0)))
        })
    }

    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Fut<'a, Result<Vec<Called>, NodeError>> {
        self.ask(|view, chain| {
            let state = state_at(view, at)?;
            Ok(calls.iter().map(|call| run_call(&state, chain, call)).collect())
        })
    }

    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Fut<'a, Result<Vec<Option<u64>>, NodeError>> {
        self.ask(|view, chain| {
            let state = state_at(view, At::Latest)?;
            let gas = |call: &Call| match run_call(&state, chain, call) {
                Called::Returned(_) if call.to == chain.terms.token => Some(TRANSFER_GAS),
                Called::Returned(_) => Some(PLAIN_GAS),
                Called::Reverted(_) => None,
            };
            Ok(calls.iter().map(gas).collect())
        })
    }

    fn tip(&self) -> Fut<'_, Result<u128, NodeError>> {
        self.ask(|_, chain| Ok(chain.terms.tip_floor_wei))
    }

    fn has_code(&self, account: EvmAddress) -> Fut<'_, Result<bool, NodeError>> {
        self.ask(|_, chain| Ok(account == chain.terms.token))
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        let mut chain = self.lock();
        let (down, lie) = chain.nodes.get(self.index).map_or((true, None), |node| (node.down, node.lie));
        let heard = raw.iter().map(|raw| {
            if down {
                return Err(NodeError::Transport("connection refused".into()));
            }
            if lie == Some(Lie::LosesBytes) {
                return Err(NodeError::Transport("no answer in time".into()));
            }
            let Some(tx) = chain.decode(raw, decode) else {
                return Ok(Heard::Unclear("rlp: malformed".into()));
            };
            Ok(match lie {
                Some(Lie::SwallowsBytes) => Heard::Accepted,
                Some(Lie::RefusesBytes) => Heard::NonceConsumed,
                _ => chain.offer(self.index, &tx),
            })
        });
        let heard = heard.collect();
        Box::pin(std::future::ready(heard))
    }
}

/// Real bytes, by the codec that ships.
pub fn decode(raw: &[u8]) -> Option<Tx> {
    let decoded = sluice_codec::evm::decode(raw).ok()?;
    Some(Tx {
        hash: decoded.txid,
        from: decoded.sender,
        nonce: decoded.nonce,
        to: decoded.to,
        value_wei: u128::try_from(decoded.value).ok()?,
        data: decoded.data,
        gas_limit: decoded.gas_limit,
        max_fee_wei: decoded.max_fee_wei,
        tip_wei: decoded.tip_wei,
        validity: None,
    })
}
