//! `GET /v1/alerts`: lists alerts, the most urgent first, newest first within an urgency.

use sluice_api::alert::{Alert, Severity};
use sluice_api::problem::Code as Problem;
use sluice_api::query::{AlertQuery, Query as _};
use sluice_core::alert::Code;
use sluice_core::id::AlertId;
use sluice_core::port::reader::AlertFilter;
use sluice_core::time::Timestamp;

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, limit};
use crate::problem::Reject;

pub(crate) async fn run(call: Call) -> Answer {
    let query: AlertQuery = call.query()?;
    let listing = Listing::of(sluice_api::path::ALERTS, &query.give());
    let place = query.page.cursor.as_deref().map(|cursor| place(&listing, cursor)).transpose()?;
    // One more than fits says that another page follows.
    let wanted = limit(&query.page).saturating_add(1);
    let mut found = Vec::new();
    for severity in Severity::ALL.iter().copied() {
        let passed = place.is_some_and(|(at, ..)| severity < at);
        if passed || query.severity.is_some_and(|only| only != severity) || found.len() == wanted {
            continue;
        }
        let of = |code: &Code| code.severity().as_str() == severity.as_str();
        let filter = AlertFilter {
            codes: Code::ALL.iter().copied().filter(of).collect(),
            with_resolved: query.resolved,
            after: place.filter(|(at, ..)| *at == severity).map(|(_, since, id)| (since, id)),
        };
        let room = wanted.saturating_sub(found.len());
        found.extend(call.reader().alerts(call.caller.sees(), &filter, room).await?);
    }
    let runbooks = &call.server.api.config.runbooks;
    let page = listing.first(found, &query.page, |alert| {
        format!("{} {} {}", alert.raise.code.severity().as_str(), alert.since.micros(), alert.id)
    });
    let data: Vec<Alert> = page.data.iter().map(|alert| super::wire(alert, call.lang, runbooks)).collect();
    ok(&sluice_api::list::List::page(data, page.next_cursor))
}

/// Where the page before ended.
fn place(listing: &Listing, cursor: &str) -> Result<(Severity, Timestamp, AlertId), Reject> {
    let key = listing.key(cursor)?;
    read(&key).ok_or_else(|| Reject::new(Problem::CursorInvalid))
}

fn read(key: &str) -> Option<(Severity, Timestamp, AlertId)> {
    let mut parts = key.split(' ');
    let severity = Severity::parse(parts.next()?)?;
    let since = parts.next()?.parse().ok().map(Timestamp::from_micros)?;
    Some((severity, since, AlertId::parse(parts.next()?).ok()?))
}
