//! `POST /v1/treasury/sweeps` orders a sweep of a lane; `.../check` judges one and orders nothing.

use sluice_api::signature::OrderMovement;
use sluice_flow::operator::{allow_sweep, sweep};

use super::ordered;
use super::refill::{checked, wanted};
use crate::call::{Answer, Call, ok};
use crate::problem::{self, Reject};
use crate::wire::withdrawal::withdrawal;

pub(crate) async fn run(call: Call) -> Answer {
    let body: OrderMovement = call.body()?;
    let wanted = wanted(&call, &body).await?;
    let (partner, name) = (wanted.partner, wanted.external_id.clone());
    let before = call.reader().by_external_id(partner, &name).await?.map(|view| view.withdrawal.id);
    let done = sweep(call.ports(), &call.server.api.deployment, wanted, call.cause(&body.reason)).await;
    done.map_err(|error| problem::refill(error, &body, before))?;
    let stored = call.reader().by_external_id(partner, &name).await?;
    let view = stored.ok_or_else(|| Reject::internal("a sweep that was stored is not there"))?;
    ordered(
        before,
        sluice_api::path::WITHDRAWALS,
        view.withdrawal.id,
        &withdrawal(&view, call.lang, call.now),
    )
}

pub(crate) async fn check(call: Call) -> Answer {
    let body: OrderMovement = call.body()?;
    let wanted = wanted(&call, &body).await?;
    let allowed = allow_sweep(call.ports(), &wanted, call.now).await;
    let allowed = allowed.map_err(|error| problem::refill(error, &body, None))?;
    ok(&checked(&call, &wanted, &allowed).await?)
}
