//! `GET /v1/energy/topups`: lists top-ups that are nobody's yet, oldest first. For the platform, which says whose they are.

use sluice_api::query::{EnergyTopUpQuery, Query as _};

use super::chain_of;
use crate::call::{Answer, Call, ok};
use crate::page::Listing;
use crate::problem::Reject;
use crate::wire::energy::credit::topup;

pub(crate) async fn run(call: Call) -> Answer {
    let query: EnergyTopUpQuery = call.query()?;
    if !call.caller.is_platform() {
        return Err(Reject::platform_only());
    }
    let chain = chain_of(&call, query.chain.as_deref(), "?chain")?;
    let view = call.ports().store.energy(chain, call.now, &[]).await?;
    let listing = Listing::of(sluice_api::path::ENERGY_TOPUPS, &query.give());
    let unknown = view.unknown.iter().map(topup).collect();
    ok(&listing.page(unknown, &query.page, |it| it.txid.clone())?)
}
