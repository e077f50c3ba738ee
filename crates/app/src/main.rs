//! Starts the `sluice` program; everything it does is in the library beside it, where its tests reach it.
//!
//! # Invariants
//! - Nothing is decided here.

use std::process::ExitCode;

fn main() -> ExitCode {
    sluice_app::main()
}
