//! `POST /v1/lanes/{id}/resume`: opens a paused or drained lane; an open breaker closes.

use sluice_api::command::Because;
use sluice_flow::operator::LaneCommand;

use crate::call::{Answer, Call};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    super::order(&call, &LaneCommand::Resume, &body.reason, body.version).await
}
