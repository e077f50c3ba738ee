//! The command line: which seeds, what is printed, what counts as failure.

pub mod shrink;
mod table;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::faults::{Coverage, Fault};
use crate::mutant::Mutant;
use crate::oracle::Violation;
use crate::world::history::{self, Faults, Report, Script};
use crate::world::part::Part;
use crate::world::setup::Stage;

const USAGE: &str =
    "usage: sluice-sim [--seeds N] [--from S] [--clocks] [--withdrawals W] [--threads T] [--coverage] [--hits-min H] [--keep-going]
       sluice-sim --seed S [--clocks] [--trace] [--lines N] [--ask SQL] [--without PART,..]
       sluice-sim --seed S --shrink
       sluice-sim --replay-check K [--from S]
       sluice-sim --systematic S [--every N]
       sluice-sim --mutants N";

/// What was asked for.
#[derive(Clone, Debug)]
struct Arguments {
    seeds: u64,
    from: u64,
    seed: Option<u64>,
    keep_going: bool,
    trace: bool,
    lines: usize,
    ask: Option<String>,
    coverage: bool,
    clocks: bool,
    hits_min: u64,
    shrink: bool,
    without: BTreeSet<Part>,
    replay: Option<u64>,
    systematic: Option<u64>,
    every: u64,
    mutants: Option<u64>,
    withdrawals: usize,
    threads: usize,
}

fn parse(arguments: &[String]) -> Result<Arguments, String> {
    let mut parsed = Arguments {
        seeds: 100,
        from: 1,
        seed: None,
        keep_going: false,
        trace: false,
        lines: history::LINES,
        ask: None,
        coverage: false,
        clocks: false,
        hits_min: 0,
        shrink: false,
        without: BTreeSet::new(),
        replay: None,
        systematic: None,
        every: 1,
        mutants: None,
        withdrawals: 20,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    let mut words = arguments.iter();
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64, String> {
            let text = words.next().ok_or_else(|| format!("{word} needs a number\n{USAGE}"))?;
            text.parse().map_err(|_| format!("{text:?} is no number\n{USAGE}"))
        };
        match word.as_str() {
            "--seeds" => parsed.seeds = number()?,
            "--from" => parsed.from = number()?,
            "--seed" => parsed.seed = Some(number()?),
            "--replay-check" => parsed.replay = Some(number()?),
            "--systematic" => parsed.systematic = Some(number()?),
            "--every" => parsed.every = number()?.max(1),
            "--mutants" => parsed.mutants = Some(number()?),
            "--withdrawals" => parsed.withdrawals = number()? as usize,
            "--threads" => parsed.threads = number()?.max(1) as usize,
            "--lines" => parsed.lines = number()? as usize,
            "--hits-min" => parsed.hits_min = number()?,
            "--shrink" => parsed.shrink = true,
            "--without" => {
                let parts = words.next().ok_or_else(|| format!("{word} needs parts\n{USAGE}"))?;
                parsed.without = parts
                    .split(',')
                    .map(str::parse)
                    .collect::<Result<_, String>>()
                    .map_err(|why| format!("{why}\n{USAGE}"))?;
            }
            "--ask" => parsed.ask = words.next().cloned(),
            "--keep-going" => parsed.keep_going = true,
            "--trace" => parsed.trace = true,
            "--coverage" => parsed.coverage = true,
            "--clocks" => parsed.clocks = true,
            _ => return Err(format!("{word:?} is not known\n{USAGE}")),
        }
    }
    Ok(parsed)
}

/// Runs what was asked for; false when a rule was broken.
///
/// # Errors
/// How to use it, or what could not be prepared.
pub fn run(arguments: &[String]) -> Result<bool, String> {
    if matches!(arguments.first().map(String::as_str), Some("help" | "--help" | "-h")) {
        println!("{USAGE}");
        return Ok(true);
    }
    let asked = parse(arguments)?;
    if let Some(seed) = asked.seed {
        return if asked.shrink { smaller(&asked, seed) } else { one(&asked, seed) };
    }
    if let Some(count) = asked.replay {
        return replay(&asked, count);
    }
    if let Some(seed) = asked.systematic {
        return systematic(&asked, seed);
    }
    if let Some(count) = asked.mutants {
        return mutants(&asked, count);
    }
    let scripts = (asked.from..asked.from + asked.seeds).map(|seed| random(&asked, seed)).collect();
    play(&asked, scripts, "histories")
}

