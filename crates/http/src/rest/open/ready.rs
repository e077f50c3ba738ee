//! `GET /ready` (also `/readyz`): whether requests should be sent to this process: 200, or 503 when the database does not
//! answer. A chain that stands still, or an urgent alert nobody was told of for a minute, shows here as degraded: sending
//! requests elsewhere would not mend them.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use sluice_api::chain::ChainState;
use sluice_api::health::{Check, Readiness, Verdict};
use sluice_api::tag;
use sluice_core::alert::{Alert, Code, Severity};
use sluice_core::port::reader::AlertFilter;
use sluice_core::time::Timestamp;

use crate::call::{Answer, answer};
use crate::page::WHOLE_MAX;
use crate::rest::v1::chains::list::state;
use crate::server::Server;
use crate::wire::time;

/// Longest wait for the database.
const STORE_WAIT: Duration = Duration::from_secs(2);
/// An urgent alert that no sink took for so long is a degradation of its own, milliseconds.
const UNDELIVERED_MS: i64 = 60_000;

pub(crate) async fn run(State(server): State<Arc<Server>>) -> Answer {
    let now = server.now();
    let mut found = vec![store(&server).await];
    let ready = found.iter().all(|(_, verdict, _)| *verdict == Verdict::Ok);
    if ready {
        found.extend(chains(&server, now).await);
        found.push(alerts(&server, now).await);
    }
    let check = |(name, status, detail): Found| {
        let since = time(server.like_this_since(&name, status, now));
        Check { name, status, detail, since }
    };
    let checks = found.into_iter().map(check).collect();
    let status = if ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    answer(status, &Readiness { object: tag::Readiness::Is, ready, checks })
}

type Found = (String, Verdict, Option<String>);

async fn store(server: &Server) -> Found {
    match tokio::time::timeout(STORE_WAIT, server.api.reader.ping()).await {
        Ok(Ok(())) => ("store".into(), Verdict::Ok, None),
        Ok(Err(error)) => {
            tracing::warn!(error = %error, "The database does not answer");
            ("store".into(), Verdict::Down, Some("the database does not answer".into()))
        }
        Err(_) => ("store".into(), Verdict::Down, Some("the database answers too slowly".into())),
    }
}

async fn chains(server: &Server, now: Timestamp) -> Vec<Found> {
    let mut found = Vec::new();
    for chain in server.api.ports.chains.values() {
        let profile = chain.profile();
        let read = tokio::time::timeout(STORE_WAIT, server.api.reader.chain_status(profile.id)).await;
        let state = read.ok().and_then(Result::ok).map(|status| state(profile, &status, now));
        found.push(match state {
            Some(ChainState::Ok) => (profile.id.to_string(), Verdict::Ok, None),
            Some(ChainState::Degraded | ChainState::Down) | None => {
                (profile.id.to_string(), Verdict::Degraded, Some("its blocks stand still for us".into()))
            }
        });
    }
    found
}

async fn alerts(server: &Server, now: Timestamp) -> Found {
    let urgent = |code: &Code| code.severity() == Severity::P1;
    let filter =
        AlertFilter { codes: Code::ALL.iter().copied().filter(urgent).collect(), ..AlertFilter::any(false) };
    let read = tokio::time::timeout(STORE_WAIT, server.api.reader.alerts(None, &filter, WHOLE_MAX)).await;
    let undelivered =
        |alert: &&Alert| alert.delivered_at.is_none() && now.since_ms(alert.since) > UNDELIVERED_MS;
    match read.ok().and_then(Result::ok).map(|alerts| alerts.iter().filter(undelivered).count()) {
        Some(0) => ("alerts".into(), Verdict::Ok, None),
        Some(count) => (
            "alerts".into(),
            Verdict::Degraded,
            Some(format!("{count} P1 alerts reached nobody for a minute")),
        ),
        None => ("alerts".into(), Verdict::Degraded, Some("alerts cannot be read".into())),
    }
}
