//! `GET /v1/stops`: lists stops in force, newest first.

use sluice_api::query::Page;
use sluice_core::stop::Stop;

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, newest_first};
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let listing = Listing::of(sluice_api::path::STOPS, &[]);
    let key = |stop: &Stop| format!("{} {}", newest_first(stop.at.micros()), wire::stop::id(&stop.scope));
    let cut = listing.page(super::visible(&call).await?, &page, key)?;
    let mut stops = Vec::with_capacity(cut.data.len());
    for stop in &cut.data {
        let cannot_recall = super::irrevocable(&call, stop.scope).await?;
        stops.push(wire::stop::stop(stop, cannot_recall, super::unconfirmed(&call, stop).await?));
    }
    ok(&sluice_api::list::List::page(stops, cut.next_cursor))
}
