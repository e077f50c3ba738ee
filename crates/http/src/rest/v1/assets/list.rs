//! `GET /v1/assets`: lists what can be paid, with the caller's limit for one withdrawal.

use sluice_api::asset::{Asset as WireAsset, AssetState};
use sluice_api::problem::{Lang, Reason, ReasonCode};
use sluice_api::query::Page;
use sluice_api::tag;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::partner::Limit;
use sluice_core::stop::{Scope, Stop};

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::amount;

/// The least that can be paid: one atom of the asset.
const LEAST: Amount = match Amount::from_atoms(1) {
    Some(atom) => atom,
    None => Amount::ZERO,
};

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let assets = call.reader().assets_of(call.caller.sees()).await?;
    let limits = call.registry().limits(call.caller.partner).await?;
    let listing = Listing::of(sluice_api::path::ASSETS, &[]);
    let stops = call.ports().store.stops().await?;
    let told = assets.iter().map(|asset| wire(asset, &limits, &stops, call.lang)).collect();
    ok(&listing.page(told, &page, |asset: &WireAsset| asset.id.clone())?)
}

fn wire(asset: &Asset, limits: &[Limit], stops: &[Stop], lang: Lang) -> WireAsset {
    let limit = limits.iter().find(|limit| limit.asset == asset.id);
    let stopped = stops.iter().any(|stop| covers(stop, asset));
    WireAsset {
        id: asset.id.to_string(),
        object: tag::Asset::Is,
        symbol: asset.symbol.clone(),
        chain: asset.id.chain.to_string(),
        contract: asset.contract().map(|contract| contract.to_string()),
        precision: asset.precision,
        decimals: asset.decimals,
        state: if stopped { AssetState::Paused } else { AssetState::Active },
        reason: stopped.then(|| Reason::new(ReasonCode::Stopped, lang)),
        amount_min: amount(LEAST, asset.precision),
        amount_max: limit.map(|limit| amount(limit.per_transaction, asset.precision)),
        fee: amount(Amount::ZERO, asset.precision),
    }
}

/// Of the stops that hold an asset up for everybody.
fn covers(stop: &Stop, asset: &Asset) -> bool {
    match stop.scope {
        Scope::All => true,
        Scope::Chain(chain) => chain == asset.id.chain,
        Scope::Asset(id) => id == asset.id,
        Scope::Partner(_) | Scope::Wallet(_) => false, // of somebody, not of the asset
    }
}
