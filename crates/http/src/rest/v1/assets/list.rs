//! `GET /v1/assets`: lists what can be paid, with the caller's limit for one withdrawal.

use sluice_api::asset::{Asset as WireAsset, AssetState};
use sluice_api::query::Page;
use sluice_api::tag;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::partner::Limit;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::amount;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let assets = call.reader().assets_of(call.caller.sees()).await?;
    let limits = call.registry().limits(call.caller.partner).await?;
    let listing = Listing::of(sluice_api::path::ASSETS, &[]);
    let told = assets.iter().map(|asset| wire(asset, &limits)).collect();
    ok(&listing.page(told, &page, |asset: &WireAsset| asset.id.clone())?)
}

fn wire(asset: &Asset, limits: &[Limit]) -> WireAsset {
    let limit = limits.iter().find(|limit| limit.asset == asset.id);
    WireAsset {
        id: asset.id.to_string(),
        object: tag::Asset::Is,
        symbol: asset.symbol.clone(),
        chain: asset.id.chain.to_string(),
        contract: asset.contract().map(|contract| contract.to_string()),
        precision: asset.precision,
        decimals: asset.decimals,
        state: AssetState::Active,
        reason: None,
        amount_min: None,
        amount_max: limit.map(|limit| amount(limit.per_transaction, asset.precision)),
        fee: amount(Amount::ZERO, asset.precision),
    }
}
