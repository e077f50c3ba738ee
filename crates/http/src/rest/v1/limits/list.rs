//! `GET /v1/limits`: tells the caller's limits and how much of them is used, reservations included.

use sluice_api::limit::{Limit as WireLimit, LimitScope, LimitWindow};
use sluice_api::query::Page;
use sluice_api::tag;
use sluice_core::amount::Amount;
use sluice_core::asset::Asset;
use sluice_core::partner::Limit;
use sluice_core::time::Timestamp;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::{amount, time};

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let partner = call.caller.partner;
    let usage = call.reader().usage(partner, call.now).await?;
    let assets = call.reader().assets_of(Some(partner)).await?;
    let limits = usage.iter().flat_map(|used| limits(partner.to_string(), used, &assets)).collect();
    let key = |limit: &WireLimit| format!("{} {}", limit.unit, limit.window.as_str());
    ok(&Listing::of(sluice_api::path::LIMITS, &[]).page(limits, &page, key)?)
}

pub(super) fn limits(
    subject: String,
    (limit, used, resets_at): &(Limit, Amount, Timestamp),
    assets: &[Asset],
) -> [WireLimit; 2] {
    let precision = assets.iter().find(|asset| asset.id == limit.asset).map_or(0, |asset| asset.precision);
    let one = |window, cap: Amount, used: Amount, resets_at| WireLimit {
        object: tag::Limit::Is,
        scope: LimitScope::Partner,
        subject: subject.clone(),
        unit: limit.asset.to_string(),
        window,
        limit: amount(cap, precision),
        used: amount(used, precision),
        remaining: amount(cap.checked_sub(used).unwrap_or(Amount::ZERO), precision),
        resets_at,
    };
    [
        one(LimitWindow::Transaction, limit.per_transaction, Amount::ZERO, None),
        one(LimitWindow::Day, limit.daily, *used, Some(time(*resets_at))),
    ]
}
