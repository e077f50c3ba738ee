//! What was killed where, with how much in flight, how soon the next engine moved, and what the judges said.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::process::Command;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::drill::Kill;
use super::{Draw, deeds};
use crate::harness::{Database, instant, since};

/// Kills of one world, between its beginning and its judgement.
const CHUNK: usize = 64;

/// One world from its beginning to its judgement.
pub struct Pass {
    /// On which database.
    pub database: &'static str,
    /// What its chance was made of.
    pub seed: u64,
    /// The kills, in order.
    pub kills: Vec<Kill>,
    /// What the judges said, once for what was common and once for what was done by hand.
    pub verdicts: Vec<Value>,
    /// What went wrong on the way to the node.
    pub chaos: Value,
}

/// A setting of whoever starts the tests.
#[expect(clippy::disallowed_methods, reason = "tests have no configuration reader")]
fn setting(name: &str) -> Option<String> {
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
pub fn progress(database: &str, kill: &Kill) {
    let recovered = kill.recovered_ms.map_or("-".to_owned(), |ms| ms.to_string());
    eprintln!(
        "{database}: killed at {}, {} unfinished {:?}, lived {} ms, recovered after {recovered} ms",
        kill.point, kill.unfinished, kill.stages, kill.lived_ms
    );
}

fn percentile(sorted: &[u128], percent: usize) -> u128 {
    let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(at).copied().unwrap_or_default()
}

/// Point without the count of calls.
fn place(kill: &Kill) -> &str {
    kill.point.rsplit_once(':').map_or(&*kill.point, |(place, _)| place)
}

#[derive(Default)]
struct Row {
    kills: usize,
    recovering: usize,
    unfinished: u64,
    least: u64,
}

fn rows(passes: &[Pass]) -> BTreeMap<(String, &'static str), Row> {
    let mut rows: BTreeMap<(String, &'static str), Row> = BTreeMap::new();
    for pass in passes {
        for kill in &pass.kills {
            let row = rows.entry((place(kill).to_owned(), pass.database)).or_default();
            row.least = if row.kills == 0 { kill.unfinished } else { row.least.min(kill.unfinished) };
            row.kills += 1;
            row.recovering += usize::from(kill.recovering);
            row.unfinished += kill.unfinished;
        }
    }
    rows
}

/// Milliseconds to the first new transaction, sorted.
fn recoveries(passes: &[Pass]) -> Vec<u128> {
    let mut all: Vec<u128> =
        passes.iter().flat_map(|pass| &pass.kills).filter_map(|kill| kill.recovered_ms).collect();
    all.sort_unstable();
    all
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

/// Rounds as many as `SLUICE_KILLS_ROUNDS`, over every point in turn, in several worlds at a time; the result is written
/// whenever a world is judged.
pub async fn many<F>(mut points: Vec<String>, pass: fn(Database, u64, Vec<String>, Duration) -> F)
where
    F: Future<Output = Pass> + 'static,
{
    let number = |name: &str, or: u64| {
        setting(name).map_or(or, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
    };
    let (rounds, seed) = (number("SLUICE_KILLS_ROUNDS", 100), number("SLUICE_KILLS_SEED", 1));
    let worlds = number("SLUICE_KILLS_WORLDS", 2);
    if let Some(only) = setting("SLUICE_KILLS_ONLY") {
        points.retain(|point| only.split(',').any(|word| point.starts_with(word)));
        assert!(!points.is_empty(), "no point begins with {only}");
    }
    let databases: Vec<Database> = match setting("SLUICE_KILLS_DATABASE").as_deref() {
        Some("sqlite") => vec![Database::Sqlite],
        Some("postgres") => vec![Database::postgres().expect("a server")],
        None => [Some(Database::Sqlite), Database::postgres()].into_iter().flatten().collect(),
        Some(other) => panic!("{other} is no database"),
    };
    let mut draw = Draw(seed);
    let mut chunks: VecDeque<(Database, u64, Vec<String>)> = VecDeque::new();
    let each = usize::try_from(rounds).expect("a count").div_ceil(databases.len());
    let mut drawn = vec![];
    while drawn.len() < each {
        drawn.extend(draw.shuffled(points.clone()));
    }
    drawn.truncate(each);
    // Worlds of their own for what is done by hand: the others are judged by the auditor, too.
    let (odd, common): (Vec<_>, Vec<_>) = drawn.into_iter().partition(|it| deeds::of(it).by_hand());
    for chunk in common.chunks(CHUNK).chain(odd.chunks(CHUNK / 4)) {
        for database in &databases {
            chunks.push_back((database.clone(), draw.next(), chunk.to_vec()));
        }
    }
    let time = Duration::from_secs(60 * number("SLUICE_KILLS_MINUTES", 60 * 24));
    let (start, total) = (instant(), chunks.iter().map(|(.., points)| points.len()).sum::<usize>());
    let changed = git(&["status", "--porcelain", "--untracked-files=no"]).is_some_and(|it| !it.is_empty());
    let commit = commit().map(|commit| if changed { format!("{commit}, and changes") } else { commit });
    let run = Run { commit, seed, rounds };
    let results = Arc::new(Mutex::new((vec![], vec![])));
    let mut running = JoinSet::new();
    loop {
        while running.len() < usize::try_from(worlds).expect("few") * databases.len()
            && since(start) < time
            && let Some((database, seed, points)) = chunks.pop_front()
        {
            let (name, left) = (database.name(), time.saturating_sub(since(start)));
            // A runtime for each: what a world waits for keeps no other waiting, and its panic is its own.
            let pass = tokio::task::spawn_blocking(move || {
                let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
                runtime.expect("a runtime").block_on(pass(database, seed, points, left))
            });
            let results = Arc::clone(&results);
            running.spawn(async move {
                let ended = pass.await;
                let mut results = results.lock().unwrap_or_else(PoisonError::into_inner);
                match ended {
                    Ok(pass) => results.0.push(pass),
                    Err(error) => results.1.push(format!("{name}, seed {seed}: {error}")),
                }
            });
        }
        if running.join_next().await.is_none() {
            break;
        }
        let results = results.lock().unwrap_or_else(PoisonError::into_inner);
        let done: usize = results.0.iter().map(|pass| pass.kills.len()).sum();
        eprintln!(
            "{done} of {total} kills in judged worlds, {} failures, {:?}",
            results.1.len(),
            since(start)
        );
        write(&run, &results.0, &results.1, since(start).as_secs());
    }
    let results = results.lock().unwrap_or_else(PoisonError::into_inner);
    eprintln!("{}", table(&results.0));
    assert!(results.1.is_empty(), "{:#?}", results.1);
}

/// A run of many rounds, as it began.
struct Run {
    commit: Option<String>,
    seed: u64,
    rounds: u64,
}

/// Writes the result where `SLUICE_KILLS_RESULT` says, as JSON and as text beside it.
fn write(run: &Run, passes: &[Pass], failures: &[String], took_s: u64) {
    let Some(file) = setting("SLUICE_KILLS_RESULT") else { return };
    let points: Vec<Value> = rows(passes)
        .into_iter()
        .map(|((point, database), row)| {
            json!({ "point": point, "database": database, "kills": row.kills, "while_recovering": row.recovering,
                "in_flight_least": row.least, "in_flight_mean": row.unfinished / row.kills as u64 })
        })
        .collect();
    let all = recoveries(passes);
    let sum = |name: &str| -> u64 {
        passes.iter().flat_map(|pass| &pass.verdicts).filter_map(|verdict| verdict[name].as_u64()).sum()
    };
    let audits = passes.iter().flat_map(|pass| &pass.verdicts).filter(|verdict| verdict["audit"] == "proven");
    let kills: usize = passes.iter().map(|pass| pass.kills.len()).sum();
    let failed = |with: &str| failures.iter().filter(|it| it.contains(with)).count();
    let (stuck, unreached) = (failed("stuck: "), failed(" was not reached in "));
    let worlds: Vec<Value> = passes
        .iter()
        .map(|pass| json!({ "database": pass.database, "seed": pass.seed, "kills": pass.kills.len(), "verdicts": pass.verdicts, "faults": pass.chaos }))
        .collect();
    let result = json!({
        "command": setting("SLUICE_KILLS_COMMAND"),
        "commit": run.commit,
        "seed": run.seed,
        "rounds": run.rounds,
        "machine": machine(),
        "took_s": took_s,
        "kills": kills,
        "kills_with_work_in_flight": passes.iter().flat_map(|pass| &pass.kills).filter(|it| it.unfinished > 0).count(),
        "withdrawals": { "paid_once": sum("paid"), "cancelled_and_never_paid": sum("cancelled") },
        // Each fails its world, whose seed and words stand below: what was paid twice, wrongly or not at all; what had
        // no end; what was never reached.
        "failed": {
            "double_or_lost": failures.len() - stuck - unreached, "stuck": stuck, "unreached": unreached,
            "worlds": failures,
        },
        "audits_proven": audits.count(),
        "first_new_transaction_ms": { "p50": percentile(&all, 50), "p95": percentile(&all, 95), "measured": all.len() },
        "points": points,
        "worlds": worlds,
    });
    let text = serde_json::to_string_pretty(&result).expect("JSON");
    std::fs::write(&file, text + "\n").expect("the result is written");
    let head = format!(
        "{kills} kills in {took_s} s, seed {}, {} failed worlds; {} withdrawals paid once, {} cancelled and never paid\n",
        run.seed,
        failures.len(),
        sum("paid"),
        sum("cancelled"),
    );
    std::fs::write(file.replace(".json", ".txt"), head + &table(passes)).expect("the result is written");
}

fn machine() -> Value {
    let read = |path: &str| std::fs::read_to_string(path).unwrap_or_default();
    let field = |text: String, name: &str| {
        let line = text.lines().find(|line| line.starts_with(name)).unwrap_or_default().to_owned();
        line.split_once(':').map(|(_, value)| value.trim().to_owned())
    };
    json!({
        "processor": field(read("/proc/cpuinfo"), "model name"),
        "cores": std::thread::available_parallelism().map_or(0, usize::from),
        "memory": field(read("/proc/meminfo"), "MemTotal"),
    })
}
