//! What the demo says at its end: each payment, the totals, and how many the chain proves.

use std::path::Path;

use serde::Serialize;
use sluice_api::problem::Lang;
use sluice_api::status::Status;
use sluice_api::text::Decimal;
use sluice_api::withdrawal::{Receipt, Transaction, Withdrawal};

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
    /// The same of each asset, in the order of the list.
    assets: Vec<Sum>,
    /// How many payments the chain itself shows.
    proven: usize,
    /// The caller's own list.
    list: String,
    /// What the auditor says of everything that the wallets did, chain by chain.
    audits: Vec<Audited>,
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
    /// What the network took, in units of the chain's coin: by the chain's receipt, where that was found. On TRON it is
    /// burned.
    fee: Option<String>,
    /// What it cost by the engine's own account, where there is one.
    receipt: Option<Receipt>,
    proven: bool,
    /// Why it is not proven.
    why: Option<String>,
}

/// All of them together.
#[derive(Clone, Debug, Serialize)]
struct Totals {
    count: usize,
    completed: usize,
    elapsed_ms: i64,
}

/// All of one asset.
#[derive(Clone, Debug, Serialize)]
struct Sum {
    /// CAIP-19 id.
    asset: String,
    symbol: String,
    coin: String,
    count: usize,
    completed: usize,
    proven: usize,
    /// Sum of what was paid.
    amount: String,
    /// Sum of what the network took.
    fee: String,
    /// Sum of what energy cost that was bought, where there are receipts.
    energy: Option<String>,
    /// What was saved against burning for all of it, where there are receipts.
    saved: Option<String>,
}

impl Report {
    /// Puts everything together.
    pub(super) async fn of(
        session: &Session,
        list: &Path,
        orders: &[Order],
        paid: Paid,
        verdicts: Vec<Verdict>,
        audits: Vec<Audited>,
    ) -> Self {
        let lang = session.lang;
        let withdrawals: Vec<Line> = orders
            .iter()
            .zip(&paid.outcomes)
            .zip(&verdicts)
            .map(|((order, outcome), verdict)| line(order, outcome, verdict, lang))
            .collect();
        let mut assets: Vec<Sum> = Vec::new();
        for order in orders {
            if !assets.iter().any(|it| it.asset == order.asset) {
                assets.push(sum(session, &order.asset, &withdrawals).await);
            }
        }
        let totals = Totals {
            count: withdrawals.len(),
            completed: assets.iter().map(|it| it.completed).sum(),
            elapsed_ms: paid.elapsed_ms,
        };
        let proven = assets.iter().map(|it| it.proven).sum();
        Self { withdrawals, totals, assets, proven, list: list.display().to_string(), audits }
    }

    /// Whether the chain shows every payment, and the auditor says so too.
    pub(super) fn all_proven(&self) -> bool {
        let audited = !self.audits.is_empty() && self.audits.iter().all(Audited::agrees);
        audited && self.proven == self.withdrawals.len()
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
        for sum in &self.assets {
            self.table(sum, screen)?;
            screen.line("")?;
        }
        let Totals { count, completed, elapsed_ms } = self.totals;
        let counts = say!(lang, "{completed} of {count} completed", "{count}건 중 {completed}건 완료");
        let mut lines = vec![(pick(lang, "withdrawals", "출금").to_owned(), Cell::new(counts))];
        for Sum { amount, symbol, fee, coin, energy, saved, .. } in &self.assets {
            lines.push((pick(lang, "paid", "지급액").to_owned(), Cell::new(format!("{amount} {symbol}"))));
            let fees = pick(lang, "network fees", "네트워크 수수료").to_owned();
            lines.push((fees, Cell::new(format!("{fee} {coin}"))));
            if let (Some(energy), Some(saved)) = (energy, saved) {
                let bought = pick(lang, "energy bought", "에너지 구매").to_owned();
                lines.push((bought, Cell::new(format!("{energy} {coin}"))));
                let against = pick(lang, "saved against burning", "소각 대비 절감").to_owned();
                lines.push((against, Cell::new(format!("{saved} {coin}"))));
            }
        }
        lines.push((pick(lang, "elapsed", "소요 시간").to_owned(), Cell::new(times::span(elapsed_ms, lang))));
        lines.push((pick(lang, "list", "목록").to_owned(), Cell::new(&self.list)));
        for audit in &self.audits {
            let chain = &audit.chain;
            lines.push((say!(lang, "auditor of {chain}", "감사 {chain}"), Cell::new(audit.text(lang))));
            let again = pick(lang, "audit again", "다시 감사하려면").to_owned();
            lines.push((again, Cell::new(&audit.again)));
        }
        let lines: Vec<_> = lines.iter().map(|(name, cell)| (name.as_str(), cell.clone())).collect();
        fields(screen, &lines)?;
        let proven = self.proven;
        let verdict = say!(
            lang,
            "{proven} of {count} proven on chain",
            "{count}건 중 {proven}건을 체인에서 증명했습니다"
        );
        let style = if self.all_proven() { Style::Green } else { Style::Red };
        screen.line(&screen.paint(style, &verdict))
    }

