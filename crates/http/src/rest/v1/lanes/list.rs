//! `GET /v1/lanes`: lists lanes and desks: whether each takes work, what hinders it, what has waited longest.

use sluice_api::list::List;
use sluice_api::query::Page;
use sluice_core::wallet::LaneState;

use crate::call::{Answer, Call, ok};
use crate::page::Listing;

pub(crate) async fn run(call: Call) -> Answer {
    let page: Page = call.query()?;
    let mut views = call.reader().wallets_of(call.caller.sees()).await?;
    views.retain(|view| view.wallet.gets_slots() && !matches!(view.wallet.state, LaneState::Retired));
    let listing = Listing::of(sluice_api::path::LANES, &[]);
    let cut = listing.page(views, &page, |view| view.wallet.id.to_string())?;
    let mut lanes = Vec::with_capacity(cut.data.len());
    for view in &cut.data {
        lanes.extend(super::one(&call, view).await?);
    }
    ok(&List::page(lanes, cut.next_cursor))
}
