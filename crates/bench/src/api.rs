//! What one process costs: starts, memory, and creations while the engine and its chain pay.

use crate::client::{Load, Pace, Question, load};
use crate::database::{Kind, Server};
use crate::engine::Engine;
use crate::intake::plans;
use crate::program::{Folder, Program};
use crate::report::{Promise, Report, Unit};
use std::time::Duration;

/// Connections that ask at the same time.
const CONNECTIONS: usize = 16;
/// Requests on all of them.
const REQUESTS: usize = 4_000;
/// How long the engine is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(5);

/// 95 of 100 creations within this, microseconds.
const CREATE_P95_US: u128 = 50_000;
/// From the start of the process to the first answer, microseconds.
const START_US: u128 = 1_000_000;
/// Resident memory of the engine while nothing happens, KiB.
const IDLE_KIB: u128 = 60_000;

struct Figures {
    first_start: Duration,
    next_start: Duration,
    idle_kib: u128,
    idle_busy: Duration,
    health: Load,
    alone: Load,
    paying: Load,
    after_kib: u128,
}

/// Measures all databases.
pub fn measure(program: &Program, server: &Server<'_>) -> Result<Report, String> {
    let kinds = server.kinds();
    let all = kinds.iter().map(|kind| of(program, server, *kind)).collect::<Result<Vec<_>, _>>()?;
    let how = format!(
        "`sluice dev` in one process, {CONNECTIONS} connections, {REQUESTS} signed orders on them together. `GET /health` by \
         the same client in the same run does no work: a ratio to it says more about another machine than the milliseconds."
    );
    let mut report = Report::new("api", how, kinds.iter().map(|kind| kind.name().to_owned()));
    let mut row = |what: &str, unit, promise, ask: &dyn Fn(&Figures) -> u128| {
        report.row(what, unit, promise, all.iter().map(|figures| Some(ask(figures))).collect());
    };
    let below = |bound| Some(Promise::Below(bound));
    row("start to serving, first time (makes the chain and the demo partner)", Unit::Us, None, &|it| {
        it.first_start.as_micros()
    });
    row("start to serving, every other time", Unit::Us, below(START_US), &|it| it.next_start.as_micros());
    row("resident memory, idle", Unit::KiB, below(IDLE_KIB), &|it| it.idle_kib);
    row("processor time, idle, of each second", Unit::Us, None, &|it| {
        it.idle_busy.as_micros() / u128::from(IDLE.as_secs())
    });
    row("resident memory, after the load", Unit::KiB, None, &|it| it.after_kib);
    row("`GET /health`: p95", Unit::Us, None, &|it| it.health.quantile_us(95));
    for (name, load) in [
        ("nothing else at work", (|it| &it.alone) as fn(&Figures) -> &Load),
        ("while it pays", |it| &it.paying),
    ] {
        row(&format!("create, {name}"), Unit::PerSecond, None, &|it| load(it).rate());
        row(&format!("create, {name}: p50"), Unit::Us, None, &|it| load(it).quantile_us(50));
        row(&format!("create, {name}: p95"), Unit::Us, below(CREATE_P95_US), &|it| load(it).quantile_us(95));
        row(&format!("create, {name}: p95 over that of health"), Unit::Hundredths, None, &|it| {
            load(it).quantile_us(95) * 100 / it.health.quantile_us(95).max(1)
        });
    }
    let size = u128::from(program.bytes()? / 1_024);
    row("size of the program, with line tables", Unit::KiB, None, &|_| size);
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, kind: Kind) -> Result<Figures, String> {
    let folder = Folder::create()?;
    let database = server.create(kind, &folder)?;
    let (engine, first_start) = Engine::dev(program, &folder, &database.url, &[])?;
    engine.process.interrupt()?;
    let (engine, next_start) = Engine::dev(program, &folder, &database.url, &[])?;
    crate::clock::rest(IDLE);
    let before = engine.process.busy()?;
    crate::clock::rest(IDLE);
    let idle_busy = engine.process.busy()? - before;
    let idle_kib = u128::from(engine.process.resident_kib()?);
    let keys = engine.keys(CONNECTIONS)?;
    let health: Vec<Vec<Question>> =
        (0..CONNECTIONS).map(|_| (0..REQUESTS / CONNECTIONS).map(|_| Question::Health).collect()).collect();
    let health = load(&engine.address, &health, Pace::Full)?;
    let play =
        |round| load(&engine.address, &plans(&engine, &keys, CONNECTIONS, REQUESTS, round)?, Pace::Full);
    // First the door alone: with a stop in force, orders are taken and wait.
    let stop = engine.stop_all()?;
    let alone = play("alone")?;
    engine.lift(&stop)?;
    // Then with the engine, and the chain beside it, at work on what was taken.
    let paying = play("paying")?;
    let after_kib = u128::from(engine.process.resident_kib()?);
    engine.process.interrupt()?;
    Ok(Figures { first_start, next_start, idle_kib, idle_busy, health, alone, paying, after_kib })
}