fn random(asked: &Arguments, seed: u64) -> Script {
    Script {
        withdrawals: asked.withdrawals,
        lines: asked.lines,
        ask: asked.ask.clone(),
        without: asked.without.clone(),
        clocks: asked.clocks,
        ..Script::random(seed)
    }
}

fn one(asked: &Arguments, seed: u64) -> Result<bool, String> {
    let stage = Stage::new()?;
    let script = Script { keep_text: true, ..random(asked, seed) };
    let report = history::run(&stage, &script);
    if asked.trace || report.violation.is_some() {
        failure(&report);
    }
    for row in &report.answers {
        println!("{row}");
    }
    println!(
        "seed {seed}: {} steps, {} calls, {} virtual ms, trace {:016x}, ends {:?}, alerts {:?}",
        report.steps, report.calls, report.virtual_ms, report.hash, report.ends, report.alerts
    );
    Ok(report.violation.is_none())
}

/// Makes the failure of a seed small; true when there is none.
fn smaller(asked: &Arguments, seed: u64) -> Result<bool, String> {
    let Some((script, _)) = shrink::shrink(&Stage::new()?, &random(asked, seed)) else {
        println!("seed {seed} breaks no rule");
        return Ok(true);
    };
    let report = history::run(&Stage::new()?, &Script { keep_text: true, ..script.clone() });
    failure(&report);
    println!("{} withdrawals, and:", script.withdrawals);
    for (part, what) in &report.parts {
        println!("  {part}: {what}");
    }
    println!("again: {}", shrink::again(&script));
    Ok(false)
}

fn failure(report: &Report) {
    for line in &report.lines {
        println!("{line}");
    }
    if let Some(violation) = &report.violation {
        println!("seed {}: BROKEN {violation}", report.seed);
    }
}

/// Plays scripts on all threads. After a failure nothing new is begun; the failed seed is played again with its text.
fn play(asked: &Arguments, scripts: Vec<Script>, what: &str) -> Result<bool, String> {
    let (total, started) = (scripts.len(), clock());
    let queue = Mutex::new(scripts.into_iter());
    let sums: Mutex<Sums> = Mutex::default();
    let failed: Mutex<Vec<(Script, Violation)>> = Mutex::default();
    let (done, steps, stopping) = (AtomicU64::new(0), AtomicU64::new(0), AtomicBool::new(false));
    let worker = || -> Result<(), String> {
        let stage = Stage::new()?;
        loop {
            let next = queue.lock().map_err(|_| "a worker died")?.next();
            let Some(script) = next.filter(|_| !stopping.load(Ordering::Relaxed)) else { return Ok(()) };
            let report = history::run(&stage, &script);
            done.fetch_add(1, Ordering::Relaxed);
            steps.fetch_add(report.steps, Ordering::Relaxed);
            sums.lock().map_err(|_| "a worker died")?.add(&report);
            if let Some(violation) = report.violation {
                stopping.store(!asked.keep_going, Ordering::Relaxed);
                failed.lock().map_err(|_| "a worker died")?.push((script, violation));
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..asked.threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|it| it.join().map_err(|_| "a worker panicked".to_owned())?)
    })?;
    let Sums { coverage, staged, ends, alerts } = sums.into_inner().map_err(|_| "a worker died")?;
    let (done, ms) = (done.into_inner(), clock().saturating_sub(started).max(1));
    if asked.coverage {
        print!("{}{}", table::text(&coverage), table::stages(&staged));
        println!("alerts: {alerts:?}");
    }
    let mut failed = failed.into_inner().map_err(|_| "a worker died")?;
    failed.sort_by_key(|(script, _)| script.seed);
    if asked.keep_going {
        for (script, violation) in &failed {
            let text: String = violation.to_string().chars().take(240).collect();
            println!("seed {} {:?}: {text}", script.seed, script.faults);
        }
    } else if let Some((script, _)) = failed.first() {
        let again = Script { keep_text: true, ..script.clone() };
        let report = history::run(&Stage::new()?, &again);
        if let Faults::One(call, fault) = script.faults {
            println!("{} at call {call}", fault.as_str());
        }
        failure(&report);
    }
    let verdict = match failed.len() {
        0 => "every rule held".to_owned(),
        count => format!("RULES WERE BROKEN IN {count}"),
    };
    println!(
        "{done} of {total} {what} in {}.{:03} s: {}.{} a second on {} threads, {} polls each; {}; {}; ends {ends:?}; {verdict}",
        ms / 1_000,
        ms % 1_000,
        done * 1_000 / ms,
        done * 10_000 / ms % 10,
        asked.threads,
        steps.into_inner() / done.max(1),
        table::summary(&coverage),
        table::summary_of_stages(&staged),
    );
    let rare = table::rare(&staged, asked.hits_min);
    for (fault, stage, hits) in &rare {
        println!("{fault} struck {stage} {hits} times, and {} are wanted", asked.hits_min);
    }
    Ok(failed.is_empty() && rare.is_empty())
}

