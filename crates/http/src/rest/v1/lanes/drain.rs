//! `POST /v1/lanes/{id}/drain`: finishes what has a slot and takes nothing new.

use sluice_api::command::Because;
use sluice_flow::operator::LaneCommand;

use crate::call::{Answer, Call};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    super::order(&call, &LaneCommand::Drain, &body.reason, body.version).await
}
