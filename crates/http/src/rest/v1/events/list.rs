//! `GET /v1/events?after=`: reads the partner's feed after a number, oldest first. Numbers have no gaps, and what was read
//! once reads the same for ever: events appear when they are sealed.

use sluice_api::list::{LIMIT_DEFAULT, LIMIT_MAX, List};
use sluice_api::query::EventQuery;

use crate::call::{Answer, Call, ok};
use crate::wire::event::event;

pub(crate) async fn run(call: Call) -> Answer {
    let query: EventQuery = call.query()?;
    super::same_feed(&call, query.feed_id.as_deref()).await?;
    let limit = usize::try_from(query.limit.unwrap_or(LIMIT_DEFAULT).clamp(1, LIMIT_MAX)).unwrap_or(1);
    let (partner, after) = (call.caller.partner, super::number(query.after));
    let mut events = call.reader().events(partner, after, limit.saturating_add(1)).await?;
    let more = events.len() > limit;
    events.truncate(limit);
    let next = events.last().filter(|_| more).map(|last| last.number.to_string());
    ok(&List::page(events.iter().map(event).collect(), next))
}
