//! `POST /v1/attention/{id}/redrive`: tries a withdrawal again; every gate runs again. Refused while any signed transaction
//! lacks its proof of death; two persons where one node operator's word is the proof.

use sluice_api::command::Because;
use sluice_core::command::Kind;
use sluice_flow::operator::redrive;

use crate::call::{Answer, Call};
use crate::problem;
use crate::rest::v1::commands::{answered, given};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let view = super::find(&call).await?;
    let (id, kind) = (view.withdrawal.id, Kind::WithdrawalRedrive);
    let done = redrive(call.ports(), call.caller.sees(), id, given(&call, &body.reason, body.version)).await;
    let done = done.map_err(|error| problem::order(error, kind.as_str(), super::alive_count(&view)))?;
    answered(&call, kind, id, &body.reason, &done, |withdrawal| withdrawal.version)
}
