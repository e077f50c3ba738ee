//! Payments on TRON, paid to the end: on the simulated network, with its own time of three seconds between blocks.

mod installation;

use std::time::Duration;

use self::installation::{Installation, LANES};
use crate::client::{Load, Pace, load, until};
use crate::database::{Database, Kind, Server};
use crate::intake::plans;
use crate::program::{Folder, Program};
use crate::report::{Promise, Report, Unit};

/// Longest wait for the last payment of a run, after the last order.
const PATIENCE: Duration = Duration::from_secs(600);
/// An order, in millionths of a dollar.
const AMOUNT: u128 = 10_000;
/// Completed each second where all orders wait at once and a block is final one later.
const RATE: u128 = 500;
/// Orders in a second, for so long, where a block is final nineteen later.
const STREAM_RATE: u64 = 100;
const STREAM_S: usize = 300;
/// Memory at the end may be so much of what it was two fifths through, hundredths: the streams' first minutes fill caches.
const FLAT: u128 = 120;

/// How orders come.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Orders {
    /// All of them wait for a stop to be lifted.
    AtOnce(usize),
    /// So many in a second, for a time.
    Stream,
}

struct Case {
    kind: Kind,
    orders: Orders,
    solid_lag: u64,
}

impl Case {
    fn title(&self) -> String {
        match self.orders {
            Orders::AtOnce(count) => format!("{}: {count} at once, final 1 block later", self.kind.name()),
            Orders::Stream => {
                format!("{}: {STREAM_RATE}/s for {STREAM_S} s, final 19 blocks later", self.kind.name())
            }
        }
    }

    const fn count(&self) -> usize {
        match self.orders {
            Orders::AtOnce(count) => count,
            Orders::Stream => STREAM_RATE as usize * STREAM_S,
        }
    }
}

struct Figures {
    accepted: Load,
    completed: u128,
    steady: u128,
    /// From acceptance, or from when the stop was lifted, to the proof.
    latency: Load,
    engine_us: u128,
    signer_us: u128,
    chain_us: u128,
    /// Two fifths through, and at the end.
    resident_kib: [u128; 2],
}

