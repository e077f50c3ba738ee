//! How long after `kill -9` the engine that takes its place sends something new.

use std::time::Duration;

use crate::client::{Load, Pace, load, until};
use crate::clock::now;
use crate::database::{Database, Kind, Server};
use crate::installation::{Installation, Shape};
use crate::intake::plans;
use crate::program::{Folder, Program};
use crate::report::{Promise, Report, Unit};

/// Kills of a database.
const KILLS: usize = 10;
/// Orders that wait in the queue at the first kill: more than all kills together leave time for.
const ORDERS: usize = 4_000;
/// From the kill to the first new transaction that the chain has, microseconds.
const BOUND_US: u128 = 3_000_000;
const PATIENCE: Duration = Duration::from_secs(60);

/// Measures all databases.
pub fn measure(program: &Program, server: &Server<'_>) -> Result<Report, String> {
    let kinds = server.kinds();
    let all = kinds.iter().map(|kind| of(program, server, *kind)).collect::<Result<Vec<_>, _>>()?;
    let how = format!(
        "An engine with two lanes and {ORDERS} orders in its queue is killed {KILLS} times while it pays, and started again \
         at once. The time ends when the chain has a transaction of a nonce that it did not have at the kill; it holds the \
         start of the process and the end of the dead one's leases (2 s)."
    );
    let mut report = Report::new("recovery", how, kinds.iter().map(|kind| kind.name().to_owned()));
    let cells = |percent| all.iter().map(|load: &Load| Some(load.quantile_us(percent))).collect();
    report.row("kill to first new broadcast: p50", Unit::Us, None, cells(50));
    report.row("kill to first new broadcast: longest", Unit::Us, Some(Promise::Below(BOUND_US)), cells(100));
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, kind: Kind) -> Result<Load, String> {
    let folder = Folder::create()?;
    let database = server.create(kind, &folder)?;
    let shape =
        Shape { lanes: 2, block: Duration::from_millis(500), window: 32, blocks: 4, pool: false, server: "" };
    let mut installation = Installation::create(program, &database, folder, shape)?;
    let keys = installation.engine.keys(16)?;
    load(&installation.engine.address, &plans(&installation.engine, &keys, 16, ORDERS, "kill")?, Pace::Full)?;
    let wallets = database.texts("select address from wallet")?;
    let mut took = Vec::new();
    for _ in 0..KILLS {
        moved(&installation, &database, &wallets)?;
        installation.engine.process.kill_now()?;
        let begun = now();
        let before = installation.sent(&database, &wallets)?;
        installation.engine = installation.again(program)?;
        until("a new broadcast", PATIENCE, || Ok(installation.sent(&database, &wallets)? > before))?;
        took.push(begun.elapsed_us());
    }
    Ok(Load::of(took, Duration::ZERO))
}

/// Waits until the engine is in the middle of paying.
fn moved(installation: &Installation, database: &Database<'_>, wallets: &[String]) -> Result<(), String> {
    let before = installation.sent(database, wallets)?;
    until("payments under way", PATIENCE, || Ok(installation.sent(database, wallets)? > before + 20))
}
