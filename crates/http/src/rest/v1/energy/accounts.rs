//! `GET /v1/energy/accounts`: lists accounts at vendors by our books. For the platform, which pays vendors.

use sluice_api::query::Page;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::problem::Reject;
use crate::wire::energy::account;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    if !call.caller.is_platform() {
        return Err(Reject::platform_only());
    }
    let accounts = call.reader().vendor_books().await?.iter().map(account).collect();
    ok(&Listing::of(sluice_api::path::ENERGY_ACCOUNTS, &[]).page(accounts, &page, |it| it.vendor.clone())?)
}
