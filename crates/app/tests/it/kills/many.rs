//! The long run: worlds one after another, several at a time, each for the points that were killed at least often so far.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use tokio::task::JoinSet;

use super::record::{Failure, Pass, Piece, Record};
use super::{Draw, deeds, pass, report};
use crate::harness::{Database, instant, since};
use report::setting;

/// Kills of one world, between its beginning and its judgement; a quarter of it where they are done by hand.
const CHUNK: usize = 64;

/// What is asked for.
struct Wanted {
    rounds: usize,
    seed: u64,
    worlds: usize,
    time: Duration,
    databases: Vec<Database>,
    points: Vec<String>,
    file: Option<PathBuf>,
}

impl Wanted {
    fn read(mut points: Vec<String>) -> Self {
        let number = |name: &str, or: u64| {
            setting(name).map_or(or, |text| text.parse().unwrap_or_else(|_| panic!("{name} is a number")))
        };
        let count = |name: &str, or: u64| usize::try_from(number(name, or)).expect("a count");
        if let Some(only) = setting("SLUICE_KILLS_ONLY") {
            points.retain(|point| only.split(',').any(|word| point.starts_with(word)));
            assert!(!points.is_empty(), "no point begins with {only}");
        }
        let databases = match setting("SLUICE_KILLS_DATABASE").as_deref() {
            Some("sqlite") => vec![Database::Sqlite],
            Some("postgres") => vec![Database::postgres().expect("a server")],
            None => [Some(Database::Sqlite), Database::postgres()].into_iter().flatten().collect(),
            Some(other) => panic!("{other} is no database"),
        };
        Self {
            rounds: count("SLUICE_KILLS_ROUNDS", 100),
            seed: number("SLUICE_KILLS_SEED", 1),
            worlds: count("SLUICE_KILLS_WORLDS", 2),
            time: Duration::from_secs(60 * number("SLUICE_KILLS_MINUTES", 60 * 24)),
            databases,
            points,
            file: setting("SLUICE_KILLS_RESULT").map(PathBuf::from),
        }
    }

    /// What the next world is for: its database, its seed and its points. `None`: as many kills as are wanted are made or
    /// being made.
    fn next(&self, record: &Record, running: &[Planned]) -> Option<Planned> {
        let under_way: usize = running.iter().map(|it| it.points.len()).sum();
        let left = self.rounds.saturating_sub(record.kills() + under_way);
        let mut draw = Draw(self.seed.wrapping_add((record.begun() + running.len()) as u64));
        let counts = self.databases.iter().map(|database| {
            let mut counts = record.counts(database.name());
            let same = running.iter().filter(|it| it.database.name() == database.name());
            for point in same.flat_map(|it| &it.points) {
                *counts.entry(point.clone()).or_default() += 1;
            }
            (database, counts)
        });
        let (database, counts) = counts.min_by_key(|(_, counts)| counts.values().sum::<usize>())?;
        let seed = draw.next();
        let points = chosen(&self.points, &counts, &mut draw, left);
        (left > 0).then(|| Planned { database: database.clone(), seed, points })
    }
}

/// A world that is to be, or is.
#[derive(Clone)]
struct Planned {
    database: Database,
    seed: u64,
    points: Vec<String>,
}

/// Points for a world: those of its kind that were taken least often so far, in an order as drawn. What is done by hand has
/// worlds of its own, so that the others are judged by the auditor, too.
fn chosen(points: &[String], counts: &BTreeMap<String, usize>, draw: &mut Draw, left: usize) -> Vec<String> {
    let mut points = draw.shuffled(points.to_vec());
    points.sort_by_key(|point| counts.get(point).copied().unwrap_or_default());
    let by_hand = points.first().is_some_and(|point| deeds::of(point).by_hand());
    points.retain(|point| deeds::of(point).by_hand() == by_hand);
    points.truncate(left.min(if by_hand { CHUNK / 4 } else { CHUNK }));
    draw.shuffled(points)
}

/// What became of a world, in a runtime of its own: what it waits for keeps no other waiting.
async fn lived(planned: Planned, time: Duration) -> Result<Pass, Failure> {
    let Planned { database, seed, points } = planned.clone();
    let lived = tokio::task::spawn_blocking(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        runtime.expect("a runtime").block_on(pass(database, seed, points, time, 0))
    });
    lived.await.unwrap_or_else(|error| {
        let Planned { database, seed, points } = planned;
        let (database, why) = (database.name().to_owned(), format!("the drill itself failed: {error}"));
        Err(Failure { database, seed, why, points, kills: vec![] })
    })
}

