//! Plays a series of histories on all threads and says how it went.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Arguments, clock, failure, table};
use crate::faults::Coverage;
use crate::oracle::Violation;
use crate::world::history::{self, Faults, Report, Script};
use crate::world::setup::Stage;

/// Histories that are numbered: by seed, or by the place of a fault.
pub(super) struct Series<'a> {
    /// What they are, in words.
    pub what: String,
    /// The lowest number.
    pub first: u64,
    /// The history of a number.
    pub make: Box<dyn Fn(u64) -> Script + Sync + 'a>,
}

/// What many histories came to.
#[derive(Default)]
pub(super) struct Played {
    pub done: u64,
    pub polls: u64,
    pub calls: u64,
    pub ms: u64,
    /// By method.
    pub coverage: Coverage,
    /// By stage.
    pub staged: Coverage,
    pub ends: BTreeMap<String, u64>,
    /// How needs and orders of energy ended.
    pub energy: BTreeMap<String, u64>,
    pub alerts: BTreeMap<&'static str, u64>,
    /// By number.
    pub failed: BTreeMap<u64, (Script, Violation)>,
    /// By number, what histories lacked of what each of them is promised.
    pub lacking: BTreeMap<u64, String>,
}

impl Played {
    fn add(&mut self, report: &Report) {
        self.done += 1;
        self.polls += report.steps;
        self.calls += report.calls;
        for (sums, counts) in [(&mut self.coverage, &report.coverage), (&mut self.staged, &report.staged)] {
            counts.iter().for_each(|(key, count)| *sums.entry(*key).or_default() += count);
        }
        for (sums, counts) in [(&mut self.ends, &report.ends), (&mut self.energy, &report.energy)] {
            counts.iter().for_each(|(end, count)| *sums.entry(end.clone()).or_default() += count);
        }
        report.alerts.iter().for_each(|(alert, count)| *self.alerts.entry(alert).or_default() += count);
    }

    /// Histories a second, with one decimal.
    pub fn speed(&self) -> String {
        speed(self.done, self.ms)
    }
}

/// So many in so many milliseconds, a second, with one decimal.
pub(super) fn speed(done: u64, ms: u64) -> String {
    let ms = ms.max(1);
    format!("{}.{}", done * 1_000 / ms, done * 10_000 / ms % 10)
}

/// Plays histories by their numbers. After a failure nothing new is begun, unless it is to be gone on with.
///
/// # Errors
/// What could not be prepared, or a worker that panicked.
pub(super) fn play(
    asked: &Arguments,
    series: &Series<'_>,
    numbers: impl IntoIterator<Item = u64, IntoIter: Send>,
    keep_going: bool,
) -> Result<Played, String> {
    let started = clock();
    let (queue, sums) = (Mutex::new(numbers.into_iter()), Mutex::<Played>::default());
    let stopping = AtomicBool::new(false);
    let worker = || -> Result<(), String> {
        let stage = Stage::new()?;
        loop {
            let next = queue.lock().map_err(|_| "a worker died")?.next();
            let Some(number) = next.filter(|_| !stopping.load(Ordering::Relaxed)) else { return Ok(()) };
            let script = (series.make)(number);
            let report = history::run(&stage, &script);
            let mut sums = sums.lock().map_err(|_| "a worker died")?;
            sums.add(&report);
            if report.violation.is_none()
                && let Some(lacks) = report.lacks
            {
                sums.lacking.insert(number, lacks);
            }
            if let Some(violation) = report.violation {
                stopping.store(!keep_going, Ordering::Relaxed);
                sums.failed.insert(number, (script, violation));
            }
        }
    };
    std::thread::scope(|scope| {
        let workers: Vec<_> = (0..asked.threads).map(|_| scope.spawn(worker)).collect();
        workers.into_iter().try_for_each(|it| it.join().map_err(|_| "a worker panicked".to_owned())?)
    })?;
    let played = sums.into_inner().map_err(|_| "a worker died")?;
    Ok(Played { ms: clock().saturating_sub(started).max(1), ..played })
}

/// Prints what was played, of so many; the first failure once more, with its text. False when a rule was broken.
///
/// # Errors
/// What could not be prepared.
pub(super) fn tell(asked: &Arguments, played: &Played, total: u64, what: &str) -> Result<bool, String> {
    if asked.coverage {
        print!("{}", table::text(&played.coverage));
        println!("alerts: {:?}", played.alerts);
    }
    print!("{}", table::stages(&played.staged));
    if asked.keep_going {
        for (script, violation) in played.failed.values() {
            println!("seed {} {:?}: {}", script.seed, script.faults, short(violation));
        }
    } else if let Some((script, _)) = played.failed.values().next() {
        let again = Script { keep_text: true, ..script.clone() };
        let report = history::run(&Stage::new()?, &again);
        match script.faults {
            Faults::One(call, fault) => println!("{} at call {call}", fault.as_str()),
            Faults::Two(both) => {
                both.iter().for_each(|(call, fault)| println!("{} at call {call}", fault.as_str()));
            }
            Faults::Random | Faults::Quiet => {}
        }
        failure(&report);
    }
    let verdict = match played.failed.len() {
        0 => "every rule held".to_owned(),
        count => format!("RULES WERE BROKEN IN {count}"),
    };
    if !played.energy.is_empty() {
        println!("energy: {:?}", played.energy);
    }
    let (done, ms) = (played.done, played.ms);
    println!(
        "{done} of {total} {what} in {}.{:03} s: {} a second on {} threads, {} polls and {} port calls each; {}; {}; \
         ends {:?}; {verdict}",
        ms / 1_000,
        ms % 1_000,
        played.speed(),
        asked.threads,
        played.polls / done.max(1),
        played.calls / done.max(1),
        table::summary(&played.coverage),
        table::summary_of_stages(&played.staged),
        played.ends,
    );
    for (number, lacks) in &played.lacking {
        println!("{number} was struck by {lacks}: it is no history as each is promised to be");
    }
    let rare = table::rare(&played.staged, asked.hits_min);
    for (fault, stage, hits) in &rare {
        println!("{fault} struck {stage} {hits} times, and {} are wanted", asked.hits_min);
    }
    Ok(played.failed.is_empty() && played.lacking.is_empty() && rare.is_empty())
}

/// The words of a violation, as many as fit a line.
pub(super) fn short(violation: &Violation) -> String {
    violation.to_string().chars().take(240).collect()
}