    /// The payments of one asset.
    fn table(&self, sum: &Sum, screen: &Screen) -> Result<(), Fail> {
        let (lang, Sum { asset, symbol, coin, .. }) = (screen.lang, sum);
        let for_energy = asset.starts_with("tron:");
        let fee = match for_energy {
            true => format!("{} ({coin})", pick(lang, "burned", "소각")),
            false => format!("{} ({coin})", pick(lang, "fee", "수수료")),
        };
        let amount = format!("{} ({symbol})", pick(lang, "amount", "금액"));
        let energy = format!("{} ({coin})", pick(lang, "energy", "에너지"));
        let mut heads = vec![
            "external_id",
            &amount,
            pick(lang, "recipient", "수취 주소"),
            pick(lang, "transaction", "트랜잭션"),
            pick(lang, "block", "블록"),
            &fee,
        ];
        heads.extend(for_energy.then_some(energy.as_str()));
        heads.push(pick(lang, "chain says", "체인 확인"));
        let mut table = Table::of(&heads);
        for line in self.withdrawals.iter().filter(|line| line.asset == *asset) {
            table.row(row(line, for_energy, lang));
        }
        table.print(screen)
    }
}

async fn sum(session: &Session, asset: &str, withdrawals: &[Line]) -> Sum {
    let ours = || withdrawals.iter().filter(|line| line.asset == asset);
    let completed = || ours().filter(|line| line.status == Some(Status::Completed));
    Sum {
        asset: asset.to_owned(),
        symbol: session.names().await.symbol(asset),
        coin: coin(session, asset).await,
        count: ours().count(),
        completed: completed().count(),
        proven: ours().filter(|line| line.proven).count(),
        amount: decimal::sum(completed().map(|line| line.amount.as_str())).unwrap_or_default(),
        fee: decimal::sum(ours().filter_map(|line| line.fee.as_deref())).unwrap_or_default(),
        energy: of_receipts(ours(), |receipt| receipt.energy_cost.as_ref()),
        saved: saved(ours()),
    }
}

/// What all payments saved whose cost is known.
fn saved<'l>(lines: impl Iterator<Item = &'l Line>) -> Option<String> {
    let known: Vec<&Line> =
        lines.filter(|line| line.receipt.as_ref().is_some_and(|it| it.total.is_some())).collect();
    let burning = of_receipts(known.iter().copied(), |receipt| Some(&receipt.burning))?;
    let total = of_receipts(known.iter().copied(), |receipt| receipt.total.as_ref())?;
    decimal::difference(&burning, &total)
}

/// The sum of one figure of all receipts; `None` where there is none.
fn of_receipts<'l>(
    lines: impl Iterator<Item = &'l Line>,
    figure: fn(&Receipt) -> Option<&Decimal>,
) -> Option<String> {
    let figures: Vec<&str> =
        lines.filter_map(|line| figure(line.receipt.as_ref()?)).map(Decimal::as_str).collect();
    if figures.is_empty() { None } else { decimal::sum(figures) }
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
        fee: match verdict {
            Ok(evidence) => Some(evidence.fee_text()),
            Err(_) => paid.and_then(|paid| paid.fee.as_ref()).map(ToString::to_string),
        },
        receipt: taken.and_then(|it| it.receipt.clone()),
        proven: verdict.is_ok(),
        why: verdict.as_ref().err().map(|doubt| doubt.text(lang)),
    }
}

fn row(line: &Line, for_energy: bool, lang: Lang) -> Vec<Cell> {
    let dash = |text: Option<String>| text.unwrap_or_else(|| "-".to_owned());
    let verdict = match (&line.why, line.status) {
        (None, _) => Cell::styled(Style::Green, pick(lang, "proven", "증명됨")),
        (Some(why), Some(status)) if !status.is_terminal() => Cell::styled(words::status_style(status), why),
        (Some(why), _) => Cell::styled(Style::Red, why),
    };
    let mut cells = vec![
        Cell::new(&line.external_id),
        Cell::number(&line.amount),
        Cell::new(&line.address),
        Cell::new(dash(line.txid.clone())),
        Cell::number(dash(line.block.map(|block| block.to_string()))),
        Cell::number(dash(line.fee.clone())),
    ];
    if for_energy {
        let cost = line.receipt.as_ref().and_then(|it| it.energy_cost.as_ref());
        cells.push(Cell::number(dash(cost.map(ToString::to_string))));
    }
    cells.push(verdict);
    cells
}

/// What the coin of the asset's chain is called; its chain id when nobody says.
async fn coin(session: &Session, asset: &str) -> String {
    let chain = asset.split('/').next().unwrap_or(asset);
    let chains = session.client.chains().take(CHAINS_MAX).await.unwrap_or_default();
    chains.into_iter().find(|it| it.id == chain).map_or_else(|| chain.to_owned(), |it| it.coin)
}
