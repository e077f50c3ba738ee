//! What is common to commands that people give.

use sluice_api::command::{Command, CommandState};
use sluice_api::problem::{Code, Refusal};
use sluice_api::tag;

use crate::call::{Answer, Call, ok};
use crate::problem::Reject;
use crate::wire;

/// Refuses a decision that was made on another version than the present one. Commands that move nothing by themselves
/// ask again inside the store: this is for people who looked at an old page.
pub(crate) fn expect(version: Option<u64>, actual: i64) -> Result<(), Reject> {
    let actual = wire::count(actual);
    match version {
        Some(expected) if expected != actual => {
            Err(Refusal::new(Code::VersionConflict).with("expected", expected).with("actual", actual).into())
        }
        Some(_) | None => Ok(()),
    }
}

/// The answer to a command that is done.
pub(crate) fn done(call: &Call, command: &str, subject: impl ToString, version: i64) -> Answer {
    ok(&Command {
        object: tag::Command::Is,
        command: command.to_owned(),
        subject: subject.to_string(),
        state: CommandState::Done,
        requested_by: wire::event::actor(&call.caller.key.to_string()),
        requested_at: wire::time(call.now),
        expires_at: None,
        version: wire::count(version),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_decision_on_an_old_version_is_refused() {
        assert!(expect(None, 7).is_ok() && expect(Some(7), 7).is_ok());
        let reject = expect(Some(6), 7).unwrap_err();
        assert_eq!((reject.refusal.code, reject.refusal.is_complete()), (Code::VersionConflict, true));
    }
}
