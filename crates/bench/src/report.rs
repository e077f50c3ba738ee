//! What was measured: a table to read, JSON to compute with, a picture to see at once. Whole numbers throughout.

mod svg;

use std::fmt::Write as _;
use std::path::Path;
use std::process::Command;

use serde_json::json;

/// What a figure counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// Microseconds.
    Us,
    /// Each second.
    PerSecond,
    /// 1,024 bytes.
    KiB,
    /// Hundredths of something: a ratio or a share.
    Hundredths,
}

impl Unit {
    /// As people read it.
    pub fn text(self, value: u128) -> String {
        match self {
            Self::Us if value >= 10_000_000 => {
                format!("{}.{} s", value / 1_000_000, value % 1_000_000 / 100_000)
            }
            Self::Us if value >= 100_000 => format!("{} ms", value / 1_000),
            Self::Us => format!("{}.{} ms", value / 1_000, value % 1_000 / 100),
            Self::PerSecond => format!("{}/s", thousands(value)),
            Self::KiB => format!("{}.{} MB", value / 1_000, value % 1_000 / 100),
            Self::Hundredths => format!("{}.{:02}", value / 100, value % 100),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Us => "us",
            Self::PerSecond => "per_second",
            Self::KiB => "kib",
            Self::Hundredths => "hundredths",
        }
    }
}

fn thousands(value: u128) -> String {
    let digits = value.to_string();
    let places = digits.chars().rev().enumerate();
    let turned: String = places
        .flat_map(|(place, digit)| (place > 0 && place % 3 == 0).then_some(',').into_iter().chain([digit]))
        .collect();
    turned.chars().rev().collect()
}

/// What a figure should be.
#[derive(Clone, Copy, Debug)]
pub enum Promise {
    /// This or more.
    AtLeast(u128),
    /// Less than this.
    Below(u128),
}

impl Promise {
    fn kept(self, value: u128) -> bool {
        match self {
            Self::AtLeast(least) => value >= least,
            Self::Below(bound) => value < bound,
        }
    }
}

/// One figure under every column; nothing where it does not apply.
pub struct Row {
    /// What was measured.
    pub what: String,
    /// What it counts.
    pub unit: Unit,
    /// What was promised.
    pub promise: Option<Promise>,
    /// The figures.
    pub cells: Vec<Option<u128>>,
}

/// All that one bench measured.
pub struct Report {
    /// Its name: of the command and of its files.
    pub name: &'static str,
    /// What was done, in a sentence or two.
    pub how: String,
    /// What differs from left to right.
    pub columns: Vec<String>,
    /// The figures.
    pub rows: Vec<Row>,
}

impl Report {
    /// An empty one.
    pub fn new(name: &'static str, how: String, columns: impl IntoIterator<Item = String>) -> Self {
        Self { name, how, columns: columns.into_iter().collect(), rows: Vec::new() }
    }

    /// Adds figures, one for each column.
    pub fn row(
        &mut self,
        what: impl Into<String>,
        unit: Unit,
        promise: Option<Promise>,
        cells: Vec<Option<u128>>,
    ) {
        assert_eq!(cells.len(), self.columns.len(), "a figure for each column");
        self.rows.push(Row { what: what.into(), unit, promise, cells });
    }

    /// Whether every promise was kept.
    pub fn kept(&self) -> bool {
        self.rows.iter().all(|row| {
            row.promise.is_none_or(|promise| row.cells.iter().flatten().all(|value| promise.kept(*value)))
        })
    }

    /// The table. A figure that breaks its promise is marked.
    pub fn page(&self, machine: &str, commit: &str) -> String {
        let mut page = String::new();
        let mut say = |line: String| {
            let _infallible = writeln!(page, "{line}");
        };
        say(format!(
            "Measured by `scripts/with-postgres.sh cargo xtask bench {}` at commit {commit} on {machine}.",
            self.name
        ));
        say(self.how.clone());
        say(String::new());
        say(format!("| | promised | {} |", self.columns.join(" | ")));
        say(format!("|---|---|{}", "---|".repeat(self.columns.len())));
        for row in &self.rows {
            let promised = match row.promise {
                Some(Promise::AtLeast(least)) => format!("at least {}", row.unit.text(least)),
                Some(Promise::Below(bound)) => format!("below {}", row.unit.text(bound)),
                None => String::new(),
            };
            let cells = row.cells.iter().map(|cell| {
                let Some(value) = cell else { return "-".to_owned() };
                let broken = row.promise.is_some_and(|promise| !promise.kept(*value));
                row.unit.text(*value) + if broken { " **(missed)**" } else { "" }
            });
            say(format!("| {} | {promised} | {} |", row.what, cells.collect::<Vec<_>>().join(" | ")));
        }
        page
    }

