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

/// The node, each question counted and timed.
pub fn measured(inner: Arc<dyn Node>, chain: ChainId, clock: Arc<dyn Clock>) -> Arc<dyn Node> {
    Arc::new(Measured { inner, chain: chain.to_string(), clock })
}

struct Measured {
    inner: Arc<dyn Node>,
    chain: String,
    clock: Arc<dyn Clock>,
}

type Answer<'a, T> = Fut<'a, Result<T, NodeError>>;

impl Measured {
    async fn timed<T>(&self, method: &'static str, work: Fut<'_, T>) -> T {
        let began = self.clock.now();
        let answer = work.await;
        let took_us = self.clock.now().micros().saturating_sub(began.micros());
        let (chain, operator) = (self.chain.clone(), self.inner.operator().to_owned());
        metrics::histogram!(NODE_SECONDS, "chain" => chain, "operator" => operator, "method" => method)
            .record(seconds(took_us));
        answer
    }

    fn count(&self, method: &'static str, outcome: &'static str) {
        let (chain, operator) = (self.chain.clone(), self.inner.operator().to_owned());
        let labels = [("chain", chain), ("operator", operator)];
        let labels: Vec<metrics::Label> = labels
            .into_iter()
            .map(|(key, value)| metrics::Label::new(key, value))
            .chain([metrics::Label::new("method", method), metrics::Label::new("outcome", outcome)])
            .collect();
        metrics::counter!(NODE_REQUESTS, labels).increment(1);
    }

    async fn ask<T>(&self, method: &'static str, work: Answer<'_, T>) -> Result<T, NodeError> {
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
}

impl Node for Measured {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn operator(&self) -> &str {
        self.inner.operator()
    }

    fn chain_id(&self) -> Answer<'_, u64> {
        Box::pin(self.ask("chain_id", self.inner.chain_id()))
    }

    fn header(&self, tag: Tag) -> Answer<'_, Option<Header>> {
        Box::pin(self.ask("header", self.inner.header(tag)))
    }

    fn transactions(&self, block: [u8; 32]) -> Answer<'_, Option<Vec<Sent>>> {
        Box::pin(self.ask("transactions", self.inner.transactions(block)))
    }

    fn wallet_logs<'a>(&'a self, block: [u8; 32], wallets: &'a [EvmAddress]) -> Answer<'a, Vec<TxLog>> {
        Box::pin(self.ask("wallet_logs", self.inner.wallet_logs(block, wallets)))
    }

    fn receipts<'a>(&'a self, txids: &'a [[u8; 32]]) -> Answer<'a, Vec<Option<Receipt>>> {
        Box::pin(self.ask("receipts", self.inner.receipts(txids)))
    }

    fn nonces<'a>(&'a self, accounts: &'a [EvmAddress], at: At) -> Answer<'a, Vec<u64>> {
        Box::pin(self.ask("nonces", self.inner.nonces(accounts, at)))
    }

    fn balance(&self, account: EvmAddress, at: At) -> Answer<'_, Units> {
        Box::pin(self.ask("balance", self.inner.balance(account, at)))
    }

    fn calls<'a>(&'a self, calls: &'a [Call], at: At) -> Answer<'a, Vec<Called>> {
        Box::pin(self.ask("calls", self.inner.calls(calls, at)))
    }

    fn estimates<'a>(&'a self, calls: &'a [Call]) -> Answer<'a, Vec<Option<u64>>> {
        Box::pin(self.ask("estimates", self.inner.estimates(calls)))
    }

    fn tip(&self) -> Answer<'_, u128> {
        Box::pin(self.ask("tip", self.inner.tip()))
    }

    fn has_code(&self, account: EvmAddress) -> Answer<'_, bool> {
        Box::pin(self.ask("has_code", self.inner.has_code(account)))
    }

    fn send<'a>(&'a self, raw: &'a [Vec<u8>]) -> Fut<'a, Vec<Result<Heard, NodeError>>> {
        Box::pin(async move {
            let heard = self.timed("send", self.inner.send(raw)).await;
            for said in &heard {
                let said = match said {
                    Ok(Heard::Accepted) => "accepted",
                    Ok(Heard::Known) => "known",
                    Ok(Heard::NonceConsumed) => "nonce_consumed",
                    Ok(Heard::Underpriced) => "underpriced",
                    Ok(Heard::Gap) => "gap",
                    Ok(Heard::NoFunds) => "no_funds",
                    Ok(Heard::Unclear(_)) | Err(_) => "unclear",
                };
                let (chain, operator) = (self.chain.clone(), self.inner.operator().to_owned());
                metrics::counter!(BROADCASTS, "chain" => chain, "operator" => operator, "said" => said)
                    .increment(1);
            }
            heard
        })
    }
}
