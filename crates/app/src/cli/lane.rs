//! `sluice lane`: lanes and desks, and what operators do with them.

use sluice_api::lane::{AdoptTransaction, AdoptionType, Lane, SetCap, SightingWord, SpeedUp};
use sluice_api::text::Decimal;

use super::because::{BecauseArgs, answered};
use super::fail::{Exit, Fail};
use super::list::{abridged, listed};
use super::screen::{Screen, clean};
use super::session::Session;
use super::table::{Cell, fields};
use super::words::{self, pick, say};
use super::{choice, decimal, times};

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<Order>,
}

/// A lane, and why something is done with it.
#[derive(Debug, clap::Args)]
struct OfLane {
    /// Id of the lane: that of its wallet, wa_...
    #[arg(value_name = "LANE")]
    lane: String,
    #[command(flatten)]
    because: BecauseArgs,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum Order {
    /// List lanes and desks · 레인과 서명 창구 목록을 봅니다
    List,
    /// Show one lane · 레인 하나를 자세히 봅니다
    Show {
        /// Id of the lane: that of its wallet, wa_...
        #[arg(value_name = "LANE")]
        lane: String,
    },
    /// Sign and send nothing new; what was sent is followed · 새 서명과 전송을 멈춥니다
    Pause(OfLane),
    /// Open a paused or drained lane · 레인을 다시 엽니다
    Resume(OfLane),
    /// Finish what has a slot, take nothing new · 시작한 작업만 끝내고 비웁니다
    Drain(OfLane),
    /// Set the fee cap for a time · 수수료 상한을 일정 시간 바꿉니다
    Cap {
        #[command(flatten)]
        of: OfLane,
        /// The most that one unit of gas may cost, in gwei, such as 42.5
        #[arg(long, value_name = "GWEI", value_parser = decimal::gwei)]
        max_fee_gwei: Decimal,
        /// For how long, such as 30m; then the configured cap is back
        #[arg(long = "for", value_name = "SPAN", value_parser = times::duration_ms)]
        span_ms: i64,
    },
    /// Offer more for the oldest unfinished transaction · 가장 오래된 미완료 트랜잭션의 수수료를 올립니다
    SpeedUp {
        #[command(flatten)]
        of: OfLane,
        /// The most that one unit of gas may cost, in gwei; the market price within the cap when left out
        #[arg(long, value_name = "GWEI", value_parser = decimal::gwei)]
        max_fee_gwei: Option<Decimal>,
    },
    /// Explain a transaction of a frozen lane's wallet; two persons · 설명되지 않은 트랜잭션을 채택합니다(두 사람)
    Adopt {
        #[command(flatten)]
        of: OfLane,
        /// The transaction; it must be final
        #[arg(long, value_name = "TXID")]
        txid: String,
        /// What it was
        #[arg(long = "type", value_parser = choice::of(AdoptionType::WORDS, AdoptionType::parse))]
        kind: AdoptionType,
    },
    /// Open a frozen lane after a reconciliation; two persons · 대사 후 동결을 해제합니다(두 사람)
    Unfreeze(OfLane),
    /// Take its wallet out of service for good; two persons · 지갑을 영구히 폐기합니다(두 사람)
    Retire(OfLane),
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let client = &session.client;
    let command = match args.command.unwrap_or(Order::List) {
        Order::List => return list(session, screen).await,
        Order::Show { lane } => return show(session, screen, &lane).await,
        Order::Pause(of) => client.pause_lane(&of.lane, &of.because.because()).await,
        Order::Resume(of) => client.resume_lane(&of.lane, &of.because.because()).await,
        Order::Drain(of) => client.drain_lane(&of.lane, &of.because.because()).await,
        Order::Cap { of, max_fee_gwei, span_ms } => {
            let until = times::wire(session.now().plus_ms(span_ms));
            let cap = SetCap {
                max_fee_wei: max_fee_gwei,
                until,
                reason: of.because.reason,
                version: of.because.expect,
            };
            client.cap_lane(&of.lane, &cap).await
        }
        Order::SpeedUp { of, max_fee_gwei } => {
            let order =
                SpeedUp { max_fee_wei: max_fee_gwei, reason: of.because.reason, version: of.because.expect };
            client.speed_up_lane(&of.lane, &order).await
        }
        Order::Adopt { of, txid, kind } => {
            let adopt =
                AdoptTransaction { txid, kind, reason: of.because.reason, version: of.because.expect };
            client.adopt_transaction(&of.lane, &adopt).await
        }
        Order::Unfreeze(of) => client.unfreeze_lane(&of.lane, &of.because.because()).await,
        // A lane is its wallet: one leaves service with the other.
        Order::Retire(of) => client.retire_wallet(&of.lane, &of.because.because()).await,
    };
    answered(session, screen, &command.map_err(|error| session.failed(error))?)
}

async fn list(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let (lang, now) = (screen.lang, session.now());
    let head = [
        "id",
        pick(lang, "chain", "체인"),
        pick(lang, "address", "주소"),
        pick(lang, "custody", "보관"),
        pick(lang, "state", "상태"),
        pick(lang, "in flight", "진행 중"),
        pick(lang, "queued", "대기"),
        pick(lang, "oldest since", "가장 오래된 작업"),
        pick(lang, "reason", "사유"),
    ];
    listed(session, screen, session.client.lanes(), usize::MAX, &head, |it| {
        vec![
            Cell::new(&it.id),
            Cell::new(&it.chain),
            Cell::new(abridged(&it.address)),
            Cell::new(words::wallet_custody(lang, it.custody)),
            words::lane_state(lang, it.state),
            Cell::number(format!("{}/{}", it.in_flight, it.window)),
            Cell::number(it.queued),
            Cell::new(times::perhaps(it.oldest.as_ref().map(|oldest| &oldest.since), now, lang)),
            Cell::new(it.reason.as_ref().map_or("-", |reason| reason.title.as_str())),
        ]
    })
    .await
}

async fn show(session: &Session, screen: &Screen, lane: &str) -> Result<Exit, Fail> {
    let it = session.client.lane(lane).await.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&it)?;
    } else {
        fields(screen, &rows(session, screen, &it))?;
    }
    Ok(Exit::Done)
}

