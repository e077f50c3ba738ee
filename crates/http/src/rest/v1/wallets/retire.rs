//! `POST /v1/wallets/{id}/retire`: takes a wallet out of service for ever. Refused while it holds work or value: drain the
//! lane, sweep it, then retire it.

use sluice_api::command::Because;
use sluice_flow::operator::LaneCommand;

use crate::call::{Answer, Call};
use crate::rest::v1::lanes::order;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    order(&call, &LaneCommand::Retire, &body.reason, body.version).await
}
