//! The command line of people and scripts. Every command here talks to a server through its API with signed requests.
//! None opens a database or a key store, but one: `key create --platform`, which is how the first key comes into being.
//! The demo also asks a node, to check what the server told it.
//!
//! | file | what it knows |
//! |---|---|
//! | one file for each command | its arguments, its calls, what it prints |
//! | `global`, `devnet`, `session` | which server, which key, which language; `.sluice/dev.json` |
//! | `because`, `second` | what commands of operators share: a reason, a second person |
//! | `screen`, `table`, `words`, `times`, `decimal` | how things look to people, in Korean and English |
//! | `fail`, `usage` | what went wrong, what to do, and the exit code |
//! | `follow` | withdrawals followed through the event feed |
//!
//! Exit codes: 0 done; 1 the server refused, or a payment did not end as asked; 2 wrong usage or configuration; 3 no
//! answer that could be used.

mod alerts;
mod assets;
mod attention;
mod because;
mod cancel;
mod chains;
mod choice;
mod commands;
mod decimal;
mod demo;
mod devnet;
mod energy;
mod events;
mod export;
mod fail;
mod follow;
mod get;
mod global;
mod health;
mod key;
mod lane;
mod limits;
mod list;
mod partner;
mod reconciliations;
mod restored;
mod screen;
mod second;
mod session;
mod signatures;
mod statement;
mod stats;
mod stop;
mod table;
mod times;
mod treasury;
mod usage;
mod wallet;
mod watch;
mod whoami;
mod why;
mod withdraw;
mod words;

use std::pin::Pin;
use std::process::ExitCode;

use clap::Subcommand;

pub use self::global::Global;
pub use self::usage::refuse;

use self::fail::{Exit, Fail};
use self::global::As;
use self::screen::Screen;
use self::session::Session;

/// What can be asked of a server.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Ask for one payment · 출금을 요청합니다
    Withdraw(withdraw::Args),
    /// Show one withdrawal · 출금 한 건을 봅니다
    Get(get::Args),
    /// List withdrawals, newest first · 출금 목록을 최신순으로 봅니다
    List(list::Args),
    /// Follow withdrawals until they end · 출금이 끝날 때까지 지켜봅니다
    Watch(watch::Args),
    /// Say why a withdrawal is not finished · 출금이 아직 끝나지 않은 이유를 봅니다
    Why(why::Args),
    /// Ask to call a withdrawal off · 출금 취소를 요청합니다
    Cancel(cancel::Args),
    /// Read the numbered feed of everything that happened · 이벤트 기록을 봅니다
    Events(events::Args),
    /// Write withdrawals, wallets and explained transactions for the auditor · 감사용 자료를 내보냅니다
    Export(export::Args),
    /// Count and sum withdrawals over a range of time · 기간별 건수와 금액을 봅니다
    Stats(stats::Args),
    /// Say what each wallet held before and after a day, beside the chain · 하루 동안의 지갑별 명세를 체인과 함께 봅니다
    Statement(statement::Args),
    /// Say what hot, warm and cold wallets hold and should hold · 지갑 등급별 보유량과 목표, 제안을 봅니다
    Treasury(treasury::Args),
    /// List what has to be signed outside, take it in hand and hand signatures in · 외부에서 서명할 것을 봅니다
    Signatures(signatures::Args),
    /// Energy: accounts at vendors, orders, and what is paid ahead · 에너지 판매자 계정, 주문, 선불 잔액을 봅니다
    Energy(energy::Args),
    /// List what comparisons of books and chain found · 장부와 체인을 대조한 결과를 봅니다
    Reconciliations(reconciliations::Args),
    /// List and settle what only a person may decide · 사람이 결정해야 하는 출금을 처리합니다
    Attention(attention::Args),
    /// List commands that wait for a second person · 두 번째 사람을 기다리는 명령을 봅니다
    Commands(commands::Args),
    /// List and acknowledge alerts · 경보를 보고 확인합니다
    Alerts(alerts::Args),
    /// Say what was found when the database went back in time · 데이터베이스 복원 뒤 발견한 것과 남은 일을 봅니다
    Restored,
    /// Stop payments at once · 지급을 즉시 중지합니다
    Stop(stop::StopArgs),
    /// List stops, or show one · 중지 목록을 봅니다
    Stops(stop::StopsArgs),
    /// Lift a stop · 중지를 해제합니다
    Resume(stop::ResumeArgs),
    /// Look at and operate lanes · 레인을 보고 조작합니다
    Lane(lane::Args),
    /// Create and list partners · 파트너를 만들고 봅니다
    Partner(partner::Args),
    /// Create, list and revoke API keys · API 키를 만들고 보고 폐기합니다
    Key(key::Args),
    /// Look at wallets, take them into service and out of it · 지갑을 보고 편입하고 폐기합니다
    Wallet(wallet::Args),
    /// List what can be paid · 지급할 수 있는 자산을 봅니다
    Assets,
    /// List chains and their nodes · 체인과 노드를 봅니다
    Chains,
    /// List limits and how much of them is used, and set them · 한도와 사용량을 보고 정합니다
    Limits(limits::Args),
    /// Say who you are to the server · 서버가 보는 내 키와 권한을 확인합니다
    Whoami,
    /// Ask whether the server is well · 서버 상태를 확인합니다
    Health,
    /// Pay withdrawals on the devnet, follow them, and prove each on chain · 데모 출금을 실행하고 체인에서 증명합니다
    Demo(demo::Args),
}

