//! What is common to commands that people give, and the record of those that take two.

pub(crate) mod get;
pub(crate) mod list;
pub(crate) mod withdraw;

use axum::http::StatusCode;
use serde_json::Map;
use sluice_api::command::{Command as WireCommand, CommandState};
use sluice_api::tag;
use sluice_core::command::{Command, Kind};
use sluice_core::id::CommandId;
use sluice_flow::operator::{Given, Ordered};

use crate::call::{Answer, Call, answer, ok};
use crate::problem::Reject;
use crate::wire;

/// An order as the caller gave it. A version no thing ever has matches none.
pub(crate) fn given(call: &Call, reason: impl Into<String>, version: Option<u64>) -> Given {
    let expected = version.map(|version| i64::try_from(version).unwrap_or(i64::MAX));
    Given { cause: call.cause(reason), expected }
}

/// The answer to an order: 200 when it is done, 202 when another person must give it too. `version` is that of the thing
/// after the order.
pub(crate) fn answered<T>(
    call: &Call,
    kind: Kind,
    subject: impl ToString,
    reason: &str,
    ordered: &Ordered<T>,
    version: impl FnOnce(&T) -> i64,
) -> Answer {
    match ordered {
        Ordered::Awaiting(command) => answer(StatusCode::ACCEPTED, &wire::command::command(command)),
        Ordered::Done(after, Some(command)) => {
            let version = Some(wire::count(version(after)));
            ok(&WireCommand { version, ..wire::command::command(command) })
        }
        Ordered::Done(after, None) => ok(&WireCommand {
            id: None,
            object: tag::Command::Is,
            command: kind.to_string(),
            subject: subject.to_string(),
            says: Map::new(),
            facts: Map::new(),
            state: CommandState::Done,
            requested_by: wire::event::actor(&call.caller.key.to_string()),
            reason: reason.to_owned(),
            requested_at: wire::time(call.now),
            expires_at: None,
            ended_by: Some(wire::event::actor(&call.caller.key.to_string())),
            ended_reason: Some(reason.to_owned()),
            ended_at: Some(wire::time(call.now)),
            version: Some(wire::count(version(after))),
        }),
    }
}

/// The command in the path, if the caller may see it.
async fn find(call: &Call) -> Result<Command, Reject> {
    let id = call.id(CommandId::parse)?;
    call.reader().command(call.caller.sees(), id).await?.ok_or_else(Reject::not_found)
}
