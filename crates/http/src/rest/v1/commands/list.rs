//! `GET /v1/commands`: lists commands that take two persons, newest first; those that wait unless another state is asked
//! for.

use sluice_api::command::CommandState;
use sluice_api::query::{CommandQuery, Query as _};
use sluice_core::id::CommandId;

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, limit};
use crate::problem::Reject;
use crate::wire;

pub(crate) async fn run(call: Call) -> Answer {
    let query: CommandQuery = call.query()?;
    let listing = Listing::of(sluice_api::path::COMMANDS, &query.give());
    let before = match &query.page.cursor {
        Some(cursor) => Some(CommandId::parse(&listing.key(cursor)?).map_err(|_| invalid())?),
        None => None,
    };
    let state = wire::command::state_named(query.state.unwrap_or(CommandState::AwaitingSecondPerson));
    let one_more = limit(&query.page).saturating_add(1);
    let commands = call.reader().commands(call.caller.sees(), Some(state), before, one_more).await?;
    let page = listing.first(commands, &query.page, |command| command.id.to_string());
    let told = page.data.iter().map(wire::command::command).collect();
    ok(&sluice_api::list::List::page(told, page.next_cursor))
}

fn invalid() -> Reject {
    Reject::new(sluice_api::problem::Code::CursorInvalid)
}
