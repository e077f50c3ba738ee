//! In: planned transfers. Out: funded ones: all of the amount is reserved, or the item goes back to the queue.
//! A crash leaves reservations that the next turn goes on with or gives back with their transfer.

use std::collections::BTreeMap;

use sluice_core::asset::Asset;
use sluice_core::port::store::Change;
use sluice_core::transfer::{Failure, State, Transfer};
use sluice_core::wallet::Balance;
use sluice_core::withdrawal::Waiting;

use super::Lane;
use super::give_back::{self, Fate};
use crate::StageError;

pub(super) async fn run(lane: &mut Lane<'_>) -> Result<(), StageError> {
    let planned: Vec<Transfer> =
        lane.transfers().filter(|transfer| matches!(transfer.state, State::Planned)).cloned().collect();
    if planned.is_empty() {
        return Ok(());
    }
    let mut assets: BTreeMap<_, Asset> = BTreeMap::new();
    let native = lane.native();
    for transfer in &planned {
        let source = transfer.asset.source(&native);
        assets.insert(source.id, source);
    }
    assets.insert(native.id, native.clone());
    let assets: Vec<Asset> = assets.into_values().collect();
    let (block, balances) = lane.chain.balances(lane.wallet().address, &assets).await?;
    let now = lane.now();
    let mut free: BTreeMap<_, _> = assets
        .iter()
        .zip(&balances)
        .map(|(asset, balance)| (asset.id, lane.free(asset, *balance, block)))
        .collect();
    let wallet = lane.wallet().id;
    let read = assets
        .iter()
        .zip(balances)
        .filter(|(asset, _)| asset.is_held())
        .map(|(asset, units)| Balance { wallet, asset: asset.id, units, block, at: now });
    let mut changes =
        vec![Change { balances: read.collect(), cause: Some(lane.cause("balances")), ..Change::default() }];
    for transfer in planned {
        let needs = sluice_codec::scale::to_chain(transfer.amount(), &transfer.asset);
        let source = transfer.asset.source(&native).id;
        let left = free.get(&source).copied().unwrap_or_default();
        match needs.and_then(|needs| left.checked_sub(needs)) {
            Some(left) => {
                free.insert(source, left);
                changes.push(Change {
                    transfers: vec![transfer.fund(block, now)?],
                    cause: Some(lane.cause("fund")),
                    ..Change::default()
                });
            }
            None => {
                lane.blocked_by(Waiting::Funds);
                let ids: Vec<_> = transfer.items.iter().map(|item| item.withdrawal).collect();
                let withdrawals = lane.ports.store.withdrawals(&ids).await?;
                let fate = Fate::Failed(Failure::FundsShort);
                changes.push(give_back::change(transfer, withdrawals, fate, lane.cause("funds_short"))?);
            }
        }
    }
    lane.apply(changes).await?;
    Ok(())
}
