//! `sluice statement`: what each wallet of a partner held before and after a day, and what lies between, beside the chain.

use sluice_api::problem::Lang;
use sluice_api::query::StatementQuery;
use sluice_api::statement::{NotCompared, Statement, StatementLine};

use super::fail::{Exit, Fail};
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, Table, fields};
use super::times;
use super::words::pick;

/// Whose, and which day.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Whose: pt_...; your own when left out
    #[arg(long, value_name = "ID")]
    partner: Option<String>,
    /// The day, such as 2026-11-21
    #[arg(long, value_name = "DAY")]
    day: String,
    /// IANA zone the day is counted in, such as Asia/Seoul; the partner's own when left out
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// Print CSV: one line for each wallet and asset, after a line of names
    #[arg(long, conflicts_with = "json")]
    csv: bool,
}

impl Args {
    /// Whether it is another partner's, which only the platform may read.
    pub(super) const fn of_another_partner(&self) -> bool {
        self.partner.is_some()
    }
}

/// Prints it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let query = StatementQuery { partner: args.partner, day: Some(args.day), zone: args.zone };
    let statement = session.client.statement(&query).await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&statement)?;
    } else if args.csv {
        for line in csv(&statement) {
            screen.line(&line)?;
        }
    } else {
        show(screen, &statement)?;
    }
    Ok(Exit::Done)
}

fn show(screen: &Screen, statement: &Statement) -> Result<(), Fail> {
    let lang = screen.lang;
    let until = times::full(&statement.to, lang);
    let until =
        if statement.over { until } else { format!("{until} {}", pick(lang, "(so far)", "(현재까지)")) };
    fields(
        screen,
        &[
            (pick(lang, "partner", "파트너"), Cell::new(&statement.partner_id)),
            (pick(lang, "day", "날짜"), Cell::new(format!("{} ({})", statement.day, statement.zone))),
            (pick(lang, "from", "시작"), Cell::new(times::full(&statement.from, lang))),
            (pick(lang, "to", "끝"), Cell::new(until)),
        ],
    )?;
    screen.line("")?;
    let mut table = Table::of(&[
        pick(lang, "wallet", "지갑"),
        pick(lang, "asset", "자산"),
        pick(lang, "opening", "시작 잔액"),
        pick(lang, "in", "입금"),
        pick(lang, "out", "출금"),
        pick(lang, "fees", "수수료"),
        pick(lang, "gas", "가스"),
        pick(lang, "adjustments", "조정"),
        pick(lang, "closing", "마감 잔액"),
        pick(lang, "chain", "체인 대조"),
    ]);
    for line in &statement.lines {
        let figures = [
            &line.opening,
            &line.came_in,
            &line.out,
            &line.fees,
            &line.gas,
            &line.adjustments,
            &line.closing,
        ];
        let mut row = vec![Cell::new(&line.wallet_id), Cell::new(&line.symbol)];
        row.extend(figures.map(Cell::number));
        row.push(Cell::new(chain(lang, line)));
        table.row(row);
    }
    table.print(screen)
}

/// What the chain says, in a few words. Never an equality that nobody has read.
fn chain(lang: Lang, line: &StatementLine) -> String {
    match (&line.compared, lang) {
        (Some(found), Lang::En) if found.difference.as_str() == "0" => {
            format!("equal at block {}", found.block.number)
        }
        (Some(found), Lang::Ko) if found.difference.as_str() == "0" => {
            format!("{}번 블록에서 일치", found.block.number)
        }
        (Some(found), Lang::En) => {
            format!("{} more on chain at block {}", found.difference, found.block.number)
        }
        (Some(found), Lang::Ko) => {
            format!("{}번 블록에서 체인이 {} 많음", found.block.number, found.difference)
        }
        (None, _) => not_compared(lang, line.not_compared).to_owned(),
    }
}

