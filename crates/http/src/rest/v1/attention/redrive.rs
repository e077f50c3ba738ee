//! `POST /v1/attention/{id}/redrive`: tries a withdrawal again; every gate runs again. Refused while any signed transaction
//! lacks its proof of death.

use sluice_api::command::Because;
use sluice_flow::operator::redrive;

use crate::call::{Answer, Call};
use crate::problem;
use crate::rest::v1::commands::{done, expect};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let view = super::find(&call).await?;
    expect(body.version, view.withdrawal.version)?;
    let after = redrive(call.ports(), call.caller.sees(), view.withdrawal.id, call.cause(body.reason)).await;
    let after =
        after.map_err(|error| problem::order(error, "withdrawal.redrive", super::alive_count(&view)))?;
    done(&call, "withdrawal.redrive", after.id, after.version)
}
