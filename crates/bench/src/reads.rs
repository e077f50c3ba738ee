//! How long questions take when the history is long: the same questions at every size.

mod fill;

use std::time::Duration;

use crate::client::{Load, Pace, Question, load, until};
use crate::clock::now;
use crate::database::{Database, Kind, Server};
use crate::engine::Engine;
use crate::program::{Folder, Program};
use crate::report::{Promise, Report, Unit};

/// Completed orders in the history.
const SIZES: [usize; 3] = [10_000, 100_000, 1_000_000];
/// Times each question is asked, by one caller.
const TIMES: usize = 300;
/// Orders paid one after the other, to see how long the queue takes to hand one out.
const CLAIMS: usize = 20;
/// The largest size may take so much longer than the smallest, hundredths.
const FLAT: u128 = 200;
/// Longest wait for a payment.
const PATIENCE: Duration = Duration::from_secs(120);

const QUESTIONS: [(&str, &str); 6] = [
    ("list, newest first", "/v1/withdrawals?limit=50"),
    ("list, one status", "/v1/withdrawals?limit=50&status=completed"),
    ("list, a status that none has", "/v1/withdrawals?limit=50&status=held"),
    ("by external id", "/v1/withdrawals?external_id=bench-fill-7"),
    ("stats", "/v1/stats"),
    ("events, from the newest page on", "/v1/events?limit=50"),
];

struct Figures {
    asked: Vec<Load>,
    claim: Load,
    fill: Duration,
    resident_kib: u128,
}

/// Measures all databases.
pub fn measure(program: &Program, server: &Server<'_>) -> Result<Report, String> {
    let kinds = server.kinds();
    let mut columns = Vec::new();
    let mut all: Vec<Vec<Figures>> = Vec::new();
    for kind in &kinds {
        columns.extend(SIZES.map(|size| format!("{}: {}", kind.name(), Unit::Count.text(size as u128))));
        all.push(of(program, server, *kind)?);
    }
    let how = format!(
        "A history of so many completed orders, each with its transfer, attempt, proof, ledger and events, copied from one \
         that was really paid. One caller asks each question {TIMES} times, signed. Claim: from the acceptance of an order \
         until a lane has taken it, by the times in the database, {CLAIMS} orders one after the other. Flat: the p50 at the \
         largest size over that at the smallest, where both are above a millisecond."
    );
    let mut report = Report::new("reads", how, columns);
    let cells =
        |ask: &dyn Fn(&Figures) -> u128| all.iter().flatten().map(|it| Some(ask(it))).collect::<Vec<_>>();
    for (place, (name, _)) in QUESTIONS.iter().enumerate() {
        let at = |percent: usize| {
            cells(&|it: &Figures| it.asked.get(place).map_or(0, |load| load.quantile_us(percent)))
        };
        report.row(format!("{name}: p50"), Unit::Us, None, at(50));
        report.row(format!("{name}: p99"), Unit::Us, None, at(99));
    }
    report.row("claim: p50", Unit::Us, None, cells(&|it| it.claim.quantile_us(50)));
    for (place, (name, _)) in QUESTIONS.iter().enumerate() {
        let flat = all.iter().flat_map(|sizes| {
            let p50 = |it: &Figures| it.asked.get(place).map_or(0, |load| load.quantile_us(50)).max(1_000);
            let first = sizes.first().map_or(1, p50);
            sizes
                .iter()
                .enumerate()
                .map(move |(size, it)| (size + 1 == SIZES.len()).then(|| p50(it) * 100 / first))
        });
        report.row(format!("flat: {name}"), Unit::Hundredths, Some(Promise::Below(FLAT)), flat.collect());
    }
    report.row("to fill", Unit::Us, None, cells(&|it| it.fill.as_micros()));
    report.row("resident memory of the engine", Unit::KiB, None, cells(&|it| it.resident_kib));
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, kind: Kind) -> Result<Vec<Figures>, String> {
    let folder = Folder::create()?;
    let database = server.create(kind, &folder)?;
    let (engine, _) = Engine::dev(program, &folder, &database.url, &["--block-ms", "250"])?;
    pay(&engine, &database, "template", 1)?;
    engine.process.interrupt()?;
    let mut all = Vec::new();
    let mut have = 0;
    for size in SIZES {
        let begun = now();
        fill::fill(&database, have, size)?;
        let fill = begun.elapsed();
        have = size;
        let (engine, _) = Engine::dev(program, &folder, &database.url, &["--block-ms", "250"])?;
        let asked = QUESTIONS
            .iter()
            .map(|(name, target)| {
                let plan = (0..TIMES).map(|_| Question::Get(engine.door.first.clone(), (*target).to_owned()));
                load(&engine.address, &[plan.collect()], Pace::PerSecond(200))
                    .map_err(|why| format!("{name}: {why}"))
            })
            .collect::<Result<Vec<_>, _>>()?;
        let claim = pay(&engine, &database, &format!("claim-{size}"), CLAIMS)?;
        let resident_kib = u128::from(engine.process.resident_kib()?);
        engine.process.interrupt()?;
        all.push(Figures { asked, claim, fill, resident_kib });
    }
    Ok(all)
}

/// Orders one after the other, each paid to the end; how long each waited for a lane.
fn pay(engine: &Engine, database: &Database<'_>, name: &str, count: usize) -> Result<Load, String> {
    let paid =
        format!("select count(*) from withdrawal where state = 'paid' and external_id like '{name}-%'");
    for number in 0..count {
        let body = engine.door.order(&format!("{name}-{number}"));
        engine.door.first.ask(&engine.address, "POST", "/v1/withdrawals", &body)?;
        until("a payment", PATIENCE, || {
            crate::clock::rest(Duration::from_millis(20));
            Ok(database.numbers(&paid)?.first().copied() == i64::try_from(number + 1).ok())
        })?;
    }
    let waited = database.numbers(&format!(
        "select t.planned_at - w.accepted_at from withdrawal w join transfer t on t.id = w.transfer_id
         where w.external_id like '{name}-%'"
    ))?;
    let waited: Vec<u128> = waited.into_iter().map(|us| u128::try_from(us).unwrap_or_default()).collect();
    Ok(Load::of(waited, Duration::ZERO))
}
