//! What is common to commands that people give: a reason, a version, and an answer that says whether it is done.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use utoipa::ToSchema;

use crate::body::{Body, Field, REASON_CHARS_MAX, Shape};
use crate::event::Actor;
use crate::tag;
use crate::text::Time;
use crate::words::words;

/// A command that needs nothing but a reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Because {
    /// Why; kept for ever with who gave the command (M15). 1 to 500 characters.
    #[schema(min_length = 1, max_length = 500)]
    pub reason: String,
    /// The version the decision was made on. When it is sent and the thing has moved on, nothing is done and the answer
    /// is `version_conflict`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<u64>,
}

impl Because {
    /// A command for a reason, whatever the version.
    pub fn of(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), version: None }
    }
}

/// The field of a reason, the same in every command.
pub(crate) const REASON: Field = Field::required("reason", Shape::Text(REASON_CHARS_MAX));
/// The field of an expected version, the same in every command.
pub(crate) const VERSION: Field = Field::optional("version", Shape::Whole);

impl Body for Because {
    const FIELDS: &'static [Field] = &[REASON, VERSION];
}

words! {
    /// How far a command is.
    CommandState {
        /// It is done.
        Done = "done",
        /// It takes two persons, and one of them is missing. Giving the same command as another person does it.
        AwaitingSecondPerson = "awaiting_second_person",
        /// Somebody took it back. Nothing was done.
        Withdrawn = "withdrawn",
        /// No second person gave it in time, or before its facts changed. Nothing was done.
        Expired = "expired",
    }
}

/// The answer to a command: 200 when it is done, 202 when another person must give it too.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Command {
    /// `cmd_...`: the record of a command that takes two persons; `null` when one was enough.
    pub id: Option<String>,
    /// Always `command`.
    pub object: tag::Command,
    /// What was commanded, such as `lane.pause`.
    pub command: String,
    /// The id of the thing it is about.
    pub subject: String,
    /// What else it says. Two persons agree when this is equal; their reasons are their own.
    #[schema(value_type = Object)]
    pub says: Map<String, Value>,
    /// What it rests on, such as why a lane froze. A command whose facts have changed is over.
    #[schema(value_type = Object)]
    pub facts: Map<String, Value>,
    /// How far it is.
    pub state: CommandState,
    /// Who gave it first.
    pub requested_by: Actor,
    /// Why, in the first person's words.
    pub reason: String,
    /// When it was given first.
    pub requested_at: Time,
    /// Until when another person may complete it; `null` when one person is enough.
    pub expires_at: Option<Time>,
    /// Who ended it: the second person, or who took it back; `null` while it waits.
    pub ended_by: Option<Actor>,
    /// Why, in that one's words.
    pub ended_reason: Option<String>,
    /// When.
    pub ended_at: Option<Time>,
    /// The version of the thing after the command; told only by the answer that says it is done.
    pub version: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::body;
    use crate::problem::Code;

    #[test]
    fn a_command_without_a_reason_is_refused() {
        for text in ["{}", "", r#"{"reason":""}"#, r#"{"reason":" "}"#, r#"{"reason":null}"#] {
            assert_eq!(
                body::read::<Because>(text.as_bytes()).map_err(|r| r.code),
                Err(Code::FieldRequired),
                "{text}"
            );
        }
        let read = body::read::<Because>(r#"{"reason":"점검","version":3}"#.as_bytes());
        assert_eq!(read, Ok(Because { reason: "점검".into(), version: Some(3) }));
    }
}
