//! `sluice-bench`: measures what was promised of speed and memory, from outside, on the release build, with real
//! databases, a real chain and real requests. `cargo xtask bench` starts it.
//!
//! # Invariants
//!
//! - It shares no line with the engine, so that nothing is measured by what is measured.
//! - Every figure is a time or a count that was taken in this run, by whole numbers; beside each promise stands what
//!   the same machine does without the engine, in the same run.
//! - It ends with an error when a promise is not kept, and writes the figures all the same.

mod api;
mod client;
mod clock;
mod database;
mod engine;
mod history;
mod installation;
mod intake;
mod neighbours;
mod payouts;
mod program;
mod reads;
mod recovery;
mod report;
mod tron;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use database::Server;
use program::Program;
use report::Report;

const HELP: &str = "\
cargo xtask bench [--write | --only TEXT] [NAME..]

  api       starts, memory, and creations while the engine pays
  intake    creations at 1, 16 and 64 connections beside a bare insert of the same rows
  neighbours  a partner beside one that asks for twenty times its share
  payouts   orders paid to the end on a local chain, by 1 and 8 lanes, with and without the limits of a pool
  reads     lists, one withdrawal, stats, the feed and the queue with histories of 10,000 to 1,000,000 withdrawals
  tron      orders paid to the end on simulated nodes of TRON, 5,000 at once and a stream of five minutes
  recovery  from kill -9 to the first new broadcast of the engine that takes over

Without a name, all of them. --write keeps table, JSON and picture in bench/. --only leaves out the cases
of payouts and tron whose name does not hold the text (SQLite: 8 lanes). Run it under
scripts/with-postgres.sh, or SQLite alone is measured; scripts/setup.sh test installs what it needs.
";

type Bench = fn(&Program, &Server<'_>, &str) -> Result<Report, String>;

const BENCHES: [(&str, Bench); 7] = [
    ("api", |program, server, _| api::measure(program, server)),
    ("intake", |program, server, _| intake::measure(program, server)),
    ("neighbours", |program, server, _| neighbours::measure(program, server)),
    ("payouts", payouts::measure),
    ("reads", reads::measure),
    ("recovery", |program, server, _| recovery::measure(program, server)),
    ("tron", tron::measure),
];

fn main() -> ExitCode {
    let mut words: Vec<String> = std::env::args().skip(1).collect();
    if words.iter().any(|word| matches!(word.as_str(), "help" | "--help" | "-h")) {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let before = words.len();
    words.retain(|word| word != "--write");
    let write = words.len() < before;
    let only = match words.iter().position(|word| word == "--only") {
        Some(place) => words.drain(place..words.len().min(place + 2)).nth(1),
        None => Some(String::new()),
    };
    let Some(only) = only.filter(|only| only.is_empty() || !write) else {
        eprintln!("bench: --only takes a text, and what leaves out cases is not written.");
        return ExitCode::from(2);
    };
    if let Some(unknown) = words.iter().find(|word| BENCHES.iter().all(|(name, _)| name != word)) {
        eprintln!("bench: there is no bench `{unknown}`; `cargo xtask bench help` lists them.");
        return ExitCode::from(2);
    }
    match run(&words, write, &only) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => {
            eprintln!("bench: a promise was not kept; it is marked in the table.");
            ExitCode::FAILURE
        }
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[String], write: bool, only: &str) -> Result<bool, String> {
    let root = root()?;
    let (machine, commit) = (report::machine(), report::commit(&root));
    let program = Program::build(&root)?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| error.to_string())?;
    #[expect(clippy::disallowed_methods, reason = "a measurement has no configuration reader")]
    let postgres = std::env::var("SLUICE_TEST_POSTGRES_URL").ok();
    let server = Server { runtime: &runtime, postgres };
    let mut kept = true;
    for (name, bench) in
        BENCHES.iter().filter(|(name, _)| names.is_empty() || names.iter().any(|it| it == name))
    {
        eprintln!("bench: {name}");
        let report = bench(&program, &server, only)?;
        println!("{}", report.page(&machine, &commit));
        kept &= report.kept();
        if write {
            report.write(&root.join("bench"), &machine, &commit)?;
        }
    }
    Ok(kept)
}

/// The folder of the workspace.
fn root() -> Result<PathBuf, String> {
    let here = std::env::current_dir().map_err(|error| error.to_string())?;
    let root = here.ancestors().find(|folder| folder.join("crates/bench/Cargo.toml").is_file());
    root.map(Path::to_path_buf).ok_or_else(|| "this folder is not inside the Sluice workspace".to_owned())
}
