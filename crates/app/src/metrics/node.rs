//! A node, each question counted and timed.

use std::sync::Arc;

use sluice_chain::evm::node::{At, Call, Called, Header, Node, NodeError, Receipt, Sent, Tag, TxLog};
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::chain::ChainId;
use sluice_core::port::Fut;
use sluice_core::port::chain::Heard;
use sluice_core::port::world::Clock;

use super::{BROADCASTS, NODE_REQUESTS, NODE_SECONDS, seconds};

/// Where the figures of one node go.
pub(super) struct Line {
    chain: String,
    operator: String,
    clock: Arc<dyn Clock>,
}

impl Line {
    pub(super) fn new(chain: ChainId, operator: &str, clock: Arc<dyn Clock>) -> Self {
        Self { chain: chain.to_string(), operator: operator.to_owned(), clock }
    }

    pub(super) async fn timed<T>(&self, method: &'static str, work: Fut<'_, T>) -> T {
        let began = self.clock.now();
        let answer = work.await;
        let took_us = self.clock.now().micros().saturating_sub(began.micros());
        let (chain, operator) = (self.chain.clone(), self.operator.clone());
        metrics::histogram!(NODE_SECONDS, "chain" => chain, "operator" => operator, "method" => method)
            .record(seconds(took_us));
        answer
    }

    fn count(&self, method: &'static str, outcome: &'static str) {
        let labels = [("chain", self.chain.clone()), ("operator", self.operator.clone())];
        let labels: Vec<metrics::Label> = labels
            .into_iter()
            .map(|(key, value)| metrics::Label::new(key, value))
            .chain([metrics::Label::new("method", method), metrics::Label::new("outcome", outcome)])
            .collect();
        metrics::counter!(NODE_REQUESTS, labels).increment(1);
    }

    pub(super) async fn ask<T>(&self, method: &'static str, work: Answer<'_, T>) -> Result<T, NodeError> {
        let answer = self.timed(method, work).await;
        let outcome = match &answer {
            Ok(_) => "ok",
            Err(NodeError::Transport(_)) => "transport",
            Err(NodeError::Silent(_)) => "silent",
            Err(NodeError::Rpc { .. }) => "rpc",
            Err(NodeError::Nonsense(_)) => "nonsense",
        };
        self.count(method, outcome);
        answer
    }

    /// Counts what a node said to bytes.
    pub(super) fn sent(&self, said: &'static str) {
        let (chain, operator) = (self.chain.clone(), self.operator.clone());
        metrics::counter!(BROADCASTS, "chain" => chain, "operator" => operator, "said" => said).increment(1);
    }
}

/// The node, each question counted and timed.
pub fn measured(inner: Arc<dyn Node>, chain: ChainId, clock: Arc<dyn Clock>) -> Arc<dyn Node> {
    let line = Line::new(chain, inner.operator(), clock);
    Arc::new(Measured { inner, line })
}

struct Measured {
    inner: Arc<dyn Node>,
    line: Line,
}

type Answer<'a, T> = Fut<'a, Result<T, NodeError>>;

impl Node for Measured {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn operator(&self) -> &str {
        self.inner.operator()
    }

    fn chain_id(&self) -> Answer<'_, u64> {
        Box::pin(self.line.ask("chain_id", self.inner.chain_id()))
    }

    fn header(&self, tag: Tag) -> Answer<'_, Option<Header>> {
        Box::pin(self.line.ask("header", self.inner.header(tag)))
    }

    fn transactions(&self, block: [u8; 32]) -> Answer<'_, Option<Vec<Sent>>> {
        Box::pin(self.line.ask("transactions", self.inner.transactions(block)))
    }

    fn wallet_logs<'a>(&'a self, block: [u8; 32], wallets: &'a [EvmAddress]) -> Answer<'a, Vec<TxLog>> {
        Box::pin(self.line.ask("wallet_logs", self.inner.wallet_logs(block, wallets)))
    }

    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Answer<'a, Vec<Option<Receipt>>> {
        Box::pin(self.line.ask("receipts", self.inner.receipts(txids)))
    }

    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Answer<'a, Vec<u64>> {
        Box::pin(self.line.ask("nonces", self.inner.nonces(accounts, at)))
    }

    fn balance(&self, account: EvmAddress, at: At) -> Answer<'_, Units> {
        Box::pin(self.line.ask("balance", self.inner.balance(account, at)))
    }

    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Answer<'a, Vec<Called>> {
        Box::pin(self.line.ask("calls", self.inner.calls(calls, at)))
    }

    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Answer<'a, Vec<Option<u64>>> {
        Box::pin(self.line.ask("estimates", self.inner.estimates(calls)))
    }

    fn tip(&self) -> Answer<'_, u128> {
        Box::pin(self.line.ask("tip", self.inner.tip()))
    }

    fn has_code(&self, account: EvmAddress) -> Answer<'_, bool> {
        Box::pin(self.line.ask("has_code", self.inner.has_code(account)))
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        Box::pin(async move {
            let heard = self.line.timed("send", self.inner.send(raw)).await;
            for one in &heard {
                self.line.sent(match one {
                    Ok(Heard::Accepted) => "accepted",
                    Ok(Heard::Known) => "known",
                    Ok(Heard::NonceConsumed) => "nonce_consumed",
                    Ok(Heard::Underpriced) => "underpriced",
                    Ok(Heard::Gap) => "gap",
                    Ok(Heard::NoFunds) => "no_funds",
                    Ok(Heard::Unclear(_)) | Err(_) => "unclear",
                });
            }
            heard
        })
    }
}
