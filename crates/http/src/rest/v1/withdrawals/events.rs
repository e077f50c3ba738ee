//! `GET /v1/withdrawals/{id}/events`: tells what happened to a withdrawal, oldest first.
//!
//! Only sealed events: what is told here has its number in the feed for ever.

use sluice_api::query::Page;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::event::event;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let id = super::find(&call).await?.withdrawal.id;
    let told = call.reader().timeline(call.caller.sees(), id).await?;
    let listing = Listing::of(sluice_api::path::WITHDRAWAL_EVENTS, &[("id", id.to_string())]);
    let events = told.iter().map(event).collect();
    ok(&listing.page(events, &page, |event| format!("{:020}", event.number))?)
}
