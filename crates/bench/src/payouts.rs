//! Orders paid to the end: from the queue through the chain to a proof under a final block.

use std::time::Duration;

use crate::client::{Load, Pace, load, until};
use crate::database::{Database, Kind, Server};
use crate::installation::{Installation, Shape};
use crate::intake::plans;
use crate::program::{Folder, Program};
use crate::report::{Promise, Report, Unit};

/// Longest wait for the last payment of a run.
const PATIENCE: Duration = Duration::from_secs(600);
/// Completed each second by 8 lanes, without the limits of a pool.
const RATE: u128 = 1_000;
/// Of what a pool that holds 16 of each sender lets through, hundredths.
const SHARE: u128 = 95;
/// What geth takes of one sender.
const SLOTS: u32 = 16;
/// An order, in millionths of a dollar.
const AMOUNT: u128 = 10_000;
/// Orders in a second of a stream: about a third of what 8 lanes pay, so that what is measured is a way and no queue.
const STREAM: u64 = 150;

struct Case {
    name: &'static str,
    kind: Kind,
    orders: usize,
    /// How fast they come while they are paid; nothing: all of them wait for the lift of a stop.
    stream: Option<u64>,
    shape: Shape,
}

impl Case {
    fn title(&self) -> String {
        format!("{}: {} ({})", self.kind.name(), self.name, self.orders)
    }
}

struct Figures {
    accepted: Load,
    mined: u128,
    completed: u128,
    steady: u128,
    latency: Load,
    engine_us: u128,
    signer_us: u128,
    chain_us: u128,
    resident_kib: u128,
}

fn cases(kinds: &[Kind]) -> Vec<Case> {
    let shape = |lanes, window, pool, block_ms| Shape {
        lanes,
        window,
        blocks: 4,
        pool,
        block: Duration::from_millis(block_ms),
        server: "",
    };
    let mut cases = Vec::new();
    for kind in kinds.iter().copied() {
        let (one, eight) = (shape(1, 1_000, false, 1_000), shape(8, 1_000, false, 1_000));
        cases.push(Case { name: "1 lane", kind, orders: 1_000, stream: None, shape: one });
        cases.push(Case { name: "8 lanes", kind, orders: 5_000, stream: None, shape: eight });
        cases.push(Case {
            name: "8 lanes, a stream",
            kind,
            orders: 5_000,
            stream: Some(STREAM),
            shape: eight,
        });
    }
    for (name, block_ms) in
        [("8 lanes, geth's pool, 1 s blocks", 1_000), ("8 lanes, geth's pool, 2 s blocks", 2_000)]
    {
        let shape = shape(8, SLOTS, true, block_ms);
        cases.push(Case { name, kind: Kind::Sqlite, orders: 5_000, stream: None, shape });
    }
    cases
}

