//! `GET /v1/treasury/funding`: what withdrawals that wait need of each asset and of what its chain takes, beside what lanes
//! have. What is on a lane has its funds reserved, and needs nothing more.

use std::collections::BTreeMap;

use sluice_api::query::FundingQuery;
use sluice_api::tag;
use sluice_api::treasury::Funding;
use sluice_core::amount::Amount;
use sluice_core::asset::AssetId;
use sluice_core::id::{PartnerId, WithdrawalId};
use sluice_core::partner::Partner;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::Status;
use sluice_flow::treasury::{fuel, requirement};

use super::whose;
use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::wire::time;
use crate::wire::treasury::funding;

/// How many withdrawals of an asset wait, and what they pay together.
type Waiting = BTreeMap<AssetId, (u64, Amount)>;

pub(crate) async fn run(call: Call) -> Answer {
    let query: FundingQuery = call.query()?;
    let (partner, waiting) = match &query.withdrawal {
        Some(named) => one(&call, named).await?,
        None => {
            let partner = whose(&call, query.partner.as_deref()).await?;
            (partner.id, all(&call, &partner, &query).await?)
        }
    };
    let views = call.reader().wallets_of(Some(partner)).await?;
    let stops = call.ports().store.stops().await?;
    let assets = call.reader().assets_of(None).await?;
    let mut requirements = Vec::with_capacity(waiting.len());
    for (id, (count, needed)) in waiting {
        let asset = assets.iter().find(|asset| asset.id == id);
        let asset = asset.ok_or_else(|| Reject::internal("a withdrawal names an asset that is not there"))?;
        let found = requirement(asset, needed, &views, &stops, call.now);
        let fuel = fuel(call.ports(), asset, count, &views, &stops, call.now).await;
        // Its price is told where it can be read; what is lacking of the asset is told all the same.
        let fuel = fuel.inspect_err(|error| tracing::warn!(%error, "A chain's price cannot be read")).ok();
        requirements.push(funding(asset, count, &found, fuel.as_ref()));
    }
    ok(&Funding {
        object: tag::Funding::Is,
        partner_id: partner.to_string(),
        funding_required: requirements.iter().any(|it| {
            let lacks = |short: &sluice_api::text::Decimal| short.as_str() != "0";
            lacks(&it.shortage) || it.fuel.as_ref().is_some_and(|fuel| lacks(&fuel.shortage))
        }),
        requirements,
        at: time(call.now),
    })
}

/// Has nothing reserved yet.
const fn waits(status: Status) -> bool {
    matches!(status, Status::Pending | Status::Held | Status::Approved | Status::Queued)
}

async fn one(call: &Call, named: &str) -> Result<(PartnerId, Waiting), Reject> {
    let id = WithdrawalId::parse(named).map_err(|_| Reject::not_found())?;
    let view = call.reader().withdrawal(call.caller.sees(), id).await?.ok_or_else(Reject::not_found)?;
    let request = &view.withdrawal.request;
    let needs = waits(view.status).then_some((request.asset.id, (1, request.amount)));
    Ok((view.withdrawal.partner, needs.into_iter().collect()))
}

async fn all(call: &Call, partner: &Partner, query: &FundingQuery) -> Result<Waiting, Reject> {
    let asked = query.status.and_then(|status| Status::parse(status.as_str()));
    let counts = |status| match asked {
        Some(asked) => status == asked && waits(status),
        None => matches!(status, Status::Approved | Status::Queued),
    };
    let mut waiting = Waiting::new();
    let ever = Timestamp::from_micros(0);
    let rows = call.reader().stats(Some(partner.id), ever, call.now.plus_ms(1)).await?;
    for row in rows.into_iter().filter(|row| counts(row.status)) {
        let (count, sum) = waiting.entry(row.asset).or_default();
        *count = count.saturating_add(crate::wire::count(row.count));
        *sum = sum.saturating_add(row.amount);
    }
    Ok(waiting)
}
