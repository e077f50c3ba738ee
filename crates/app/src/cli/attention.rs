//! `sluice attention`: what only a person may decide, and the three ways out.

use sluice_api::attention::{Attention, Resolve};

use super::because::{BecauseArgs, answered};
use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::Screen;
use super::session::Session;
use super::table::{Cell, Table, fields};
use super::times;
use super::words::{self, pick, say};

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Way>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum Way {
    /// List what needs a person · 확인이 필요한 출금 목록
    List,
    /// Show one, with what can still pay it and which ways out are open · 한 건을 자세히 봅니다
    Show {
        /// Our id (wd_...) or your external id
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Try it again; every check runs again · 모든 검사를 거쳐 다시 시도합니다
    Redrive {
        /// Our id (wd_...) or your external id
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        because: BecauseArgs,
    },
    /// Complete it on evidence that it was paid; two persons · 지급된 증거로 완료 처리합니다(두 사람)
    Resolve {
        /// Our id (wd_...) or your external id
        #[arg(value_name = "ID")]
        id: String,
        /// The transaction that paid it; recipient, asset and amount are checked on chain
        #[arg(long, value_name = "TXID")]
        paid_by: Option<String>,
        #[command(flatten)]
        because: BecauseArgs,
    },
    /// End it unpaid; refused while anything could still pay it · 미지급으로 끝냅니다(지급 가능성이 없을 때만)
    GiveUp {
        /// Our id (wd_...) or your external id
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        because: BecauseArgs,
    },
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let client = &session.client;
    let command = match args.command.unwrap_or(Way::List) {
        Way::List => return list(session, screen).await,
        Way::Show { id } => return show(session, screen, &id).await,
        Way::Redrive { id, because } => {
            let id = session.withdrawal(&id).await?.id;
            client.redrive(&id, &because.because()).await
        }
        Way::Resolve { id, paid_by, because } => {
            let id = session.withdrawal(&id).await?.id;
            let resolve = Resolve { paid_by, reason: because.reason, version: because.expect };
            client.resolve(&id, &resolve).await
        }
        Way::GiveUp { id, because } => {
            let id = session.withdrawal(&id).await?.id;
            client.give_up(&id, &because.because()).await
        }
    };
    answered(session, screen, &command.map_err(|error| session.failed(error))?)
}

async fn list(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    let names = session.names().await;
    let head = [
        "id",
        pick(lang, "since", "발생"),
        pick(lang, "amount", "금액"),
        pick(lang, "may still pay", "지급 가능"),
        pick(lang, "ways out", "처리 방법"),
        pick(lang, "reason", "사유"),
    ];
    listed(session, screen, session.client.attention(), usize::MAX, &head, |it| {
        vec![
            Cell::new(&it.id),
            Cell::new(times::shown(&it.since, now, lang)),
            Cell::number(names.money(&it.withdrawal.amount, &it.withdrawal.asset)),
            Cell::number(it.undead.len()),
            Cell::new(open_ways(it)),
            Cell::new(&it.reason.title),
        ]
    })
    .await
}

fn open_ways(it: &Attention) -> String {
    let open: Vec<&str> =
        it.ways_out.iter().filter(|way| way.open).map(|way| words::way_out(way.way)).collect();
    if open.is_empty() { "-".to_owned() } else { open.join(", ") }
}

async fn show(session: &Session, screen: &Screen, id: &str) -> Result<Exit, Fail> {
    let id = session.withdrawal(id).await?.id;
    let it = session.client.attention_item(&id).await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&it)?;
        return Ok(Exit::Done);
    }
    let lang = screen.lang;
    let names = session.names().await;
    fields(
        screen,
        &[
            ("id", Cell::new(&it.id)),
            ("external_id", Cell::new(&it.withdrawal.external_id)),
            (
                pick(lang, "amount", "금액"),
                Cell::new(names.money(&it.withdrawal.amount, &it.withdrawal.asset)),
            ),
            (pick(lang, "recipient", "수취 주소"), Cell::new(&it.withdrawal.address)),
            (pick(lang, "since", "발생"), Cell::new(times::full(&it.since, lang))),
            (pick(lang, "reason", "사유"), Cell::new(format!("{} ({})", it.reason.title, it.reason.code))),
            ("", Cell::new(&it.reason.remedy)),
            (pick(lang, "version", "버전"), Cell::new(it.withdrawal.version.to_string())),
        ],
    )?;
    for transaction in &it.undead {
        let txid = super::screen::clean(&transaction.txid);
        let status = words::transaction_status(lang, transaction.status);
        screen.line(&say!(
            lang,
            "May still be executed: {txid} ({status}). Do not refund.",
            "아직 실행될 수 있음: {txid}({status}). 환불하지 마세요."
        ))?;
    }
    screen.line("")?;
    let mut table = Table::of(&[
        pick(lang, "way out", "처리 방법"),
        pick(lang, "open", "가능"),
        pick(lang, "persons", "필요 인원"),
        pick(lang, "closed by", "불가 사유"),
    ]);
    for way in &it.ways_out {
        table.row(vec![
            Cell::new(words::way_out(way.way)),
            Cell::new(if way.open { pick(lang, "yes", "예") } else { pick(lang, "no", "아니요") }),
            Cell::number(way.persons),
            Cell::new(way.closed_by.as_deref().unwrap_or("-")),
        ]);
    }
    table.print(screen)?;
    Ok(Exit::Done)
}
