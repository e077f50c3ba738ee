//! Commands that take two persons.

use serde_json::{Map, Value};
use sluice_api::command::{Command as WireCommand, CommandState};
use sluice_api::tag;
use sluice_core::command::{Command, Kind, State};
use sluice_flow::operator::stop_named;

use super::{event, stop, time};

/// A command as it is recorded.
pub(crate) fn command(command: &Command) -> WireCommand {
    let ended = command.state.ended();
    WireCommand {
        id: Some(command.id.to_string()),
        object: tag::Command::Is,
        command: command.order.kind.to_string(),
        subject: subject(command),
        says: object(&command.order.says),
        facts: object(&command.order.facts),
        state: state(&command.state),
        requested_by: event::actor(&command.asked_by.to_string()),
        reason: command.reason.clone(),
        requested_at: time(command.asked_at),
        expires_at: Some(time(command.expires_at)),
        ended_by: ended.map(|ended| event::actor(&ended.by.to_string())),
        ended_reason: ended.map(|ended| ended.reason.clone()),
        ended_at: ended.map(|ended| time(ended.at)),
        version: None,
    }
}

/// The id of the thing as the contract names it.
pub(crate) fn subject(command: &Command) -> String {
    let subject = &command.order.subject;
    let stop = (command.order.kind == Kind::StopLift).then(|| stop_named(subject)).flatten();
    stop.map_or_else(|| command.order.thing().to_owned(), |(scope, holder)| stop::id(&scope, holder))
}

/// Canonical JSON as an object.
fn object(text: &str) -> Map<String, Value> {
    match serde_json::from_str(text) {
        Ok(Value::Object(object)) => object,
        Ok(_) | Err(_) => Map::new(),
    }
}

const fn state(state: &State) -> CommandState {
    match state {
        State::Pending => CommandState::AwaitingSecondPerson,
        State::Done(_) => CommandState::Done,
        State::Withdrawn(_) => CommandState::Withdrawn,
        State::Expired(_) => CommandState::Expired,
    }
}

/// A state of the contract, as the engine names it.
pub(crate) const fn state_named(state: CommandState) -> &'static str {
    match state {
        CommandState::AwaitingSecondPerson => "pending",
        CommandState::Done => "done",
        CommandState::Withdrawn => "withdrawn",
        CommandState::Expired => "expired",
    }
}
