//! `POST /v1/commands/{id}/withdraw`: takes back a command that waits for its second person. Whoever may give it may take
//! it back: the first person who was wrong, and the second one who says no.

use sluice_api::command::Because;
use sluice_flow::operator::withdraw;

use crate::call::{Answer, Call, ok};
use crate::problem::{self, Reject};
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let body: Because = call.body()?;
    let command = super::find(&call).await?;
    let kind = command.order.kind;
    if !call.caller.may(kind.scope()) {
        return Err(Reject::scope(kind.scope()));
    }
    let given = super::given(&call, body.reason, body.version);
    given.expects(command.version).map_err(|error| problem::order(error, kind.as_str(), 0))?;
    let after = withdraw(call.ports(), command, given.cause).await;
    ok(&wire::command::command(&after.map_err(|error| problem::order(error, "command.withdraw", 0))?))
}
