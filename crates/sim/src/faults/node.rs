//! A node as a process sees it: with faults, and with a witness on what leaves.

use std::sync::Arc;

use sluice_chain::evm::node::{At, Call, Called, Header, Log, Node, NodeError, Receipt, Sent, Tag};
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;

use super::Site;
use crate::oracle::Witness;

/// A node behind faults.
pub struct ChaosNode {
    /// The model's, or a mutant of it.
    pub inner: Arc<dyn Node>,
    /// Where calls come from.
    pub site: Site,
    /// Sees what leaves.
    pub witness: Witness,
}

macro_rules! ask {
    ($self:ident, $method:literal, $make:expr) => {
        Box::pin($self.site.ask($method, move || $make, NodeError::Transport, NodeError::Transport))
    };
}

impl Node for ChaosNode {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn operator(&self) -> &str {
        self.inner.operator()
    }

    fn chain_id(&self) -> Fut<'_, Result<u64, NodeError>> {
        ask!(self, "node.chain_id", self.inner.chain_id())
    }

    fn header(&self, tag: Tag) -> Fut<'_, Result<Option<Header>, NodeError>> {
        ask!(self, "node.header", self.inner.header(tag))
    }

    fn transactions(&self, block: [u8; 32]) -> Fut<'_, Result<Option<Vec<Sent>>, NodeError>> {
        ask!(self, "node.transactions", self.inner.transactions(block))
    }

    fn wallet_logs<'a>(
        &'a self,
        block: [u8; 32],
        wallets: &'a [EvmAddress],
    ) -> Fut<'a, Result<Vec<([u8; 32], Log)>, NodeError>> {
        ask!(self, "node.wallet_logs", self.inner.wallet_logs(block, wallets))
    }

    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Fut<'a, Result<Vec<Option<Receipt>>, NodeError>> {
        ask!(self, "node.receipts", self.inner.receipts(txids))
    }

    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Fut<'a, Result<Vec<u64>, NodeError>> {
        ask!(self, "node.nonces", self.inner.nonces(accounts, at))
    }

    fn balance(&self, account: EvmAddress, at: At) -> Fut<'_, Result<Units, NodeError>> {
        ask!(self, "node.balance", self.inner.balance(account, at))
    }

    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Fut<'a, Result<Vec<Called>, NodeError>> {
        ask!(self, "node.calls", self.inner.calls(calls, at))
    }

    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Fut<'a, Result<Vec<Option<u64>>, NodeError>> {
        ask!(self, "node.estimates", self.inner.estimates(calls))
    }

    fn tip(&self) -> Fut<'_, Result<u128, NodeError>> {
        ask!(self, "node.tip", self.inner.tip())
    }

    fn has_code(&self, account: EvmAddress) -> Fut<'_, Result<bool, NodeError>> {
        ask!(self, "node.has_code", self.inner.has_code(account))
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        let make = move || -> Fut<'a, _> {
            self.witness.sent(self.site.process, raw);
            self.inner.send(raw)
        };
        let unclear = move || raw.iter().map(|_| Err(NodeError::Transport("timeout".into()))).collect();
        Box::pin(self.site.tell("node.send", make, unclear))
    }
}
