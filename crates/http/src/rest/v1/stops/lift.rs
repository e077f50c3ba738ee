//! `POST /v1/stops/{id}/lift`: lifts a stop. A partner lifts only what it may set.

use sluice_api::command::Because;
use sluice_core::access;
use sluice_core::stop::Scope;
use sluice_flow::operator::lift;

use crate::call::{Answer, Call};
use crate::problem::{self, Reject};
use crate::rest::v1::commands;
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let scope = super::find(&call).await?.scope;
    if matches!(scope, Scope::All | Scope::Chain(_) | Scope::Asset(_)) && !call.caller.is_platform() {
        return Err(Reject::scope(access::Scope::PartnersManage));
    }
    let lifted = lift(call.ports(), call.registry(), scope, call.cause(body.reason)).await;
    if !lifted.map_err(|error| problem::order(error, "stop.lift", 0))? {
        return Err(Reject::not_found());
    }
    commands::done(&call, "stop.lift", wire::stop::id(&scope), 1)
}
