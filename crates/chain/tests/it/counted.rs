//! A node that counts what it is asked: each question of a batch is one, as providers bill it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use sluice_chain::evm::node::{At, Call, Called, Header, Node, NodeError, Receipt, Sent, Tag, TxLog};
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;

pub struct Counted<N> {
    pub node: N,
    pub count: Arc<Mutex<BTreeMap<&'static str, usize>>>,
}

impl<N> Counted<N> {
    fn add(&self, what: &'static str, questions: usize) {
        *self.count.lock().unwrap().entry(what).or_default() += questions;
    }
}

impl<N: Node> Node for Counted<N> {
    fn name(&self) -> &str {
        self.node.name()
    }
    fn operator(&self) -> &str {
        self.node.operator()
    }
    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>> {
        self.add("chain_id", 1);
        self.node.chain_id()
    }
    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>> {
        self.add("header", 1);
        self.node.header(tag)
    }
    fn transactions(&self, block: [u8; 32]) -> Fut<'_, Result<Option<Vec<Sent>>, NodeError>> {
        self.add("transactions", 1);
        self.node.transactions(block)
    }
    fn wallet_logs<'a>(
        &'a self,
        block: [u8; 32],
        wallets: &'a [EvmAddress],
    ) -> Fut<'a, Result<Vec<TxLog>, NodeError>> {
        self.add("logs", 1);
        self.node.wallet_logs(block, wallets)
    }
    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Fut<'a, Result<Vec<Option<Receipt>>, NodeError>> {
        self.add("receipt", txids.len());
        self.node.receipts(txids)
    }
    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Fut<'a, Result<Vec<u64>, NodeError>> {
        self.add("nonce", accounts.len());
        self.node.nonces(accounts, at)
    }
    fn balance(&self, account: EvmAddress, at: At) -> Fut<'_, Result<Units, NodeError>> {
        self.add("balance", 1);
        self.node.balance(account, at)
    }
    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Fut<'a, Result<Vec<Called>, NodeError>> {
        self.add("call", calls.len());
        self.node.calls(calls, at)
    }
    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Fut<'a, Result<Vec<Option<u64>>, NodeError>> {
        self.add("estimate", calls.len());
        self.node.estimates(calls)
    }
    fn tip(&self) -> Fut<'_, Result<u128, NodeError>> {
        self.add("tip", 1);
        self.node.tip()
    }
    fn has_code(&self, account: EvmAddress) -> Fut<'_, Result<bool, NodeError>> {
        self.add("code", 1);
        self.node.has_code(account)
    }
    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        self.add("send", raw.len());
        self.node.send(raw)
    }
}