/// Rounds as many as `SLUICE_KILLS_ROUNDS`, those of earlier pieces included; the result is written whenever a world ends.
pub async fn many(points: Vec<String>) {
    let wanted = Wanted::read(points);
    let start = instant();
    if let Some(seed) = setting("SLUICE_KILLS_WORLD") {
        return again(&wanted, seed.parse().expect("SLUICE_KILLS_WORLD is a number")).await;
    }
    let mut record = Record::read(wanted.file.as_deref(), Some(wanted.seed));
    let (commit, command) = (report::built_from(), setting("SLUICE_KILLS_COMMAND"));
    record.pieces.push(Piece { command, commit, machine: report::machine(), ..Piece::default() });
    let (mut running, mut planned): (JoinSet<_>, Vec<Planned>) = (JoinSet::new(), vec![]);
    loop {
        while running.len() < wanted.worlds * wanted.databases.len()
            && since(start) < wanted.time
            && let Some(next) = wanted.next(&record, &planned)
        {
            planned.push(next.clone());
            running.spawn(lived(next, wanted.time.saturating_sub(since(start))));
        }
        let Some(ended) = running.join_next().await else { break };
        let ended = ended.expect("a world is not cancelled, and its panic is a failure of it");
        let seed = match &ended {
            Ok(pass) => pass.seed,
            Err(failure) => failure.seed,
        };
        planned.retain(|it| it.seed != seed);
        let piece = record.pieces.last_mut().expect("this one");
        piece.took_s = since(start).as_secs();
        match ended {
            Ok(pass) if pass.kills.is_empty() => {}
            Ok(pass) => {
                piece.kills += pass.kills.len();
                record.worlds.push(pass);
            }
            Err(failure) => {
                eprintln!("{}", report::failed(&failure));
                piece.failed += 1;
                record.failures.push(failure);
            }
        }
        let (failed, took) = (record.failures.len(), since(start));
        eprintln!(
            "{} of {} kills in judged worlds, {failed} failed worlds, {took:?}",
            record.kills(),
            wanted.rounds
        );
        if let Some(file) = &wanted.file {
            record.write(file);
        }
    }
    eprintln!("{}", report::table(&record.worlds));
    let failed = record.pieces.last().map_or(0, |piece| piece.failed);
    assert_eq!(
        failed,
        0,
        "worlds of this run failed: {:#?}",
        record.failures.iter().map(report::failed).collect::<Vec<_>>()
    );
}

/// The same world again, as far as real processes do the same again: points, order, arming and faults. Nothing is written.
async fn again(wanted: &Wanted, seed: u64) {
    let record = Record::read(wanted.file.as_deref(), None);
    let (database, points) = record.points_of(seed).expect("the result file names no world of this seed");
    let database = wanted.databases.iter().find(|it| it.name() == database).expect("the world's database");
    let runs = (0..wanted.worlds)
        .map(|_| lived(Planned { database: database.clone(), seed, points: points.clone() }, wanted.time));
    let ended = futures_util::future::join_all(runs).await;
    for pass in ended.iter().flatten() {
        eprintln!("{} kills; {:?}", pass.kills.len(), pass.verdicts);
    }
    let failed: Vec<_> = ended.into_iter().filter_map(Result::err).map(|it| report::failed(&it)).collect();
    assert!(failed.is_empty(), "{failed:#?}");
}

#[test]
fn a_world_is_for_the_points_that_were_taken_least_often_and_what_is_by_hand_is_apart() {
    let mut draw = Draw(1);
    let common: Vec<String> = (0..100).map(|at| format!("reader.{at}:after")).collect();
    let by_hand = vec!["store.proof:before".to_owned(), "store.proof:after".to_owned()];
    let all = [common.clone(), by_hand.clone()].concat();
    let counts: BTreeMap<String, usize> =
        common.iter().enumerate().map(|(at, point)| (point.clone(), if at < 40 { 2 } else { 1 })).collect();
    let mut first = chosen(&all, &counts, &mut draw, 1_000);
    first.sort();
    let mut expected = by_hand.clone();
    expected.sort();
    assert_eq!(first, expected, "nobody was killed there yet");
    let counts = counts.into_iter().chain(by_hand.iter().map(|point| (point.clone(), 9))).collect();
    let second = chosen(&all, &counts, &mut draw, 1_000);
    assert_eq!(second.len(), CHUNK);
    assert!(common[40..].iter().all(|point| second.contains(point)));
    assert!(!second.iter().any(|point| by_hand.contains(point)));
    assert_eq!(chosen(&all, &counts, &mut draw, 7).len(), 7);
}