const fn not_compared(lang: Lang, why: Option<NotCompared>) -> &'static str {
    match (lang, why) {
        (Lang::En, Some(NotCompared::Retired)) => "not compared: out of service",
        (Lang::Ko, Some(NotCompared::Retired)) => "대조하지 않음: 폐기된 지갑",
        (Lang::En, Some(NotCompared::ChainUnavailable) | None) => "not compared: the chain does not answer",
        (Lang::Ko, Some(NotCompared::ChainUnavailable) | None) => "대조하지 못함: 체인이 응답하지 않음",
        (Lang::En, Some(NotCompared::UnderWay)) => "not compared: something is under way",
        (Lang::Ko, Some(NotCompared::UnderWay)) => "대조하지 못함: 처리 중인 이체가 있음",
        (Lang::En, Some(NotCompared::FinalityReversed)) => "not compared: finality was reversed",
        (Lang::Ko, Some(NotCompared::FinalityReversed)) => "대조하지 못함: 최종 확정이 뒤집힘",
    }
}

/// One line for each wallet and asset. None of our values holds a comma or a quote but a symbol, which a token chooses.
fn csv(statement: &Statement) -> Vec<String> {
    let head = "day,zone,partner_id,wallet_id,chain,address,asset,symbol,opening,in,out,fees,gas,adjustments,closing,\
                block_number,block_hash,since_closing,books,on_chain,difference,not_compared";
    let line = |line: &StatementLine| {
        let found = line.compared.as_ref();
        let of = |text: fn(&sluice_api::statement::Comparison) -> String| found.map(text).unwrap_or_default();
        [
            statement.day.clone(),
            statement.zone.clone(),
            statement.partner_id.clone(),
            line.wallet_id.clone(),
            line.chain.clone(),
            line.address.clone(),
            line.asset.clone(),
            quoted(&line.symbol),
            line.opening.to_string(),
            line.came_in.to_string(),
            line.out.to_string(),
            line.fees.to_string(),
            line.gas.to_string(),
            line.adjustments.to_string(),
            line.closing.to_string(),
            of(|it| it.block.number.to_string()),
            of(|it| it.block.hash.clone()),
            of(|it| it.since_closing.to_string()),
            of(|it| it.books.to_string()),
            of(|it| it.on_chain.to_string()),
            of(|it| it.difference.to_string()),
            line.not_compared.map(|why| why.to_string()).unwrap_or_default(),
        ]
        .join(",")
    };
    std::iter::once(head.to_owned()).chain(statement.lines.iter().map(line)).collect()
}

/// RFC 4180; and no text that a spreadsheet would take for a formula.
fn quoted(text: &str) -> String {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    format!("\"{}{}\"", if formula { "'" } else { "" }, text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_symbol_is_a_text_whatever_it_says() {
        assert_eq!(quoted("USDC"), "\"USDC\"");
        assert_eq!(quoted("a\",b"), "\"a\"\",b\"");
        assert_eq!(quoted("=cmd()"), "\"'=cmd()\"");
    }

    #[test]
    fn names_and_values_are_as_many() {
        let line = serde_json::json!({
            "wallet_id": "wa_1", "chain": "eip155:1", "address": "0x1", "asset": "a", "symbol": "USDC", "opening": "0",
            "in": "1", "out": "0", "fees": "0", "gas": "0", "adjustments": "0", "closing": "1",
            "compared": null, "not_compared": "under_way"
        });
        let statement = serde_json::json!({
            "object": "statement", "partner_id": "pt_1", "day": "2026-11-21", "zone": "Asia/Seoul",
            "from": "2026-11-20T15:00:00Z", "to": "2026-11-21T15:00:00Z", "over": true, "lines": [line]
        });
        let lines = csv(&serde_json::from_value(statement).unwrap());
        let count = |line: &str| line.split(',').count();
        assert_eq!((lines.len(), count(&lines[0])), (2, count(&lines[1])));
        assert!(lines[1].ends_with(",under_way"), "{}", lines[1]);
    }
}
