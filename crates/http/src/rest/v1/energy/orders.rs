//! `GET /v1/energy/orders`: lists what was ordered for lanes, newest first. What it cost is told to the platform, which pays.

use sluice_api::list::List;
use sluice_api::problem::Code;
use sluice_api::query::{EnergyOrderQuery, Query as _};
use sluice_core::id::{EnergyOrderId, WalletId};

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, limit};
use crate::problem::Reject;
use crate::wire::energy::order;

pub(crate) async fn run(call: Call) -> Answer {
    let query: EnergyOrderQuery = call.query()?;
    let listing = Listing::of(sluice_api::path::ENERGY_ORDERS, &query.give());
    let invalid = || Reject::new(Code::CursorInvalid);
    let before = match &query.page.cursor {
        Some(cursor) => Some(EnergyOrderId::parse(&listing.key(cursor)?).map_err(|_| invalid())?),
        None => None,
    };
    // What cannot be the id of a wallet is one that nobody may see.
    let wallet = query.wallet.as_deref().map(WalletId::parse).transpose().map_err(|_| Reject::not_found())?;
    let one_more = limit(&query.page).saturating_add(1);
    let found = call.reader().energy_orders(call.caller.sees(), wallet, before, one_more).await?;
    let page = listing.first(found, &query.page, |order| order.id.to_string());
    let pays = call.caller.is_platform();
    ok(&List::page(page.data.iter().map(|it| order(it, pays)).collect(), page.next_cursor))
}
