//! `GET /v1/wallets`: lists wallets with their balances, each with its block and time.

use sluice_api::query::Page;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::wire::wallet::wallet;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let views = call.reader().wallets_of(call.caller.sees()).await?;
    let assets = super::holdable(&call).await?;
    let wallets = views.iter().map(|view| wallet(view, &assets, call.lang)).collect();
    ok(&Listing::of(sluice_api::path::WALLETS, &[]).page(wallets, &page, |wallet| wallet.id.clone())?)
}
