//! `sluice health`: whether the server answers, and whether it can work.

use serde_json::json;

use super::fail::{Exit, Fail};
use super::screen::{Screen, Style, clean};
use super::session::Session;
use super::table::{Cell, Table};
use super::times;
use super::words::{self, pick, say};

/// Asks. A server that is not ready is an exit code of 1, for scripts that wait for one.
pub(super) async fn run(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let health = session.client.health().await.map_err(|error| session.failed(error))?;
    let readiness = session.client.readiness().await.map_err(|error| session.failed(error))?;
    let exit = if readiness.ready { Exit::Done } else { Exit::Refused };
    if screen.json {
        screen.object(&json!({ "health": health, "readiness": readiness }))?;
        return Ok(exit);
    }
    let (lang, now) = (screen.lang, session.now());
    let (url, version) = (&session.url, clean(&health.version));
    let since = times::shown(&health.started_at, now, lang);
    let (style, text) = if readiness.ready {
        (
            Style::Green,
            say!(
                lang,
                "{url} is ready (version {version}, since {since}).",
                "{url}: 정상 운영 중(버전 {version}, {since} 시작)."
            ),
        )
    } else {
        (
            Style::Red,
            say!(
                lang,
                "{url} answers and is not ready (version {version}, since {since}).",
                "{url}: 응답하지만 준비되지 않음(버전 {version}, {since} 시작)."
            ),
        )
    };
    screen.line(&screen.paint(style, &text))?;
    let mut table = Table::of(&[
        pick(lang, "part", "구성 요소"),
        pick(lang, "state", "상태"),
        pick(lang, "since", "시작"),
        pick(lang, "detail", "내용"),
    ]);
    for check in &readiness.checks {
        table.row(vec![
            Cell::new(&check.name),
            words::verdict(lang, check.status),
            Cell::new(times::shown(&check.since, now, lang)),
            Cell::new(check.detail.as_deref().unwrap_or("-")),
        ]);
    }
    table.print(screen)?;
    Ok(exit)
}
