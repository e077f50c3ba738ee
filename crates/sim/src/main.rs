//! `sluice-sim`: plays histories and says which seed broke which rule.

use std::process::ExitCode;

use sluice_sim::cli;

/// Histories allocate all the time, in the engine and in SQLite, and share nothing: a seventh of their time with the
/// system's allocator.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match cli::run(&arguments) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(usage) => {
            eprintln!("sluice-sim: {usage}");
            ExitCode::from(2)
        }
    }
}
