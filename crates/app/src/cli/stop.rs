//! `sluice stop`, `stops` and `resume`: stopping payments, and the truth about what cannot be recalled (M12).

use std::time::Duration;

use sluice_api::stop::{CannotRecallWhy, CreateStop, Stop, StopScope};

use super::because::{BecauseArgs, answered};
use super::events::who;
use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::{Screen, Style, clean};
use super::session::Session;
use super::table::{Cell, Table};
use super::words::{pick, say};
use super::{choice, times};

/// How often the server is asked whether every process has looked at a stop: for longer than a lease lasts.
const LOOKS: u32 = 25;
/// Wait between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// How much to stop.
#[derive(Debug, clap::Args)]
pub struct StopArgs {
    /// How much is stopped
    #[arg(long, value_parser = choice::of(StopScope::WORDS, StopScope::parse))]
    scope: StopScope,
    /// What exactly: a partner's id, a chain (eip155:137), an asset, a wallet's id; nothing for `all`
    #[arg(long, value_name = "ID")]
    subject: Option<String>,
    /// Why; kept for ever with who stopped
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

/// Which stop.
#[derive(Debug, clap::Args)]
pub struct StopsArgs {
    /// Show this one, with what has been confirmed since
    #[arg(value_name = "ID")]
    id: Option<String>,
}

/// Which stop to lift, and why.
#[derive(Debug, clap::Args)]
pub struct ResumeArgs {
    /// Id of the stop: st_...
    #[arg(value_name = "ID")]
    id: String,
    #[command(flatten)]
    because: BecauseArgs,
}

/// Stops. No question is asked back: seconds count, and lifting a stop is what takes persons.
pub(super) async fn stop(session: &Session, screen: &Screen, args: StopArgs) -> Result<Exit, Fail> {
    let lang = screen.lang;
    if args.subject.is_none() != (args.scope == StopScope::All) {
        let scope = args.scope;
        let (detail, remedy) = if scope == StopScope::All {
            (
                pick(lang, "`all` takes no --subject.", "`all`에는 --subject를 줄 수 없습니다.").to_owned(),
                pick(lang, "Leave --subject out, or choose a scope.", "--subject를 빼거나 범위를 고르세요."),
            )
        } else {
            (
                say!(lang, "Which {scope}?", "어느 {scope}인지 알 수 없습니다."),
                pick(lang, "Name it with --subject.", "--subject로 지정하세요."),
            )
        };
        let title = pick(lang, "Nothing is stopped yet", "아직 중지되지 않았습니다");
        return Err(Fail::usage("subject_wrong", title, detail, remedy));
    }
    let subject = match (args.scope, args.subject) {
        (StopScope::Asset, Some(named)) => Some(session.asset(&named).await?),
        (_, subject) => subject,
    };
    let order = CreateStop { scope: args.scope, subject, reason: args.reason };
    let mut stop = session.client.create_stop(&order).await.map_err(|error| session.failed(error))?;
    for _ in 0..LOOKS {
        if stop.stopped {
            break;
        }
        tokio::time::sleep(LOOK).await;
        stop = session.client.stop(&stop.id).await.map_err(|error| session.failed(error))?;
    }
    show(session, screen, &stop)?;
    Ok(Exit::Done)
}

/// Lists stops, or shows one.
pub(super) async fn stops(session: &Session, screen: &Screen, args: StopsArgs) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    if let Some(id) = &args.id {
        let stop = session.client.stop(id).await.map_err(|error| session.failed(error))?;
        show(session, screen, &stop)?;
        return Ok(Exit::Done);
    }
    let head = [
        "id",
        pick(lang, "scope", "범위"),
        pick(lang, "since", "시작"),
        pick(lang, "cannot be recalled", "회수 불가"),
        pick(lang, "not confirmed", "미확인"),
        pick(lang, "by", "주체"),
        pick(lang, "reason", "사유"),
    ];
    listed(session, screen, session.client.stops(), usize::MAX, &head, |it| {
        vec![
            Cell::new(&it.id),
            Cell::new(scope(it)),
            Cell::new(times::shown(&it.since, now, lang)),
            Cell::number(cannot_recall(it)),
            Cell::number(it.unconfirmed.len()),
            Cell::new(who(&it.stopped_by)),
            Cell::new(&it.reason),
        ]
    })
    .await
}

