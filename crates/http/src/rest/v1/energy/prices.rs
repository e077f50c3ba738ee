//! `GET /v1/energy/prices`: lists what vendors asked, newest first.

use sluice_api::list::List;
use sluice_api::problem::Code;
use sluice_api::query::{EnergyPriceQuery, Query as _};
use sluice_core::port::market::VendorId;
use sluice_core::port::reader::PriceFilter;
use sluice_core::time::Timestamp;

use super::chain_of;
use crate::call::{Answer, Call, ok, query_time};
use crate::page::{Listing, limit};
use crate::problem::Reject;
use crate::wire::energy::price;

/// The range when nothing is said, milliseconds.
const WEEK_MS: i64 = 7 * 86_400_000;

pub(crate) async fn run(call: Call) -> Answer {
    let query: EnergyPriceQuery = call.query()?;
    let chain = chain_of(&call, query.chain.as_deref(), "?chain")?;
    let listing = Listing::of(sluice_api::path::ENERGY_PRICES, &query.give());
    let after = query.page.cursor.as_deref().map(|cursor| behind(&listing.key(cursor)?)).transpose()?;
    let to = query_time(query.to.as_ref(), "to")?.unwrap_or_else(|| call.now.plus_ms(1));
    let from = query_time(query.from.as_ref(), "from")?.unwrap_or_else(|| to.plus_ms(-WEEK_MS));
    // What cannot be a vendor's name is one that asked nothing.
    let vendor = query.vendor.as_deref().map(VendorId::parse).transpose().map_err(|_| Reject::not_found())?;
    let filter = PriceFilter { chain, vendor, from, to, after };
    let found = call.reader().energy_prices(&filter, limit(&query.page).saturating_add(1)).await?;
    let page = listing.first(found, &query.page, |span| format!("{} {}", span.from.micros(), span.vendor));
    ok(&List::page(page.data.iter().map(price).collect(), page.next_cursor))
}

fn behind(key: &str) -> Result<(Timestamp, VendorId), Reject> {
    let read = |(at, vendor): (&str, &str)| {
        Some((Timestamp::from_micros(at.parse().ok()?), VendorId::parse(vendor).ok()?))
    };
    key.split_once(' ').and_then(read).ok_or_else(|| Reject::new(Code::CursorInvalid))
}
