//! `POST /v1/stops/{id}/lift`: lifts a stop, when two persons say so. A partner lifts what its own people have set.
//! What the platform has stopped beside it stays stopped.

use sluice_api::command::Because;
use sluice_core::command::Kind;
use sluice_flow::operator::{STOP_VERSION, lift};

use crate::call::{Answer, Call};
use crate::problem::{self, Reject};
use crate::rest::v1::commands::{answered, given};

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let stop = super::find(&call).await?;
    let (scope, holder, kind, id) = (stop.scope, stop.holder, Kind::StopLift, stop.id());
    if !call.caller.acts_for(holder) {
        return Err(Reject::platform_only());
    }
    let given = given(&call, &body.reason, body.version);
    let lifted = lift(call.ports(), call.registry(), scope, holder, given).await;
    let lifted = lifted.map_err(|error| problem::order(error, kind.as_str(), 0))?;
    let lifted = lifted.ok_or_else(Reject::not_found)?;
    answered(&call, kind, id, &body.reason, &lifted, |()| STOP_VERSION)
}