fn rows(session: &Session, screen: &Screen, it: &Lane) -> Vec<(&'static str, Cell)> {
    let (lang, now) = (screen.lang, session.now());
    let mut rows = vec![
        ("id", Cell::new(&it.id)),
        (pick(lang, "partner", "파트너"), Cell::new(&it.partner_id)),
        (pick(lang, "chain", "체인"), Cell::new(&it.chain)),
        (pick(lang, "address", "주소"), Cell::new(&it.address)),
        (pick(lang, "custody", "보관"), Cell::new(words::wallet_custody(lang, it.custody))),
        (pick(lang, "state", "상태"), words::lane_state(lang, it.state)),
        (pick(lang, "since", "시작"), Cell::new(times::full(&it.since, lang))),
        (pick(lang, "in flight", "진행 중"), Cell::new(format!("{}/{}", it.in_flight, it.window))),
        (pick(lang, "queued", "대기"), Cell::new(it.queued.to_string())),
        (pick(lang, "worked by", "처리 프로세스"), Cell::new(it.worked_by.as_deref().unwrap_or("-"))),
        (pick(lang, "epoch", "세대"), Cell::new(it.epoch.to_string())),
        (pick(lang, "version", "버전"), Cell::new(it.version.to_string())),
    ];
    if let Some(nonce) = it.next_nonce {
        rows.push((pick(lang, "next nonce", "다음 nonce"), Cell::new(nonce.to_string())));
    }
    if let Some(reason) = &it.reason {
        rows.push((pick(lang, "reason", "사유"), Cell::new(format!("{} ({})", reason.title, reason.code))));
        rows.push(("", Cell::new(&reason.remedy)));
    }
    if let Some(note) = &it.note {
        rows.push((pick(lang, "note", "메모"), Cell::new(note)));
    }
    if let Some(cap) = &it.fee_cap {
        let (fee, until) = (decimal::in_gwei(&cap.max_fee_wei), times::shown(&cap.until, now, lang));
        rows.push((
            pick(lang, "fee cap", "수수료 상한"),
            Cell::new(say!(lang, "{fee} until {until}", "{fee}, {until}까지")),
        ));
    }
    for one in &it.unexplained {
        let (txid, what, block) = (clean(&one.txid), clean(&one.what), one.block);
        let text = match one.word {
            SightingWord::Claimed => {
                let by = clean(&one.told_by);
                say!(
                    lang,
                    "{txid}, block {block}: {what} (only {by} says so)",
                    "{txid}, {block}번 블록: {what} ({by}만 이렇게 답합니다)"
                )
            }
            SightingWord::Confirmed => {
                say!(lang, "{txid}, block {block}: {what}", "{txid}, {block}번 블록: {what}")
            }
        };
        rows.push((pick(lang, "unexplained", "설명되지 않음"), Cell::new(text)));
    }
    if let Some(oldest) = &it.oldest {
        let id = oldest.withdrawal_id.as_ref().unwrap_or(&oldest.transfer_id);
        let (status, since) = (words::status(lang, oldest.status), times::shown(&oldest.since, now, lang));
        let text = say!(lang, "{id}: {status} since {since}", "{id}: {status}, {since}부터");
        rows.push((pick(lang, "oldest", "가장 오래된 작업"), Cell::new(text)));
    }
    rows
}
