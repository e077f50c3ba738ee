//! `cargo xtask bench api`: measures what was promised of the API, on the release build, with real requests.
//!
//! It starts `sluice dev` as a person would, signs every request as a partner does, and prints the figures with the
//! machine they were measured on. `GET /health` by the same client in the same run is what they are compared with: it
//! does no work, so a ratio says more than a figure about another machine.

mod client;
mod engine;

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, ExitCode};
use std::time::Duration;

use client::{Key, Load, load};
use engine::Engine;

/// Connections that ask at the same time.
const CONNECTIONS: usize = 16;
/// Requests of each connection. A key may make 1,000 at once and 500 in a second, and each connection has its own.
const REQUESTS: usize = 250;
/// How long the engine is left alone before its memory is read.
const IDLE: Duration = Duration::from_secs(5);

/// What was promised: 95 of 100 creations within this, microseconds.
const CREATE_P95_US: u128 = 50_000;
/// What was promised: from the start of the process to the first answer, microseconds.
const START_US: u128 = 1_000_000;
/// What was promised: resident memory of the engine while nothing happens, KiB.
const IDLE_KIB: u64 = 60 * 1_024;

/// Figures of one database.
struct Figures {
    database: &'static str,
    first_start: Duration,
    next_start: Duration,
    idle_kib: u64,
    health: Load,
    alone: Load,
    paying: Load,
    after_kib: u64,
}

