//! `sluice wallet`: wallets, what they hold, and how they come and go.

use sluice_api::command::Because;
use sluice_api::signature::ShowKey;
use sluice_api::wallet::{AdoptWallet, RegisterWallet, Wallet, WalletRole};

use super::because::{BecauseArgs, answered};
use super::fail::{Exit, Fail};
use super::list::listed;
use super::screen::{Screen, Style, clean};
use super::session::{Names, Session};
use super::table::{Cell, Table, fields};
use super::words::{self, pick, say};
use super::{choice, reconciliations, times};

/// What to do; `list` when left out.
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Option<What>,
}

/// What can be done.
#[derive(Debug, clap::Subcommand)]
enum What {
    /// List wallets with what they hold · 지갑과 잔액을 봅니다
    List,
    /// Show one wallet · 지갑 하나를 자세히 봅니다
    Show {
        /// Id of the wallet: wa_...
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Take a wallet into service; the signer must hold its key · 지갑을 편입합니다(서명 서버에 키가 있어야 합니다)
    Adopt {
        /// Its chain, such as eip155:137
        #[arg(long)]
        chain: String,
        /// Its address
        #[arg(long)]
        address: String,
        /// What it will be for
        #[arg(long, value_parser = choice::of(WalletRole::WORDS, WalletRole::parse))]
        role: WalletRole,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
        /// List every check and its result, and adopt nothing
        #[arg(long)]
        dry_run: bool,
    },
    /// Have a wallet looked at whose key somebody else holds; two persons · 외부 보관 지갑을 등록합니다(두 사람)
    Register {
        /// Its chain, such as eip155:137
        #[arg(long)]
        chain: String,
        /// Its address
        #[arg(long)]
        address: String,
        /// What it is for: hot, warm, cold, or safe, a place that money is rescued to
        #[arg(long, value_parser = choice::of(WalletRole::WORDS, WalletRole::parse))]
        role: WalletRole,
        /// What people call it
        #[arg(long)]
        label: String,
        /// Whose it is, for the platform's keys: pt_...
        #[arg(long, value_name = "ID")]
        partner: Option<String>,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Say what is signed to show the key of an external wallet · 외부 지갑의 키를 확인할 문구를 봅니다
    KeyStatement {
        /// Id of the wallet: wa_...
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Show the key of an external wallet: refills of it are handed out from then on · 외부 지갑의 키를 확인합니다
    ShowKey {
        /// Id of the wallet: wa_...
        #[arg(value_name = "ID")]
        id: String,
        /// The time of the statement, as `key-statement` printed it
        #[arg(long, value_name = "TIME")]
        at: String,
        /// The signature of its text in hex
        #[arg(long, value_name = "HEX")]
        signature: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Compare the books of a wallet with the chain now, and keep what was found · 장부와 체인을 지금 대조합니다
    Reconcile {
        /// Id of the wallet: wa_...
        #[arg(value_name = "ID")]
        id: String,
        /// Why, for the record
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take a wallet out of service for good; two persons · 지갑을 영구히 폐기합니다(두 사람)
    Retire {
        /// Id of the wallet: wa_...
        #[arg(value_name = "ID")]
        id: String,
        #[command(flatten)]
        because: BecauseArgs,
    },
}

/// Does it.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let wallet = match args.command.unwrap_or(What::List) {
        What::List => return list(session, screen).await,
        What::Retire { id, because } => {
            let command = session.client.retire_wallet(&id, &because.because()).await;
            return answered(session, screen, &command.map_err(|error| session.failed(error))?);
        }
        What::Register { chain, address, role, label, partner, reason } => {
            let wanted = RegisterWallet { partner_id: partner, chain, address, role, label, reason };
            let command = session.client.register_wallet(&wanted).await;
            return answered(session, screen, &command.map_err(|error| session.failed(error))?);
        }
        What::Reconcile { id, reason } => {
            let found = session.client.reconcile_wallet(&id, &Because::of(reason)).await;
            return reconciliations::told(session, screen, &found.map_err(|error| session.failed(error))?)
                .await;
        }
        What::KeyStatement { id } => {
            let statement = session.client.key_statement(&id).await;
            let statement = statement.map_err(|error| session.failed(error))?;
            if screen.json {
                screen.object(&statement)?;
            } else {
                // To the letter: it is what is signed.
                screen.line(&statement.text)?;
                screen.note(&format!("--at {}", statement.at));
            }
            return Ok(Exit::Done);
        }
        What::ShowKey { id, at, signature, reason } => {
            session.client.show_key(&id, &ShowKey { at: at.as_str().into(), signature, reason }).await
        }
        What::Show { id } => session.client.wallet(&id).await,
        What::Adopt { chain, address, role, reason, dry_run } => {
            let wanted = AdoptWallet { chain, address, role, reason };
            if dry_run {
                return check(session, screen, &wanted).await;
            }
            session.client.adopt_wallet(&wanted).await
        }
    };
    let wallet = wallet.map_err(|error| session.failed(error))?;
    if screen.json {
        screen.object(&wallet)?;
    } else {
        show(session, screen, &wallet).await?;
    }
    Ok(Exit::Done)
}

/// Lists what an adoption would find. It ends as refused while a rule is not met, so that a script can wait for it.
async fn check(session: &Session, screen: &Screen, wanted: &AdoptWallet) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let found = session.client.check_wallet(wanted).await.map_err(|error| session.failed(error))?;
    let exit = if found.ready { Exit::Done } else { Exit::Refused };
    if screen.json {
        screen.object(&found)?;
        return Ok(exit);
    }
    for check in &found.checks {
        let rule = words::wallet_rule(lang, check.rule);
        let (style, mark) = if check.met { (Style::Green, "✓") } else { (Style::Red, "✗") };
        screen.line(&format!("{} {rule}", screen.paint(style, mark)))?;
        for text in [&check.detail, &check.remedy].into_iter().flatten() {
            screen.line(&format!("    {}", clean(text)))?;
        }
    }
    screen.note(match found.ready {
        true => pick(lang, "Ready. Nothing was changed.", "편입할 수 있습니다. 변경된 것은 없습니다."),
        false => {
            pick(lang, "Not ready. Nothing was changed.", "아직 편입할 수 없습니다. 변경된 것은 없습니다.")
        }
    });
    Ok(exit)
}

async fn list(session: &Session, screen: &Screen) -> Result<Exit, Fail> {
    let lang = screen.lang;
    let names = session.names().await;
    let head = [
        "id",
        pick(lang, "chain", "체인"),
        pick(lang, "role", "역할"),
        pick(lang, "custody", "보관"),
        pick(lang, "state", "상태"),
        pick(lang, "address", "주소"),
        pick(lang, "available", "사용 가능"),
    ];
    listed(session, screen, session.client.wallets(), usize::MAX, &head, |it| {
        vec![
            Cell::new(&it.id),
            Cell::new(&it.chain),
            Cell::new(words::wallet_role(lang, it.role)),
            Cell::new(words::wallet_custody(lang, it.custody)),
            words::wallet_state(lang, it.state),
            Cell::new(&it.address),
            available(it, names),
        ]
    })
    .await
}

fn available(it: &Wallet, names: &Names) -> Cell {
    let held: Vec<String> =
        it.balances.iter().map(|balance| names.money(&balance.available, &balance.asset)).collect();
    let short = it.balances.iter().any(|balance| balance.shortfall.is_some());
    let text = if held.is_empty() { "-".to_owned() } else { held.join(", ") };
    Cell::styled(if short { Style::Red } else { Style::Plain }, text)
}

async fn show(session: &Session, screen: &Screen, it: &Wallet) -> Result<(), Fail> {
    let lang = screen.lang;
    let mut rows = vec![
        ("id", Cell::new(&it.id)),
        (pick(lang, "partner", "파트너"), Cell::new(&it.partner_id)),
        (pick(lang, "chain", "체인"), Cell::new(&it.chain)),
        (pick(lang, "address", "주소"), Cell::new(&it.address)),
        (pick(lang, "label", "이름"), Cell::new(&it.label)),
        (pick(lang, "role", "역할"), Cell::new(words::wallet_role(lang, it.role))),
        (pick(lang, "custody", "보관"), Cell::new(words::wallet_custody(lang, it.custody))),
        (pick(lang, "state", "상태"), words::wallet_state(lang, it.state)),
        (pick(lang, "created", "생성 시각"), Cell::new(times::full(&it.created_at, lang))),
        (pick(lang, "version", "버전"), Cell::new(it.version.to_string())),
    ];
    if let Some(from) = &it.trusted_from {
        rows.push((pick(lang, "money from", "입금 가능 시각"), Cell::new(times::full(from, lang))));
    }
    if let Some(reason) = &it.reason {
        rows.push((pick(lang, "reason", "사유"), Cell::new(format!("{} ({})", reason.title, reason.code))));
        rows.push(("", Cell::new(&reason.remedy)));
    }
    if let Some(desk) = &it.desk {
        let shown = times::full(&desk.key_shown_at, lang);
        let state = desk.state.as_str();
        rows.push((
            pick(lang, "desk", "서명 요청"),
            Cell::new(say!(lang, "{state}, key shown {shown}", "{state}, 키 확인 {shown}")),
        ));
        if let Some(until) = &desk.quiet_until {
            rows.push((pick(lang, "quiet until", "대기 종료"), Cell::new(times::full(until, lang))));
        }
    }
    if let Some(has) = &it.resources {
        let (energy, own, free, block) = (has.energy, has.bandwidth, has.free_bandwidth, has.block.number);
        rows.push((
            pick(lang, "energy", "에너지"),
            Cell::new(say!(lang, "{energy} at block {block}", "{block}번 블록에서 {energy}")),
        ));
        rows.push((
            pick(lang, "bandwidth", "대역폭"),
            Cell::new(say!(lang, "{own}, and {free} free", "{own}, 무료 {free}")),
        ));
    }
    fields(screen, &rows)?;
    if it.balances.is_empty() {
        return Ok(());
    }
    screen.line("")?;
    let names = session.names().await;
    let mut table = Table::of(&[
        pick(lang, "asset", "자산"),
        pick(lang, "on chain", "체인 잔액"),
        pick(lang, "available", "사용 가능"),
        pick(lang, "reserved", "예약"),
        pick(lang, "in flight", "진행 중"),
        pick(lang, "at block", "기준 블록"),
        pick(lang, "remarks", "비고"),
    ]);
    for balance in &it.balances {
        let remark = match &balance.shortfall {
            None => Cell::new(""),
            Some(short) => Cell::styled(Style::Red, say!(lang, "short of {short}", "{short} 부족")),
        };
        table.row(vec![
            Cell::new(names.symbol(&balance.asset)),
            Cell::number(&balance.on_chain),
            Cell::number(&balance.available),
            Cell::number(&balance.reserved),
            Cell::number(&balance.in_flight),
            Cell::number(balance.block.number),
            remark,
        ]);
    }
    table.print(screen)
}
