//! What blocks hold of our wallets.
//!
//! TRX and permissions of a plain account change by its own transactions alone, whoever signed them; its tokens also by
//! others', where it has approved that, and those show in logs. Internal transactions are not read: they move what contracts
//! hold. Nor is energy that others lend or take back: neither value nor a permission of ours.

use std::sync::Arc;

use sluice_codec::evm::log;
use sluice_core::address::{Address, EvmAddress, TronAddress};
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{BlockFacts, ChainError, DrainFact, SentFact, Shown};

use super::Tron;
use super::effect::moved;
use super::node::{Api, Block, Info, Log, Node, NodeError, Tx};
use super::place::infos_of;
use crate::crew::Concerning;

/// `CreateSmartContract` and `TriggerSmartContract`: what runs code, and leaves logs.
const RUNS_CODE: [i32; 2] = [30, 31];

impl Tron {
    pub(super) async fn read_block(
        &self,
        number: u64,
        wallets: &[TronAddress],
    ) -> Result<BlockFacts, ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            if wallets.is_empty() {
                let header = node.header(super::node::Tag::Number(number)).await?;
                return Ok(header.map(|header| (header, (Vec::new(), Vec::new()))));
            }
            let Some(block) = node.block(number, Api::Full).await? else { return Ok(None) };
            // `None`: the block left the chain between the two questions, or its receipts are late.
            let found = self.concerning(&*node, &block, wallets).await?;
            Ok(found.map(|found| (block.header, found)))
        };
        // A node behind the one that told the latest block may not have it yet: the next one is asked.
        let found = self.crew.first_with(ask).await?;
        let (node, (header, (sent, drained))) = found.ok_or(ChainError::NoBlock)?;
        let told_by = self.crew.node_name(node).to_owned();
        Ok(BlockFacts { block: header.block, parent: header.parent, shown: Shown { sent, drained, told_by } })
    }

    /// What the nodes of other operators show of this very block.
    pub(super) async fn read_second(
        &self,
        told_by: &str,
        at: BlockRef,
        wallets: &[TronAddress],
    ) -> Option<Vec<Shown>> {
        let ask = |node: Arc<dyn Node>| async move {
            match node.block(at.number, Api::Full).await? {
                Some(block) if block.header.block == at => self.concerning(&*node, &block, wallets).await,
                Some(_) | None => Ok(None),
            }
        };
        self.crew.second_look(told_by, ask).await
    }

    /// What a block holds of wallets. Receipts are asked for only where code ran that no wallet of ours has called.
    async fn concerning(
        &self,
        node: &dyn Node,
        block: &Block,
        wallets: &[TronAddress],
    ) -> Result<Concerning, NodeError> {
        let by_wallet = |tx: &Tx| tx.owner().filter(|owner| wallets.contains(owner));
        let sent = block.transactions.iter().filter_map(|tx| {
            let from = by_wallet(tx)?.into();
            Some(SentFact { from, txid: tx.txid(), nonce: None })
        });
        let sent = sent.collect();
        let strange = |tx: &Tx| RUNS_CODE.contains(&tx.kind()) && by_wallet(tx).is_none();
        // A wallet may also be drained by a transaction that another wallet of ours has sent.
        let several = wallets.len() > 1 && block.transactions.iter().any(|tx| RUNS_CODE.contains(&tx.kind()));
        if !several && !block.transactions.iter().any(strange) {
            return Ok(Some((sent, Vec::new())));
        }
        let Some(infos) = infos_of(node, block, Api::Full).await? else { return Ok(None) };
        let drained = block.transactions.iter().zip(&infos);
        let drained = drained.flat_map(|(tx, info)| self.drains(tx, info, wallets)).collect();
        Ok(Some((sent, drained)))
    }

    fn drains(&self, tx: &Tx, info: &Info, wallets: &[TronAddress]) -> Vec<DrainFact> {
        info.logs.iter().filter_map(|log| self.drain(tx, log, wallets)).collect()
    }

    /// Value or permission that left a wallet in a transaction that the wallet did not send.
    ///
    /// Nothing and zero are not value: `transferFrom(wallet, x, 0)` succeeds for everybody, and a permission of zero
    /// takes one away.
    fn drain(&self, tx: &Tx, log: &Log, wallets: &[TronAddress]) -> Option<DrainFact> {
        let [log::TRANSFER | log::APPROVAL, owner, ..] = log.topics.as_slice() else { return None };
        let wallet = *wallets.iter().find(|wallet| log::topic_of(EvmAddress(wallet.0)) == *owner)?;
        if !self.believes(&log.address) || tx.owner() == Some(wallet) {
            return None;
        }
        let token = log.address;
        let what = match (moved(log), log::approval(&log.topics, &log.data)) {
            (Some(moved), _) if moved.units.is_zero() => return None,
            (_, Some(given)) if given.units.is_zero() => return None,
            (Some(moved), _) => {
                format!("{} units of {token} went from {wallet} to {}", moved.units, moved.to)
            }
            (_, Some(given)) => {
                let spender = TronAddress(given.spender.0);
                format!("{spender} may now move {} units of {token} from {wallet}", given.units)
            }
            (None, None) => {
                format!("{token} says that something of {wallet} moved, in a form that is not TRC-20")
            }
        };
        Some(DrainFact {
            wallet: Address::Tron(wallet),
            txid: tx.txid(),
            what: format!("{what}, in a transaction the wallet did not send"),
        })
    }
}
