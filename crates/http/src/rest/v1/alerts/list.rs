//! `GET /v1/alerts`: lists alerts, the most urgent first, newest first within an urgency.

use sluice_api::alert::Alert;
use sluice_api::query::{AlertQuery, Query as _};

use crate::call::{Answer, Call, ok};
use crate::page::{Listing, WHOLE_MAX};

pub(crate) async fn run(call: Call) -> Answer {
    let query: AlertQuery = call.query()?;
    let found = call.reader().alerts(call.caller.sees(), query.resolved, WHOLE_MAX).await?;
    let runbooks = &call.server.api.config.runbooks;
    let mut alerts: Vec<Alert> = found.iter().map(|alert| super::wire(alert, call.lang, runbooks)).collect();
    alerts.retain(|alert| query.severity.is_none_or(|severity| alert.severity == severity));
    let listing = Listing::of(sluice_api::path::ALERTS, &query.give());
    ok(&listing.page(alerts, &query.page, key)?)
}

fn key(alert: &Alert) -> String {
    let micros = sluice_core::time::Timestamp::parse(alert.since.as_str()).map_or(0, |at| at.micros());
    format!("{} {} {}", alert.severity, crate::page::newest_first(micros), alert.id)
}
