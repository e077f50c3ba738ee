//! `GET /v1/energy/credit` and `GET /v1/energy/credit/entries`: what a partner has with the pool of a chain, and what moved it.

use std::sync::Arc;

use sluice_api::list::List;
use sluice_api::problem::Code;
use sluice_api::query::{EnergyCreditQuery, EnergyQuery, Query as _};
use sluice_core::chain::ChainId;
use sluice_core::energy::Pool;
use sluice_core::wallet::Wallet;

use super::chain_of;
use crate::call::{Answer, Call, ok};
use crate::page::{Listing, limit};
use crate::problem::Reject;
use crate::rest::v1::treasury::whose;
use crate::wire::energy::credit::{Credit, credit, entry};

pub(crate) async fn run(call: Call) -> Answer {
    let query: EnergyQuery = call.query()?;
    let partner = whose(&call, query.partner.as_deref()).await?;
    let (chain, pool, wallet) = pool_of(&call, query.chain.as_deref()).await?;
    let sums = call.reader().energy_credit(partner.id, wallet.id).await?;
    let owner = wallet.partner;
    ok(&credit(&Credit { partner: partner.id, owner, chain, pool: &pool, sums, at: call.now }))
}

pub(crate) async fn entries(call: Call) -> Answer {
    let query: EnergyCreditQuery = call.query()?;
    let partner = whose(&call, query.partner.as_deref()).await?;
    let (_, _, wallet) = pool_of(&call, query.chain.as_deref()).await?;
    let listing = Listing::of(sluice_api::path::ENERGY_CREDIT_ENTRIES, &query.give());
    let invalid = || Reject::new(Code::CursorInvalid);
    let before = match &query.page.cursor {
        Some(cursor) => Some(listing.key(cursor)?.parse::<i64>().map_err(|_| invalid())?),
        None => None,
    };
    let one_more = limit(&query.page).saturating_add(1);
    let found = call.reader().energy_credit_entries(partner.id, wallet.id, before, one_more).await?;
    let page = listing.first(found, &query.page, |line| line.number.to_string());
    ok(&List::page(page.data.iter().map(entry).collect(), page.next_cursor))
}

/// The pool of a chain and its wallet; a chain without one has no credit.
async fn pool_of(call: &Call, named: Option<&str>) -> Result<(ChainId, Arc<Pool>, Wallet), Reject> {
    let chain = chain_of(call, named, "?chain")?;
    let pool = call.ports().energy.get(&chain).and_then(|supply| supply.pool.clone());
    let pool = pool.ok_or_else(Reject::not_found)?;
    let wallets = call.ports().store.wallets(Some(chain)).await?;
    let wallet = wallets.into_iter().find(|it| it.address == pool.wallet.into());
    Ok((chain, pool, wallet.ok_or_else(Reject::not_found)?))
}
