//! `cargo xtask fuzz`: the fuzz targets with libFuzzer, which looks for branches that no input has taken yet.
//!
//! The same targets run in every `cargo test`, over the same spoiled examples each time. Here they are built with counters
//! in every branch, by the compiler the project uses anyway, in a target folder of their own; inputs that led somewhere new
//! are kept there, and the next run goes on from them.

use std::path::Path;
use std::process::{Command, ExitCode};

use super::{cargo, refuse};

/// Packages with targets; every test of a module `fuzz` is one.
const PACKAGES: [&str; 5] = ["sluice-core", "sluice-codec", "sluice-api", "sluice-chain", "sluice-outbound"];
/// What `cargo fuzz` builds with where there is no sanitizer.
const FLAGS: &[&str] = &[
    "--cfg fuzzing --cfg fuzzing_libfuzzer",
    "-Cdebug-assertions -Coverflow-checks -Copt-level=2 -Ccodegen-units=1",
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
];
/// Largest input, bytes.
const BYTES_MAX: u32 = 4_096;

/// Runs every target for `minutes`, one after the other.
pub fn run(root: &Path, minutes: &str) -> ExitCode {
    let Some(seconds) = minutes.parse::<u32>().ok().filter(|it| *it > 0).and_then(|it| it.checked_mul(60))
    else {
        return refuse("say how long each target runs: `fuzz --minutes 10`");
    };
    match all(root, seconds) {
        Ok(0) => ExitCode::SUCCESS,
        Ok(failed) => {
            eprintln!("xtask: {failed} targets found something; the input of each is named above.");
            ExitCode::FAILURE
        }
        Err(why) => refuse(&why),
    }
}

fn all(root: &Path, seconds: u32) -> Result<usize, String> {
    let metadata = said(cargo().args(["metadata", "--no-deps", "--format-version=1"]))?;
    let metadata: serde_json::Value = serde_json::from_str(&metadata).map_err(|error| error.to_string())?;
    let place = metadata["target_directory"].as_str().ok_or("cargo metadata names no target directory")?;
    let place = Path::new(place).join("fuzz");
    let version = said(Command::new("rustc").arg("-vV"))?;
    let machine = version.lines().find_map(|line| line.strip_prefix("host: "));
    let machine = machine.ok_or("rustc does not say for which machine it is")?;
    let mut failed = 0;
    for package in PACKAGES {
        let binary = build(&place, machine, package)?;
        for target in targets(&binary)? {
            let kept = place.join("inputs").join(package).join(target.replace("::", "-"));
            std::fs::create_dir_all(&kept)
                .map_err(|error| format!("{} cannot be made ({error})", kept.display()))?;
            println!("{package} {target}: {seconds} s; inputs are kept in {}", kept.display());
            // The words are split at spaces by whoever reads them.
            if kept.to_string_lossy().contains(' ') {
                return Err(format!("{} has a space in its name", kept.display()));
            }
            let found = format!("{}/found-", place.join("inputs").display());
            let words = format!(
                "{} -max_total_time={seconds} -max_len={BYTES_MAX} -artifact_prefix={found} -print_final_stats=1 -verbosity=0",
                kept.display()
            );
            let status = Command::new(&binary)
                .args(["--exact", &target, "--nocapture"])
                .env("BOLERO_LIBFUZZER_ARGS", words)
                .current_dir(root)
                .status()
                .map_err(|error| format!("{binary} cannot be started ({error})"))?;
            failed += usize::from(!status.success());
        }
    }
    Ok(failed)
}

/// Builds the tests of a package; the program.
fn build(place: &Path, machine: &str, package: &str) -> Result<String, String> {
    let built = cargo()
        .args(["test", "-q", "--lib", "--no-run", "--message-format=json", "-p", package])
        // Named, so that build scripts are built without the flags.
        .args(["--target", machine])
        .arg("--target-dir")
        .arg(place)
        .env("RUSTFLAGS", FLAGS.join(" "))
        .stderr(std::process::Stdio::inherit())
        .output()
        .map_err(|error| format!("cargo cannot be started ({error})"))?;
    let lines = String::from_utf8_lossy(&built.stdout).into_owned();
    let program = lines.lines().filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok());
    let program = program.filter_map(|it| it["executable"].as_str().map(str::to_owned)).next_back();
    program.ok_or_else(|| format!("the tests of {package} were not built; the lines above say why"))
}

/// The tests of modules named `fuzz`.
fn targets(binary: &str) -> Result<Vec<String>, String> {
    let text = said(Command::new(binary).args(["--list", "--format", "terse"]))?;
    let names = text.lines().filter_map(|line| line.strip_suffix(": test"));
    Ok(names
        .filter(|name| name.starts_with("fuzz::") || name.contains("::fuzz::"))
        .map(str::to_owned)
        .collect())
}

/// What a program prints.
fn said(program: &mut Command) -> Result<String, String> {
    let output = program.output().map_err(|error| format!("{program:?} cannot be started ({error})"))?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
