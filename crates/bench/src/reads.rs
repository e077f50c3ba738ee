//! How long questions take when the history is long: the same questions at every size, on the same engine.

mod questions;
mod stories;

use crate::client::{Load, Pace, Question, load, until};
use crate::clock::now;
use crate::database::{Database, Kind, Server};
use crate::engine::Engine;
use crate::history::{self, History};
use crate::installation::{Installation, Shape};
use crate::intake::plans;
use crate::program::{Folder, Program};
use crate::report::{Promise, Report, Unit};
use questions::{NAMES, questions};
use std::time::Duration;

/// Withdrawals in the history.
const SIZES: [u64; 3] = [10_000, 100_000, 1_000_000];
/// Times each question is asked, by one caller, after those that are not counted.
const TIMES: usize = 300;
const WARM_UP: usize = 20;
/// Orders at each size, one after the other, and how many in a second: slow enough that none waits for another.
const ORDERS: usize = 200;
const PACE: u64 = 10;
/// The largest size may take so much longer than the smallest, hundredths.
const FLAT: u128 = 200;
/// Blocks that hold the history, and how far behind the newest one they end.
const BLOCKS: u64 = 2_000;
const UNSETTLED: u64 = 500;
/// Keys that take turns, so that no rate is used up.
const KEYS: usize = 16;
/// Longest wait for a payment.
const PATIENCE: Duration = Duration::from_secs(120);

struct Figures {
    /// One for each of the questions, then creations, then the two below.
    asked: Vec<Load>,
    fill: Duration,
    start: Duration,
    resident_kib: u128,
}

/// What is measured beside the questions: an order on its way.
const ORDER: [&str; 3] =
    ["create", "claim: from acceptance to a lane's plan", "from acceptance to a signature"];

/// Measures all databases whose name holds `only`.
pub fn measure(program: &Program, server: &Server<'_>, only: &str) -> Result<Report, String> {
    let mut kinds = server.kinds();
    kinds.retain(|kind| kind.name().contains(only));
    let mut columns = Vec::new();
    let mut all: Vec<Vec<Figures>> = Vec::new();
    for kind in &kinds {
        columns.extend(SIZES.map(|size| format!("{}: {size}", kind.name())));
        all.push(of(program, server, *kind)?);
    }
    let how = format!(
        "Histories of so many withdrawals over a year (95 of 100 completed, the others cancelled, rejected and failed), each \
         with its transfer, attempt, proof, decision, postings and sealed events, multiplied from withdrawals that the \
         engine really carried to their ends. One connection asks each question {TIMES} times; then {ORDERS} orders come, \
         {PACE} in a second, and are paid. Times of an order on its way are those that the engine stores. Flat: the largest \
         size over the smallest."
    );
    let mut report = Report::new("reads", how, columns);
    let cells =
        |ask: &dyn Fn(&Figures) -> u128| all.iter().flatten().map(|it| Some(ask(it))).collect::<Vec<_>>();
    for (place, name) in NAMES.iter().chain(&ORDER).enumerate() {
        let quantile =
            |it: &Figures, percent| it.asked.get(place).map_or(u128::MAX, |load| load.quantile_us(percent));
        for percent in [50, 95, 99] {
            report.row(format!("{name}: p{percent}"), Unit::Us, None, cells(&|it| quantile(it, percent)));
        }
        for percent in [50, 95] {
            let flat = all.iter().flat_map(|sizes| {
                let first = sizes.first().map_or(1, |it| quantile(it, percent)).max(1);
                let last = |size: usize| size + 1 == SIZES.len();
                let of = move |(size, it)| last(size).then(|| quantile(it, percent) * 100 / first);
                sizes.iter().enumerate().map(of)
            });
            let promise = Some(Promise::Below(FLAT));
            report.row(format!("{name}: p{percent}, flat"), Unit::Hundredths, promise, flat.collect());
        }
    }
    report.row("start to serving", Unit::Us, None, cells(&|it| it.start.as_micros()));
    report.row("resident memory of the engine at the end", Unit::KiB, None, cells(&|it| it.resident_kib));
    report.row("to write the history", Unit::Us, None, cells(&|it| it.fill.as_micros()));
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, kind: Kind) -> Result<Vec<Figures>, String> {
    let folder = Folder::create()?;
    let database = server.create(kind, &folder)?;
    let shape = Shape {
        lanes: 1,
        block: Duration::from_millis(500),
        window: 256,
        blocks: BLOCKS,
        pool: false,
        server: "",
    };
    let mut installation = Installation::create(program, &database, folder, shape)?;
    let shares = stories::carry(&installation, &database)?;
    installation.engine.process.end()?;
    let mut history = History::of(&database, &shares)?;
    let mut all = Vec::new();
    for size in SIZES {
        let begun = now();
        let heights = installation.height(&database)?.saturating_sub(UNSETTLED);
        history.grow(&database, size, heights)?;
        if Some(&size) == SIZES.first() {
            history::leans_on_what_is_there(&database)?;
        }
        let fill = begun.elapsed();
        let begun = now();
        installation.engine = installation.again(program)?;
        let start = begun.elapsed();
        let asked = asked(&installation.engine, &database, size).map_err(|why| format!("{size}: {why}"))?;
        let resident_kib = u128::from(installation.engine.process.resident_kib()?);
        installation.engine.process.end()?;
        eprintln!("bench: reads: {} of {size}, filled in {} s", kind.name(), fill.as_secs());
        all.push(Figures { asked, fill, start, resident_kib });
    }
    Ok(all)
}