/// What many histories came to.
#[derive(Default)]
struct Sums {
    coverage: Coverage,
    staged: Coverage,
    ends: BTreeMap<String, u64>,
    alerts: BTreeMap<&'static str, u64>,
}

impl Sums {
    fn add(&mut self, report: &Report) {
        for (sums, counts) in [(&mut self.coverage, &report.coverage), (&mut self.staged, &report.staged)] {
            counts.iter().for_each(|(key, count)| *sums.entry(*key).or_default() += count);
        }
        report.ends.iter().for_each(|(status, count)| *self.ends.entry(status.clone()).or_default() += count);
        report.alerts.iter().for_each(|(alert, count)| *self.alerts.entry(alert).or_default() += count);
    }
}

fn replay(asked: &Arguments, count: u64) -> Result<bool, String> {
    let stage = Stage::new()?;
    for seed in asked.from..asked.from + count {
        let script = random(asked, seed);
        let (first, second) = (history::run(&stage, &script), history::run(&stage, &script));
        if (first.hash, first.steps) != (second.hash, second.steps) {
            println!("seed {seed}: {:016x} and then {:016x}: not deterministic", first.hash, second.hash);
            return Ok(false);
        }
    }
    println!("{count} seeds replay to the same trace");
    Ok(true)
}

/// Every fault at every port call of one calm history, one at a time.
fn systematic(asked: &Arguments, seed: u64) -> Result<bool, String> {
    let base = Script { faults: Faults::Quiet, withdrawals: asked.withdrawals, ..Script::random(seed) };
    let calm = history::run(&Stage::new()?, &base);
    if calm.violation.is_some() {
        failure(&history::run(&Stage::new()?, &Script { keep_text: true, ..base }));
        return Ok(false);
    }
    let one = |call, fault| Script { faults: Faults::One(call, fault), ..base.clone() };
    let scripts = (0..calm.calls)
        .step_by(usize::try_from(asked.every).unwrap_or(1))
        .flat_map(|call| Fault::ALL.map(|fault| one(call, fault)))
        .collect();
    play(asked, scripts, "single-fault histories")
}

/// How soon each mutant is caught, and by what.
fn mutants(asked: &Arguments, count: u64) -> Result<bool, String> {
    let stage = Stage::new()?;
    let mut all = true;
    for mutant in Mutant::ALL {
        let caught = caught_by(&stage, mutant, asked.from, count, asked.withdrawals);
        match &caught {
            Some((seed, violation)) => println!("{mutant:?}: caught at seed {seed} by {violation}"),
            None => println!("{mutant:?}: LIVES after {count} seeds"),
        }
        all &= caught.is_some();
    }
    Ok(all)
}

/// The first seed at which a mutant is caught, and what it broke.
pub fn caught_by(
    stage: &Stage,
    mutant: Mutant,
    from: u64,
    count: u64,
    withdrawals: usize,
) -> Option<(u64, Violation)> {
    (from..from + count).find_map(|seed| {
        let script = Script { mutant: Some(mutant), withdrawals, ..Script::random(seed) };
        history::run(stage, &script).violation.map(|violation| (seed, violation))
    })
}

/// Wall time, milliseconds, to say how fast it went. No history sees it.
#[expect(clippy::disallowed_methods, reason = "measures the simulator itself, from outside of every history")]
fn clock() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
