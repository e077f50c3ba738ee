//! `GET /v1/wallets/{id}`: reads a wallet with its balances, each with its block and time. `?refresh=true` asks the chain
//! now; what it says is told and not stored: only the wallet's lane and the watcher write balances.

use std::time::Duration;

use sluice_api::query::WalletQuery;
use sluice_core::asset::Asset;
use sluice_core::port::reader::WalletView;
use sluice_core::wallet::Balance;

use crate::call::{Answer, Call, ok};
use crate::problem::{Reject, node_unavailable};
use crate::wire::wallet::wallet;

/// Longest wait for a node.
const REFRESH_WAIT: Duration = Duration::from_secs(3);

pub(crate) async fn run(call: Call) -> Answer {
    let query: WalletQuery = call.query()?;
    let mut view = super::find(&call).await?;
    let assets = super::holdable(&call).await?;
    if query.refresh {
        view.balances = read_now(&call, &view, &assets).await?;
    }
    ok(&wallet(&view, &assets, call.lang))
}

async fn read_now(call: &Call, view: &WalletView, assets: &[Asset]) -> Result<Vec<Balance>, Reject> {
    let id = view.wallet.chain;
    let chain = call.ports().chains.get(&id).ok_or_else(|| node_unavailable(id))?;
    let of_chain: Vec<Asset> = assets.iter().filter(|asset| asset.id.chain == id).cloned().collect();
    let read = tokio::time::timeout(REFRESH_WAIT, chain.balances(view.wallet.address, &of_chain)).await;
    let (block, units) = read.map_err(|_| node_unavailable(id))??;
    let one = |(asset, units): (&Asset, _)| Balance {
        wallet: view.wallet.id,
        asset: asset.id,
        units,
        block,
        at: call.now,
    };
    Ok(of_chain.iter().zip(units).map(one).collect())
}
