//! What a solid transaction did, by quorum: to a wallet, where we did not make it (M6), or to a token.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_codec::evm::log;
use sluice_codec::tron::Call;
use sluice_core::address::{Address, EvmAddress, TronAddress};
use sluice_core::amount::{Cost, Units};
use sluice_core::asset::{AssetId, AssetKind};
use sluice_core::chain::BlockRef;
use sluice_core::port::chain::{ChainError, Foreign, TransferLog};
use sluice_core::proof::Final;

use super::Tron;
use super::effect::{executed, moved};
use super::node::{Api, Executed, Info, Node, NodeError, Tag};
use super::place::{Placed, placed};
use crate::crew::{Head, Judge, exactly};

impl Tron {
    pub(super) async fn read_foreign(
        &self,
        wallet: TronAddress,
        txid: [u8; 32],
    ) -> Result<Final<Option<Foreign>>, ChainError> {
        self.read_placed(txid, |placed, info| self.effect_on(wallet, placed, info)).await
    }

    /// Transfers of a token have logs, those of TRX their own bytes: such a one stands at index 0.
    pub(super) async fn read_transfers_of(
        &self,
        asset: AssetId,
        txid: [u8; 32],
    ) -> Result<Option<Final<(BlockRef, Vec<TransferLog>)>>, ChainError> {
        let token = match asset.kind {
            AssetKind::Trc20(token) if asset.chain == self.crew.profile().id => Some(token),
            AssetKind::Native(_) if asset.chain == self.crew.profile().id => None,
            AssetKind::Trc20(_) | AssetKind::Native(_) | AssetKind::Erc20(_) | AssetKind::Errand(..) => {
                return Err(self.crew.disagree(format!("{asset} is none of this chain")));
            }
        };
        let found = self.read_placed(txid, |placed, info| transfers(token, placed, info)).await?;
        let logs = found.reading().clone();
        Ok(logs.map(|logs| found.map(|_| logs)))
    }

    /// What is read out of a transaction under the solid block, as enough operators read it; `None` when no solid block holds
    /// it. Receipts lead to a block, and then everybody is asked for that block.
    async fn read_placed<T, F>(&self, txid: [u8; 32], read: F) -> Result<Final<Option<T>>, ChainError>
    where
        T: Clone + PartialEq,
        F: Fn(&Placed, &Info) -> Result<Option<T>, NodeError>,
    {
        let head = self.crew.final_head().await?;
        let heights = &self.heights_of(&head, txid).await;
        let (top, read) = (head.block, &read);
        let ask = |node: Arc<dyn Node>| async move {
            let wanted = BTreeSet::from([txid]);
            let found = placed(&*node, heights, &wanted, Api::Solid).await?.remove(&txid);
            let under = node.header(Tag::Number(top.number)).await?;
            if under.is_none_or(|header| header.block != top) {
                return Ok(vec![None]);
            }
            let Some(placed) = found else { return Ok(vec![Some(None)]) };
            // Without its receipt, or a result in it, the node cannot tell.
            let Some(info) = &placed.info else { return Ok(vec![None]) };
            Ok(vec![read(&placed, info)?.map(Some)])
        };
        let read = self.crew.agree(&head, 1, ask, &Judge::of_receipts()).await?.pop();
        read.ok_or_else(|| self.crew.disagree("nobody told what the transaction did"))
    }

    async fn heights_of(&self, head: &Head, txid: [u8; 32]) -> BTreeSet<u64> {
        let ask = |node: Arc<dyn Node>| async move {
            let infos = exactly(1, node.infos(&[txid], Api::Solid).await?, "receipts")?;
            Ok(infos.into_iter().flatten().next().map(|info| info.number))
        };
        let answers = self.crew.each(&head.nodes, ask).await.into_iter();
        let heights = answers.filter_map(|(_, height)| height.ok().flatten());
        heights.filter(|height| *height <= head.block.number).collect()
    }

    /// `None` where it has no result that we know: nothing follows from that.
    ///
    /// Of types that we do not read the fee is told and nothing else; what they took besides shows as a difference of the books.
    fn effect_on(
        &self,
        wallet: TronAddress,
        placed: &Placed,
        info: &Info,
    ) -> Result<Option<Foreign>, NodeError> {
        let Some(executed) = executed(&placed.tx, info)? else { return Ok(None) };
        let ours = placed.tx.owner() == Some(wallet);
        let success = executed == Executed::Success;
        let (mut coin_left, mut permits) = (Units::ZERO, false);
        if let (true, true, Some(call)) = (ours, success, placed.tx.call()) {
            let units = |sun: i64| Units::try_from(sun).unwrap_or(Units::ZERO);
            match call {
                Call::TrxTransfer { to, sun } if *to != wallet => coin_left = units(*sun),
                Call::Trigger { value_sun, .. } => coin_left = units(*value_sun),
                // Staked, it is not spent, and it cannot be paid with: it has left what the wallet holds.
                Call::Freeze { stake_sun, .. } => coin_left = units(*stake_sun),
                Call::PermissionUpdate { .. } => permits = true,
                Call::TrxTransfer { .. }
                | Call::Unfreeze { .. }
                | Call::WithdrawExpireUnfreeze
                | Call::CancelAllUnfreeze
                | Call::Delegate { .. }
                | Call::Undelegate { .. } => {}
            }
        }
        let mut left = Vec::new();
        for found in info.logs.iter().filter(|found| success && self.believes(&found.address)) {
            if let Some(moved) = moved(found)
                && moved.from == wallet
                && moved.to != wallet
                && !moved.units.is_zero()
            {
                left.push((Address::Tron(found.address), moved.units));
            }
            permits |= log::approval(&found.topics, &found.data)
                .is_some_and(|given| given.owner == EvmAddress(wallet.0) && !given.units.is_zero());
        }
        Ok(Some(Foreign {
            block: placed.block,
            // Accounts have no nonce here; that it is named says that the wallet sent it.
            nonce: ours.then_some(0),
            cost: Cost(if ours { info.fee_sun.into() } else { 0 }),
            coin_left,
            tokens_left: left,
            permits,
        }))
    }
}

fn transfers(
    token: Option<TronAddress>,
    placed: &Placed,
    info: &Info,
) -> Result<Option<(BlockRef, Vec<TransferLog>)>, NodeError> {
    let Some(executed) = executed(&placed.tx, info)? else { return Ok(None) };
    let success = executed == Executed::Success;
    let logs = match token {
        Some(token) => {
            let logs = (placed.first_log..).zip(&info.logs);
            let logs = logs.filter(|(_, log)| success && log.address == token);
            let moved = logs.filter_map(|(log_index, log)| {
                let moved = moved(log)?;
                Some(TransferLog {
                    log_index,
                    from: moved.from.into(),
                    to: moved.to.into(),
                    units: moved.units,
                })
            });
            moved.collect()
        }
        None => match (success, placed.tx.owner(), placed.tx.call()) {
            (true, Some(from), Some(Call::TrxTransfer { to, sun })) => {
                let units = Units::try_from(*sun)
                    .map_err(|_| NodeError::Nonsense("a transfer of less than nothing".to_owned()))?;
                vec![TransferLog { log_index: 0, from: from.into(), to: (*to).into(), units }]
            }
            _ => Vec::new(),
        },
    };
    Ok(Some((placed.block, logs)))
}
