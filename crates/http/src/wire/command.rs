//! Commands that take two persons.

use serde_json::{Map, Value};
use sluice_api::command::{Command as WireCommand, CommandState};
use sluice_api::tag;
use sluice_core::command::{Command, Kind, State};
use sluice_core::stop::id_of;
use sluice_core::time::Timestamp;
use sluice_flow::operator::stop_named;

use super::{event, time};

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
    let order = &command.order;
    let stop = || {
        let (scope, holder) = stop_named(&order.subject).filter(|_| order.kind == Kind::StopLift)?;
        let since = Timestamp::parse(object(&order.facts).get("since")?.as_str()?).ok()?;
        Some(id_of(&scope, holder, since).to_string())
    };
    stop().unwrap_or_else(|| order.thing().to_owned())
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
