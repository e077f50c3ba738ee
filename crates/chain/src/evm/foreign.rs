//! What a transaction that we did not make did to one of our wallets, by quorum, once it is final (M6).

use std::sync::Arc;

use sluice_codec::evm::log;
use sluice_core::address::EvmAddress;
use sluice_core::amount::{Cost, Units};
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{ChainError, Foreign};
use sluice_core::proof::Final;

use super::Evm;
use super::node::{Node, NodeError, Receipt, Sent};
use super::receipt;
use crate::crew::Judge;

/// `None` when it is in no final block.
type Found = Option<Foreign>;

impl Evm {
    pub(super) async fn read_foreign(
        &self,
        wallet: EvmAddress,
        txid: [u8; 32],
    ) -> Result<Final<Option<Foreign>>, ChainError> {
        let head = self.crew.final_head().await?;
        let top = head.block;
        let ask = |node: Arc<dyn Node>| async move { Ok(vec![self.look(&*node, wallet, txid, top).await?]) };
        let read = self.crew.agree(&head, 1, ask, &Judge::of_receipts()).await?.pop();
        read.ok_or_else(|| self.disagree("nobody told what the transaction did"))
    }

    /// The outer `None`: this node cannot tell.
    async fn look(
        &self,
        node: &dyn Node,
        wallet: EvmAddress,
        txid: [u8; 32],
        top: BlockRef,
    ) -> Result<Option<Found>, NodeError> {
        let receipt = match receipt::under(node, txid, top).await? {
            Some(Some(receipt)) => receipt,
            Some(None) => return Ok(Some(None)),
            None => return Ok(None),
        };
        let Some(sent) = node.transactions(receipt.block.hash).await? else { return Ok(None) };
        let sent = sent.into_iter().find(|sent| sent.txid == txid);
        let sent = sent.ok_or_else(|| NodeError::Nonsense("a receipt without its transaction".to_owned()))?;
        Ok(Some(Some(self.effect_on(wallet, &receipt, &sent)?)))
    }

    fn effect_on(&self, wallet: EvmAddress, receipt: &Receipt, sent: &Sent) -> Result<Foreign, NodeError> {
        let overflows = || NodeError::Nonsense("the cost overflows".to_owned());
        let ours = sent.from == wallet;
        let cost = match ours {
            true => Cost::of(receipt.gas_price_wei, receipt.gas_used).ok_or_else(overflows)?,
            false => Cost(0),
        };
        let coin_left = ours && receipt.success && sent.to != Some(wallet);
        let mut left = Vec::new();
        let mut permits = false;
        let believed = |token: &EvmAddress| self.believed.as_ref().is_none_or(|all| all.contains(token));
        for found in receipt.logs.iter().filter(|found| receipt.success && believed(&found.address)) {
            if let Some(moved) = log::transfer(&found.topics, &found.data)
                && moved.from == wallet
                && moved.to != wallet
                && !moved.units.is_zero()
            {
                left.push((found.address.into(), moved.units));
            }
            permits |= log::approval(&found.topics, &found.data)
                .is_some_and(|given| given.owner == wallet && !given.units.is_zero());
        }
        Ok(Foreign {
            block: receipt.block,
            nonce: ours.then_some(sent.nonce),
            cost,
            coin_left: if coin_left { sent.value } else { Units::ZERO },
            tokens_left: left,
            permits,
        })
    }
}
