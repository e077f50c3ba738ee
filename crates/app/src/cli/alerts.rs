//! `sluice alerts`: what a person should look at.

use sluice_api::alert::Severity;
use sluice_api::command::Because;
use sluice_api::query::AlertQuery;

use super::events::who;
use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::{Screen, Style, clean};
use super::session::Session;
use super::table::Cell;
use super::words::{self, pick, say};
use super::{choice, times};

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// List alerts, the most urgent first · 경보를 급한 순으로 봅니다
    List {
        /// Only of this severity
        #[arg(long, value_parser = choice::of(Severity::WORDS, Severity::parse))]
        severity: Option<Severity>,
        /// Also those whose cause is gone
        #[arg(long)]
        resolved: bool,
    },
    /// Say that you look into one · 경보를 확인했다고 알립니다
    Ack {
        /// Id of the alert: al_...
        #[arg(value_name = "ID")]
        id: String,
        /// What you do about it
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    match args.command.unwrap_or(What::List { severity: None, resolved: false }) {
        What::List { severity, resolved } => list(session, screen, severity, resolved).await,
        What::Ack { id, reason } => {
            let alert = session.client.acknowledge_alert(&id, &Because::of(reason)).await;
            let alert = alert.map_err(|error| session.failed(error))?;
            if screen.json {
                screen.object(&alert)?;
                return Ok(Exit::Done);
            }
            let (lang, id, runbook) = (screen.lang, clean(&alert.id), clean(&alert.runbook));
            let done = say!(
                lang,
                "{id} is yours. What to do: {runbook}",
                "{id}을(를) 맡았습니다. 조치 안내: {runbook}"
            );
            screen.line(&screen.paint(Style::Green, &done))?;
            Ok(Exit::Done)
        }
    }
}

async fn list(
    session: &Session,
    screen: &Screen,
    severity: Option<Severity>,
    resolved: bool,
) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    let query = AlertQuery { severity, resolved, ..AlertQuery::default() };
    let head = [
        "",
        "id",
        pick(lang, "since", "발생"),
        pick(lang, "seen", "횟수"),
        pick(lang, "taken by", "담당"),
        pick(lang, "about", "대상"),
        pick(lang, "what", "내용"),
        pick(lang, "what to do", "조치 안내"),
    ];
    listed(session, screen, session.client.alerts(query), usize::MAX, &head, |it| {
        let said = format!("{} ({})", it.summary, it.detail);
        let summary = match &it.resolved_at {
            None => said,
            Some(at) => {
                let (summary, at) = (&said, times::shown(at, now, lang));
                say!(lang, "{summary} (gone since {at})", "{summary}({at}에 해소)")
            }
        };
        vec![
            words::severity(it.severity),
            Cell::new(&it.id),
            Cell::new(times::shown(&it.since, now, lang)),
            Cell::number(it.count),
            Cell::new(it.acknowledged_by.as_ref().map_or_else(|| "-".to_owned(), who)),
            Cell::new(&it.subject),
            Cell::new(summary),
            Cell::new(&it.runbook),
        ]
    })
    .await
}