/// Measures, prints, and fails when a promise is broken.
pub fn run(root: &Path, what: &str) -> ExitCode {
    if what != "api" {
        eprintln!("xtask: there is no bench `{what}`; there is `api`.");
        return ExitCode::from(2);
    }
    match measure(root) {
        Ok(all) => {
            print!("{}", page(&all));
            if all.iter().all(Figures::kept) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
        }
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn measure(root: &Path) -> Result<Vec<Figures>, String> {
    let binary = engine::build(root)?;
    let mut all = vec![of(&binary, root, "SQLite", None)?];
    #[expect(clippy::disallowed_methods, reason = "a check has no configuration reader")]
    let server = std::env::var("SLUICE_TEST_POSTGRES_URL").ok();
    match server {
        Some(server) => {
            let database = engine::Database::create(&server)?;
            all.push(of(&binary, root, "PostgreSQL", Some(&database.url))?);
        }
        None => eprintln!("bench: PostgreSQL is left out: run it under scripts/with-postgres.sh"),
    }
    Ok(all)
}

fn of(binary: &Path, root: &Path, name: &'static str, database: Option<&str>) -> Result<Figures, String> {
    let folder = engine::Folder::create()?;
    let (engine, first_start) = Engine::start(binary, root, &folder, database)?;
    engine.stop()?;
    let (engine, next_start) = Engine::start(binary, root, &folder, database)?;
    engine::rest(IDLE);
    let idle_kib = engine.resident_kib()?;
    let keys = keys(&engine)?;
    let health = load(&engine.address, &keys, REQUESTS, |_, _| ("GET", "/health", String::new()))?;
    let order = |round: &'static str| {
        let asset = engine.asset.clone();
        move |connection: usize, number: usize| {
            let body = format!(
                "{{\"external_id\":\"{round}-{connection}-{number}\",\"user_id\":\"user-1\",\"asset\":\"{asset}\",\
                 \"amount\":\"0.01\",\"address\":\"0x70997970C51812dc3A010C7d01b50e0d17dc79C8\"}}"
            );
            ("POST", "/v1/withdrawals", body)
        }
    };
    // First the door alone: with a stop in force, orders are taken and wait.
    let stop = engine.first.post(&engine.address, "/v1/stops", "{\"scope\":\"all\",\"reason\":\"bench\"}")?;
    let alone = load(&engine.address, &keys, REQUESTS, order("alone"))?;
    let lift = format!("/v1/stops/{}/lift", stop["id"].as_str().ok_or("the stop has no id")?);
    for person in [&engine.first, &engine.second] {
        person.post(&engine.address, &lift, "{\"reason\":\"bench\"}")?;
    }
    // Then with the engine, and the chain beside it, at work on what was taken.
    let paying = load(&engine.address, &keys, REQUESTS, order("paying"))?;
    let after_kib = engine.resident_kib()?;
    engine.stop()?;
    Ok(Figures { database: name, first_start, next_start, idle_kib, health, alone, paying, after_kib })
}

/// A key for each connection, so that no rate is used up.
fn keys(engine: &Engine) -> Result<Vec<Key>, String> {
    let body = "{\"name\":\"bench\",\"scopes\":[\"withdrawals:create\"],\"reason\":\"bench\"}";
    (0..CONNECTIONS)
        .map(|_| {
            let made = engine.first.post(&engine.address, "/v1/keys", body)?;
            let id = made["key"]["id"].as_str().ok_or("the key has no id")?;
            let secret = made["secret"].as_str().ok_or("the key has no secret")?;
            Ok(Key { id: id.to_owned(), secret: secret.to_owned() })
        })
        .collect()
}

impl Figures {
    fn kept(&self) -> bool {
        self.alone.quantile_us(95) < CREATE_P95_US
            && self.paying.quantile_us(95) < CREATE_P95_US
            && self.next_start.as_micros() < START_US
            && self.idle_kib < IDLE_KIB
    }
}

fn page(all: &[Figures]) -> String {
    let mut page = String::new();
    let mut say = |line: String| {
        let _infallible = writeln!(page, "{line}");
    };
    say(format!("Measured by `scripts/with-postgres.sh cargo xtask bench api` on {}.", machine()));
    say(format!("{CONNECTIONS} connections, {REQUESTS} signed requests each, release build, one process."));
    say(String::new());
    say("| | promised | ".to_owned() + &row(all, |it| it.database.to_owned()));
    say("|---|---|".to_owned() + &"---|".repeat(all.len()));
    let mut line = |name: &str, promised: &str, cell: &dyn Fn(&Figures) -> String| {
        say(format!("| {name} | {promised} | {}", row(all, cell)));
    };
    line("start to serving, first time (makes the chain and the demo partner)", "", &|it| {
        ms(it.first_start.as_micros())
    });
    line("start to serving, every other time", "< 1 s", &|it| ms(it.next_start.as_micros()));
    line("resident memory, idle", "< 60 MB", &|it| mib(it.idle_kib));
    line("resident memory, after the load", "", &|it| mib(it.after_kib));
    line("`GET /health`, p95", "", &|it| ms(it.health.quantile_us(95)));
    line("create, nothing else at work: p50", "", &|it| ms(it.alone.quantile_us(50)));
    line("create, nothing else at work: p95", "< 50 ms", &|it| compared(it, &it.alone));
    line("create, nothing else at work: each second", "", &|it| it.alone.rate().to_string());
    line("create, while the engine and its chain pay: p50", "", &|it| ms(it.paying.quantile_us(50)));
    line("create, while the engine and its chain pay: p95", "< 50 ms", &|it| compared(it, &it.paying));
    line("create, while the engine and its chain pay: each second", "", &|it| it.paying.rate().to_string());
    page
}

fn row(all: &[Figures], cell: impl Fn(&Figures) -> String) -> String {
    all.iter().map(|it| format!("{} | ", cell(it))).collect::<String>().trim_end().to_owned()
}

fn compared(it: &Figures, load: &Load) -> String {
    let (own, bare) = (load.quantile_us(95), it.health.quantile_us(95).max(1));
    let tenths = own * 10 / bare;
    format!("{} ({}.{} x health)", ms(own), tenths / 10, tenths % 10)
}

fn ms(us: u128) -> String {
    format!("{}.{} ms", us / 1_000, us % 1_000 / 100)
}

fn mib(kib: u64) -> String {
    format!("{} MiB", kib.div_ceil(1_024))
}

fn machine() -> String {
    let read = |path: &str, name: &str| {
        let text = std::fs::read_to_string(path).unwrap_or_default();
        let line = text.lines().find(|line| line.starts_with(name));
        line.and_then(|line| line.split_once(':'))
            .map(|(_, value)| value.trim().to_owned())
            .unwrap_or_default()
    };
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    let kernel = Command::new("uname").arg("-sr").output().map(|said| said.stdout).unwrap_or_default();
    let memory_kib: u64 =
        read("/proc/meminfo", "MemTotal").split(' ').next().and_then(|kib| kib.parse().ok()).unwrap_or(0);
    format!(
        "{cores} cores ({}), {} GiB, {}",
        read("/proc/cpuinfo", "model name"),
        memory_kib.div_ceil(1_024 * 1_024),
        String::from_utf8_lossy(&kernel).trim()
    )
}
