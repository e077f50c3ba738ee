//! What a long run has shown so far: a file that the next piece of the run adds to.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::report;

/// A kill with work in flight.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Kill {
    /// Where, and at which call after it was armed: `store.apply/built:after:1`.
    pub point: String,
    /// Withdrawals that were accepted and not over, as the database says.
    pub unfinished: u64,
    /// Whether the engine was killed while it recovered from the kill before, or after it had sent something again.
    pub recovering: bool,
    /// From the start of the process to the kill.
    pub lived_ms: u128,
    /// From the kill before to the first new transaction that the node holds, by this engine; `None` where it was killed
    /// before that, or had nothing to send.
    pub recovered_ms: Option<u128>,
}

impl Kill {
    /// The point without the count of calls.
    pub fn place(&self) -> &str {
        self.point.rsplit_once(':').map_or(&*self.point, |(place, _)| place)
    }
}

impl fmt::Display for Kill {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { point, unfinished, lived_ms, .. } = self;
        let when = if self.recovering { "recovering" } else { "settled" };
        let recovered = self.recovered_ms.map_or("-".to_owned(), |ms| ms.to_string());
        write!(f, "{point} {unfinished} {when} {lived_ms} {recovered}")
    }
}

impl From<Kill> for String {
    fn from(kill: Kill) -> Self {
        kill.to_string()
    }
}

impl TryFrom<String> for Kill {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let wrong = || format!("`{text}` is no kill");
        let words: Vec<&str> = text.split(' ').collect();
        let [point, unfinished, when, lived, recovered] = words[..] else { return Err(wrong()) };
        let recovered = (recovered != "-").then(|| recovered.parse()).transpose();
        Ok(Self {
            point: point.to_owned(),
            unfinished: unfinished.parse().map_err(|_| wrong())?,
            recovering: when == "recovering",
            lived_ms: lived.parse().map_err(|_| wrong())?,
            recovered_ms: recovered.map_err(|_| wrong())?,
        })
    }
}

/// One world from its beginning to its judgement.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Pass {
    /// On which database.
    pub database: String,
    /// What its chance was made of.
    pub seed: u64,
    /// The points it was to be killed at, in order; where time was up, the last ones were not taken.
    pub points: Vec<String>,
    /// The kills, in order: point, withdrawals in flight, when, milliseconds lived, milliseconds to the first transaction.
    pub kills: Vec<Kill>,
    /// What the judges said, once for what was common and once for what was done by hand.
    pub verdicts: Vec<Value>,
    /// What went wrong on the way to the node.
    pub faults: Value,
}

/// A world that was not judged, or was and did not pass.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Failure {
    /// On which database.
    pub database: String,
    /// What its chance was made of.
    pub seed: u64,
    /// What it failed by.
    pub why: String,
    /// The points it was to be killed at, in order.
    pub points: Vec<String>,
    /// The kills before it failed. They count nowhere.
    pub kills: Vec<Kill>,
}

/// One run of the command.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Piece {
    /// How it was called.
    pub command: Option<String>,
    /// What it was built from.
    pub commit: Option<String>,
    /// Where.
    pub machine: Value,
    /// How long.
    pub took_s: u64,
    /// Kills in worlds that were judged in it.
    pub kills: usize,
    /// Worlds that failed in it.
    pub failed: usize,
}

/// The file.
#[derive(Default, Serialize, Deserialize)]
pub struct Record {
    /// What all chance was made of.
    pub seed: u64,
    /// The runs it was made in.
    pub pieces: Vec<Piece>,
    /// Worlds that were judged and passed.
    pub worlds: Vec<Pass>,
    /// Worlds that failed.
    pub failures: Vec<Failure>,
}

impl Record {
    /// What is in the file so far; nothing where there is none. It must be of this seed, where one is given.
    pub fn read(file: Option<&Path>, seed: Option<u64>) -> Self {
        let text = file.and_then(|file| std::fs::read_to_string(file).ok());
        let fresh = Self { seed: seed.unwrap_or_default(), ..Self::default() };
        let found: Self =
            text.map_or(fresh, |text| serde_json::from_str(&text).expect("a result of this drill"));
        assert_eq!(seed.unwrap_or(found.seed), found.seed, "the file is of another seed");
        found
    }

    /// Worlds there have been, one way or the other.
    pub fn begun(&self) -> usize {
        self.worlds.len() + self.failures.len()
    }

