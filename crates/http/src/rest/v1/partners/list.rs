//! `GET /v1/partners`: lists partners, oldest first.

use sluice_api::query::Page;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::key::partner;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let stops = call.ports().store.stops().await?;
    let partners = call.registry().partners().await?.iter().map(|it| partner(it, &stops)).collect();
    ok(&Listing::of(sluice_api::path::PARTNERS, &[]).page(partners, &page, |partner| partner.id.clone())?)
}