    /// Writes table, JSON and picture beside each other.
    pub fn write(&self, folder: &Path, machine: &str, commit: &str) -> Result<(), String> {
        let rows: Vec<_> = self
            .rows
            .iter()
            .map(|row| {
                let promise = row.promise.map(|promise| match promise {
                    Promise::AtLeast(least) => json!({ "at_least": number(least) }),
                    Promise::Below(bound) => json!({ "below": number(bound) }),
                });
                let values: Vec<_> = row.cells.iter().map(|cell| cell.map(number)).collect();
                json!({ "what": row.what, "unit": row.unit.name(), "promise": promise, "values": values })
            })
            .collect();
        let json = json!({
            "name": self.name, "how": self.how, "commit": commit, "machine": machine, "columns": self.columns,
            "rows": rows, "kept": self.kept(),
        });
        let json = serde_json::to_string_pretty(&json).map_err(|error| error.to_string())? + "\n";
        let files = [("md", self.page(machine, commit)), ("json", json), ("svg", svg::picture(self))];
        for (kind, text) in files {
            let path = folder.join(format!("{}.{kind}", self.name));
            std::fs::write(&path, text).map_err(|error| format!("{}: {error}", path.display()))?;
        }
        Ok(())
    }
}

fn number(value: u128) -> u64 {
    u64::try_from(value).unwrap_or(u64::MAX)
}

/// The commit that is measured, and whether something else than it is.
pub fn commit(root: &Path) -> String {
    let git = |words: &[&str]| {
        let said = Command::new("git").args(words).current_dir(root).output().ok()?;
        said.status.success().then(|| String::from_utf8_lossy(&said.stdout).trim().to_owned())
    };
    let Some(commit) = git(&["rev-parse", "--short=12", "HEAD"]) else { return "unknown".to_owned() };
    match git(&["status", "--porcelain", "--untracked-files=no"]) {
        Some(changed) if changed.is_empty() => commit,
        _ => format!("{commit} with changes"),
    }
}

/// The machine of the run, as far as it matters.
pub fn machine() -> String {
    let read = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = Command::new("uname").arg("-sr").output().map(|said| said.stdout).unwrap_or_default();
    let memory_kib: u64 =
        read("/proc/meminfo", "MemTotal").split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
    let busy = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    format!(
        "{cores} cores ({}), {} GiB, {}, load average {} before the run",
        read("/proc/cpuinfo", "model name"),
        memory_kib.div_ceil(1_024 * 1_024),
        String::from_utf8_lossy(&kernel).trim(),
        busy.split(' ').next().unwrap_or("unknown"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report() -> Report {
        let mut report = Report::new("test", "How.".into(), ["a".to_owned(), "b".to_owned()]);
        report.row("fast", Unit::PerSecond, Some(Promise::AtLeast(1_000)), vec![Some(6_001), Some(999)]);
        report.row("late", Unit::Us, Some(Promise::Below(50_000)), vec![Some(49_999), None]);
        report
    }

    #[test]
    fn a_broken_promise_is_marked_and_fails_the_run() {
        let report = report();
        assert!(!report.kept());
        let page = report.page("a machine", "abc");
        assert!(page.contains("| fast | at least 1,000/s | 6,001/s | 999/s **(missed)** |"), "{page}");
        assert!(page.contains("| late | below 50.0 ms | 49.9 ms | - |"), "{page}");
    }

    #[test]
    fn a_figure_has_one_spelling_for_people() {
        assert_eq!(Unit::Us.text(12_345_678), "12.3 s");
        assert_eq!(Unit::Us.text(1_234), "1.2 ms");
        assert_eq!(Unit::Hundredths.text(105), "1.05");
        assert_eq!(Unit::PerSecond.text(1_000_000), "1,000,000/s");
        assert_eq!(Unit::KiB.text(61_440), "61.4 MB");
    }

    #[test]
    fn the_picture_has_a_bar_for_each_figure() {
        let picture = svg::picture(&report());
        assert_eq!(picture.matches("class=\"bar").count(), 3, "{picture}");
        assert!(picture.contains("6,001/s"));
    }
}
