//! `POST /v1/lanes/{id}/unfreeze`: opens a frozen lane after every transaction is explained.

use sluice_api::command::Because;
use sluice_flow::operator::LaneCommand;

use crate::call::{Answer, Call};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    super::order(&call, &LaneCommand::Unfreeze, &body.reason, body.version).await
}