    /// Kills that count, at each point of a database.
    pub fn counts(&self, database: &str) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for kill in self.worlds.iter().filter(|it| it.database == database).flat_map(|it| &it.kills) {
            *counts.entry(kill.place().to_owned()).or_default() += 1;
        }
        counts
    }

    /// Kills that count.
    pub fn kills(&self) -> usize {
        self.worlds.iter().map(|it| it.kills.len()).sum()
    }

    /// What a world of this seed was killed at, judged or not.
    pub fn points_of(&self, seed: u64) -> Option<(String, Vec<String>)> {
        let judged = self.worlds.iter().map(|it| (it.seed, &it.database, &it.points));
        let failed = self.failures.iter().map(|it| (it.seed, &it.database, &it.points));
        let (_, database, points) = judged.chain(failed).find(|(its, ..)| *its == seed)?;
        Some((database.clone(), points.clone()))
    }

    /// Writes it as JSON, and as text beside it.
    pub fn write(&self, file: &Path) {
        let mut result = serde_json::to_value(self).expect("JSON");
        let summary = self.summary();
        let head = format!(
            "{} kills in judged worlds, seed {}, {} failed worlds; {} withdrawals paid once, {} cancelled and never paid\n",
            summary["kills"],
            self.seed,
            self.failures.len(),
            summary["withdrawals"]["paid_once"],
            summary["withdrawals"]["cancelled_and_never_paid"],
        );
        result["summary"] = summary;
        let text = serde_json::to_string_pretty(&result).expect("JSON");
        std::fs::write(file, text + "\n").expect("the result is written");
        let failed: String = self.failures.iter().map(|it| report::failed(it) + "\n").collect();
        let text = head + &report::table(&self.worlds) + &failed;
        std::fs::write(file.with_extension("txt"), text).expect("the result is written");
    }

    fn summary(&self) -> Value {
        let verdicts = || self.worlds.iter().flat_map(|it| &it.verdicts);
        let sum = |name: &str| -> u64 { verdicts().filter_map(|verdict| verdict[name].as_u64()).sum() };
        let failed = |with: &str| self.failures.iter().filter(|it| it.why.contains(with)).count();
        let (stuck, unreached) = (failed("stuck: "), failed(" was not reached in "));
        let recoveries = report::recoveries(&self.worlds);
        json!({
            "kills": self.kills(),
            "kills_with_work_in_flight": self.worlds.iter().flat_map(|it| &it.kills).filter(|it| it.unfinished > 0).count(),
            "took_s": self.pieces.iter().map(|it| it.took_s).sum::<u64>(),
            "worlds_judged": self.worlds.len(),
            "audits_proven": verdicts().filter(|verdict| verdict["audit"] == "proven").count(),
            "withdrawals": { "paid_once": sum("paid"), "cancelled_and_never_paid": sum("cancelled") },
            // Each fails its world, which stands in `failures`: what had no end; what was never reached; and everything
            // else: what was paid twice, wrongly or not at all, and a drill that came to no judgement.
            "failed_worlds": {
                "stuck": stuck, "unreached": unreached, "other": self.failures.len() - stuck - unreached,
            },
            "first_new_transaction_ms": {
                "p50": report::percentile(&recoveries, 50), "p95": report::percentile(&recoveries, 95),
                "measured": recoveries.len(),
            },
        })
    }
}

#[test]
fn a_record_is_read_as_it_was_written_and_counts_what_was_judged_alone() {
    let kill = |point: &str, recovered_ms| Kill {
        point: point.into(),
        unfinished: 3,
        recovering: true,
        lived_ms: 20,
        recovered_ms,
    };
    let kills = vec![kill("store.apply/built:after:2", None), kill("store.apply/built:after:1", Some(7))];
    let points = vec!["store.apply/built:after".to_owned(); 2];
    let (database, faults) = ("sqlite".to_owned(), json!({}));
    let verdicts = vec![json!({ "paid": 4, "cancelled": 1, "audit": "proven" })];
    let failure = Failure {
        database: database.clone(),
        seed: 6,
        why: "stuck: x".into(),
        points: points.clone(),
        kills: kills.clone(),
    };
    let pass = Pass { database, seed: u64::MAX, points, kills: kills.clone(), verdicts, faults };
    let record = Record { seed: 5, pieces: vec![], worlds: vec![pass], failures: vec![failure] };
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("result.json");
    record.write(&file);
    let read = Record::read(Some(&file), Some(5));
    assert_eq!((read.kills(), read.begun(), &read.worlds[0].kills), (2, 2, &kills));
    assert_eq!(read.counts("sqlite"), [("store.apply/built:after".to_owned(), 2)].into());
    assert!(read.counts("postgres").is_empty());
    assert_eq!(read.points_of(6), read.points_of(u64::MAX));
    assert_eq!(read.points_of(7), None);
    assert_eq!(read.summary()["failed_worlds"], json!({ "stuck": 1, "unreached": 0, "other": 0 }));
}