/// Runs one command to its end. Everything that goes wrong has been printed when it returns.
pub async fn run(command: Command, global: &Global) -> ExitCode {
    let screen = Screen::of_process(global);
    let exit = match start(command, global, &screen).await {
        Ok(exit) => exit,
        Err(fail) => {
            screen.fail(&fail);
            fail.exit()
        }
    };
    exit.into()
}

async fn start(command: Command, global: &Global, screen: &Screen) -> Result<Exit, Fail> {
    if let Command::Key(args) = &command
        && let Some(exit) = key::local(args, screen).await
    {
        return exit;
    }
    // In the devnet what only the platform may do is done with its key, unless another one is asked for.
    let unasked = match &command {
        Command::Partner(_) => As::Platform,
        Command::Limits(args) if args.sets() => As::Platform,
        Command::Key(args) if args.of_another_partner() => As::Platform,
        Command::Statement(args) if args.of_another_partner() => As::Platform,
        Command::Treasury(args) if args.of_another_partner() => As::Platform,
        Command::Energy(args) if args.of_platform() => As::Platform,
        _ => As::First,
    };
    let session = match &command {
        // Asked exactly when things go wrong, perhaps by somebody without a key.
        Command::Health => Session::of_anybody(global)?,
        _ => Session::open(global, unasked)?,
    };
    work(command, &session, screen).await
}

type Work<'a> = Pin<Box<dyn Future<Output = Result<Exit, Fail>> + 'a>>;

/// Boxed: a future as large as the largest command would be carried around by every other one.
fn work<'a>(command: Command, session: &'a Session, screen: &'a Screen) -> Work<'a> {
    match command {
        Command::Withdraw(args) => Box::pin(withdraw::run(session, screen, args)),
        Command::Get(args) => Box::pin(get::run(session, screen, args)),
        Command::List(args) => Box::pin(list::run(session, screen, args)),
        Command::Watch(args) => Box::pin(watch::run(session, screen, args)),
        Command::Why(args) => Box::pin(why::run(session, screen, args)),
        Command::Cancel(args) => Box::pin(cancel::run(session, screen, args)),
        Command::Events(args) => Box::pin(events::run(session, screen, args)),
        Command::Export(args) => Box::pin(export::run(session, screen, args)),
        Command::Stats(args) => Box::pin(stats::run(session, screen, args)),
        Command::Statement(args) => Box::pin(statement::run(session, screen, args)),
        Command::Treasury(args) => Box::pin(treasury::run(session, screen, args)),
        Command::Signatures(args) => Box::pin(signatures::run(session, screen, args)),
        Command::Energy(args) => Box::pin(energy::run(session, screen, args)),
        Command::Reconciliations(args) => Box::pin(reconciliations::run(session, screen, args)),
        Command::Attention(args) => Box::pin(attention::run(session, screen, args)),
        Command::Commands(args) => Box::pin(commands::run(session, screen, args)),
        Command::Alerts(args) => Box::pin(alerts::run(session, screen, args)),
        Command::Restored => Box::pin(restored::run(session, screen)),
        Command::Stop(args) => Box::pin(stop::stop(session, screen, args)),
        Command::Stops(args) => Box::pin(stop::stops(session, screen, args)),
        Command::Resume(args) => Box::pin(stop::resume(session, screen, args)),
        Command::Lane(args) => Box::pin(lane::run(session, screen, args)),
        Command::Partner(args) => Box::pin(partner::run(session, screen, args)),
        Command::Key(args) => Box::pin(key::run(session, screen, args)),
        Command::Wallet(args) => Box::pin(wallet::run(session, screen, args)),
        Command::Assets => Box::pin(assets::run(session, screen)),
        Command::Chains => Box::pin(chains::run(session, screen)),
        Command::Limits(args) => Box::pin(limits::run(session, screen, args)),
        Command::Whoami => Box::pin(whoami::run(session, screen)),
        Command::Health => Box::pin(health::run(session, screen)),
        Command::Demo(args) => Box::pin(demo::run(session, screen, args)),
    }
}

#[cfg(test)]
mod tests;