/// Measures all cases whose name holds `only`.
pub fn measure(program: &Program, server: &Server<'_>, only: &str) -> Result<Report, String> {
    let mut cases = cases(&server.kinds());
    cases.retain(|case| case.title().contains(only));
    let mut all = Vec::new();
    for case in &cases {
        eprintln!("bench: payouts: {}, {} orders, {}", case.kind.name(), case.orders, case.name);
        let figures = of(program, server, case)?;
        eprintln!(
            "bench: payouts: completed {}, steady {}, mined {}, p99 {}; of a payment the engine took {}, the chain {}",
            Unit::PerSecond.text(figures.completed),
            Unit::PerSecond.text(figures.steady),
            Unit::PerSecond.text(figures.mined),
            Unit::Us.text(figures.latency.quantile_us(99)),
            Unit::Us.text(figures.engine_us),
            Unit::Us.text(figures.chain_us),
        );
        all.push(figures);
    }
    let how = "Engine, signer and anvil in processes of their own on this machine. Orders are accepted from 64 connections \
               while a stop is in force; then the stop is lifted. Of a stream 150 come in a second, and are paid as they \
               come. Mined: over the blocks from the first that holds payments to the last. Completed: from the lift, or \
               the first order of a stream, to the proof of the last payment under a final block, two blocks behind the \
               newest. Steady: between the first twentieth and the last one. Every payment is counted at the recipient \
               afterwards."
        .to_owned();
    let columns = cases.iter().map(Case::title);
    let mut report = Report::new("payouts", how, columns);
    let mut row = |what: &str, unit, promise, ask: &dyn Fn(&Case, &Figures) -> Option<u128>| {
        let cells = cases.iter().zip(&all).map(|(case, figures)| ask(case, figures)).collect();
        report.row(what, unit, promise, cells);
    };
    row("accepted", Unit::PerSecond, None, &|_, it| Some(it.accepted.rate()));
    row("mined", Unit::PerSecond, None, &|_, it| Some(it.mined));
    row("completed", Unit::PerSecond, None, &|_, it| Some(it.completed));
    row("completed, steady", Unit::PerSecond, None, &|_, it| Some(it.steady));
    // What is settled in one go at the end was mined all the while before: the slower of the two is the rate.
    row(
        "completed, steady, or mined where that is less, by 8 lanes without limits",
        Unit::PerSecond,
        Some(Promise::AtLeast(RATE)),
        &|case, it| {
            let burst = case.stream.is_none() && case.shape.lanes == 8 && !case.shape.pool;
            burst.then_some(it.steady.min(it.mined))
        },
    );
    row(
        "completed, steady, or mined where that is less, as a share of what the pool lets through",
        Unit::Hundredths,
        Some(Promise::AtLeast(SHARE)),
        &|case, it| {
            let most = u128::from(case.shape.lanes * SLOTS) * 1_000 / case.shape.block.as_millis();
            case.shape.pool.then_some(it.steady.min(it.mined) * 100 / most)
        },
    );
    for percent in [50, 95, 99] {
        row(&format!("lift to completed: p{percent}"), Unit::Us, None, &|case, it| {
            case.stream.is_none().then(|| it.latency.quantile_us(percent))
        });
    }
    for percent in [50, 95, 99] {
        row(&format!("accepted to completed, of a stream: p{percent}"), Unit::Us, None, &|case, it| {
            case.stream.is_some().then(|| it.latency.quantile_us(percent))
        });
    }
    row("processor time of the engine for a payment", Unit::Us, None, &|_, it| Some(it.engine_us));
    row("processor time of the signer for a payment", Unit::Us, None, &|_, it| Some(it.signer_us));
    row("processor time of the chain for a payment", Unit::Us, None, &|_, it| Some(it.chain_us));
    row("resident memory of the engine at the end", Unit::KiB, Some(Promise::Below(100_000)), &|_, it| {
        Some(it.resident_kib)
    });
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, case: &Case) -> Result<Figures, String> {
    let folder = Folder::create()?;
    let database = server.create(case.kind, &folder)?;
    let mut installation = Installation::create(program, &database, folder, case.shape)?;
    let keys = installation.engine.keys(64)?;
    let plans = plans(&installation.engine, &keys, 64, case.orders, "pay")?;
    let (accepted, before, begun_at);
    if let Some(rate) = case.stream {
        before = (installation.received(&database)?, busy(&installation)?);
        begun_at = unix_us();
        accepted = load(&installation.engine.address, &plans, Pace::PerSecond(rate))?;
    } else {
        let stop = installation.engine.stop_all()?;
        accepted = load(&installation.engine.address, &plans, Pace::Full)?;
        before = (installation.received(&database)?, busy(&installation)?);
        begun_at = unix_us();
        installation.engine.lift(&stop)?;
    }
    let (asks, engine) = (database.counter()?, &mut installation.engine);
    until("the last payment", PATIENCE, || {
        engine.process.lives()?;
        crate::clock::rest(Duration::from_millis(100));
        Ok(asks.completed()? == case.orders)
    })?;
    drop(asks);
    let resident_kib = u128::from(installation.engine.process.resident_kib()?);
    let after = busy(&installation)?;
    let received = installation.received(&database)? - before.0;
    if received != AMOUNT * case.orders as u128 {
        return Err(format!("{} orders were paid {received} instead of {AMOUNT} each", case.orders));
    }
    let each = |place: usize| (after[place] - before.1[place]).as_micros() / case.orders.max(1) as u128;
    let since = |end: &i64| u128::try_from(i128::from(*end) - begun_at).unwrap_or_default();
    let ends: Vec<u128> = ends(&database)?.iter().map(since).collect();
    let last = ends.last().copied().unwrap_or_default();
    let (completed, steady) = (ends.len() as u128 * 1_000_000 / last.max(1), steady(&ends));
    let each_us = if case.stream.is_some() { ways(&database)? } else { ends };
    let blocks = installation.blocks(&database)?;
    if case.shape.pool {
        let inside: Vec<_> = blocks.iter().map(|(_, inside)| inside.to_string()).collect();
        eprintln!("bench: payouts: transactions of each block: {}", inside.join(" "));
    }
    Ok(Figures {
        accepted,
        mined: mined(&blocks, case.shape.block),
        completed,
        steady,
        latency: Load::of(each_us, Duration::from_micros(u64::try_from(last).unwrap_or(u64::MAX))),
        engine_us: each(0),
        signer_us: each(1),
        chain_us: each(2),
        resident_kib,
    })
}

