//! Which commands to list.

use super::{CURSOR, LIMIT, Page, Parameter, Query, word};
use crate::command::CommandState;
use crate::problem::Code;

/// Parameters of the list of commands that take two persons.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CommandQuery {
    /// In this state only; those that wait when left out.
    pub state: Option<CommandState>,
    /// The page.
    pub page: Page,
}

impl Query for CommandQuery {
    const PARAMETERS: &'static [Parameter] = &[
        word("state", CommandState::WORDS, "In this state only; `awaiting_second_person` when left out."),
        LIMIT,
        CURSOR,
    ];

    fn take(&mut self, name: &str, value: &str) -> Result<(), Code> {
        match name {
            "state" => self.state = Some(CommandState::parse(value).ok_or(Code::WordUnknown)?),
            _ => return self.page.take(name, value),
        }
        Ok(())
    }

    fn give(&self) -> Vec<(&'static str, String)> {
        let state = self.state.map(|state| ("state", state.to_string()));
        state.into_iter().chain(self.page.give()).collect()
    }
}
