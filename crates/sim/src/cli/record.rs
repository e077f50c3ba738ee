//! The result file of a long run. It grows by ranges: what is played is added to what is there, so a run may be broken off
//! and gone on with, and a range is never counted twice.

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::Arguments;
use super::play::{Played, Series, play, short, speed};
use crate::faults::Coverage;

/// Histories between two writes: what a run that is broken off loses at most.
const CHUNK: u64 = 500;

/// What was played so far.
#[derive(Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Record {
    /// What the numbers of the ranges count.
    what: String,
    histories: u64,
    violations: Vec<Broken>,
    /// Time over all ranges, milliseconds.
    ms: u64,
    histories_per_second: String,
    polls: u64,
    port_calls: u64,
    faults: u64,
    ranges: Vec<Range>,
    ends: BTreeMap<String, u64>,
    alerts: BTreeMap<String, u64>,
    /// Fault, and how often it struck in each stage.
    faults_by_stage: BTreeMap<String, BTreeMap<String, u64>>,
    /// Fault, and how often it struck each method; weather under `chain`.
    faults_by_method: BTreeMap<String, BTreeMap<String, u64>>,
}

/// Numbers that were played in a row by one build.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Range {
    /// First and last.
    from: u64,
    to: u64,
    ms: u64,
    histories_per_second: String,
    threads: usize,
    withdrawals: usize,
    commit: String,
    command: String,
    machine: String,
    /// Seconds since 1970.
    started_at: u64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Broken {
    number: u64,
    commit: String,
    rule: String,
    detail: String,
}

impl Record {
    fn read(path: &Path, what: &str) -> Result<Self, String> {
        let text = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                return Ok(Self { what: what.to_owned(), ..Self::default() });
            }
            Err(error) => return Err(format!("{}: {error}", path.display())),
        };
        let record: Self =
            serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        if record.what != what {
            return Err(format!("{} holds {}, not {what}", path.display(), record.what));
        }
        Ok(record)
    }

    /// Written beside it first: a run that is broken off leaves the old one or the new one.
    fn write(&self, path: &Path) -> Result<(), String> {
        let told = |error: std::io::Error| format!("{}: {error}", path.display());
        let text = serde_json::to_string_pretty(self).map_err(|error| error.to_string())?;
        let beside = path.with_extension("new");
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).map_err(told)?;
        }
        std::fs::write(&beside, text + "\n").map_err(told)?;
        std::fs::rename(&beside, path).map_err(told)
    }

    /// The number behind all that were played, or the first of all.
    fn next(&self, first: u64) -> u64 {
        self.ranges.iter().map(|range| range.to + 1).max().unwrap_or(first)
    }

    fn add(&mut self, played: &Played, range: Range) {
        for (number, (_, violation)) in &played.failed {
            self.violations.push(Broken {
                number: *number,
                commit: range.commit.clone(),
                rule: violation.invariant.to_owned(),
                detail: short(violation),
            });
        }
        for (number, lacks) in &played.lacking {
            self.violations.push(Broken {
                number: *number,
                commit: range.commit.clone(),
                rule: "every history is struck as it is promised to be".into(),
                detail: lacks.clone(),
            });
        }
        self.histories += played.done;
        self.ms += played.ms;
        self.histories_per_second = speed(self.histories, self.ms);
        self.polls += played.polls;
        self.port_calls += played.calls;
        self.faults += played.staged.values().sum::<u64>();
        played.ends.iter().for_each(|(end, count)| *self.ends.entry(end.clone()).or_default() += count);
        for (alert, count) in &played.alerts {
            *self.alerts.entry((*alert).to_owned()).or_default() += count;
        }
        sum(&mut self.faults_by_stage, &played.staged);
        sum(&mut self.faults_by_method, &played.coverage);
        match self.ranges.last_mut().filter(|last| last.goes_on_in(&range)) {
            Some(last) => {
                (last.to, last.ms) = (range.to, last.ms + range.ms);
                last.histories_per_second = speed(last.to - last.from + 1, last.ms);
            }
            None => self.ranges.push(range),
        }
    }
}

fn sum(sums: &mut BTreeMap<String, BTreeMap<String, u64>>, counts: &Coverage) {
    for ((fault, place), count) in counts {
        let of_fault = sums.entry((*fault).to_owned()).or_default();
        *of_fault.entry((*place).to_owned()).or_default() += count;
    }
}

