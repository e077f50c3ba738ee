//! `/v1/energy`: energy of TRON.

pub(crate) mod accounts;
pub(crate) mod assign;
pub(crate) mod book;
pub(crate) mod credit;
pub(crate) mod forecast;
pub(crate) mod get;
pub(crate) mod orders;
pub(crate) mod plan;
pub(crate) mod prices;
pub(crate) mod quote;
pub(crate) mod requests;
pub(crate) mod resolve;
pub(crate) mod stakes;
pub(crate) mod topups;

use sluice_api::problem::{Code, Fault};
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::{ChainId, Family};
use sluice_core::energy::forecast::Forecast;
use sluice_core::energy::price::Span;
use sluice_core::partner::Partner;
use sluice_core::port::reader::{By, PriceFilter, WalletView};
use sluice_core::time::Timestamp;
use sluice_flow::outlook::{history, history_from};

use crate::call::Call;
use crate::problem::Reject;

/// The chain that is asked about: one of TRON that is configured; the first of them where none is named.
fn chain_of(call: &Call, named: Option<&str>, at: &str) -> Result<ChainId, Reject> {
    let mut configured = call.ports().chains.keys().filter(|id| id.family == Family::Tron);
    let Some(text) = named else { return configured.next().copied().ok_or_else(Reject::not_found) };
    let unknown = || Reject::from(Fault::new(Code::ChainUnknown, at).with("chain", text));
    let id = ChainId::parse(text).map_err(|_| unknown())?;
    configured.find(|known| **known == id).copied().ok_or_else(unknown)
}

/// Tokens of a chain: their payments take energy.
async fn tokens(call: &Call, chain: ChainId) -> Result<Vec<AssetId>, Reject> {
    let assets = call.reader().assets_of(None).await?;
    let token = |asset: &&Asset| asset.id.chain == chain && asset.contract().is_some();
    Ok(assets.iter().filter(token).map(|asset| asset.id).collect())
}

/// What is expected of a partner's payouts on a chain, and the known days that it rests on.
async fn forecast_of(call: &Call, partner: &Partner, chain: ChainId) -> Result<(Forecast, u64), Reject> {
    let tokens = tokens(call, chain).await?;
    let from = history_from(call.now);
    let paid = call.reader().paid_by(partner.id, By::Hour, &tokens, from, call.now).await?;
    let unknown = || Reject::internal("the zone of a partner is none");
    let history = history(partner, &paid, call.now).ok_or_else(unknown)?;
    Ok((Forecast::of(&history), history.days_known()))
}

/// Lanes of a partner on a chain of TRON.
fn lanes(views: &[WalletView], chain: ChainId) -> impl Iterator<Item = &WalletView> {
    views.iter().filter(move |view| view.wallet.chain == chain && view.wallet.is_lane())
}

/// What vendors asked on a chain since a time, newest first.
async fn heard(call: &Call, chain: ChainId, from: Timestamp) -> Result<Vec<Span>, Reject> {
    let filter = PriceFilter { chain, vendor: None, from, to: call.now.plus_ms(1), after: None };
    Ok(call.reader().energy_prices(&filter, SPANS_MAX).await?)
}

/// Most spans that are looked at at once.
const SPANS_MAX: usize = 1_000;
