//! `cargo xtask`: starts the checks of this workspace, on any machine that has cargo.
//!
//! `tidy` enforces the house rules that no compiler knows: who may depend on whom, how long a file may
//! grow, what both languages must say. `lint` is everything a change must pass before its tests run. `bench` measures
//! what was promised.
//!
//! # Invariants
//!
//! - Depends on none of our crates: it still runs when they do not compile.
//! - Reads the work tree and starts cargo and what cargo built; it changes no file of the tree.
//! - Every finding is `path:line: what is wrong, and what to do`, and makes the exit code non-zero.

mod fuzz;
mod kills;
mod lint;
mod tidy;

use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

const HELP: &str = "\
cargo xtask <command>

  tidy       check the house rules: edges, file length, names, catalogues, headers, links, ADRs
  lint       fmt, tidy, clippy and doc with warnings as errors, and cargo deny where it is installed
  bench ...  build for release, and measure what was promised; `cargo xtask bench help` lists what
  fuzz --minutes N
             give each fuzz target so long, with libFuzzer and counters in every branch
  sim ...    build the simulator and play histories; what follows is handed to it, `cargo xtask sim help` lists it
  kills ...  kill real processes at every call of every port: --rounds N [--database sqlite|postgres] [--seed S]
             [--worlds W] [--minutes M] [--only store.apply,signer.]
  help       print this list
";

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let (command, what) = match words.as_slice() {
        [] => ("help", ""),
        [command, arguments @ ..] if command == "sim" => return sim(arguments),
        [command, arguments @ ..] if command == "kills" => {
            return match find_root() {
                Ok(root) => kills::run(&root, arguments),
                Err(why) => refuse(&why),
            };
        }
        [command, arguments @ ..] if command == "bench" => return bench(arguments),
        [command, word, minutes] if command == "fuzz" && word == "--minutes" => ("fuzz", minutes.as_str()),
        [command] => (command.as_str(), ""),
        [_, extra, ..] => return refuse(&format!("`{extra}` is one word too many")),
    };
    if matches!(command, "help" | "--help" | "-h") {
        print!("{HELP}");
        return ExitCode::SUCCESS;
    }
    let root = match find_root() {
        Ok(root) => root,
        Err(why) => return refuse(&why),
    };
    match command {
        "tidy" => tidy::run(&root),
        "lint" => lint::run(&root),
        "fuzz" => fuzz::run(&root, what),
        other => refuse(&format!("there is no command `{other}`")),
    }
}

/// Runs the simulator, built with optimisation and with its assertions.
fn sim(arguments: &[String]) -> ExitCode {
    run(&["-p", "sluice-sim", "--profile", "sim"], arguments)
}

/// Measures what was promised, with optimisation on both sides.
fn bench(arguments: &[String]) -> ExitCode {
    run(&["-p", "sluice-bench", "--release"], arguments)
}

/// Builds a program of ours and hands the rest of the command to it.
fn run(which: &[&str], arguments: &[String]) -> ExitCode {
    let mut program = cargo();
    program.args(["run", "-q"]).args(which).arg("--").args(arguments);
    match program.status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(error) => refuse(&format!("cargo cannot be started ({error})")),
    }
}

/// Cargo, as a person would start it. `cargo run` tells its child about the package `xtask`, and build scripts that look
/// at such variables (ring's does) would be run again, with everything that stands on them, each time.
fn cargo() -> Command {
    let mut cargo = Command::new("cargo");
    for (name, _) in std::env::vars_os() {
        if name
            .to_str()
            .is_some_and(|name| name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_"))
        {
            cargo.env_remove(name);
        }
    }
    cargo
}

fn refuse(why: &str) -> ExitCode {
    eprintln!("xtask: {why}; `cargo xtask help` lists the commands.");
    ExitCode::from(2)
}

/// The folder of the workspace. It is looked for at run time: clones share one target folder, so a path
/// fixed when this was compiled could be another clone's.
fn find_root() -> Result<PathBuf, String> {
    let here =
        std::env::current_dir().map_err(|error| format!("the current folder cannot be read ({error})"))?;
    here.ancestors()
        .find(|folder| folder.join("xtask/Cargo.toml").is_file())
        .map(Path::to_path_buf)
        .ok_or_else(|| "this folder is not inside the Sluice workspace, change into it first".to_owned())
}