fn busy(installation: &Installation) -> Result<[Duration; 3], String> {
    Ok([installation.engine.process.busy()?, installation.signer.busy()?, installation.chain_busy()?])
}

fn ends(database: &Database<'_>) -> Result<Vec<i64>, String> {
    database.numbers("select ended_at from withdrawal where state = 'paid' order by ended_at")
}

/// From acceptance to the proof, each, by what the engine stores.
fn ways(database: &Database<'_>) -> Result<Vec<u128>, String> {
    let took = database.numbers("select ended_at - accepted_at from withdrawal where state = 'paid'")?;
    Ok(took.into_iter().map(|us| u128::try_from(us).unwrap_or_default()).collect())
}

fn unix_us() -> i128 {
    i128::try_from(crate::clock::milliseconds()).unwrap_or_default() * 1_000
}

/// Each second between the first twentieth and the last one; what comes in one moment counts from the one before it.
pub fn steady(sorted_us: &[u128]) -> u128 {
    let cut = sorted_us.len() / 20;
    let (Some(from), Some(to)) = (sorted_us.get(cut), sorted_us.get(sorted_us.len().saturating_sub(cut + 1)))
    else {
        return 0;
    };
    let between = sorted_us.iter().filter(|at| *at > from && *at <= to).count();
    between as u128 * 1_000_000 / (to - from).max(1)
}

/// Payments in a second, over the blocks from the first that holds one to the last; the token's own are few.
fn mined(blocks: &[(u64, usize)], block: Duration) -> u128 {
    let paid: Vec<_> = blocks.iter().filter(|(_, inside)| *inside > 1).collect();
    let all: usize = paid.iter().map(|(_, inside)| inside).sum();
    let blocks = match (paid.first(), paid.last()) {
        (Some(first), Some(last)) => u128::from(last.0 - first.0) * 1_000 + block.as_millis(),
        _ => return 0,
    };
    all as u128 * 1_000 / blocks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_steady_rate_leaves_out_both_ends() {
        let at: Vec<u128> = (0..1_000).map(|place| place * 1_000).collect();
        assert_eq!(steady(&at), 1_000);
        assert_eq!(steady(&[]), 0);
    }

    #[test]
    fn mined_counts_the_time_of_the_last_block() {
        let blocks = [(100, 0), (101, 50), (102, 50), (103, 0)];
        assert_eq!(mined(&blocks, Duration::from_secs(1)), 50);
    }
}
