//! `sluice-audit`: the auditor as a program of its own. `docs/audit.md` is its manual.
//!
//! Exit codes: 0 proven; 1 broken; 2 the question is wrong; 3 undecided, or no answer that could be used.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};
use serde_json::json;
use sluice_audit::chain::{Address, Chain};
use sluice_audit::list::{self, List};
use sluice_audit::read::Bounds;
use sluice_audit::stand::Stand;
use sluice_audit::{Audit, AuditError};

const PROVEN_EVERYTHING: u8 = 0;
const USAGE: u8 = 2;
const CANNOT_TELL: u8 = 3;

/// Proves on chain, from your own list, that each withdrawal was paid exactly once.
#[derive(Debug, Parser)]
#[command(
    name = "sluice-audit",
    version,
    after_help = "Exit codes: 0 proven, 1 broken, 2 usage, 3 undecided. Manual: docs/audit.md"
)]
struct Program {
    /// One JSON object on standard output
    #[arg(long, global = true)]
    json: bool,
    /// Language of what people read
    #[arg(long, global = true, value_enum, default_value_t = Lang::En)]
    lang: Lang,
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Lang {
    En,
    Ko,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Judge a list · 목록을 체인과 대조해 증명합니다
    Check(Check),
    /// Write down where the wallets stand at a block: the opening of a later audit · 지갑의 현재 상태를 기록합니다
    Stand(At),
}

/// What is looked at.
#[derive(Debug, clap::Args)]
struct Subject {
    /// Chain, such as eip155:137 or tron:728126428; the one of the list when it has only one
    #[arg(long)]
    chain: Option<String>,
    /// Address of a node of yours. Several must agree; repeat it, or separate by commas
    #[arg(
        long = "rpc",
        value_name = "URL",
        env = "SLUICE_AUDIT_RPC",
        value_delimiter = ',',
        hide_env_values = true,
        required = true
    )]
    rpc: Vec<String>,
    /// A key of the provider of TRON nodes, shown to each of them in the header TRON-PRO-API-KEY
    #[arg(long, value_name = "KEY", env = "SLUICE_AUDIT_TRON_KEY", hide_env_values = true)]
    tron_key: Option<String>,
    /// The list, NDJSON or CSV, `-` for standard input; may be repeated
    #[arg(long = "list", value_name = "FILE")]
    lists: Vec<PathBuf>,
    /// A paying address beside those that the list names; may be repeated
    #[arg(long = "wallet", value_name = "ADDRESS")]
    wallets: Vec<String>,
    /// A token contract beside those that the list names; may be repeated
    #[arg(long = "token", value_name = "ADDRESS")]
    tokens: Vec<String>,
}

#[derive(Debug, clap::Args)]
struct Check {
    #[command(flatten)]
    subject: Subject,
    /// Your own orders, from before you were told anything: the list must be equal to them
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
    /// Explained transactions and nonces, NDJSON; may be repeated
    #[arg(long = "explained", value_name = "FILE")]
    explained: Vec<PathBuf>,
    /// Look above this block; the nodes must keep its state, which those of TRON never do
    #[arg(long, value_name = "BLOCK", default_value_t = 0, conflicts_with = "opening")]
    above: u64,
    /// Look above the block of this standing: what `stand` or an earlier report (--json) has written
    #[arg(long, value_name = "FILE")]
    opening: Option<PathBuf>,
    /// The named final block; the last one that all nodes call final when left out, and always on TRON
    #[arg(long, value_name = "BLOCK")]
    to: Option<u64>,
    /// The most blocks of one run
    #[arg(long, value_name = "N", default_value_t = Bounds::default().blocks_max)]
    blocks_max: u64,
    /// Blocks of one question for logs, to begin with; fewer are asked for where a provider refuses
    #[arg(long, value_name = "N", default_value_t = Bounds::default().log_blocks)]
    log_blocks: u64,
}

#[derive(Debug, clap::Args)]
struct At {
    #[command(flatten)]
    subject: Subject,
    /// The block; the last one that all nodes have when left out
    #[arg(long, value_name = "BLOCK")]
    at: Option<u64>,
}

/// Why there is no verdict: an exit code, a stable name, and one sentence with a remedy.
struct Fail {
    exit: u8,
    code: &'static str,
    text: String,
}

impl Fail {
    fn usage(code: &'static str, text: impl Into<String>) -> Self {
        Self { exit: USAGE, code, text: text.into() }
    }
}

impl From<AuditError> for Fail {
    fn from(error: AuditError) -> Self {
        let exit = if error.is_usage() { USAGE } else { CANNOT_TELL };
        Self { exit, code: error.code(), text: error.to_string() }
    }
}

fn main() -> ExitCode {
    let Program { json, lang, command } = Program::parse();
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("sluice-audit: {error}");
            return CANNOT_TELL.into();
        }
    };
    let (korean, done) = (lang == Lang::Ko, runtime.block_on(work(command, json, lang == Lang::Ko)));
    match done {
        Ok(code) => code.into(),
        Err(fail) => {
            // A program reads one object, also when there is no verdict.
            if json {
                let object = json!({ "verdict": null, "error": { "code": fail.code, "detail": fail.text } });
                let _told = writeln!(std::io::stdout(), "{object}");
            }
            let nothing =
                if korean { "아무것도 증명되지 않았습니다" } else { "nothing is proven" };
            eprintln!("sluice-audit: {} ({}; {nothing})", fail.text, fail.code);
            fail.exit.into()
        }
    }
}

