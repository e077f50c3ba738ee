//! `sluice get`: one withdrawal, with everything that is known about it.

use sluice_api::withdrawal::Withdrawal;

use super::fail::{Exit, Fail};
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, Table, fields};
use super::times;
use super::words::{self, pick, say};

/// Which withdrawal.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Our id (wd_...) or your external id
    #[arg(value_name = "ID")]
    id: String,
}

/// Shows it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let withdrawal = session.withdrawal(&args.id).await?;
    show(session, screen, &withdrawal).await?;
    Ok(Exit::Done)
}

/// Prints a withdrawal in full.
///
/// # Errors
/// As [`Screen::line`].
pub(super) async fn show(session: &Session, screen: &Screen, it: &Withdrawal) -> Result<(), Fail> {
    if screen.json {
        return screen.object(it);
    }
    let (lang, now) = (screen.lang, session.now());
    let names = session.names().await;
    let time = |time| Cell::new(times::full(time, lang));
    let mut rows = vec![
        ("id", Cell::new(&it.id)),
        ("external_id", Cell::new(&it.external_id)),
        (pick(lang, "status", "상태"), words::status_cell(lang, it.status)),
        (pick(lang, "amount", "금액"), Cell::new(names.money(&it.amount, &it.asset))),
        (pick(lang, "fee", "수수료"), Cell::new(names.money(&it.fee, &it.asset))),
        (pick(lang, "total debit", "총 차감액"), Cell::new(names.money(&it.total_debit, &it.asset))),
        (pick(lang, "recipient", "수취 주소"), Cell::new(&it.address)),
        (pick(lang, "user", "사용자"), Cell::new(&it.user_id)),
        (pick(lang, "type", "유형"), Cell::new(words::withdrawal_type(lang, it.kind))),
        (pick(lang, "created", "접수 시각"), time(&it.created_at)),
        (pick(lang, "due", "기한"), time(&it.due_at)),
    ];
    if let Some(at) = &it.scheduled_for {
        rows.push((pick(lang, "scheduled for", "예약 시각"), time(at)));
    }
    if let Some(at) = &it.completed_at {
        rows.push((pick(lang, "completed", "완료 시각"), time(at)));
    }
    if let Some(waiting) = &it.waiting_for {
        let (kind, since) = (words::wait(lang, waiting.kind), times::shown(&waiting.since, now, lang));
        let text = say!(lang, "{kind}, since {since}", "{kind}({since}부터)");
        rows.push((pick(lang, "waiting", "대기"), Cell::new(text)));
    }
    if let Some(reason) = &it.reason {
        rows.push((pick(lang, "reason", "사유"), Cell::new(format!("{} ({})", reason.title, reason.code))));
        rows.push(("", Cell::new(&reason.remedy)));
    }
    if it.cancel_requested && !it.status.is_terminal() {
        let text = pick(lang, "requested; it may still complete", "요청됨. 그래도 완료될 수 있습니다");
        rows.push((pick(lang, "cancellation", "취소"), Cell::new(text)));
    }
    if it.attempt_no > 1 {
        rows.push((pick(lang, "attempt", "시도 횟수"), Cell::new(it.attempt_no.to_string())));
    }
    if let Some(memo) = &it.memo {
        rows.push((pick(lang, "memo", "메모"), Cell::new(memo)));
    }
    for (key, value) in &it.metadata {
        rows.push(("metadata", Cell::new(format!("{key}={value}"))));
    }
    fields(screen, &rows)?;
    transactions(screen, it)
}

fn transactions(screen: &Screen, it: &Withdrawal) -> Result<(), Fail> {
    let lang = screen.lang;
    let mut table = Table::of(&[
        pick(lang, "transaction", "트랜잭션"),
        pick(lang, "for", "용도"),
        pick(lang, "status", "상태"),
        "nonce",
        pick(lang, "block", "블록"),
        pick(lang, "network fee", "네트워크 수수료"),
    ]);
    for transaction in &it.transactions {
        let dash = || "-".to_owned();
        table.row(vec![
            Cell::new(&transaction.txid),
            Cell::new(words::transaction_kind(lang, transaction.kind)),
            Cell::new(words::transaction_status(lang, transaction.status)),
            Cell::number(transaction.nonce.map_or_else(dash, |nonce| nonce.to_string())),
            Cell::number(transaction.block.as_ref().map_or_else(dash, |block| block.number.to_string())),
            Cell::number(transaction.fee.as_ref().map_or_else(dash, |fee| fee.to_string())),
        ]);
    }
    if table.waiting() > 0 {
        screen.line("")?;
    }
    table.print(screen)
}
