//! `GET /v1/stops`: lists stops in force, newest first.

use sluice_api::query::Page;
use sluice_core::stop::Stop;
use sluice_flow::stops;

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, newest_first};
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let listing = Listing::of(sluice_api::path::STOPS, &[]);
    let key = |stop: &Stop| format!("{} {}", newest_first(stop.at.micros()), stop.id());
    let cut = listing.page(super::visible(&call).await?, &page, key)?;
    let missing = stops::unconfirmed(call.ports(), &cut.data).await;
    let mut told = Vec::with_capacity(cut.data.len());
    for stop in &cut.data {
        let out = super::irrevocable(&call, stop.scope).await?;
        let unconfirmed = super::unconfirmed(&call, stop, !missing.contains(&stop.scope)).await?;
        told.push(wire::stop::stop(stop, out, unconfirmed));
    }
    ok(&sluice_api::list::List::page(told, cut.next_cursor))
}
