//! The `sluice` program: roles, configuration, command line.
//!
//! # Invariants
//! - Clock, entropy and environment are read here and nowhere else (`world`, clap).
//! - An in-process signer exists in `sluice dev` only (M17).
//! - Built without the feature `dev`, as `cargo build --release -p sluice-app` does, it has no local chain, no in-process
//!   signer and no failpoint; `sluice --version` says which it is.
//! - Whatever does not start says why in one sentence and with an exit code; a stack trace is a defect.

mod cli;
mod config;
mod engine;
mod error;
#[cfg(feature = "dev")]
pub mod failpoint;
mod metrics;
mod nodes;
mod roles;
mod secrets;
mod serve;
mod signer_link;
mod sinks;
mod telemetry;
mod vendors;
mod world;

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use sluice_core::port::Ports;

use crate::error::StartError;

/// The version, and what this program was built with.
const VERSION: &str = if cfg!(feature = "dev") {
    concat!(env!("CARGO_PKG_VERSION"), " (features: dev; not for production)")
} else {
    concat!(env!("CARGO_PKG_VERSION"), " (features: none)")
};

/// What was typed.
#[derive(Parser)]
#[command(
    name = "sluice",
    version = VERSION,
    about = "Pays withdrawals in stablecoins, exactly once, and proves it",
    after_help = "Exit codes: 0 done; 1 the server refused, or a payment did not end as asked; 2 wrong usage or \
                  configuration; 3 something outside cannot be used, or gave no answer.",
    propagate_version = true
)]
struct Arguments {
    #[command(flatten)]
    global: cli::Global,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the engine from a configuration file · 설정 파일로 엔진을 실행합니다
    Run {
        /// Configuration file.
        #[arg(long, default_value = "sluice.toml")]
        config: PathBuf,
        /// What this process does; all of it unless named. May be repeated.
        #[arg(long = "role")]
        roles: Vec<engine::Role>,
        /// Listen here instead of server.listen.
        #[arg(long)]
        listen: Option<String>,
    },
    /// Run everything on this machine against a local chain, with a demo partner · 로컬 체인과 데모 파트너로 모두 실행합니다
    #[cfg(feature = "dev")]
    Dev(roles::dev::DevArguments),
    /// Not in this build: says how to get it.
    #[cfg(not(feature = "dev"))]
    #[command(hide = true)]
    Dev {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run parts of the devnet by themselves · 개발용 체인의 일부를 따로 실행합니다
    #[cfg(feature = "dev")]
    Devnet {
        #[command(subcommand)]
        command: roles::devnet::DevnetCommand,
    },
    /// Not in this build: says how to get it.
    #[cfg(not(feature = "dev"))]
    #[command(hide = true)]
    Devnet {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Simulate TRON nodes with their HTTP API, until Ctrl-C · TRON 노드를 시뮬레이션합니다
    #[cfg(feature = "dev")]
    #[command(after_help = roles::tron_sim::HELP)]
    TronSim(roles::tron_sim::Arguments),
    /// Not in this build: says how to get it.
    #[cfg(not(feature = "dev"))]
    #[command(hide = true)]
    TronSim {
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<String>,
    },
    /// Run the signer: keys, journal and caps, on a Unix socket · 서명 서버를 실행합니다
    ///
    /// With `key`: make and list its keys. With `stop`, `lift`, `stops`: stop payments at the signer itself. With `export`
    /// and `import`: copy its journal.
    Signer {
        /// Its own configuration file.
        #[arg(long, global = true, default_value = "signer.toml")]
        config: PathBuf,
        /// For tests: where a failpoint is armed.
        #[cfg(feature = "dev")]
        #[arg(long, hide = true)]
        failpoint_file: Option<PathBuf>,
        #[command(subcommand)]
        command: Option<SignerCommand>,
    },
    /// Bring the database's schema up to date, and say which version it has · 데이터베이스 스키마를 최신으로 올립니다
    Migrate {
        /// Configuration file.
        #[arg(long, default_value = "sluice.toml")]
        config: PathBuf,
    },
    /// Copy the database into a folder while the engine works · 엔진이 동작하는 동안 데이터베이스를 복사합니다
    Backup(roles::copies::backup::Arguments),
    /// Look at a copy, and put it where no database is · 복사본을 확인하고 제자리에 놓습니다
    ///
    /// What is put in place is shut: nothing is paid from it before two persons have opened it.
    Restore(roles::copies::restore::Arguments),
    /// Look at configuration without starting anything · 실행하지 않고 설정을 확인합니다
    Config {
        #[command(subcommand)]
        command: ConfigCommand,
    },
    #[command(flatten)]
    Client(cli::Command),
}

#[derive(Subcommand)]
enum SignerCommand {
    /// Make, take over and list the signer's keys · 서명 서버의 키를 만들고 가져오고 봅니다
    Key {
        #[command(subcommand)]
        command: roles::signer::key::KeyCommand,
    },
    #[command(flatten)]
    Stops(roles::signer::stop::StopCommand),
    #[command(flatten)]
    Copies(roles::signer::copy::CopyCommand),
}

#[derive(Subcommand)]
enum ConfigCommand {
    /// Read a file and say what is wrong with it, if anything is · 설정 파일의 잘못을 찾습니다
    Check {
        /// Configuration file.
        #[arg(long, default_value = "sluice.toml")]
        config: PathBuf,
        /// The signer's configuration file; `signer.toml` beside the other one, if there is one
        #[arg(long, value_name = "FILE")]
        signer: Option<PathBuf>,
    },
}

/// Runs the program to its end, with the arguments of this process.
pub fn main() -> ExitCode {
    start(std::env::args_os().collect(), |ports| ports)
}

/// The same with these arguments, the first of them the program's own name, and with something around the ports of its
/// engine: how tests see what they would notice.
#[cfg(feature = "dev")]
pub fn main_around(arguments: Vec<OsString>, around: impl FnOnce(Ports) -> Ports) -> ExitCode {
    start(arguments, around)
}

fn start(words: Vec<OsString>, around: impl FnOnce(Ports) -> Ports) -> ExitCode {
    let arguments = match Arguments::try_parse_from(&words) {
        Ok(arguments) => arguments,
        Err(error) => return cli::refuse(&error, words),
    };
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sluice: the runtime cannot be started: {error}");
            return ExitCode::from(3);
        }
    };
    runtime.block_on(run(arguments, around))
}

