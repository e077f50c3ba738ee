//! `GET /v1/energy`: how each lane on TRON stands with its energy.

use std::collections::BTreeMap;

use sluice_api::energy::Energy;
use sluice_api::query::EnergyQuery;
use sluice_api::tag;
use sluice_core::chain::ChainId;
use sluice_core::energy::Need;
use sluice_core::energy::forecast::Forecast;
use sluice_core::energy::mode::Stood;
use sluice_core::id::WalletId;
use sluice_core::partner::Partner;
use sluice_core::port::reader::WalletView;
use sluice_flow::outlook::depletes_at;

use super::{chain_of, forecast_of, lanes};
use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::rest::v1::treasury::whose;
use crate::wire::energy::{Wallet, wallet};
use crate::wire::time;

/// What was burned counts for so long, milliseconds.
const HOUR_MS: i64 = 3_600_000;

pub(crate) async fn run(call: Call) -> Answer {
    let query: EnergyQuery = call.query()?;
    let partner = whose(&call, query.partner.as_deref()).await?;
    let stood = call.reader().stood_of(Some(partner.id), call.now).await?;
    let needs = call.reader().needs_of(Some(partner.id)).await?;
    // Without a chain of TRON there is no lane to tell of.
    let chain = match (chain_of(&call, query.chain.as_deref(), "?chain"), &query.chain) {
        (Err(unknown), Some(_)) => return Err(unknown),
        (found, _) => found.ok(),
    };
    let views = call.reader().wallets_of(Some(partner.id)).await?;
    let told = match chain {
        Some(chain) => on(&call, &partner, chain, &views, &stood, &needs).await?,
        None => vec![],
    };
    ok(&Energy {
        object: tag::Energy::Is,
        partner_id: partner.id.to_string(),
        wallets: told,
        at: time(call.now),
    })
}

async fn on(
    call: &Call,
    partner: &Partner,
    chain: ChainId,
    views: &[WalletView],
    stood: &[Stood],
    needs: &[Need],
) -> Result<Vec<sluice_api::energy::EnergyWallet>, Reject> {
    let stood: BTreeMap<WalletId, &Stood> = stood.iter().map(|it| (it.wallet, it)).collect();
    let rules = call.ports().chains.get(&chain).and_then(|port| port.profile().tron().copied());
    let cap = rules.map_or(0, |rules| rules.burn_hour_cap_sun);
    let (forecast, _): (Forecast, u64) = forecast_of(call, partner, chain).await?;
    let lanes: Vec<(&WalletView, &Stood)> =
        lanes(views, chain).filter_map(|view| Some((view, *stood.get(&view.wallet.id)?))).collect();
    let mut told = Vec::with_capacity(lanes.len());
    for (view, stood) in &lanes {
        let level = view.power.map(|power| stood.level(power.resources.energy, power.resources.energy_most));
        let depletes =
            level.and_then(|level| depletes_at(&forecast, level, lanes.len(), &partner.zone, call.now));
        let burned = call.ports().store.burned(view.wallet.id, call.now.plus_ms(-HOUR_MS)).await?;
        let need = needs.iter().find(|need| need.wallet == view.wallet.id);
        told.push(wallet(&Wallet { view, stood, level, depletes, need, burned, cap_sun: cap }));
    }
    Ok(told)
}
