//! `sluice events`: the numbered feed of everything that happened.

use sluice_api::event::{Actor, Event};
use sluice_api::list::LIMIT_MAX;

use super::fail::{Exit, Fail};
use super::follow::{LOOK, feed_end};
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, Table};
use super::times;
use super::watch::unless_interrupted;
use super::words::pick;

/// Which part of the feed.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Events after this number; the last ones when left out, 0 for all
    #[arg(long, value_name = "NUMBER")]
    after: Option<u64>,
    /// At most so many
    #[arg(long, default_value_t = 20)]
    limit: u64,
    /// Go on with new events as they happen, until Ctrl-C
    #[arg(long, conflicts_with = "limit")]
    follow: bool,
}

/// Prints it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let after = match args.after {
        Some(number) => number,
        None => {
            let end = feed_end(&session.client).await.map_err(|error| session.failed(error))?;
            end.saturating_sub(args.limit)
        }
    };
    let max = if args.follow { u64::MAX } else { args.limit };
    // Ctrl-C is how following ends.
    unless_interrupted(print(session, screen, after, max, args.follow)).await.unwrap_or(Ok(Exit::Done))
}

async fn print(
    session: &Session,
    screen: &Screen,
    mut after: u64,
    mut left: u64,
    follow: bool,
) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let time = format!("{} ({})", pick(lang, "time", "시각"), times::zone_name(lang));
    let mut table = Table::of(&[
        pick(lang, "number", "번호"),
        &time,
        pick(lang, "event", "이벤트"),
        pick(lang, "withdrawal", "출금"),
        pick(lang, "by", "주체"),
        pick(lang, "reason", "사유"),
    ]);
    while left > 0 {
        let size = u32::try_from(left).unwrap_or(LIMIT_MAX).min(LIMIT_MAX);
        let page = session.client.events_after(after, size).await.map_err(|error| session.failed(error))?;
        for event in page.data {
            after = after.max(event.number);
            left = left.saturating_sub(1);
            if screen.json {
                screen.item(&event)?;
            } else {
                table.row(row(session, screen, &event));
            }
        }
        table.print(screen)?;
        match (page.has_more, follow) {
            (true, _) => {}
            (false, true) => tokio::time::sleep(LOOK).await,
            (false, false) => break,
        }
    }
    Ok(Exit::Done)
}

fn row(session: &Session, screen: &Screen, event: &Event) -> Vec<Cell> {
    vec![
        Cell::number(event.number),
        Cell::new(times::shown(&event.created_at, session.now(), screen.lang)),
        Cell::new(&event.kind),
        Cell::new(event.withdrawal_id.as_deref().unwrap_or("-")),
        Cell::new(who(&event.actor)),
        Cell::new(&event.reason),
    ]
}

/// Who caused something, in one word.
pub(super) fn who(actor: &Actor) -> String {
    format!("{}:{}", actor.kind, actor.id)
}