/// Measures all cases whose name holds `only`.
pub fn measure(program: &Program, server: &Server<'_>, only: &str) -> Result<Report, String> {
    let kinds = server.kinds();
    let at_once = kinds.iter().map(|kind| Case { kind: *kind, orders: Orders::AtOnce(5_000), solid_lag: 1 });
    let streams = kinds.iter().map(|kind| Case { kind: *kind, orders: Orders::Stream, solid_lag: 19 });
    let mut cases: Vec<Case> = at_once.chain(streams).collect();
    cases.retain(|case| case.title().contains(only));
    let mut all = Vec::new();
    for case in &cases {
        eprintln!("bench: tron: {}", case.title());
        let figures = of(program, server, case)?;
        eprintln!(
            "bench: tron: completed {}, steady {}, p99 {}; of a payment the engine took {}, the chain {}",
            Unit::PerSecond.text(figures.completed),
            Unit::PerSecond.text(figures.steady),
            Unit::Us.text(figures.latency.quantile_us(99)),
            Unit::Us.text(figures.engine_us),
            Unit::Us.text(figures.chain_us),
        );
        all.push(figures);
    }
    let how = format!(
        "Engine, signer and two simulated nodes of TRON (`sluice tron-sim`, a block each three seconds) in processes of \
         their own on this machine; {LANES} lanes, whose energy is staked. At once: orders are accepted from 64 \
         connections while a stop is in force, then it is lifted, and latency counts from the lift. The streams order \
         {STREAM_RATE} in a second over 16 connections, and latency counts from acceptance. Completed: until the proof of the \
         last payment under a solid block. Steady: between the first twentieth and the last one. What the recipient holds \
         is counted afterwards."
    );
    let mut report = Report::new("tron", how, cases.iter().map(Case::title));
    let mut row = |what: &str, unit, promise, ask: &dyn Fn(&Case, &Figures) -> Option<u128>| {
        let cells = cases.iter().zip(&all).map(|(case, figures)| ask(case, figures)).collect();
        report.row(what, unit, promise, cells);
    };
    let streams = |case: &Case| case.orders == Orders::Stream;
    row("accepted", Unit::PerSecond, None, &|_, it| Some(it.accepted.rate()));
    row("completed", Unit::PerSecond, None, &|_, it| Some(it.completed));
    row("completed, steady, at once", Unit::PerSecond, Some(Promise::AtLeast(RATE)), &|case, it| {
        (!streams(case)).then_some(it.steady)
    });
    // As many as come: a hundredth less is the rounding of blocks.
    let kept = u128::from(STREAM_RATE) * 99 / 100;
    row("completed, steady, of a stream", Unit::PerSecond, Some(Promise::AtLeast(kept)), &|case, it| {
        streams(case).then_some(it.steady)
    });
    for percent in [50, 95, 99] {
        row(&format!("to completed: p{percent}"), Unit::Us, None, &|_, it| {
            Some(it.latency.quantile_us(percent))
        });
    }
    row("processor time of the engine for a payment", Unit::Us, None, &|_, it| Some(it.engine_us));
    row("processor time of the signer for a payment", Unit::Us, None, &|_, it| Some(it.signer_us));
    row("processor time of the chain for a payment", Unit::Us, None, &|_, it| Some(it.chain_us));
    row("resident memory of the engine at the end", Unit::KiB, Some(Promise::Below(100_000)), &|_, it| {
        Some(it.resident_kib[1])
    });
    let flat = Some(Promise::Below(FLAT));
    row("memory at the end over two fifths through", Unit::Hundredths, flat, &|case, it| {
        streams(case).then_some(it.resident_kib[1] * 100 / it.resident_kib[0].max(1))
    });
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, case: &Case) -> Result<Figures, String> {
    let folder = Folder::create()?;
    let database = server.create(case.kind, &folder)?;
    let mut installation = Installation::create(program, &database, folder, case.solid_lag)?;
    let keys = installation.engine.keys(64)?;
    let before = busy(&installation)?;
    let (accepted, lifted_at, early_kib) = match case.orders {
        Orders::AtOnce(count) => {
            let stop = installation.engine.stop_all()?;
            let plans = plans(&installation.engine, &keys, 64, count, "pay")?;
            let accepted = load(&installation.engine.address, &plans, Pace::Full)?;
            let lifted_at = i64::try_from(crate::clock::milliseconds()).unwrap_or(i64::MAX) * 1_000;
            installation.engine.lift(&stop)?;
            (accepted, Some(lifted_at), 0)
        }
        Orders::Stream => stream(&mut installation, &keys)?,
    };
    let (asks, engine) = (database.counter()?, &mut installation.engine);
    until("the last payment", PATIENCE, || {
        engine.process.lives()?;
        crate::clock::rest(Duration::from_millis(100));
        Ok(asks.completed()? == case.count())
    })?;
    drop(asks);
    let resident_kib = u128::from(installation.engine.process.resident_kib()?);
    let after = busy(&installation)?;
    let received = installation.received()?;
    if received != AMOUNT * case.count() as u128 {
        return Err(format!("{} orders were paid {received} instead of {AMOUNT} each", case.count()));
    }
    let each = |place: usize| (after[place] - before[place]).as_micros() / case.count().max(1) as u128;
    let (ends, latency) = times(&database, lifted_at)?;
    let all = ends.last().copied().unwrap_or_default();
    Ok(Figures {
        accepted,
        completed: ends.len() as u128 * 1_000_000 / all.max(1),
        steady: crate::payouts::steady(&ends),
        latency: Load::of(latency, Duration::from_micros(u64::try_from(all).unwrap_or(u64::MAX))),
        engine_us: each(0),
        signer_us: each(1),
        chain_us: each(2),
        resident_kib: [early_kib, resident_kib],
    })
}

/// Orders as they come, in two parts: what the engine holds is looked at between them.
fn stream(
    installation: &mut Installation,
    keys: &[crate::client::Key],
) -> Result<(Load, Option<i64>, u128), String> {
    let early = STREAM_RATE as usize * STREAM_S * 2 / 5;
    let mut parts = Vec::new();
    let mut early_kib = 0;
    for (round, count) in [("early", early), ("late", STREAM_RATE as usize * STREAM_S - early)] {
        let plans = plans(&installation.engine, keys, 16, count, round)?;
        parts.push(load(&installation.engine.address, &plans, Pace::PerSecond(STREAM_RATE))?);
        if round == "early" {
            early_kib = u128::from(installation.engine.process.resident_kib()?);
        }
    }
    Ok((Load::joined(parts), None, early_kib))
}

fn busy(installation: &Installation) -> Result<[Duration; 3], String> {
    Ok([installation.engine.process.busy()?, installation.signer.busy()?, installation.chain.busy()?])
}

/// Ends since the first could have begun, in order; and how long each took, microseconds.
fn times(database: &Database<'_>, lifted_at: Option<i64>) -> Result<(Vec<u128>, Vec<u128>), String> {
    let ask = |column: &str| {
        database
            .numbers(&format!("select {column} from withdrawal where state = 'paid' order by ended_at, id"))
    };
    let (ends, accepted) = (ask("ended_at")?, ask("accepted_at")?);
    let first = lifted_at.or_else(|| accepted.iter().copied().min()).unwrap_or_default();
    let since = |from: i64, to: i64| u128::try_from(to.saturating_sub(from)).unwrap_or_default();
    let took = ends.iter().zip(&accepted).map(|(end, at)| since(lifted_at.unwrap_or(*at), *end));
    Ok((ends.iter().map(|end| since(first, *end)).collect(), took.collect()))
}
