//! `sluice reconciliations`: what comparisons of wallets' books with the chain found.

use sluice_api::problem::Lang;
use sluice_api::query::ReconciliationQuery;
use sluice_api::reconciliation::{Reconciliation, ReconciliationOutcome};

use super::events::who;
use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::{Screen, Style};
use super::session::{Names, Session};
use super::table::{Cell, Table, fields};
use super::words::{pick, say};
use super::{choice, times};

/// Which of them.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only of this wallet: wa_...
    #[arg(long, value_name = "ID")]
    wallet: Option<String>,
    /// Only those that came to this
    #[arg(long, value_parser = choice::of(ReconciliationOutcome::WORDS, ReconciliationOutcome::parse))]
    outcome: Option<ReconciliationOutcome>,
}

/// Lists them, newest first.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let (lang, names) = (screen.lang, session.names().await);
    let head = [
        "id",
        pick(lang, "at", "시각"),
        pick(lang, "wallet", "지갑"),
        pick(lang, "outcome", "결과"),
        pick(lang, "at block", "기준 블록"),
        pick(lang, "differences", "차이"),
        pick(lang, "asked by", "요청"),
    ];
    let query = ReconciliationQuery { wallet: args.wallet, outcome: args.outcome, ..Default::default() };
    listed(session, screen, session.client.reconciliations(query), usize::MAX, &head, |it| {
        vec![
            Cell::new(&it.id),
            Cell::new(times::full(&it.at, lang)),
            Cell::new(&it.wallet_id),
            outcome(lang, it.outcome),
            Cell::number(it.block.number),
            Cell::new(differences(lang, it, names)),
            Cell::new(who(&it.asked_by)),
        ]
    })
    .await
}

/// Prints one.
///
/// # Errors
/// As [`Screen::line`].
pub(super) async fn told(session: &Session, screen: &Screen, it: &Reconciliation) -> Result<Exit, Fail> {
    if screen.json {
        screen.object(it)?;
        return Ok(Exit::Done);
    }
    let lang = screen.lang;
    let mut rows = vec![
        ("id", Cell::new(&it.id)),
        (pick(lang, "wallet", "지갑"), Cell::new(&it.wallet_id)),
        (pick(lang, "outcome", "결과"), outcome(lang, it.outcome)),
        (pick(lang, "at block", "기준 블록"), Cell::new(it.block.number.to_string())),
    ];
    if let Some(gap) = &it.nonces {
        let (chain, ours) = (gap.on_chain, gap.given_out);
        rows.push((
            pick(lang, "transactions", "트랜잭션 수"),
            Cell::styled(Style::Red, say!(lang, "chain {chain}, ours {ours}", "체인 {chain}, 장부 {ours}")),
        ));
    }
    fields(screen, &rows)?;
    screen.line("")?;
    let names = session.names().await;
    let mut table = Table::of(&[
        pick(lang, "asset", "자산"),
        pick(lang, "on chain", "체인 잔액"),
        pick(lang, "books", "장부 잔액"),
        pick(lang, "difference", "차이"),
    ]);
    for line in &it.lines {
        table.row(vec![
            Cell::new(names.symbol(&line.asset)),
            Cell::number(&line.on_chain),
            Cell::number(&line.books),
            Cell::number(&line.difference),
        ]);
    }
    table.print(screen)?;
    Ok(Exit::Done)
}

fn differences(lang: Lang, it: &Reconciliation, names: &Names) -> String {
    let differs = it.lines.iter().filter(|line| line.outcome != ReconciliationOutcome::Equal);
    let mut all: Vec<String> = differs.map(|line| names.money(&line.difference, &line.asset)).collect();
    if let Some(gap) = &it.nonces {
        let (chain, ours) = (gap.on_chain, gap.given_out);
        all.push(say!(
            lang,
            "transactions: chain {chain}, ours {ours}",
            "트랜잭션 수: 체인 {chain}, 장부 {ours}"
        ));
    }
    if all.is_empty() { "-".to_owned() } else { all.join(", ") }
}

fn outcome(lang: Lang, outcome: ReconciliationOutcome) -> Cell {
    match outcome {
        ReconciliationOutcome::Equal => Cell::styled(Style::Green, pick(lang, "equal", "일치")),
        ReconciliationOutcome::CameIn => Cell::styled(Style::Yellow, pick(lang, "came in", "입금됨")),
        ReconciliationOutcome::Missing => Cell::styled(Style::Red, pick(lang, "missing", "부족")),
    }
}
