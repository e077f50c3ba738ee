//! `sluice export`: withdrawals of a range of time with everything that was signed for them, the wallets that pay, and the
//! transactions that people explained. It is what `sluice-audit` reads; `docs/audit.md` describes the file.
//!
//! The first line says that it is an export, the last one how many records there are and what the lines before it hash to:
//! a file that was cut off or changed is not read.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use sluice_api::command::{Command, CommandState};
use sluice_api::list::LIMIT_MAX;
use sluice_api::query::{CommandQuery, Page, WithdrawalQuery};
use sluice_api::status::Status;
use sluice_api::text::Time;
use sluice_api::wallet::Wallet;
use sluice_api::wallet::WalletCustody;
use sluice_api::withdrawal::{ErrandKind, Transaction, TransactionKind, TransactionStatus, Withdrawal};

use super::fail::{Exit, Fail, Notice};
use super::list;
use super::screen::Screen;
use super::session::Session;
use super::times;
use super::words::{pick, say};

/// The version of the file's form.
const VERSION: u32 = 1;
/// More wallets than a partner has.
const WALLETS_MAX: usize = 100_000;

/// What to export.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Only withdrawals created at or after this time: RFC 3339, 2026-11-21, "2026-11-21 09:30", or 7d (ago); all when left
    /// out
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Only created before this time; now when left out
    #[arg(long, value_name = "TIME")]
    to: Option<String>,
    /// Write to this file, which must not be there yet; standard output when left out
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

/// Exports.
pub(super) async fn run(session: &Session, screen: &Screen, args: Args) -> Result<Exit, Fail> {
    let from = list::time(session, args.from.as_deref(), "--from")?;
    let to = match list::time(session, args.to.as_deref(), "--to")? {
        Some(to) => to,
        // Fixed now: what is created while pages are read belongs to the next export.
        None => times::wire(session.now()),
    };
    let lang = screen.lang;
    let Some(path) = &args.out else {
        let mut lines = |line: &str| screen.line(line);
        written(session, from, to, &mut lines).await?;
        return Ok(Exit::Done);
    };
    let count = into_file(session, path, from, to).await?;
    let shown = path.display();
    screen.note(&say!(lang, "{count} records in {shown}", "{shown}에 기록 {count}건을 썼습니다"));
    Ok(Exit::Done)
}

/// Writes everything to a new file, down to the disk, and says how many records it holds.
///
/// # Errors
/// What a call or the file system fails with. The file is then without its last line.
pub(super) async fn into_file(
    session: &Session,
    path: &Path,
    from: Option<Time>,
    to: Time,
) -> Result<u64, Fail> {
    let file = File::create_new(path).map_err(|error| unwritable(session, path, &error))?;
    let mut file = BufWriter::new(file);
    let mut lines = |line: &str| writeln!(file, "{line}").map_err(|error| unwritable(session, path, &error));
    let count = written(session, from, to, &mut lines).await?;
    let file = file.into_inner().map_err(|error| unwritable(session, path, error.error()))?;
    file.sync_all().map_err(|error| unwritable(session, path, &error))?;
    Ok(count)
}

/// The records between the first line and the last.
async fn written(
    session: &Session,
    from: Option<Time>,
    to: Time,
    lines: &mut dyn FnMut(&str) -> Result<(), Fail>,
) -> Result<u64, Fail> {
    let me = session.client.me().await.map_err(|error| session.failed(error))?;
    if me.platform {
        return Err(of_platform(session));
    }
    let mut paper = Paper { lines, hash: Sha256::new(), count: 0 };
    let begin = Begin {
        record: "export",
        version: VERSION,
        partner_id: &me.partner_id,
        created_at: times::wire(session.now()),
        from: from.as_ref(),
        to: &to,
    };
    paper.line(&begin)?;
    let mut wallets =
        session.client.wallets().take(WALLETS_MAX).await.map_err(|error| session.failed(error))?;
    // Whoever holds the key of another wallet uses it for what no list here explains.
    wallets.retain(|wallet| wallet.custody == WalletCustody::Managed);
    let chains: BTreeMap<&str, &str> =
        wallets.iter().map(|wallet| (wallet.id.as_str(), wallet.chain.as_str())).collect();
    for wallet in &wallets {
        paper.record(&PayingWallet::of(wallet))?;
    }
    let page = Page { limit: Some(LIMIT_MAX), cursor: None };
    let done = CommandQuery { state: Some(CommandState::Done), page: page.clone() };
    let mut commands = session.client.commands(done);
    while let Some(command) = commands.next().await.map_err(|error| session.failed(error))? {
        if let Some(explained) = Explained::of(&command, &chains) {
            paper.record(&explained)?;
        }
    }
    let query =
        WithdrawalQuery { from, to: Some(to.clone()), errands: true, page, ..WithdrawalQuery::default() };
    let mut withdrawals = session.client.withdrawals(query);
    while let Some(withdrawal) = withdrawals.next().await.map_err(|error| session.failed(error))? {
        match withdrawal.errand {
            None => paper.record(&Exported::of(&withdrawal))?,
            // No payment of the partner's: what its transactions were is explained.
            Some(errand) => {
                let reason = errand_reason(&withdrawal, errand);
                for transaction in &withdrawal.transactions {
                    paper.record(&Explained::of_errand(transaction, errand, &reason))?;
                }
            }
        }
    }
    paper.end()
}

/// What is written, with its hash.
struct Paper<'a> {
    lines: &'a mut dyn FnMut(&str) -> Result<(), Fail>,
    hash: Sha256,
    count: u64,
}

