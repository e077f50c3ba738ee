//! `GET /v1/keys`: lists the caller's keys, without their secrets.

use sluice_api::query::Page;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::key::key;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let keys = call.registry().keys(call.caller.partner).await?.iter().map(key).collect();
    ok(&Listing::of(sluice_api::path::KEYS, &[]).page(keys, &page, |key| key.id.clone())?)
}