async fn work(command: Command, json: bool, korean: bool) -> Result<u8, Fail> {
    match command {
        Command::Check(check) => {
            let audit = check.subject.audit(&check.explained)?;
            let audit = match &check.opening {
                Some(file) => audit.standing(opening(file)?),
                None => audit.above(check.above),
            };
            let audit = match check.to {
                Some(block) => audit.up_to(block),
                None => audit,
            };
            let audit = match &check.orders {
                Some(file) => audit.against(list::orders(&shown(file), open(file)?).map_err(malformed)?),
                None => audit,
            };
            let defaults = Bounds::default();
            let bounds = Bounds { blocks_max: check.blocks_max, log_blocks: check.log_blocks, ..defaults };
            let report = audit.within(bounds).run().await?;
            print(if json { object(&report)? } else { report.text(korean) })?;
            Ok(report.exit_code())
        }
        Command::Stand(at) => {
            let audit = at.subject.audit(&[])?;
            let audit = match at.at {
                Some(block) => audit.up_to(block),
                None => audit,
            };
            print(object(&audit.stand().await?)?)?;
            Ok(PROVEN_EVERYTHING)
        }
    }
}

impl Subject {
    /// The question.
    fn audit(&self, explained: &[PathBuf]) -> Result<Audit, Fail> {
        let mut list = List::default();
        for file in self.lists.iter().chain(explained) {
            list.add(&shown(file), open(file)?).map_err(malformed)?;
        }
        let chain = self.chain(&list)?;
        let wallets = addresses(chain, "--wallet", &self.wallets)?;
        let tokens = addresses(chain, "--token", &self.tokens)?;
        let audit = Audit::of(chain, &self.rpc, list)?.with(wallets, tokens);
        Ok(match &self.tron_key {
            Some(key) => audit.keyed(key)?,
            None => audit,
        })
    }

    fn chain(&self, list: &List) -> Result<Chain, Fail> {
        if let Some(named) = &self.chain {
            let wrong = || {
                format!(
                    "--chain `{named}` is no chain that can be audited; write eip155:137 or tron:728126428"
                )
            };
            return Chain::parse(named).ok_or_else(|| Fail::usage("chain_malformed", wrong()));
        }
        let of_wallets = list.wallets.iter().map(|(chain, _)| *chain);
        let chains: BTreeSet<Chain> =
            list.withdrawals.values().map(|it| it.chain).chain(of_wallets).collect();
        match chains.iter().copied().collect::<Vec<_>>().as_slice() {
            [one] => Ok(*one),
            [] => {
                Err(Fail::usage("chain_unnamed", "the list names no chain; give --chain, such as eip155:137"))
            }
            several => {
                let all: Vec<String> = several.iter().map(|chain| chain.to_string()).collect();
                let text = format!(
                    "the list has several chains; audit one after the other with --chain: {}",
                    all.join(", ")
                );
                Err(Fail::usage("chain_unnamed", text))
            }
        }
    }
}

fn addresses(chain: Chain, option: &str, texts: &[String]) -> Result<Vec<Address>, Fail> {
    let read = |text: &String| {
        let wrong = || format!("{option} `{text}` is not 0x and 40 hexadecimal digits, or base58 on TRON");
        let read = Address::parse(text).filter(|address| address.family() == chain.family());
        read.ok_or_else(|| Fail::usage("address_malformed", wrong()))
    };
    texts.iter().map(read).collect()
}

fn opening(file: &Path) -> Result<Stand, Fail> {
    let mut text = String::new();
    let read = std::io::Read::read_to_string(&mut open(file)?, &mut text);
    let read = read.map_err(|error| error.to_string()).and_then(|_| Stand::read(&text));
    read.map_err(|why| Fail::usage("opening_malformed", format!("{}: {why}", shown(file))))
}

fn open(file: &Path) -> Result<Box<dyn std::io::Read>, Fail> {
    if file == Path::new("-") {
        return Ok(Box::new(std::io::stdin()));
    }
    match File::open(file) {
        Ok(open) => Ok(Box::new(open)),
        Err(error) => {
            Err(Fail::usage("file_unreadable", format!("{}: {error}; check its name", shown(file))))
        }
    }
}

fn malformed(error: list::ListError) -> Fail {
    Fail::usage("list_malformed", error.to_string())
}

fn shown(file: &Path) -> String {
    file.display().to_string()
}

fn object(value: &impl serde::Serialize) -> Result<String, Fail> {
    match serde_json::to_string(value) {
        Ok(text) => Ok(format!("{text}\n")),
        Err(error) => Err(Fail { exit: CANNOT_TELL, code: "output_failed", text: error.to_string() }),
    }
}

/// A verdict that nobody could read is none.
fn print(text: String) -> Result<(), Fail> {
    let mut out = std::io::stdout().lock();
    let told = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    told.map_err(|error| Fail {
        exit: CANNOT_TELL,
        code: "output_failed",
        text: format!("the report cannot be written: {error}"),
    })
}
