//! Wallets.

pub(crate) mod adopt;
pub(crate) mod check;
pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod reconcile;
pub(crate) mod register;
pub(crate) mod retire;
pub(crate) mod show_key;
mod wanted;

use sluice_core::asset::Asset;
use sluice_core::id::WalletId;
use sluice_core::port::reader::WalletView;

use crate::call::Call;
use crate::problem::Reject;

/// The wallet in the path, if the caller may see it.
pub(crate) async fn find(call: &Call) -> Result<WalletView, Reject> {
    let id = call.id(WalletId::parse)?;
    call.reader().wallet(call.caller.sees(), id).await?.ok_or_else(Reject::not_found)
}

/// Everything a wallet may hold: assets that can be paid, and the coins that pay for fees.
pub(crate) async fn holdable(call: &Call) -> Result<Vec<Asset>, Reject> {
    let mut assets = call.reader().assets_of(None).await?;
    for chain in call.ports().chains.values() {
        assets = Asset::with_coin(assets, chain.profile());
    }
    Ok(assets)
}
