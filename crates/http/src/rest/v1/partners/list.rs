//! `GET /v1/partners`: lists partners, oldest first.

use sluice_api::query::Page;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::key::partner;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let partners = call.registry().partners().await?.iter().map(partner).collect();
    ok(&Listing::of(sluice_api::path::PARTNERS, &[]).page(partners, &page, |partner| partner.id.clone())?)
}
