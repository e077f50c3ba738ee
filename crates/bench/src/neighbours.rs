//! What a partner feels of another one that asks for twenty times its share.

use std::time::Duration;

use serde_json::json;

use crate::client::{Key, Load, Pace, Question, load, press, until};
use crate::database::{Database, Kind, Server};
use crate::engine::Engine;
use crate::installation::{Installation, Shape};
use crate::program::{Folder, PATIENCE, Program};
use crate::report::{Promise, Report, Unit};

/// What the operator gives each partner: requests in a second, and at once.
const SHARE: u64 = 10;
const SERVER: &str = "partner_rate_per_s = 10\npartner_rate_burst = 10";
/// So many times its share the noisy one asks for, over so many connections.
const TIMES: u64 = 20;
const CONNECTIONS: usize = 8;
/// Orders of the quiet one in a window, and in a second; half its share.
const ORDERS: usize = 50;
const PACE: u64 = 5;
/// Windows with and without the noisy one, in turn: a machine that is busy for a while is so for both.
const WINDOWS: usize = 6;
/// Beside the noisy one it may take so much longer than alone, hundredths.
const SLOWER: u128 = 150;

/// What the other one does, window by window in turn: nothing; asks for its share; asks for many times its share. What the
/// last costs beyond the second is its excess, what the second costs is its right.
const ALONE: &str = "alone";
const FAIR: &str = "beside its share";
const NOISY: &str = "beside the noisy one";
const TURNS: [(&str, &str, u64); 3] = [(ALONE, "alone", 0), (FAIR, "fair", 1), (NOISY, "noisy", TIMES)];

struct Figures {
    /// Creations in each of the turns.
    created: [Load; 3],
    /// From acceptance to broadcast in each of them.
    sent: [Load; 3],
    taken: usize,
    refused: usize,
}

/// Measures all databases.
pub fn measure(program: &Program, server: &Server<'_>) -> Result<Report, String> {
    let kinds = server.kinds();
    let all = kinds.iter().map(|kind| of(program, server, *kind)).collect::<Result<Vec<_>, _>>()?;
    let how = format!(
        "Two partners with a lane each, both with a share of {SHARE} requests in a second. The quiet one orders {PACE} in a \
         second: {} in all while the other one is silent, as many while it asks for its share, and as many while it asks \
         for {} in a second over {CONNECTIONS} connections; windows of {ORDERS} orders take turns. A creation counts from \
         when it was due. From acceptance to broadcast is what the engine stores: the status becomes `broadcast` with the \
         signature.",
        ORDERS * WINDOWS,
        SHARE * TIMES,
    );
    let mut report = Report::new("neighbours", how, kinds.iter().map(|kind| kind.name().to_owned()));
    for (what, of) in
        [("create", created as fn(&Figures) -> &[Load; 3]), ("from acceptance to broadcast", sent)]
    {
        let mut row = |what: String, unit, promise, ask: &dyn Fn(&[Load; 3]) -> u128| {
            report.row(what, unit, promise, all.iter().map(|it| Some(ask(of(it)))).collect());
        };
        for percent in [50, 95, 99] {
            for (place, (turn, ..)) in TURNS.iter().enumerate() {
                row(format!("{what}, {turn}: p{percent}"), Unit::Us, None, &|it| {
                    it[place].quantile_us(percent)
                });
            }
        }
        let over =
            |it: &[Load; 3], place: usize| it[2].quantile_us(99) * 100 / it[place].quantile_us(99).max(1);
        let promise = Some(Promise::Below(SLOWER));
        row(format!("{what}: p99, {NOISY} over {ALONE}"), Unit::Hundredths, promise, &|it| over(it, 0));
        row(format!("{what}: p99, {NOISY} over {FAIR}"), Unit::Hundredths, None, &|it| over(it, 1));
    }
    let seconds = (ORDERS * WINDOWS) as u128 / u128::from(PACE);
    let cells =
        |ask: &dyn Fn(&Figures) -> usize| all.iter().map(|it| Some(ask(it) as u128 / seconds)).collect();
    report.row("of the noisy one taken", Unit::PerSecond, None, cells(&|it| it.taken));
    report.row("of the noisy one refused", Unit::PerSecond, None, cells(&|it| it.refused));
    Ok(report)
}

