//! What blocks hold of our wallets, and whether blocks are still there.

use std::collections::BTreeMap;
use std::sync::Arc;

use futures_util::future::join;
use sluice_codec::evm::log;
use sluice_core::address::EvmAddress;
use sluice_core::asset::{AssetId, AssetKind};
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{BlockFacts, ChainError, DrainFact, SentFact, Shown, TransferLog};
use sluice_core::proof::Final;

use super::Evm;
use super::node::{Header, Log, Node, NodeError, Tag};
use super::receipt;
use crate::crew::{Concerning, Judge};

/// A transaction's place and the transfers in it, as one node has them; `None` when it is not in a final block.
type Found = Option<(BlockRef, Vec<TransferLog>)>;

impl Evm {
    pub(super) async fn read_block(
        &self,
        number: u64,
        wallets: &[EvmAddress],
    ) -> Result<BlockFacts, ChainError> {
        let ask = |node: Arc<dyn Node>| async move {
            let Some(header) = node.header(Tag::Number(number)).await? else { return Ok(None) };
            let hash = header.block.hash;
            if wallets.is_empty() {
                return Ok(Some(facts(&header, Vec::new(), Vec::new())));
            }
            // `None`: the block left the chain between the two questions.
            let found = self.concerning(&*node, hash, wallets).await?;
            Ok(found.map(|(sent, drained)| facts(&header, sent, drained)))
        };
        // A node behind the one that told the latest block may not have it yet: the next one is asked.
        let found = self.crew.first_with(ask).await?;
        let (node, facts) = found.ok_or(ChainError::NoBlock)?;
        let told_by = self.crew.node_name(node).to_owned();
        Ok(BlockFacts { shown: Shown { told_by, ..facts.shown }, ..facts })
    }

    /// What one node has of wallets in a block; `None` when it has no such block.
    pub(super) async fn concerning(
        &self,
        node: &dyn Node,
        block: [u8; 32],
        wallets: &[EvmAddress],
    ) -> Result<Concerning, NodeError> {
        let (transactions, logs) = join(node.transactions(block), node.wallet_logs(block, wallets)).await;
        let Some(transactions) = transactions? else { return Ok(None) };
        let senders: BTreeMap<[u8; 32], EvmAddress> =
            transactions.iter().map(|sent| (sent.txid, sent.from)).collect();
        let ours = transactions.iter().filter(|sent| wallets.contains(&sent.from));
        let sent = ours
            .map(|sent| SentFact { from: sent.from.into(), txid: sent.txid, nonce: Some(sent.nonce) })
            .collect();
        let drained =
            logs?.iter().filter_map(|(txid, log)| self.drain(txid, log, &senders, wallets)).collect();
        Ok(Some((sent, drained)))
    }

    /// Value or permission that left a wallet in a transaction that the wallet did not send.
    ///
    /// Nothing and zero are not value: `transferFrom(wallet, x, 0)` succeeds for everybody, and a permission of zero
    /// takes one away.
    fn drain(
        &self,
        txid: &[u8; 32],
        log: &Log,
        senders: &BTreeMap<[u8; 32], EvmAddress>,
        wallets: &[EvmAddress],
    ) -> Option<DrainFact> {
        let owner = log.topics.get(1)?;
        let wallet = *wallets.iter().find(|wallet| log::topic_of(**wallet) == *owner)?;
        let believed = self.believed.as_ref().is_none_or(|believed| believed.contains(&log.address));
        if !believed || senders.get(txid) == Some(&wallet) {
            return None;
        }
        let token = log.address;
        let what = match (log::transfer(&log.topics, &log.data), log::approval(&log.topics, &log.data)) {
            (Some(moved), _) if moved.units.is_zero() => return None,
            (_, Some(given)) if given.units.is_zero() => return None,
            (Some(moved), _) => {
                format!("{} units of {token} went from {wallet} to {}", moved.units, moved.to)
            }
            (_, Some(given)) => {
                format!("{} may now move {} units of {token} from {wallet}", given.spender, given.units)
            }
            (None, None) => {
                format!("{token} says that something of {wallet} moved, in a form that is not ERC-20")
            }
        };
        Some(DrainFact {
            wallet: wallet.into(),
            txid: *txid,
            what: format!("{what}, in a transaction the wallet did not send"),
        })
    }

    pub(super) async fn read_transfers_of(
        &self,
        asset: AssetId,
        txid: [u8; 32],
    ) -> Result<Option<Final<(BlockRef, Vec<TransferLog>)>>, ChainError> {
        let (AssetKind::Erc20(token), true) = (asset.kind, asset.chain == self.crew.profile().id) else {
            return Err(self.disagree(format!("{asset} leaves no Transfer logs on this chain")));
        };
        let head = self.crew.final_head().await?;
        let top = head.block;
        let ask = |node: Arc<dyn Node>| async move { Ok(vec![transfers(&*node, token, txid, top).await?]) };
        let answers = self.crew.agree(&head, 1, ask, &Judge::of_receipts()).await?;
        let found = answers.into_iter().next().and_then(|answer| {
            let found = answer.reading().clone()?;
            Some(answer.map(|_| found))
        });
        Ok(found)
    }
}

fn facts(header: &Header, sent: Vec<SentFact>, drained: Vec<DrainFact>) -> BlockFacts {
    let shown = Shown { sent, drained, told_by: String::new() };
    BlockFacts { block: header.block, parent: header.parent, shown }
}

/// The outer `None`: this node cannot tell.
async fn transfers(
    node: &dyn Node,
    token: EvmAddress,
    txid: [u8; 32],
    top: BlockRef,
) -> Result<Option<Found>, NodeError> {
    let receipt = match receipt::under(node, txid, top).await? {
        Some(Some(receipt)) => receipt,
        Some(None) => return Ok(Some(None)),
        None => return Ok(None),
    };
    let logs = receipt.logs.iter().filter(|log| receipt.success && log.address == token);
    let moved = logs.filter_map(|log| {
        let moved = log::transfer(&log.topics, &log.data)?;
        let (from, to) = (moved.from.into(), moved.to.into());
        Some(TransferLog { log_index: log.index, from, to, units: moved.units })
    });
    Ok(Some(Some((receipt.block, moved.collect()))))
}
