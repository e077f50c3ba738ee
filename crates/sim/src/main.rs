//! `sluice-sim`: plays histories and says which seed broke which rule.

use std::process::ExitCode;

use sluice_sim::cli;

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