impl Paper<'_> {
    fn line(&mut self, thing: &impl Serialize) -> Result<(), Fail> {
        let line = serde_json::to_string(thing).unwrap_or_default();
        self.hash.update(line.as_bytes());
        self.hash.update(b"\n");
        (self.lines)(&line)
    }

    fn record(&mut self, thing: &impl Serialize) -> Result<(), Fail> {
        self.count += 1;
        self.line(thing)
    }

    fn end(mut self) -> Result<u64, Fail> {
        let sha256 = hex::encode(self.hash.clone().finalize());
        let end = End { record: "end", count: self.count, sha256: &sha256 };
        self.line(&end)?;
        Ok(self.count)
    }
}

#[derive(Serialize)]
struct Begin<'a> {
    record: &'static str,
    version: u32,
    partner_id: &'a str,
    created_at: Time,
    from: Option<&'a Time>,
    to: &'a Time,
}

#[derive(Serialize)]
struct End<'a> {
    record: &'static str,
    count: u64,
    sha256: &'a str,
}

#[derive(Serialize)]
struct PayingWallet<'a> {
    record: &'static str,
    id: &'a str,
    chain: &'a str,
    address: &'a str,
    role: &'a str,
    state: &'a str,
}

impl<'a> PayingWallet<'a> {
    fn of(wallet: &'a Wallet) -> Self {
        Self {
            record: "wallet",
            id: &wallet.id,
            chain: &wallet.chain,
            address: &wallet.address,
            role: wallet.role.as_str(),
            state: wallet.state.as_str(),
        }
    }
}

/// A transaction that two persons explained, or that an errand of the house explains.
#[derive(Serialize)]
struct Explained<'a> {
    record: &'static str,
    chain: &'a str,
    txid: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    reason: &'a str,
    wallet_id: Option<&'a str>,
    command_id: Option<&'a str>,
}

impl<'a> Explained<'a> {
    /// None for every other command.
    fn of(command: &'a Command, chains: &BTreeMap<&'a str, &'a str>) -> Option<Self> {
        if command.command != "lane.adopt" || command.state != CommandState::Done {
            return None;
        }
        let said = |name: &str| command.says.get(name).and_then(Value::as_str);
        let wallet_id = command.subject.split('/').next()?;
        Some(Self {
            record: "explained",
            chain: chains.get(wallet_id).copied()?,
            txid: said("txid")?,
            kind: said("type")?,
            reason: &command.reason,
            wallet_id: Some(wallet_id),
            command_id: command.id.as_deref(),
        })
    }

    fn of_errand(transaction: &'a Transaction, errand: ErrandKind, reason: &'a str) -> Self {
        let kind = match errand {
            ErrandKind::Stake | ErrandKind::Unstake | ErrandKind::Collect => "stake",
            ErrandKind::Delegation | ErrandKind::Reclaim => "delegation",
            ErrandKind::TopUp | ErrandKind::Refill | ErrandKind::Sweep => "refill",
        };
        let Transaction { chain, txid, .. } = transaction;
        Self { record: "explained", chain, txid, kind, reason, wallet_id: None, command_id: None }
    }
}

/// What an errand was, in words.
fn errand_reason(it: &Withdrawal, errand: ErrandKind) -> String {
    format!("{errand} of {} of {} for {} ({})", it.amount.as_str(), it.asset, it.address, it.external_id)
}

#[derive(Serialize)]
struct Exported<'a> {
    record: &'static str,
    external_id: &'a str,
    id: &'a str,
    asset: &'a str,
    address: &'a str,
    amount: &'a str,
    status: &'a str,
    /// The transaction that paid, where it is told as paid.
    txid: Option<&'a str>,
    transactions: &'a [Transaction],
    created_at: &'a Time,
    completed_at: Option<&'a Time>,
}

impl<'a> Exported<'a> {
    fn of(it: &'a Withdrawal) -> Self {
        let completed = it.status == Status::Completed;
        Self {
            record: "withdrawal",
            external_id: &it.external_id,
            id: &it.id,
            asset: &it.asset,
            address: &it.address,
            amount: it.amount.as_str(),
            status: it.status.as_str(),
            txid: payment(it).filter(|_| completed).map(|paid| paid.txid.as_str()),
            transactions: &it.transactions,
            created_at: &it.created_at,
            completed_at: it.completed_at.as_ref(),
        }
    }
}

/// The transaction that paid, as the engine tells it.
pub(super) fn payment(withdrawal: &Withdrawal) -> Option<&Transaction> {
    let paid = |it: &&Transaction| it.kind == TransactionKind::Pay && it.status == TransactionStatus::Final;
    withdrawal.transactions.iter().find(paid)
}

fn of_platform(session: &Session) -> Fail {
    let lang = session.lang;
    Fail::usage(
        "export_of_one_partner",
        pick(lang, "An export is of one partner", "내보내기는 파트너별로 합니다"),
        pick(
            lang,
            "A key of the platform sees all of them, and two partners may use the same external id.",
            "플랫폼 키로는 모든 파트너의 출금이 보이며, 서로 다른 파트너가 같은 외부 ID를 쓸 수 있습니다.",
        ),
        pick(lang, "Use a key of the partner (--key).", "파트너의 키를 사용하세요(--key)."),
    )
}

fn unwritable(session: &Session, path: &Path, error: &std::io::Error) -> Fail {
    let (lang, shown) = (session.lang, path.display());
    Fail::Notice(Notice {
        exit: Exit::Usage,
        code: "export_unwritable",
        title: say!(lang, "{shown} cannot be written", "{shown} 파일을 쓸 수 없습니다"),
        detail: error.to_string(),
        remedy: pick(
            lang,
            "Name a new file in a folder with room; a file without its last line is not to be used.",
            "공간이 있는 폴더의 새 파일 이름을 지정하세요. 마지막 줄이 없는 파일은 사용하지 마세요.",
        )
        .to_owned(),
    })
}

#[cfg(test)]
mod tests;
