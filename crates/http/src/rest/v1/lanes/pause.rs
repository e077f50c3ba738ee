//! `POST /v1/lanes/{id}/pause`: signs and sends nothing new; follows what was sent.

use sluice_api::command::Because;
use sluice_flow::operator::LaneCommand;

use crate::call::{Answer, Call};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    super::order(&call, &LaneCommand::Pause, &body.reason, body.version).await
}
