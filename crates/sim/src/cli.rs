//! The command line: which seeds, what is printed, what counts as failure.

mod play;
mod record;
pub mod shrink;
mod systematic;
mod table;

use std::collections::BTreeSet;

use self::play::Series;
use sluice_mutant::Mutant;

use crate::model::chain::Shape;
use crate::oracle::Violation;
use crate::world::history::{self, Report, Script};
use crate::world::part::Part;
use crate::world::setup::Stage;

const USAGE: &str =
    "usage: sluice-sim [--seeds N] [--from S] [--tron [--energy]] [--clocks] [--withdrawals W] [--threads T] [--coverage] [--hits-min H] [--keep-going]
       sluice-sim --seed S [--tron [--energy]] [--clocks] [--trace] [--lines N] [--ask SQL] [--without PART,..]
       sluice-sim --seed S --shrink
       sluice-sim --replay-check K [--from S]
       sluice-sim --systematic [S] [--every N] [--points N [--draw TEXT]]
       sluice-sim --pairs N [--systematic S]
       any of the runs above with [--result FILE] plays --seeds N more and adds them to the file; of --systematic all
       sluice-sim --mutants N";

/// Histories that are played where nobody says how many.
const SEEDS: u64 = 100;

/// What was asked for.
#[derive(Clone, Debug)]
struct Arguments {
    seeds: Option<u64>,
    from: Option<u64>,
    seed: Option<u64>,
    keep_going: bool,
    trace: bool,
    lines: usize,
    ask: Option<String>,
    coverage: bool,
    /// The chain is of the *expiry* shape.
    tron: bool,
    /// Vendors sell energy there.
    energy: bool,
    clocks: bool,
    hits_min: u64,
    shrink: bool,
    without: BTreeSet<Part>,
    replay: Option<u64>,
    systematic: Option<u64>,
    every: u64,
    points: Option<usize>,
    draw: String,
    pairs: Option<u64>,
    result: Option<String>,
    command: String,
    mutants: Option<u64>,
    withdrawals: usize,
    threads: usize,
}

fn parse(arguments: &[String]) -> Result<Arguments, String> {
    let mut parsed = Arguments {
        seeds: None,
        from: None,
        seed: None,
        keep_going: false,
        trace: false,
        lines: history::LINES,
        ask: None,
        coverage: false,
        tron: false,
        energy: false,
        clocks: false,
        hits_min: 0,
        shrink: false,
        without: BTreeSet::new(),
        replay: None,
        systematic: None,
        every: 1,
        points: None,
        draw: String::new(),
        pairs: None,
        result: None,
        command: format!("cargo xtask sim {}", arguments.join(" ")),
        mutants: None,
        withdrawals: 20,
        threads: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
    };
    let mut words = arguments.iter().peekable();
    while let Some(word) = words.next() {
        let mut number = || -> Result<u64, String> {
            let text = words.next().ok_or_else(|| format!("{word} needs a number\n{USAGE}"))?;
            text.parse().map_err(|_| format!("{text:?} is no number\n{USAGE}"))
        };
        match word.as_str() {
            "--seeds" => parsed.seeds = Some(number()?),
            "--from" => parsed.from = Some(number()?),
            "--seed" => parsed.seed = Some(number()?),
            "--replay-check" => parsed.replay = Some(number()?),
            "--points" => parsed.points = Some(number()? as usize),
            "--pairs" => parsed.pairs = Some(number()?),
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
            "--systematic" => {
                let seed = words.next_if(|word| word.bytes().all(|byte| byte.is_ascii_digit()));
                parsed.systematic = Some(seed.map_or(Ok(1), |text| text.parse()).map_err(|_| USAGE)?);
            }
            "--draw" => parsed.draw = words.next().cloned().ok_or(USAGE)?,
            "--result" => parsed.result = Some(words.next().cloned().ok_or(USAGE)?),
            "--ask" => parsed.ask = words.next().cloned(),
            "--keep-going" => parsed.keep_going = true,
            "--trace" => parsed.trace = true,
            "--coverage" => parsed.coverage = true,
            "--tron" => parsed.tron = true,
            "--energy" => (parsed.tron, parsed.energy) = (true, true),
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
    if let Some(count) = asked.pairs {
        return systematic::pairs(&asked, asked.systematic.unwrap_or(1), count);
    }
    if let Some(seed) = asked.systematic {
        return systematic::singles(&asked, seed);
    }
    if let Some(count) = asked.mutants {
        return mutants(&asked, count);
    }
    let shape = match (asked.tron, asked.energy) {
        (_, true) => ", on TRON, with vendors of energy",
        (true, false) => ", on TRON",
        (false, false) => "",
    };
    let clocks = if asked.clocks { ", with clocks that are hours wrong" } else { "" };
    let series = Series {
        what: format!("histories by seed, of {} withdrawals{shape}{clocks}", asked.withdrawals),
        first: 1,
        make: Box::new(|seed| random(&asked, seed)),
    };
    if let Some(path) = &asked.result {
        return record::extend(&asked, &series, path, None);
    }
    let (from, count) = (asked.from.unwrap_or(1), asked.seeds.unwrap_or(SEEDS));
    let played = play::play(&asked, &series, from..from + count, asked.keep_going)?;
    play::tell(&asked, &played, count, "histories")
}

impl Arguments {
    const fn shape(&self) -> Shape {
        if self.tron { Shape::Expiry } else { Shape::Nonce }
    }
}

fn random(asked: &Arguments, seed: u64) -> Script {
    Script {
        withdrawals: asked.withdrawals,
        lines: asked.lines,
        ask: asked.ask.clone(),
        without: asked.without.clone(),
        shape: asked.shape(),
        clocks: asked.clocks,
        energy: asked.energy,
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

fn replay(asked: &Arguments, count: u64) -> Result<bool, String> {
    let stage = Stage::new()?;
    let from = asked.from.unwrap_or(1);
    for seed in from..from + count {
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

/// How soon each mutant is caught, and by what.
fn mutants(asked: &Arguments, count: u64) -> Result<bool, String> {
    let stage = Stage::new()?;
    let mut all = true;
    for mutant in Mutant::ALL {
        let caught = caught_by(&stage, mutant, asked.from.unwrap_or(1), count, asked.withdrawals);
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
        // A rule about vendors is broken where there are some, one about time where slots end by it and clocks are wrong.
        let (energy, clocks) = (mutant == Mutant::AsksAgain, mutant == Mutant::OwnClock);
        let shape = if energy || clocks { Shape::Expiry } else { Shape::Nonce };
        let random = Script::random(seed);
        let script = Script { mutant: Some(mutant), withdrawals, shape, energy, clocks, ..random };
        history::run(stage, &script).violation.map(|violation| (seed, violation))
    })
}

/// Wall time, milliseconds, to say how fast it went. No history sees it.
#[expect(clippy::disallowed_methods, reason = "measures the simulator itself, from outside of every history")]
fn clock() -> u64 {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    now.map_or(0, |it| u64::try_from(it.as_millis()).unwrap_or(u64::MAX))
}
