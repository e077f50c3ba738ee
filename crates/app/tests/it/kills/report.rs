//! What was killed where, with how much in flight, how soon the next engine moved, and what the judges said: for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::process::Command;

use serde_json::{Value, json};

use super::record::{Failure, Kill, Pass};

/// A setting of whoever starts the tests.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration reader")]
pub fn setting(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn git(words: &[&str]) -> Option<String> {
    let said = Command::new("git").args(words).output().ok()?;
    let text = String::from_utf8(said.stdout).ok()?;
    Some(text.trim().to_owned()).filter(|_| said.status.success())
}

fn commit() -> Option<String> {
    git(&["rev-parse", "HEAD"]).filter(|text| !text.is_empty())
}

/// What this was built from, as far as anybody can tell: the commit, and whether its sources were changed. Results are no
/// sources.
pub fn built_from() -> Option<String> {
    let status = git(&["status", "--porcelain", "--untracked-files=no", "--", ":/", ":(top,exclude)bench"]);
    let changed = status.is_some_and(|it| !it.is_empty());
    commit().map(|commit| if changed { format!("{commit}, and changes") } else { commit })
}

/// What this run draws by, and how that is called: the commit, or `SLUICE_KILLS_SEED`.
pub fn seed() -> (u64, String) {
    if let Some(seed) = setting("SLUICE_KILLS_SEED") {
        return (seed.parse().expect("SLUICE_KILLS_SEED is a number"), format!("SLUICE_KILLS_SEED={seed}"));
    }
    let commit = commit().expect("no git here: set SLUICE_KILLS_SEED to a number");
    let seed = u64::from_str_radix(&commit[..16], 16).expect("a hash");
    (seed, format!("commit {commit}"))
}

/// Says that it goes on.
pub fn progress(database: &str, kill: &Kill, stages: &BTreeMap<&'static str, usize>) {
    let recovered = kill.recovered_ms.map_or("-".to_owned(), |ms| ms.to_string());
    eprintln!(
        "{database}: killed at {}, {} unfinished {stages:?}, lived {} ms, recovered after {recovered} ms",
        kill.point, kill.unfinished, kill.lived_ms
    );
}

/// The value below which so many of a hundred are; 0 of none.
pub fn percentile(sorted: &[u128], percent: usize) -> u128 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

#[derive(Default)]
struct Row {
    kills: usize,
    recovering: usize,
    unfinished: u64,
    least: u64,
}

fn rows(passes: &[Pass]) -> BTreeMap<(&str, &str), Row> {
    let mut rows: BTreeMap<(&str, &str), Row> = BTreeMap::new();
    for pass in passes {
        for kill in &pass.kills {
            let row = rows.entry((kill.place(), &pass.database)).or_default();
            row.least = if row.kills == 0 { kill.unfinished } else { row.least.min(kill.unfinished) };
            row.kills += 1;
            row.recovering += usize::from(kill.recovering);
            row.unfinished += kill.unfinished;
        }
    }
    rows
}

/// Milliseconds to the first new transaction, sorted.
pub fn recoveries(passes: &[Pass]) -> Vec<u128> {
    let mut all: Vec<u128> =
        passes.iter().flat_map(|pass| &pass.kills).filter_map(|kill| kill.recovered_ms).collect();
    all.sort_unstable();
    all
}

/// A world that failed, in a line.
pub fn failed(failure: &Failure) -> String {
    let Failure { database, seed, why, kills, .. } = failure;
    let line = why.lines().next().unwrap_or_default();
    format!("{database}, seed {seed}: FAILED after {} kills: {line}", kills.len())
}

/// For people.
pub fn table(passes: &[Pass]) -> String {
    let mut text = String::new();
    let line = "point                                database   kills  recovering  in flight (least, mean)";
    writeln!(text, "{line}").expect("memory");
    for ((point, database), row) in rows(passes) {
        let mean = row.unfinished / row.kills as u64;
        writeln!(
            text,
            "{point:<36} {database:<9} {:>6} {:>11}  {:>9} {mean:>6}",
            row.kills, row.recovering, row.least
        )
        .expect("memory");
    }
    let all = recoveries(passes);
    let (p50, p95) = (percentile(&all, 50), percentile(&all, 95));
    writeln!(
        text,
        "from the kill to the first new transaction: p50 {p50} ms, p95 {p95} ms, of {} measured",
        all.len()
    )
    .expect("memory");
    for pass in passes {
        for verdict in &pass.verdicts {
            writeln!(text, "{}, seed {}: {verdict}", pass.database, pass.seed).expect("memory");
        }
    }
    text
}

/// What it runs on.
pub fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: String, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    json!({
        "processor": field(read("/proc/cpuinfo"), "model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": field(read("/proc/meminfo"), "MemTotal"),
        "load_average": read("/proc/loadavg").trim(),
    })
}