fn of(program: &Program, server: &Server<'_>, kind: Kind) -> Result<Figures, String> {
    let folder = Folder::create()?;
    let database = server.create(kind, &folder)?;
    let block = Duration::from_millis(500);
    let shape = Shape { lanes: 1, block, window: 256, blocks: 4, pool: false, server: SERVER };
    let installation = Installation::create(program, &database, folder, shape)?;
    let engine = &installation.engine;
    let quiet = neighbour(program, &installation, &database)?;
    let mut created: [Vec<Load>; 3] = Default::default();
    let (mut taken, mut refused) = (0, 0);
    for window in 0..WINDOWS {
        for (loads, (_, name, times)) in created.iter_mut().zip(TURNS) {
            let (mine, others) = std::thread::scope(|scope| {
                let noise = scope.spawn(move || flood(engine, name, window, times));
                let mine = ordered(engine, &quiet, &format!("{name}-{window}"));
                (mine, noise.join().unwrap_or_else(|_| Err("the noise panicked".to_owned())))
            });
            loads.push(mine?);
            let others = others?;
            if times == TIMES {
                (taken, refused) = (taken + others[0], refused + others[1]);
            }
        }
    }
    if refused < 10 * taken {
        return Err(format!(
            "the noisy one was not refused what is beyond its share: {taken} taken, {refused} refused"
        ));
    }
    let paid = "select count(*) from withdrawal where external_id like 'quiet-%' and state = 'paid'";
    let all = i64::try_from(TURNS.len() * WINDOWS * ORDERS).map_err(|error| error.to_string())?;
    until("the payment of every quiet order", PATIENCE, || {
        crate::clock::rest(Duration::from_millis(200));
        Ok(database.numbers(paid)?.first() == Some(&all))
    })?;
    let sent = [sent_in(&database, "alone")?, sent_in(&database, "fair")?, sent_in(&database, "noisy")?];
    Ok(Figures { created: created.map(Load::joined), sent, taken, refused })
}

const fn created(figures: &Figures) -> &[Load; 3] {
    &figures.created
}

const fn sent(figures: &Figures) -> &[Load; 3] {
    &figures.sent
}

/// Another partner with a lane of its own; its key.
fn neighbour(program: &Program, installation: &Installation, database: &Database<'_>) -> Result<Key, String> {
    let engine = &installation.engine;
    let (platform, asset) = (&engine.door.platform, &engine.door.asset);
    let post = |key: &Key, target: &str, body: serde_json::Value| {
        key.ask(&engine.address, "POST", target, &body.to_string())
    };
    let body = json!({ "name": "neighbour", "mode": "test", "reason": "bench" });
    let partner = post(platform, "/v1/partners", body)?["id"].as_str().ok_or("no partner")?.to_owned();
    let body = json!({ "partner_id": partner, "asset": asset, "per_transaction": "100", "daily": "100000",
        "reason": "bench" });
    post(platform, "/v1/limits", body)?;
    let scopes = ["withdrawals:create", "withdrawals:read", "wallets:manage", "wallets:read"];
    let body = json!({ "name": "neighbour", "partner_id": partner, "scopes": scopes, "reason": "bench" });
    let made = post(platform, "/v1/keys", body)?;
    let id = made["key"]["id"].as_str().ok_or("the key has no id")?.to_owned();
    let key = Key { id, secret: made["secret"].as_str().ok_or("the key has no secret")?.to_owned() };
    let address = installation.account(program, database, &partner)?;
    let chain = asset.split('/').next().unwrap_or_default();
    let wallet = json!({ "chain": chain, "address": address, "role": "hot", "reason": "bench" });
    until("a wallet that may be adopted", PATIENCE, || {
        crate::clock::rest(Duration::from_millis(500));
        let said = post(&key, "/v1/wallets/check", wallet.clone())?;
        Ok(said["ready"].as_bool().unwrap_or(false))
    })?;
    post(&key, "/v1/wallets", wallet)?;
    Ok(key)
}

fn ordered(engine: &Engine, key: &Key, name: &str) -> Result<Load, String> {
    let order = |number| Question::Order(key.clone(), engine.door.order(&format!("quiet-{name}-{number}")));
    load(&engine.address, &[(0..ORDERS).map(order).collect()], Pace::PerSecond(PACE))
}

/// As long as a window lasts; how many were taken and refused.
fn flood(engine: &Engine, name: &str, window: usize, times: u64) -> Result<[usize; 2], String> {
    if times == 0 {
        return Ok([0, 0]);
    }
    let rate = usize::try_from(SHARE * times).map_err(|error| error.to_string())?;
    let pace = usize::try_from(PACE).map_err(|error| error.to_string())?;
    let of = |connection: usize| {
        let own = (0..rate * ORDERS / pace).filter(move |number| number % CONNECTIONS == connection);
        let order = |number| engine.door.order(&format!("noise-{name}-{window}-{number}"));
        own.map(|number| Question::Order(engine.door.first.clone(), order(number))).collect()
    };
    let plans: Vec<Vec<Question>> = (0..CONNECTIONS).map(of).collect();
    press(&engine.address, &plans, Pace::PerSecond(SHARE * times))
}

/// From acceptance to the signature, by what the engine stores.
fn sent_in(database: &Database<'_>, name: &str) -> Result<Load, String> {
    let took = database.numbers(&format!(
        "select a.signed_at - w.accepted_at from withdrawal w join attempt a on a.transfer_id = w.transfer_id
         where a.serial = 0 and w.external_id like 'quiet-{name}-%'"
    ))?;
    Ok(Load::of(took.into_iter().map(|us| u128::try_from(us).unwrap_or_default()).collect(), Duration::ZERO))
}
