//! `sluice-mutant NAME ..`: the program, with one rule switched off by a wrapper around a port. No release has it.
//!
//! # Invariants
//! - Everything but that port is the program's own.

use std::ffi::OsString;
use std::process::ExitCode;

use sluice_mutant::Mutant;

fn main() -> ExitCode {
    let mut words = std::env::args_os();
    let program = words.next();
    let name = words.next().unwrap_or_default();
    let Some(mutant) = name.to_str().and_then(|name| name.parse::<Mutant>().ok()) else {
        let names: Vec<String> = Mutant::ALL.into_iter().map(Mutant::name).collect();
        eprintln!("sluice-mutant: name what is broken before the command: {}", names.join(", "));
        return ExitCode::from(2);
    };
    let words: Vec<OsString> = program.into_iter().chain(words).collect();
    sluice_app::main_around(words, move |ports| sluice_mutant::ports(Some(mutant), ports))
}
