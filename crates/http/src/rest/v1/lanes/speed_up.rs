//! `POST /v1/lanes/{id}/speed-up`: offers more for the oldest transaction that is outside, in the same slot, at the lane's
//! next turn. Every cap stays; where they leave no room, `POST /v1/lanes/{id}/cap` makes some for a time.

use sluice_api::lane::SpeedUp;
use sluice_flow::operator::LaneCommand;

use super::cap;
use crate::call::{Answer, Call};

pub(crate) async fn run(call: Call) -> Answer {
    let body: SpeedUp = call.body()?;
    // A bound above the caps changes nothing, so any whole number is one.
    let most = body.max_fee_wei.as_ref().map(|text| cap::fee(text.as_str(), u128::MAX)).transpose()?;
    super::order(&call, &LaneCommand::SpeedUp(most), &body.reason, body.version).await
}
