//! `sluice signatures`: what has to be signed with keys that this installation does not hold. Whoever signs takes the bytes in hand,
//! signs them in a wallet of their own, and hands the signature in.

use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::Deserialize;
use sluice_api::problem::Lang;
use sluice_api::query::SignatureQuery;
use sluice_api::signature::{
    HandOutRequest, HandOutState, SignatureRequest, SignatureStatus, SubmitSignature,
};
use sluice_api::wallet::Balance;

use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::{Screen, Style, clean};
use super::session::{Names, Session};
use super::table::{Cell, Table, fields};
use super::times;
use super::words::{pick, say};

/// How often it is asked whether the bytes were made, and for how long.
const LOOK: Duration = Duration::from_millis(500);
const LOOKS_MAX: u32 = 60;
/// The most bytes of a file with a signed transaction.
const SIGNED_BYTES_MAX: u64 = 64 * 1024;

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// List what has to be signed, newest first · 서명할 것을 최신순으로 봅니다
    List {
        /// Only of this desk: wa_...
        #[arg(long, value_name = "ID")]
        wallet: Option<String>,
        /// What has ended too
        #[arg(long)]
        all: bool,
        /// At most so many
        #[arg(long, value_name = "COUNT", default_value_t = 50)]
        limit: usize,
    },
    /// Show one, with its bytes if you have them in hand · 서명 요청 하나를 봅니다
    Show {
        /// Id of the request: wd_...
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Take the bytes of one in hand, to sign them · 서명할 바이트를 받습니다
    HandOut {
        /// Id of the request: wd_...
        #[arg(value_name = "ID")]
        id: String,
        /// How long the bytes may live, 10 to 60
        #[arg(long, value_name = "MINUTES")]
        minutes: Option<u64>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Hand a signature in · 서명을 제출합니다
    Submit {
        /// Id of the request: wd_...
        #[arg(value_name = "ID")]
        id: String,
        /// The signature in hex
        #[arg(long, value_name = "HEX", required_unless_present = "signed", conflicts_with = "signed")]
        signature: Option<String>,
        /// File with the signed transaction as tronweb or TronLink returned it
        #[arg(long, value_name = "FILE")]
        signed: Option<PathBuf>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let client = &session.client;
    let everything = What::List { wallet: None, all: false, limit: 50 };
    let request = match args.command.unwrap_or(everything) {
        What::List { wallet, all, limit } => return list(session, screen, wallet, all, limit).await,
        What::Show { id } => client.signature_request(&id).await,
        What::HandOut { id, minutes, reason } => {
            return hand_out(session, screen, &id, &HandOutRequest { minutes, reason }).await;
        }
        What::Submit { id, signature, signed, reason } => {
            let (signature, raw_data_hex) = match (signature, signed) {
                (Some(signature), _) => (signature, None),
                (None, Some(file)) => read(screen.lang, &file)?,
                (None, None) => (String::new(), None),
            };
            client.submit_signature(&id, &SubmitSignature { signature, raw_data_hex, reason }).await
        }
    };
    told(session, screen, &request.map_err(|error| session.failed(error))?).await
}

/// What tronweb returns; the rest of it is in the bytes.
#[derive(Deserialize)]
struct Signed {
    raw_data_hex: Option<String>,
    signature: Vec<String>,
}

fn read(lang: Lang, file: &Path) -> Result<(String, Option<String>), Fail> {
    let wrong = |why: String| {
        Fail::usage(
            "file_unreadable",
            pick(lang, "No signed transaction", "서명된 거래가 아닙니다"),
            format!("{}: {why}", file.display()),
            pick(
                lang,
                "Save what the wallet returned, as JSON with `raw_data_hex` and `signature`.",
                "지갑이 돌려준 JSON(`raw_data_hex`, `signature` 포함)을 그대로 저장하세요.",
            ),
        )
    };
    let size = std::fs::metadata(file).map_err(|error| wrong(error.to_string()))?.len();
    if size > SIGNED_BYTES_MAX {
        return Err(wrong(format!("{size} > {SIGNED_BYTES_MAX}")));
    }
    let text = std::fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let signed: Signed = serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    match signed.signature.as_slice() {
        [one] => Ok((one.clone(), signed.raw_data_hex)),
        several => Err(wrong(format!("signature: {}", several.len()))),
    }
}

/// Asks until the bytes were made. What is asked for twice is the same.
async fn hand_out(
    session: &Session,
    screen: &Screen,
    id: &str,
    wanted: &HandOutRequest,
) -> Result<Exit, Fail> {
    let mut request = session.client.hand_out(id, wanted).await.map_err(|error| session.failed(error))?;
    for _ in 0..LOOKS_MAX {
        if request.status != SignatureStatus::Making {
            break;
        }
        tokio::time::sleep(LOOK).await;
        request = session.client.signature_request(id).await.map_err(|error| session.failed(error))?;
    }
    let exit = if bytes(&request).is_some() { Exit::Done } else { Exit::Refused };
    told(session, screen, &request).await?;
    Ok(exit)
}

fn bytes(request: &SignatureRequest) -> Option<&sluice_api::signature::HandedOutTransaction> {
    request.hand_out.as_ref()?.transaction.as_ref()
}

fn status(lang: Lang, status: SignatureStatus) -> Cell {
    let (style, text) = match status {
        SignatureStatus::Waiting => (Style::Yellow, pick(lang, "waits for a person", "서명자 대기")),
        SignatureStatus::Making => (Style::Plain, pick(lang, "being made", "만드는 중")),
        SignatureStatus::HandedOut => (Style::Yellow, pick(lang, "handed out", "내줌")),
        SignatureStatus::Expired => (Style::Yellow, pick(lang, "expired, being proven", "만료, 확인 중")),
        SignatureStatus::Submitted => (Style::Plain, pick(lang, "signed", "서명됨")),
        SignatureStatus::Completed => (Style::Green, pick(lang, "completed", "완료")),
        SignatureStatus::Cancelled => (Style::Plain, pick(lang, "cancelled", "취소")),
        SignatureStatus::Failed => (Style::Red, pick(lang, "failed", "실패")),
        SignatureStatus::NeedsAttention => (Style::Red, pick(lang, "needs a person", "확인 필요")),
    };
    Cell::styled(style, text)
}

async fn list(
    session: &Session,
    screen: &Screen,
    wallet: Option<String>,
    all: bool,
    limit: usize,
) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let names = session.names().await;
    let head = [
        "id",
        pick(lang, "status", "상태"),
        pick(lang, "amount", "금액"),
        pick(lang, "from", "보내는 지갑"),
        pick(lang, "to", "받는 지갑"),
        pick(lang, "ordered", "지시"),
        pick(lang, "due", "기한"),
    ];
    let open = (!all).then_some(true);
    let query = SignatureQuery { wallet, open, ..SignatureQuery::default() };
    let now = session.now();
    listed(session, screen, session.client.signature_requests(query), limit, &head, |it| {
        vec![
            Cell::new(&it.id),
            status(lang, it.status),
            Cell::number(names.money(&it.amount, &it.asset)),
            Cell::new(&it.from),
            Cell::new(&it.to),
            Cell::new(times::shown(&it.created_at, now, lang)),
            Cell::new(times::shown(&it.due_at, now, lang)),
        ]
    })
    .await
}

/// Prints a request.
pub(super) async fn told(session: &Session, screen: &Screen, it: &SignatureRequest) -> Result<Exit, Fail> {
    if screen.json {
        screen.object(it)?;
        return Ok(Exit::Done);
    }
    let (lang, names) = (screen.lang, session.names().await);
    let mut rows = vec![
        ("id", Cell::new(&it.id)),
        (pick(lang, "status", "상태"), status(lang, it.status)),
        (pick(lang, "amount", "금액"), Cell::new(names.money(&it.amount, &it.asset))),
        (pick(lang, "from", "보내는 지갑"), Cell::new(format!("{} ({})", it.from, it.wallet_id))),
        (
            pick(lang, "to", "받는 지갑"),
            Cell::new(format!("{} ({})", it.to, it.to_wallet_id.as_deref().unwrap_or("-"))),
        ),
        (pick(lang, "name", "이름"), Cell::new(&it.external_id)),
        (pick(lang, "due", "기한"), Cell::new(times::full(&it.due_at, lang))),
    ];
    if let Some(until) = &it.quiet_until {
        rows.push((pick(lang, "quiet until", "대기 종료"), Cell::new(times::full(until, lang))));
    }
    if let Some(hand_out) = &it.hand_out {
        rows.push((pick(lang, "in hand of", "맡은 사람"), Cell::new(&hand_out.holder.id)));
        if let Some(expires_at) = &hand_out.expires_at {
            rows.push((pick(lang, "expires", "만료"), Cell::new(times::full(expires_at, lang))));
        }
        if hand_out.state == HandOutState::Lapsed {
            let why = hand_out.code.as_deref().unwrap_or("-");
            rows.push((pick(lang, "came to nothing", "무산"), Cell::new(clean(why))));
        }
    }
    fields(screen, &rows)?;
    held(screen, &it.balances, names)?;
    if let Some(transaction) = bytes(it) {
        screen.line("")?;
        let mut table = Table::of(&[pick(lang, "field", "항목"), pick(lang, "says", "내용")]);
        for field in &transaction.fields {
            table.row(vec![Cell::new(clean(&field.name)), Cell::new(clean(&field.value))]);
        }
        table.print(screen)?;
        screen.line("")?;
        screen.line(&format!("txid          {}", transaction.txid))?;
        screen.line(&format!("raw_data_hex  {}", transaction.raw_data_hex))?;
        screen.note(pick(
            lang,
            "Compare what your wallet shows with these fields before you sign. Then hand the signature in: sluice signatures submit.",
            "서명하기 전에 지갑이 보여 주는 내용을 위 항목과 비교하세요. 그다음 서명을 제출하세요: sluice signatures submit.",
        ));
    }
    Ok(Exit::Done)
}

/// Prints what a desk has.
pub(super) fn held(screen: &Screen, balances: &[Balance], names: &Names) -> Result<(), Fail> {
    let lang = screen.lang;
    for balance in balances {
        let (money, block) = (names.money(&balance.on_chain, &balance.asset), balance.block.number);
        screen.line(&say!(
            lang,
            "The desk has {money} at block {block}.",
            "보내는 지갑 잔액은 {block}번 블록에서 {money}입니다."
        ))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::tests::{ID, Server, page, problem, typed};
    use serde_json::{Value, json};
    use sluice_api::problem::Code;

    fn request(status: &str, transaction: &Value) -> Value {
        json!({
            "id": ID, "object": "signature_request", "partner_id": "pt_1", "external_id": "refill-1", "status": status,
            "chain": "tron:1", "wallet_id": "wa_1", "from": "T1", "to_wallet_id": null, "to": "T2", "asset": "tron:1/trc20:T3",
            "amount": "5", "balances": [], "quiet_until": null, "created_at": "2026-11-21T00:00:00Z",
            "due_at": "2026-11-21T02:00:00Z", "version": 1, "hand_out": {
                "id": "ho_1", "state": "told", "holder": {"kind": "key", "id": "key_1"}, "minutes": 10,
                "wished_at": "2026-11-21T00:00:00Z", "wish_until": "2026-11-21T00:02:00Z", "lease_until": null,
                "expires_at": "2026-11-21T00:10:00Z", "code": null, "transaction": transaction
            }
        })
    }

    fn told() -> Value {
        json!({"txid": "ab", "raw_data_hex": "0a02", "fields": [{"name": "recipient", "value": "T2"}]})
    }

    #[test]
    fn bytes_are_asked_for_until_they_are_made_and_shown_with_what_they_say() {
        let server = Server::answering(|asked| match asked.method.as_str() {
            "POST" => (202, request("making", &Value::Null)),
            _ if asked.target.contains(ID) => (200, request("handed_out", &told())),
            _ => page(vec![]),
        });
        let (exit, paper) =
            typed(&server, &format!("signatures hand-out {ID} --minutes 10 --reason 'hot is low'"));
        assert_eq!(exit, Exit::Done, "{}", paper.err());
        for part in ["raw_data_hex  0a02", "recipient", "handed out"] {
            assert!(paper.out().contains(part), "{part}: {}", paper.out());
        }
        let asked = server.asked();
        let sent = asked.iter().find(|asked| asked.method == "POST").unwrap();
        assert_eq!(sent.body, json!({"minutes": 10, "reason": "hot is low"}));
    }

    #[test]
    fn what_the_wallet_returned_is_handed_in_as_it_is() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("signed.json");
        let server = Server::answering(|asked| match asked.method.as_str() {
            "POST" => (200, request("submitted", &Value::Null)),
            _ => page(vec![]),
        });
        let submit = |text: &str| {
            std::fs::write(&file, text).unwrap();
            let line = format!("signatures submit {ID} --signed {} --reason r", file.display());
            typed(&server, &line)
        };
        let whole = r#"{"visible":false,"txID":"ab","raw_data_hex":"0a02","raw_data":{},"signature":["11"]}"#;
        let (exit, paper) = submit(whole);
        assert_eq!(exit, Exit::Done, "{}", paper.err());
        let asked = server.asked();
        let sent = asked.iter().find(|asked| asked.method == "POST").unwrap();
        assert_eq!(sent.body, json!({"signature": "11", "raw_data_hex": "0a02", "reason": "r"}));
        for wrong in ["", "{}", r#"{"signature":[]}"#, r#"{"signature":["11","22"]}"#] {
            let (exit, paper) = submit(wrong);
            assert_eq!(exit, Exit::Usage, "{wrong}: {}", paper.err());
        }
    }

    #[test]
    fn a_refill_or_a_sweep_is_looked_at_or_ordered() {
        let server = Server::answering(|asked| {
            match (asked.method.as_str(), asked.target.ends_with("/check")) {
                ("POST", true) => (
                    200,
                    json!({
                        "object": "movement_check", "partner_id": "pt_1", "from_wallet_id": "wa_1", "from": "T1",
                        "to_wallet_id": "wa_2", "to": "T2", "asset": "tron:1/trc20:T3", "amount": "5", "covered": false,
                        "balances": [], "quiet_until": null
                    }),
                ),
                ("POST", false) => problem(Code::RefillOpen),
                _ => page(vec![]),
            }
        });
        for what in ["refill", "sweep"] {
            let line = format!(
                "treasury {what} --external-id r-1 --from wa_1 --to wa_2 --asset tron:1/trc20:T3 --amount 5 --reason r"
            );
            let (exit, paper) = typed(&server, &format!("{line} --dry-run"));
            assert_eq!(exit, Exit::Done, "{}", paper.err());
            assert!(paper.err().contains("waits until the wallet has it"), "{}", paper.err());
            let (exit, paper) = typed(&server, &line);
            assert_eq!(exit, Exit::Refused);
            assert!(paper.err().contains("refill_open"), "{}", paper.err());
            let posted = server.asked().into_iter().rfind(|asked| asked.method == "POST").unwrap();
            assert_eq!(posted.target, format!("/v1/treasury/{what}s"));
        }
    }
}
