//! `POST /v1/attention/{id}/give-up`: ends a withdrawal unpaid. Refused while any signed transaction lacks its proof of
//! death: it could still be paid. Two persons where one node operator's word, or a stranger in its slot, is the proof.

use sluice_api::command::Because;
use sluice_core::command::Kind;
use sluice_flow::operator::give_up;

use crate::call::{Answer, Call};
use crate::problem;
use crate::rest::v1::commands::{answered, given};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let view = super::find(&call).await?;
    let (id, kind) = (view.withdrawal.id, Kind::WithdrawalGiveUp);
    let done = give_up(call.ports(), call.caller.sees(), id, given(&call, &body.reason, body.version)).await;
    let done = done.map_err(|error| problem::order(error, kind.as_str(), super::alive_count(&view)))?;
    answered(&call, kind, id, &body.reason, &done, |withdrawal| withdrawal.version)
}
