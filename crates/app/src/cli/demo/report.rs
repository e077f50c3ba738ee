//! What the demo says at its end: each payment, the totals, and how many the chain proves.

use std::path::Path;

use serde::Serialize;
use sluice_api::problem::Lang;
use sluice_api::status::Status;
use sluice_api::withdrawal::{Transaction, Withdrawal};

use super::audit::Audited;
use super::order::Order;
use super::pay::{Outcome, Paid};
use super::prove::Verdict;
use crate::cli::decimal;
use crate::cli::export::payment;
use crate::cli::fail::Fail;
use crate::cli::screen::{Screen, Style};
use crate::cli::session::Session;
use crate::cli::table::{Cell, Table, fields};
use crate::cli::times;
use crate::cli::words::{self, pick, say};

/// More chains than an installation pays on.
const CHAINS_MAX: usize = 1_000;

/// Everything the demo found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Report {
    withdrawals: Vec<Line>,
    totals: Totals,
    /// How many payments the chain itself shows.
    proven: usize,
    /// The caller's own list.
    list: String,
    /// What the auditor says of everything that the wallets did.
    audit: Option<Audited>,
}

/// One payment.
#[derive(Clone, Debug, Serialize)]
struct Line {
    external_id: String,
    id: Option<String>,
    status: Option<Status>,
    asset: String,
    amount: String,
    address: String,
    txid: Option<String>,
    block: Option<u64>,
    block_hash: Option<String>,
    /// What the network took, in units of the chain's coin.
    fee: Option<String>,
    proven: bool,
    /// Why it is not proven.
    why: Option<String>,
}

/// All of them together.
#[derive(Clone, Debug, Serialize)]
struct Totals {
    count: usize,
    completed: usize,
    /// Sum of what was paid.
    amount: String,
    symbol: String,
    /// Sum of what the network took.
    fee: String,
    coin: String,
    elapsed_ms: i64,
}

impl Report {
    /// Puts everything together.
    pub(super) async fn of(
        session: &Session,
        list: &Path,
        orders: &[Order],
        paid: Paid,
        verdicts: Vec<Verdict>,
        audit: Option<Audited>,
    ) -> Self {
        let lang = session.lang;
        let withdrawals: Vec<Line> = orders
            .iter()
            .zip(&paid.outcomes)
            .zip(&verdicts)
            .map(|((order, outcome), verdict)| line(order, outcome, verdict, lang))
            .collect();
        let completed: Vec<&Line> =
            withdrawals.iter().filter(|line| line.status == Some(Status::Completed)).collect();
        let amounts = completed.iter().map(|line| line.amount.as_str());
        let fees = withdrawals.iter().filter_map(|line| line.fee.as_deref());
        let asset = orders.first().map_or("", |order| order.asset.as_str());
        let totals = Totals {
            count: withdrawals.len(),
            completed: completed.len(),
            amount: decimal::sum(amounts).unwrap_or_default(),
            symbol: session.names().await.symbol(asset),
            fee: decimal::sum(fees).unwrap_or_default(),
            coin: coin(session, asset).await,
            elapsed_ms: paid.elapsed_ms,
        };
        let proven = verdicts.iter().filter(|verdict| verdict.is_ok()).count();
        Self { withdrawals, totals, proven, list: list.display().to_string(), audit }
    }

    /// Whether the chain shows every payment, and the auditor says so too.
    pub(super) fn all_proven(&self) -> bool {
        self.proven == self.withdrawals.len() && self.audit.as_ref().is_some_and(Audited::agrees)
    }

