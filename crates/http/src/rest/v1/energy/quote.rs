//! `POST /v1/energy/quote`: what payouts would take, and from where. Nothing is ordered and nothing is reserved.

use sluice_api::energy::{EnergyQuote, PAYOUTS_MAX, QuoteEnergy};
use sluice_api::problem::{Code, Fault};
use sluice_api::tag;
use sluice_core::amount::Cost;
use sluice_core::chain::ChainId;
use sluice_core::port::chain::Trial;
use sluice_core::port::reader::WalletView;
use sluice_core::withdrawal::Withdrawal;
use sluice_flow::outlook::{FRESH_MS, Taken, asked, simulated};

use super::requests::named;
use super::{chain_of, heard, lanes};
use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::rest::v1::treasury::whose;
use crate::wire::energy::{burning, sun, vendor};
use crate::wire::time;

pub(crate) async fn run(call: Call) -> Answer {
    let body: QuoteEnergy = call.body()?;
    let payouts = body.payouts.unwrap_or(0);
    if payouts == 0 && body.withdrawals.is_empty() && body.external_ids.is_empty() {
        return Err(Fault::field(Code::FieldRequired, "payouts").into());
    }
    if payouts > PAYOUTS_MAX {
        let many = Fault::field(Code::FieldTooMany, "payouts").with("count", payouts);
        return Err(many.with("max", PAYOUTS_MAX).into());
    }
    let partner = whose(&call, body.partner_id.as_deref()).await?;
    let chain = chain_of(&call, body.chain.as_deref(), "/chain")?;
    let views = call.reader().wallets_of(Some(partner.id)).await?;
    let lanes: Vec<&WalletView> = lanes(&views, chain).filter(|view| view.wallet.takes_work()).collect();
    let Some(lane) = lanes.first().map(|view| &view.wallet) else { return Err(Reject::not_found()) };
    let withdrawals = named(&call, partner.id, &body.withdrawals, &body.external_ids).await?;
    let (trials, others) = split(&withdrawals, chain, lane);
    let rest = Taken::of(payouts.saturating_add(others));
    let taken = match trials.as_slice() {
        [] => rest,
        trials => {
            let tried = simulated(call.ports(), chain, trials).await?;
            Taken {
                payouts: tried.payouts.saturating_add(rest.payouts),
                energy: tried.energy.saturating_add(rest.energy),
                ..tried
            }
        }
    };
    let at_hand = lanes.iter().filter_map(|view| view.power).map(|power| power.resources.energy);
    let at_hand = at_hand.fold(0, u64::saturating_add);
    let missing = taken.energy.saturating_sub(at_hand);
    let port = call.ports().chains.get(&chain).ok_or_else(Reject::not_found)?;
    let conditions = port.conditions().await?;
    let burn = Cost(u128::from(missing).saturating_mul(u128::from(conditions.energy_sun)));
    let known = heard(&call, chain, call.now.plus_ms(-2 * FRESH_MS)).await?;
    let asked = match missing {
        0 => vec![],
        missing => asked(call.ports(), lane, missing, &known, call.now).await?,
    };
    let mut sources: Vec<_> = asked.iter().map(|it| (it.cost, vendor(it))).collect();
    if missing > 0 {
        sources.push((burn, burning(missing, conditions.energy_sun, burn, conditions.at)));
    }
    // Of two that cost the same the first one wins, as where energy is ordered; but burning before a vendor that is no cheaper.
    sources.sort_by_key(|(cost, source)| (*cost, source.vendor.is_some()));
    let cost = sources.first().map_or(Cost::ZERO, |(cost, _)| *cost);
    ok(&EnergyQuote {
        object: tag::EnergyQuote::Is,
        partner_id: partner.id.to_string(),
        chain: chain.to_string(),
        payouts: taken.payouts,
        simulated: taken.simulated,
        energy: taken.energy,
        at_hand: at_hand.min(taken.energy),
        missing,
        sources: sources.into_iter().map(|(_, source)| source).collect(),
        cost: sun(cost),
        burning: sun(burn),
        saved: sun(Cost(burn.0.saturating_sub(cost.0))),
        at: time(call.now),
    })
}

/// Withdrawals that can be simulated, and how many beside them take energy and are not decided yet.
fn split(
    withdrawals: &[Withdrawal],
    chain: ChainId,
    lane: &sluice_core::wallet::Wallet,
) -> (Vec<Trial>, u64) {
    let (mut trials, mut others) = (Vec::new(), 0u64);
    for withdrawal in withdrawals {
        let asset = &withdrawal.request.asset;
        // A transfer of TRX runs no code, and what is of another chain takes none of this one's energy.
        if asset.id.chain != chain || asset.contract().is_none() || withdrawal.state.terminal() {
            continue;
        }
        match withdrawal.approved_payment() {
            Some(approved) => trials.push(Trial {
                from: lane.address,
                asset: asset.clone(),
                to: approved.payment.to,
                payment: approved.payment,
            }),
            None => others = others.saturating_add(1),
        }
    }
    (trials, others)
}
