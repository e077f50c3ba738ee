//! `POST /v1/attention/{id}/give-up`: ends a withdrawal unpaid. Refused while any signed transaction lacks its proof of
//! death: it could still be paid.

use sluice_api::command::Because;
use sluice_flow::operator::give_up;

use crate::call::{Answer, Call};
use crate::problem;
use crate::rest::v1::commands::{done, expect};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let view = super::find(&call).await?;
    expect(body.version, view.withdrawal.version)?;
    let after = give_up(call.ports(), call.caller.sees(), view.withdrawal.id, call.cause(body.reason)).await;
    let after =
        after.map_err(|error| problem::order(error, "withdrawal.give_up", super::alive_count(&view)))?;
    done(&call, "withdrawal.give_up", after.id, after.version)
}