    /// Prints it.
    ///
    /// # Errors
    /// As [`Screen::line`].
    pub(super) fn print(&self, screen: &Screen) -> Result<(), Fail> {
        if screen.json {
            return screen.object(self);
        }
        let lang = screen.lang;
        let (symbol, coin) = (&self.totals.symbol, &self.totals.coin);
        let fee = format!("{} ({coin})", pick(lang, "fee", "수수료"));
        let amount = format!("{} ({symbol})", pick(lang, "amount", "금액"));
        let mut table = Table::of(&[
            "external_id",
            &amount,
            pick(lang, "recipient", "수취 주소"),
            pick(lang, "transaction", "트랜잭션"),
            pick(lang, "block", "블록"),
            &fee,
            pick(lang, "chain says", "체인 확인"),
        ]);
        for line in &self.withdrawals {
            table.row(row(line, lang));
        }
        table.print(screen)?;
        screen.line("")?;
        let Totals { count, completed, amount, fee, .. } = &self.totals;
        let counts = say!(lang, "{completed} of {count} completed", "{count}건 중 {completed}건 완료");
        let audit = self.audit.as_ref().map_or_else(|| "-".to_owned(), |audit| audit.text(lang));
        let again = self.audit.as_ref().map_or("-", |audit| &audit.again);
        fields(
            screen,
            &[
                (pick(lang, "withdrawals", "출금"), Cell::new(counts)),
                (pick(lang, "paid", "지급액"), Cell::new(format!("{amount} {symbol}"))),
                (pick(lang, "network fees", "네트워크 수수료"), Cell::new(format!("{fee} {coin}"))),
                (pick(lang, "elapsed", "소요 시간"), Cell::new(times::span(self.totals.elapsed_ms, lang))),
                (pick(lang, "list", "목록"), Cell::new(&self.list)),
                (pick(lang, "auditor", "감사"), Cell::new(audit)),
                (pick(lang, "audit again", "다시 감사하려면"), Cell::new(again)),
            ],
        )?;
        let proven = self.proven;
        let verdict = say!(
            lang,
            "{proven} of {count} proven on chain",
            "{count}건 중 {proven}건을 체인에서 증명했습니다"
        );
        let style = if self.all_proven() { Style::Green } else { Style::Red };
        screen.line(&screen.paint(style, &verdict))
    }
}

fn line(order: &Order, outcome: &Outcome, verdict: &Verdict, lang: Lang) -> Line {
    let taken: Option<&Withdrawal> = match outcome {
        Outcome::Taken(withdrawal) => Some(withdrawal),
        Outcome::Refused(_) => None,
    };
    let paid: Option<&Transaction> = taken.and_then(payment);
    let block = paid.and_then(|paid| paid.block.as_ref());
    Line {
        external_id: order.external_id.clone(),
        id: taken.map(|it| it.id.clone()),
        status: taken.map(|it| it.status),
        asset: order.asset.clone(),
        amount: order.amount.clone(),
        address: order.address.clone(),
        txid: paid.map(|paid| paid.txid.clone()),
        block: block.map(|block| block.number),
        block_hash: block.map(|block| block.hash.clone()),
        fee: paid.and_then(|paid| paid.fee.as_ref()).map(ToString::to_string),
        proven: verdict.is_ok(),
        why: verdict.as_ref().err().map(|doubt| doubt.text(lang)),
    }
}

fn row(line: &Line, lang: Lang) -> Vec<Cell> {
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let verdict = match (&line.why, line.status) {
        (None, _) => Cell::styled(Style::Green, pick(lang, "proven", "증명됨")),
        (Some(why), Some(status)) if !status.is_terminal() => Cell::styled(words::status_style(status), why),
        (Some(why), _) => Cell::styled(Style::Red, why),
    };
    vec![
        Cell::new(&line.external_id),
        Cell::number(&line.amount),
        Cell::new(&line.address),
        Cell::new(dash(line.txid.clone())),
        Cell::number(dash(line.block.map(|block| block.to_string()))),
        Cell::number(dash(line.fee.clone())),
        verdict,
    ]
}

/// What the coin of the asset's chain is called; its chain id when nobody says.
async fn coin(session: &Session, asset: &str) -> String {
    let chain = asset.split('/').next().unwrap_or(asset);
    let chains = session.client.chains().take(CHAINS_MAX).await.unwrap_or_default();
    chains.into_iter().find(|it| it.id == chain).map_or_else(|| chain.to_owned(), |it| it.coin)
}
