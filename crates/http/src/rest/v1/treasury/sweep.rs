//! `POST /v1/treasury/sweeps` orders a sweep of a lane; `.../check` judges one and orders nothing.

use axum::http::{HeaderValue, StatusCode, header};
use sluice_api::signature::OrderRefill;
use sluice_flow::operator::{allow_sweep, sweep};

use super::refill::{checked, wanted};
use crate::call::{Answer, Call, answer, ok};
use crate::problem::{self, Reject};
use crate::wire::withdrawal::withdrawal;

pub(crate) async fn run(call: Call) -> Answer {
    let body: OrderRefill = call.body()?;
    let wanted = wanted(&call, &body).await?;
    let (partner, name) = (wanted.partner, wanted.external_id.clone());
    let before = call.reader().by_external_id(partner, &name).await?.map(|view| view.withdrawal.id);
    let ordered = sweep(call.ports(), &call.server.api.deployment, wanted, call.cause(&body.reason)).await;
    ordered.map_err(|error| problem::refill(error, &body, before))?;
    let stored = call.reader().by_external_id(partner, &name).await?;
    let view = stored.ok_or_else(|| Reject::internal("a sweep that was stored is not there"))?;
    let status = if before.is_some() { StatusCode::OK } else { StatusCode::CREATED };
    let mut response = answer(status, &withdrawal(&view, call.lang, call.now))?;
    let place = format!("{}/{}", sluice_api::path::WITHDRAWALS, view.withdrawal.id);
    let place = HeaderValue::from_str(&place).map_err(Reject::internal)?;
    response.headers_mut().insert(header::LOCATION, place);
    Ok(response)
}

pub(crate) async fn check(call: Call) -> Answer {
    let body: OrderRefill = call.body()?;
    let wanted = wanted(&call, &body).await?;
    let allowed = allow_sweep(call.ports(), &wanted, call.now).await;
    let allowed = allowed.map_err(|error| problem::refill(error, &body, None))?;
    ok(&checked(&call, &wanted, &allowed).await?)
}
