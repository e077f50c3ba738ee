//! `cargo xtask lint`: each step is an ordinary command that can be run alone. All steps run, so that one
//! pass names everything there is to repair.

use crate::tidy;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Instant;

/// One step: its name, the arguments of cargo, variables it needs, and what to do when it fails.
struct Step {
    name: &'static str,
    cargo: &'static [&'static str],
    vars: &'static [(&'static str, &'static str)],
    remedy: &'static str,
}

const FMT: Step =
    Step { name: "fmt", cargo: &["fmt", "--all", "--check"], vars: &[], remedy: "run `cargo fmt --all`" };

const CARGO_STEPS: &[Step] = &[
    Step {
        name: "clippy",
        cargo: &["clippy", "--workspace", "--all-targets", "--", "-D", "warnings"],
        vars: &[],
        remedy: "repair what clippy names; a meant exception is `#[expect(.., reason = \"..\")]`",
    },
    Step {
        name: "production",
        cargo: &["clippy", "-p", "sluice-app", "--bins", "--", "-D", "warnings"],
        vars: &[],
        remedy: "the program must also compile without the feature `dev`: put what only `dev` needs behind it",
    },
    Step {
        name: "doc",
        cargo: &["doc", "--workspace", "--no-deps", "--features", "sluice-app/dev"],
        vars: &[("RUSTDOCFLAGS", "-D warnings")],
        remedy: "repair the documentation links that rustdoc names",
    },
];

// Advisories are left out: their database comes from outside the package registries.
const DENY: Step = Step {
    name: "deny",
    cargo: &["deny", "check", "bans", "licenses", "sources"],
    vars: &[],
    remedy: "take another dependency, or change deny.toml with a reason",
};

/// Runs every step in `root` and names the ones that failed.
pub fn run(root: &Path) -> ExitCode {
    let mut failed: Vec<(&str, &str)> = Vec::new();
    let mut note = |name, remedy, passed: bool| {
        if !passed {
            failed.push((name, remedy));
        }
    };
    note(FMT.name, FMT.remedy, timed(FMT.name, || cargo(root, &FMT)));
    note("tidy", "repair the findings above", timed("tidy", || tidy::passes(root)));
    for step in CARGO_STEPS {
        note(step.name, step.remedy, timed(step.name, || cargo(root, step)));
    }
    if has_cargo_deny(root) {
        note(DENY.name, DENY.remedy, timed(DENY.name, || cargo(root, &DENY)));
    } else {
        println!(
            "lint: deny: cargo-deny is not installed; tidy has checked bans and licences, sources are unchecked"
        );
    }
    for (name, remedy) in &failed {
        eprintln!("lint: {name} failed: {remedy}.");
    }
    if failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

#[expect(
    clippy::disallowed_methods,
    reason = "tells a person how long a step took; nothing is decided by it"
)]
fn timed(name: &str, step: impl FnOnce() -> bool) -> bool {
    println!("lint: {name}");
    let start = Instant::now();
    let passed = step();
    println!("lint: {name}: {} in {} s", if passed { "passed" } else { "FAILED" }, start.elapsed().as_secs());
    passed
}

fn cargo(root: &Path, step: &Step) -> bool {
    let outcome = crate::cargo().args(step.cargo).envs(step.vars.iter().copied()).current_dir(root).status();
    match outcome {
        Ok(status) => status.success(),
        Err(error) => {
            eprintln!("lint: cargo cannot be started ({error}); install Rust with rustup.");
            false
        }
    }
}

fn has_cargo_deny(root: &Path) -> bool {
    let asked = crate::cargo()
        .args(["deny", "--version"])
        .current_dir(root)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    asked.is_ok_and(|status| status.success())
}
