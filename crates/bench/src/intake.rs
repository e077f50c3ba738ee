//! How fast orders are taken, beside a bare insert of the very rows that taking them wrote.

mod bare;

use std::time::Duration;

use crate::client::{Key, Load, Pace, Question, load};
use crate::database::{Kind, Server};
use crate::engine::Engine;
use crate::program::{Folder, Program};
use crate::report::{Promise, Report, Unit};

/// Connections, and orders in all on them.
const STEPS: [(usize, usize); 3] = [(1, 2_000), (16, 16_000), (64, 32_000)];
/// Orders before the first measured one.
const WARM_UP: usize = 2_000;
/// How long the load at half the rate lasts.
const HALF: Duration = Duration::from_secs(5);

/// At 64 connections, each second.
const RATE: u128 = 6_000;
/// Of a bare insert of the same rows, hundredths.
const SHARE: u128 = 50;
/// 99 of a hundred at half load, microseconds.
const P99_US: u128 = 50_000;
/// Under load, KiB.
const MEMORY_KIB: u128 = 100_000;

struct Figures {
    steps: Vec<Load>,
    half: Load,
    bare: u128,
    busy_us_each: u128,
    resident_kib: u128,
}

/// Measures all databases.
pub fn measure(program: &Program, server: &Server<'_>) -> Result<Report, String> {
    let kinds = server.kinds();
    let all = kinds.iter().map(|kind| of(program, server, *kind)).collect::<Result<Vec<_>, _>>()?;
    let how = format!(
        "Orders over HTTP, each signed and with a nonce, from so many connections that each send the next one when the \
         last is answered; a stop is in force, so that nothing is paid meanwhile. {} are taken before. The bare insert \
         writes the rows that {} orders left in the database (order, decision, events and their counters) into the same \
         tables of an empty database, 100 orders a commit on SQLite and by 16 clients on PostgreSQL. At half load a \
         request counts from when it was due.",
        WARM_UP, STEPS[2].1,
    );
    let mut report = Report::new("intake", how, kinds.iter().map(|kind| kind.name().to_owned()));
    for (place, (connections, _)) in STEPS.iter().enumerate() {
        let promise = (*connections == 64).then_some(Promise::AtLeast(RATE));
        let cell = |figures: &Figures, ask: &dyn Fn(&Load) -> u128| figures.steps.get(place).map(ask);
        let mut row = |what: &str, unit, promise, ask: &dyn Fn(&Load) -> u128| {
            let cells = all.iter().map(|figures| cell(figures, ask)).collect();
            report.row(format!("{connections} connections: {what}"), unit, promise, cells);
        };
        row("orders", Unit::PerSecond, promise, &Load::rate);
        row("p50", Unit::Us, None, &|load| load.quantile_us(50));
        row("p99", Unit::Us, None, &|load| load.quantile_us(99));
    }
    let mut row = |what: &str, unit, promise, ask: &dyn Fn(&Figures) -> u128| {
        report.row(what, unit, promise, all.iter().map(|figures| Some(ask(figures))).collect());
    };
    row("bare insert of the same rows: orders", Unit::PerSecond, None, &|it| it.bare);
    row("64 connections as a share of it", Unit::Hundredths, Some(Promise::AtLeast(SHARE)), &|it| {
        it.steps.last().map_or(0, Load::rate) * 100 / it.bare.max(1)
    });
    row("at half load, 64 connections: p50", Unit::Us, None, &|it| it.half.quantile_us(50));
    row("at half load, 64 connections: p99", Unit::Us, Some(Promise::Below(P99_US)), &|it| {
        it.half.quantile_us(99)
    });
    row("processor time of the engine for an order", Unit::Us, None, &|it| it.busy_us_each);
    row("resident memory at the end", Unit::KiB, Some(Promise::Below(MEMORY_KIB)), &|it| it.resident_kib);
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, kind: Kind) -> Result<Figures, String> {
    let folder = Folder::create()?;
    let (used, empty) = (server.create(kind, &folder)?, server.create(kind, &folder)?);
    let other = Folder::create()?;
    Engine::dev(program, &other, &empty.url, &[])?.0.process.interrupt()?;
    let (engine, _) = Engine::dev(program, &folder, &used.url, &[])?;
    let _stop = engine.stop_all()?;
    let keys = engine.keys(64)?;
    let play = |round: &str, connections: usize, count: usize, pace| {
        load(&engine.address, &plans(&engine, &keys, connections, count, round)?, pace)
    };
    play("warm", 16, WARM_UP, Pace::Full)?;
    let mut steps = Vec::new();
    let mut busy_us_each = 0;
    for (connections, count) in STEPS {
        let before = engine.process.busy()?;
        steps.push(play(&connections.to_string(), connections, count, Pace::Full)?);
        busy_us_each = (engine.process.busy()? - before).as_micros() / count.max(1) as u128;
    }
    let resident_kib = u128::from(engine.process.resident_kib()?);
    let rate = steps.last().map_or(0, Load::rate) / 2;
    let rate = u64::try_from(rate).map_err(|error| error.to_string())?.max(1);
    let count = usize::try_from(rate * HALF.as_secs()).map_err(|error| error.to_string())?;
    let half = play("half", 64, count, Pace::PerSecond(rate))?;
    engine.process.interrupt()?;
    let bare = bare::insert(&used, &empty, "bench-64-")?;
    Ok(Figures { steps, half, bare, busy_us_each, resident_kib })
}

/// What each connection will ask. Keys take turns, so that no connection uses one up.
pub fn plans(
    engine: &Engine,
    keys: &[Key],
    connections: usize,
    count: usize,
    round: &str,
) -> Result<Vec<Vec<Question>>, String> {
    (0..connections)
        .map(|connection| {
            let own = (0..count).filter(|number| number % connections == connection);
            own.map(|number| {
                let key = keys.get(number % keys.len().max(1)).ok_or("no key")?;
                Ok(Question::Order(key.clone(), engine.door.order(&format!("bench-{round}-{number}"))))
            })
            .collect()
        })
        .collect()
}