/// Lifts a stop.
pub(super) async fn resume(session: &Session, screen: &Screen, args: ResumeArgs) -> Result<Exit, Fail> {
    let command = session.client.lift_stop(&args.id, &args.because.because()).await;
    answered(session, screen, &command.map_err(|error| session.failed(error))?)
}

fn scope(stop: &Stop) -> String {
    let subject = stop.subject.as_ref().map_or_else(String::new, |subject| format!(" {subject}"));
    clean(&format!("{}{subject}", stop.scope))
}

fn show(session: &Session, screen: &Screen, stop: &Stop) -> Result<(), Fail> {
    if screen.json {
        return screen.object(stop);
    }
    let (lang, now) = (screen.lang, session.now());
    let (id, scope) = (clean(&stop.id), scope(stop));
    let head = if stop.stopped {
        (
            Style::Red,
            say!(
                lang,
                "{id}: {scope} is stopped. No payment is signed, bumped or sent for the first time.",
                "{id}: {scope} 지급을 중지했습니다. 새 서명, 수수료 인상, 첫 전송이 모두 멈춥니다."
            ),
        )
    } else {
        (
            Style::Yellow,
            say!(
                lang,
                "{id}: the stop of {scope} is stored and not in force everywhere yet.",
                "{id}: {scope} 중지를 저장했지만 아직 모든 곳에 적용되지 않았습니다."
            ),
        )
    };
    screen.line(&screen.paint(head.0, &head.1))?;
    if !stop.unconfirmed.is_empty() {
        let list = clean(&stop.unconfirmed.join(", "));
        screen.line(&say!(
            lang,
            "Not confirmed by: {list}. Each loses its lanes when its lease ends (2 s); look at them, and at `sluice stops {id}`.",
            "확인하지 않은 프로세스: {list}. 임대가 끝나면(2초) 레인을 잃습니다. 해당 프로세스와 `sluice stops {id}`를 확인하세요."
        ))?;
    }
    if stop.cannot_recall.is_empty() {
        screen.line(pick(
            lang,
            "Nothing is out that could still be paid.",
            "이미 나가서 지급될 수 있는 것은 없습니다.",
        ))?;
    } else {
        let count = cannot_recall(stop);
        screen.line(&say!(
            lang,
            "{count} cannot be recalled and may still be paid:",
            "{count}건은 회수할 수 없으며 지급될 수 있습니다:"
        ))?;
        let mut table = Table::of(&[
            pick(lang, "withdrawal", "출금"),
            pick(lang, "why", "이유"),
            pick(lang, "until", "기한"),
            pick(lang, "transaction", "트랜잭션"),
        ]);
        for it in &stop.cannot_recall {
            let why = match it.why {
                CannotRecallWhy::Broadcast => pick(lang, "sent", "전송됨"),
                CannotRecallWhy::HandedOut => pick(lang, "handed out to be signed", "외부 서명 요청됨"),
            };
            let open = pick(lang, "its slot is used", "슬롯이 쓰일 때까지");
            let until = it.until.as_ref().map_or_else(|| open.to_owned(), |at| times::shown(at, now, lang));
            table.row(vec![
                Cell::new(&it.withdrawal_id),
                Cell::new(why),
                Cell::new(until),
                Cell::new(it.txid.as_deref().unwrap_or("-")),
            ]);
        }
        table.print(screen)?;
        let more = stop.cannot_recall_more;
        if more > 0 {
            screen.line(&say!(
                lang,
                "and {more} more: sluice list --status broadcast, and --status confirming",
                "그 밖에 {more}건: sluice list --status broadcast, --status confirming"
            ))?;
        }
    }
    let hint = say!(
        lang,
        "To lift it: sluice resume {id} --reason <why>",
        "해제하려면: sluice resume {id} --reason <사유>"
    );
    screen.note(&hint);
    Ok(())
}

/// How many payments cannot be recalled, listed or not.
fn cannot_recall(stop: &Stop) -> usize {
    stop.cannot_recall.len().saturating_add(usize::try_from(stop.cannot_recall_more).unwrap_or(usize::MAX))
}
