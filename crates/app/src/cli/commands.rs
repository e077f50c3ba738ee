//! `sluice commands`: commands that wait for a second person, and their history.

use sluice_api::command::{Because, Command, CommandState};
use sluice_api::query::CommandQuery;

use super::because::answered;
use super::events::who;
use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, fields};
use super::words::pick;
use super::{choice, second, times};

/// What to do; lists those that wait when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// List those in this state instead
    #[arg(long, value_parser = choice::of(CommandState::WORDS, CommandState::parse))]
    state: Option<CommandState>,
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// Show one, and the line its second person types · 명령 하나와 두 번째 사람이 입력할 명령을 봅니다
    Show {
        /// Id of the command: cmd_...
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Take one back; nothing is done · 명령을 철회합니다
    Withdraw {
        /// Id of the command: cmd_...
        #[arg(value_name = "ID")]
        id: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    match args.command {
        None => list(session, screen, args.state).await,
        Some(What::Show { id }) => {
            let command = session.client.command(&id).await.map_err(|error| session.failed(error))?;
            show(session, screen, &command)?;
            Ok(Exit::Done)
        }
        Some(What::Withdraw { id, reason }) => {
            let back = session.client.withdraw_command(&id, &Because::of(reason)).await;
            answered(session, screen, &back.map_err(|error| session.failed(error))?)
        }
    }
}

async fn list(session: &Session, screen: &Screen, state: Option<CommandState>) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    let head = [
        "id",
        pick(lang, "command", "명령"),
        pick(lang, "subject", "대상"),
        pick(lang, "given by", "요청한 사람"),
        pick(lang, "at", "시각"),
        pick(lang, "until", "기한"),
        pick(lang, "ended by", "끝낸 사람"),
        pick(lang, "reason", "사유"),
    ];
    let query = CommandQuery { state, ..CommandQuery::default() };
    listed(session, screen, session.client.commands(query), usize::MAX, &head, |it| {
        vec![
            Cell::new(it.id.as_deref().unwrap_or("-")),
            Cell::new(&it.command),
            Cell::new(&it.subject),
            Cell::new(who(&it.requested_by)),
            Cell::new(times::shown(&it.requested_at, now, lang)),
            Cell::new(times::perhaps(it.expires_at.as_ref(), now, lang)),
            Cell::new(it.ended_by.as_ref().map_or_else(|| "-".to_owned(), who)),
            Cell::new(&it.reason),
        ]
    })
    .await
}

fn show(session: &Session, screen: &Screen, it: &Command) -> Result<(), Fail> {
    if screen.json {
        return screen.object(it);
    }
    let lang = screen.lang;
    let mut rows = vec![
        ("id", Cell::new(it.id.as_deref().unwrap_or("-"))),
        (pick(lang, "command", "명령"), Cell::new(&it.command)),
        (pick(lang, "subject", "대상"), Cell::new(&it.subject)),
        (pick(lang, "state", "상태"), Cell::new(state(screen, it.state))),
        (pick(lang, "given by", "요청한 사람"), Cell::new(who(&it.requested_by))),
        (pick(lang, "reason", "사유"), Cell::new(&it.reason)),
        (pick(lang, "at", "시각"), Cell::new(times::full(&it.requested_at, lang))),
    ];
    for (name, value) in it.says.iter().chain(&it.facts) {
        let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        rows.push(("", Cell::new(format!("{name}: {text}"))));
    }
    if let Some(until) = &it.expires_at {
        rows.push((pick(lang, "until", "기한"), Cell::new(times::full(until, lang))));
    }
    if let (Some(by), Some(at)) = (&it.ended_by, &it.ended_at) {
        rows.push((pick(lang, "ended by", "끝낸 사람"), Cell::new(who(by))));
        rows.push((pick(lang, "reason", "사유"), Cell::new(it.ended_reason.as_deref().unwrap_or("-"))));
        rows.push((pick(lang, "at", "시각"), Cell::new(times::full(at, lang))));
    }
    fields(screen, &rows)?;
    if it.state == CommandState::AwaitingSecondPerson
        && let Some(line) = second::line(it, session.dev.as_ref())
    {
        screen.note(&line);
    }
    Ok(())
}

fn state(screen: &Screen, state: CommandState) -> &'static str {
    match state {
        CommandState::Done => pick(screen.lang, "done", "완료"),
        CommandState::AwaitingSecondPerson => {
            pick(screen.lang, "waits for a second person", "두 번째 사람 대기")
        }
        CommandState::Withdrawn => pick(screen.lang, "taken back", "철회됨"),
        CommandState::Expired => pick(screen.lang, "expired", "만료됨"),
    }
}