impl Range {
    fn goes_on_in(&self, next: &Self) -> bool {
        self.to + 1 == next.from
            && (&self.commit, &self.command, &self.machine) == (&next.commit, &next.command, &next.machine)
            && (self.threads, self.withdrawals) == (next.threads, next.withdrawals)
    }
}

/// Plays on from where the file ends, or from `--from`, and adds to the file after each few hundred histories: as many as
/// were asked for, or to the `end` of a series that has one. False when a rule was broken.
///
/// # Errors
/// What could not be read, written or prepared, and a number that was played already.
pub(super) fn extend(
    asked: &Arguments,
    series: &Series<'_>,
    path: &str,
    end: Option<u64>,
) -> Result<bool, String> {
    let path = Path::new(path);
    let mut record = Record::read(path, &series.what)?;
    let from = asked.from.unwrap_or_else(|| record.next(series.first));
    let count = asked.seeds.unwrap_or(if end.is_some() { u64::MAX } else { super::SEEDS });
    let until = from.saturating_add(count).min(end.unwrap_or(u64::MAX));
    if let Some(range) = record.ranges.iter().find(|range| range.from < until && from <= range.to) {
        return Err(format!("{} to {} were played already", range.from, range.to));
    }
    let (commit, machine) = (commit()?, machine());
    let mut at = from;
    while at < until {
        let to = at.saturating_add(CHUNK).min(until) - 1;
        let started_at = super::clock() / 1_000;
        let played = play(asked, series, at..=to, true)?;
        let range = Range {
            from: at,
            to,
            ms: played.ms,
            histories_per_second: played.speed(),
            threads: asked.threads,
            withdrawals: asked.withdrawals,
            commit: commit.clone(),
            command: asked.command.clone(),
            machine: machine.clone(),
            started_at,
        };
        record.add(&played, range);
        record.write(path)?;
        println!("{at} to {to}: {} a second, {} broken so far", played.speed(), record.violations.len());
        at = to + 1;
    }
    println!(
        "{}: {} {}, {} broken, {} a second",
        path.display(),
        record.histories,
        record.what,
        record.violations.len(),
        record.histories_per_second
    );
    Ok(record.violations.is_empty())
}

/// What is built: the commit, and whether the tree differs from it.
fn commit() -> Result<String, String> {
    let git = |words: &[&str]| -> Result<String, String> {
        let output = std::process::Command::new("git")
            .args(words)
            .output()
            .map_err(|error| format!("git cannot be started ({error}): a result names its commit"))?;
        if !output.status.success() {
            return Err("git knows no commit here: a result names its commit".into());
        }
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    };
    let head = git(&["rev-parse", "HEAD"])?;
    let changed = git(&["status", "--porcelain", "--untracked-files=no", "--", "crates", "Cargo.lock"])?;
    Ok(if changed.is_empty() { head } else { format!("{head}, changed") })
}

fn machine() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let cpus = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let model =
        cpus.lines().find_map(|line| line.strip_prefix("model name")).and_then(|it| it.split(": ").nth(1));
    format!("{cores} x {}, {}", model.unwrap_or("unknown processor"), std::env::consts::OS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn range(from: u64, to: u64, commit: &str) -> Range {
        Range {
            from,
            to,
            ms: 1_000 * (to - from + 1),
            histories_per_second: String::new(),
            threads: 1,
            withdrawals: 20,
            commit: commit.into(),
            command: "sim".into(),
            machine: "m".into(),
            started_at: 0,
        }
    }

    fn played(done: u64) -> Played {
        Played { done, ms: 1_000 * done, ..Played::default() }
    }

    #[test]
    fn ranges_of_one_build_join_and_those_of_another_stand_apart() {
        let mut record = Record::default();
        assert_eq!((record.next(0), record.next(1)), (0, 1), "the place of a fault is counted from zero");
        record.add(&played(500), range(1, 500, "a"));
        record.add(&played(500), range(501, 1_000, "a"));
        record.add(&played(10), range(1_001, 1_010, "b"));
        let spans: Vec<_> = record.ranges.iter().map(|it| (it.from, it.to, it.ms)).collect();
        assert_eq!(spans, [(1, 1_000, 1_000_000), (1_001, 1_010, 10_000)]);
        assert_eq!((record.histories, record.next(1)), (1_010, 1_011));
        assert_eq!(record.histories_per_second, "1.0");
    }
}