fn asked(engine: &Engine, database: &Database<'_>, size: u64) -> Result<Vec<Load>, String> {
    let keys = engine.keys(KEYS)?;
    let mut asked = Vec::new();
    for question in questions(engine, database)? {
        let said = engine.door.first.ask(&engine.address, "GET", &question.target, "")?;
        question.answered(&said)?;
        let plan = |times: usize| -> Vec<Question> {
            let keys = keys.iter().cycle().take(times);
            keys.map(|key| Question::Get(key.clone(), question.target.clone())).collect()
        };
        load(&engine.address, &[plan(WARM_UP)], Pace::Full)?;
        let took = load(&engine.address, &[plan(TIMES)], Pace::Full)?;
        eprintln!(
            "bench: reads: {} of {size}: {}: p50 {}, p95 {}",
            database.kind.name(),
            question.name,
            Unit::Us.text(took.quantile_us(50)),
            Unit::Us.text(took.quantile_us(95))
        );
        asked.push(took);
    }
    asked.extend(ordered(engine, database, &keys, size)?);
    Ok(asked)
}

/// Orders, each paid to the end: the engine goes on with such a history.
fn ordered(
    engine: &Engine,
    database: &Database<'_>,
    keys: &[crate::client::Key],
    size: u64,
) -> Result<[Load; 3], String> {
    let name = format!("after-{size}");
    let create = load(&engine.address, &plans(engine, keys, 1, ORDERS, &name)?, Pace::PerSecond(PACE))?;
    let these = format!("external_id like 'bench-{name}-%'");
    let paid = format!("select count(*) from withdrawal where {these} and state = 'paid'");
    let all_paid = until("the payment of every order", PATIENCE, || {
        crate::clock::rest(Duration::from_millis(500));
        Ok(database.numbers(&paid)?.first().copied() == i64::try_from(ORDERS).ok())
    });
    // The engine knows best why not.
    stories::no_alert(engine)?;
    all_paid?;
    let times = |column: &str| {
        let took = database.numbers(&format!(
            "select {column} - w.accepted_at from withdrawal w join transfer t on t.id = w.transfer_id
             join attempt a on a.transfer_id = t.id and a.serial = 0 where w.{these}"
        ))?;
        let took = took.into_iter().map(|us| u128::try_from(us).unwrap_or_default()).collect();
        Ok::<_, String>(Load::of(took, Duration::ZERO))
    };
    Ok([create, times("t.planned_at")?, times("a.signed_at")?])
}
