//! `sluice stats`: how many and how much over a range of time.

use sluice_api::query::StatsQuery;
use sluice_api::stats::Tally;

use super::fail::{Exit, Fail};
use super::list;
use super::screen::Screen;
use super::session::{Names, Session};
use super::table::{Cell, Table, fields};
use super::times;
use super::words::{self, pick};

/// Which range.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Created at or after this time: RFC 3339, 2026-11-21, "2026-11-21 09:30", or 7d (ago); 24 hours before the end when
    /// left out
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Created before this time; now when left out
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Only this asset: its id, or its symbol when only one asset has it
    #[arg(long)]
    asset: Option<String>,
}

/// Prints them.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let asset = match &args.asset {
        Some(named) => Some(session.asset(named).await?),
        None => None,
    };
    let query = StatsQuery {
        from: list::time(session, args.from.as_deref(), "--from")?,
        to: list::time(session, args.to.as_deref(), "--to")?,
        asset,
    };
    let stats = session.client.stats(&query).await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&stats)?;
        return Ok(Exit::Done);
    }
    let lang = screen.lang;
    let names = session.names().await;
    fields(
        screen,
        &[
            (pick(lang, "from", "시작"), Cell::new(times::full(&stats.from, lang))),
            (pick(lang, "to", "끝"), Cell::new(times::full(&stats.to, lang))),
        ],
    )?;
    screen.line("")?;
    let mut table = table(pick(lang, "status", "상태"), screen);
    for part in &stats.by_status {
        rows(&mut table, &words::status_cell(lang, part.status), &part.tally, names);
    }
    rows(&mut table, &Cell::new(pick(lang, "all", "전체")), &stats.total, names);
    table.print(screen)?;
    screen.line("")?;
    let mut table = self::table(pick(lang, "type", "유형"), screen);
    for part in &stats.by_type {
        rows(&mut table, &Cell::new(words::withdrawal_type(lang, part.kind)), &part.tally, names);
    }
    table.print(screen)?;
    Ok(Exit::Done)
}

fn table(by: &str, screen: &Screen) -> Table {
    let lang = screen.lang;
    Table::of(&[by, pick(lang, "count", "건수"), pick(lang, "amount", "금액"), pick(lang, "fees", "수수료")])
}

/// One row for each asset: different assets are never added.
fn rows(table: &mut Table, name: &Cell, tally: &Tally, names: &Names) {
    if tally.amounts.is_empty() {
        table.row(vec![name.clone(), Cell::number(tally.count), Cell::number("-"), Cell::number("-")]);
    }
    for (at, sum) in tally.amounts.iter().enumerate() {
        let first = at == 0;
        table.row(vec![
            if first { name.clone() } else { Cell::new("") },
            if first { Cell::number(tally.count) } else { Cell::number("") },
            Cell::number(names.money(&sum.amount, &sum.asset)),
            Cell::number(names.money(&sum.fee, &sum.asset)),
        ]);
    }
}
