//! `GET /v1/attention`: lists what needs a person, oldest first.

use sluice_api::query::Page;

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, WHOLE_MAX};

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let views = call.reader().attention(call.caller.sees(), WHOLE_MAX).await?;
    let items = views.iter().filter_map(|view| super::attention(&call, view)).collect();
    let listing = Listing::of(sluice_api::path::ATTENTION, &[]);
    ok(&listing.page(items, &page, |item| format!("{} {}", item.since, item.id))?)
}