async fn run(arguments: Arguments, around: impl FnOnce(Ports) -> Ports) -> ExitCode {
    let global = &arguments.global;
    let (lang, as_json) = (global.lang(), global.json);
    let done = match arguments.command {
        Command::Client(command) => return cli::run(command, &arguments.global).await,
        Command::Run { config, roles, listen } => roles::run::run(&config, &roles, listen, around).await,
        #[cfg(feature = "dev")]
        Command::Dev(dev) => Box::pin(roles::dev::run(dev, &arguments.global, around)).await,
        #[cfg(feature = "dev")]
        Command::Devnet { command } => Box::pin(roles::devnet::run(command, &arguments.global)).await,
        #[cfg(feature = "dev")]
        Command::TronSim(sim) => Box::pin(roles::tron_sim::run(sim, &arguments.global)).await,
        #[cfg(not(feature = "dev"))]
        Command::Dev { .. } | Command::Devnet { .. } | Command::TronSim { .. } => {
            Err(StartError::Said(config::Both::new(
                "this program was built for production and has no local chain in it; `make run` builds and starts one that has",
                "운영용으로 빌드한 프로그램이라 로컬 체인이 들어 있지 않습니다. `make run`이 개발용을 빌드하고 시작합니다",
            )))
        }
        Command::Signer { config, command: Some(SignerCommand::Key { command }), .. } => {
            roles::signer::key::run(&config, command, &arguments.global)
        }
        Command::Signer { config, command: Some(SignerCommand::Stops(command)), .. } => {
            roles::signer::stop::run(&config, command, &arguments.global)
        }
        Command::Signer { config, command: Some(SignerCommand::Copies(command)), .. } => {
            roles::signer::copy::run(&config, command, &arguments.global)
        }
        #[cfg(feature = "dev")]
        Command::Signer { config, failpoint_file, command: None } => {
            let point = failpoint_file.as_deref().map(failpoint::Failpoint::at);
            let keys = |ring| match &point {
                Some(point) => failpoint::stopping_keys(&ring, point),
                None => ring,
            };
            roles::signer::run(&config, keys).await
        }
        #[cfg(not(feature = "dev"))]
        Command::Signer { config, command: None } => roles::signer::run(&config, |ring| ring).await,
        Command::Migrate { config } => roles::migrate::run(&config, &arguments.global).await,
        Command::Backup(arguments) => roles::copies::backup::run(arguments, global).await,
        Command::Restore(arguments) => roles::copies::restore::run(arguments, global).await,
        Command::Config { command: ConfigCommand::Check { config, signer } } => {
            check(&config, signer, &arguments.global)
        }
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let said = error.said(lang);
            if as_json {
                eprintln!("{}", serde_json::json!({ "code": error.code(), "detail": said }));
            } else {
                eprintln!("sluice: {said}");
            }
            error.exit_code()
        }
    }
}

fn check(path: &Path, signer: Option<PathBuf>, global: &cli::Global) -> Result<(), StartError> {
    let config = config::Config::read(path)?;
    // What `sluice run` reads beside it.
    secrets::Sealer::read(&config.server.sealing_key_file).map_err(StartError::Said)?;
    let beside = || Some(path.with_file_name("signer.toml")).filter(|signer| signer.exists());
    let signer = signer.or_else(beside);
    if let Some(signer) = &signer {
        roles::signer::SignerConfig::read(signer)?.caps()?;
    }
    if global.json {
        let chains: Vec<_> = config
            .chains
            .iter()
            .map(|chain| serde_json::json!({ "id": chain.id, "nodes": chain.nodes.len(), "quorum": config::quorum(chain) }))
            .collect();
        println!("{}", serde_json::json!({ "good": true, "path": path, "signer": signer, "chains": chains }));
        return Ok(());
    }
    let korean = global.lang() == sluice_api::problem::Lang::Ko;
    for path in std::iter::once(path).chain(signer.as_deref()) {
        println!("{}: {}", path.display(), if korean { "올바릅니다" } else { "good" });
    }
    for chain in &config.chains {
        let (id, nodes, quorum) = (&chain.id, chain.nodes.len(), config::quorum(chain));
        if korean {
            println!("  {id}: 노드 {nodes}개, 정족수 {quorum}");
        } else {
            println!("  {id} from {nodes} {}, quorum {quorum}", if nodes == 1 { "node" } else { "nodes" });
        }
    }
    Ok(())
}
