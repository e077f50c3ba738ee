//! `POST /v1/limits`: sets how much of an asset a partner may be paid, in one withdrawal and in one of its days. What was
//! reserved under the limit before stays reserved. For the platform's own keys.

use sluice_api::limit::{Limit as WireLimit, SetLimit};
use sluice_api::list::List;
use sluice_api::problem::{Code, Fault, Form};
use sluice_api::text::Decimal;
use sluice_core::amount::Amount;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::id::PartnerId;
use sluice_core::partner::{Limit, PLATFORM, Partner};

use super::list::limits;
use crate::call::{Answer, Call, ok};
use crate::problem::{self, Reject};

pub(crate) async fn run(call: Call) -> Answer {
    let body: SetLimit = call.body()?;
    let partner = partner(&call, &body.partner_id).await?.id;
    let assets = call.reader().assets_of(None).await?;
    let asset = asset(&assets, &body.asset)?;
    let limit = Limit {
        asset: asset.id,
        per_transaction: amount(asset, "per_transaction", &body.per_transaction)?,
        daily: amount(asset, "daily", &body.daily)?,
        version: 0, // the store's to give
    };
    call.registry().set_limit(partner, limit, call.cause(&body.reason)).await?;
    let usage = call.reader().usage(partner, call.now).await?;
    let used = usage.iter().filter(|(limit, ..)| limit.asset == asset.id);
    let mut told: Vec<WireLimit> = used.flat_map(|used| limits(partner.to_string(), used, &assets)).collect();
    told.sort_by_key(|limit| limit.window.as_str());
    ok(&List::page(told, None))
}

/// The platform orders no payments, so it has no limits.
async fn partner(call: &Call, named: &str) -> Result<Partner, Reject> {
    let id = PartnerId::parse(named).ok().filter(|id| *id != PLATFORM);
    let found = match id {
        Some(id) => call.registry().partner(id).await?,
        None => None,
    };
    found.ok_or_else(|| Reject::field("partner_id", Form::PartnerId))
}

fn asset<'a>(assets: &'a [Asset], named: &str) -> Result<&'a Asset, Reject> {
    let id = AssetId::parse(named).ok();
    let found = assets.iter().find(|asset| Some(asset.id) == id && asset.pays_out());
    found.ok_or_else(|| Fault::field(Code::AssetUnknown, "asset").with("asset", named).into())
}

fn amount(asset: &Asset, field: &'static str, text: &Decimal) -> Result<Amount, Reject> {
    let refused = |error| problem::amount(error, field, text.as_str(), &asset.id.to_string()).into();
    asset.amount(text.as_str()).map_err(refused)
}
