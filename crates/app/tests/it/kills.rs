//! `kill -9` before and after every call of every port: each withdrawal is paid exactly once (M1, M2, M4).
//!
//! The points are the methods of the ports (`sluice_app::failpoint::list`). One world lives on while its engine dies at one
//! of them after another, always with withdrawals under way, half of the time while it recovers from the kill before.

mod autopsy;
mod deeds;
mod drill;
mod elsewhere;
mod many;
mod orders;
mod record;
pub mod report;
mod restored;
mod spares;

use std::any::Any;
use std::panic::AssertUnwindSafe;
use std::time::{Duration, Instant};

use futures_util::FutureExt as _;
use futures_util::future::join_all;
use serde_json::Value;
use sluice_app::failpoint::list;

use crate::harness::{Database, instant, since};
use crate::on_both;
use drill::Drill;
use elsewhere::{ELSEWHERE, is_of};
use record::{Failure, Pass};

/// Worlds of a database at a time.
const WORLDS: usize = 2;
/// No kill begins so long after the first, once each world has taken its least: what was drawn for later is for another
/// commit.
const KILLING: Duration = Duration::from_secs(150);
/// Each world takes at least so many points, however slow the machine is.
const POINTS_MIN: usize = 20;

/// Every point, in the order of the list.
fn points() -> Vec<String> {
    let here = |point: &String| !ELSEWHERE.iter().any(|(place, _)| is_of(point, place));
    list::points().into_iter().filter(here).collect()
}

/// Numbers from a seed (splitmix64).
pub struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `0..below`.
    pub fn below(&mut self, below: u64) -> u64 {
        self.next() % below
    }

    /// The same things in another order.
    fn shuffled<T>(&mut self, mut things: Vec<T>) -> Vec<T> {
        for at in (1..things.len()).rev() {
            let other = self.below(u64::try_from(at).expect("few") + 1);
            things.swap(at, usize::try_from(other).expect("few"));
        }
        things
    }
}

/// Kills at each of these points, judges, kills where somebody must act by hand, judges again. No kill begins when the
/// budget is over and at least so many are made; a quarter of it is for what is done by hand. A world that fails is kept, and
/// keeps no other from going on.
async fn pass(
    database: Database,
    seed: u64,
    points: Vec<String>,
    budget: Duration,
    least: usize,
) -> Result<Pass, Failure> {
    let (start, name) = (instant(), database.name().to_owned());
    let begun = AssertUnwindSafe(Drill::begin(database, seed)).catch_unwind().await;
    let mut drill = match begun {
        Ok(drill) => drill,
        Err(panic) => {
            let why = format!("it could not begin: {}", text(&*panic));
            return Err(Failure { database: name, seed, why, points, kills: vec![] });
        }
    };
    let ended =
        AssertUnwindSafe(killed_at_all(&mut drill, &points, start, budget, least)).catch_unwind().await;
    let faults = drill.chaos.counts().json();
    match ended {
        Ok(verdicts) => Ok(Pass { database: name, seed, points, kills: drill.kills, verdicts, faults }),
        Err(panic) => {
            let why = text(&*panic);
            let kept = drill.autopsy(&why).await;
            eprintln!("{name}, seed {seed}: this world failed and is kept in {kept}");
            Err(Failure { database: name, seed, why, points, kills: drill.kills })
        }
    }
}

/// What the judges said.
async fn killed_at_all(
    drill: &mut Drill,
    points: &[String],
    start: Instant,
    budget: Duration,
    least: usize,
) -> Vec<Value> {
    let mut draw = Draw(drill.seed);
    let (odd, common): (Vec<_>, Vec<_>) = points.iter().partition(|point| deeds::of(point).by_hand());
    let mut verdicts = vec![];
    let common_for = if odd.is_empty() { budget } else { budget / 4 * 3 };
    for (strict, points, budget) in [(true, common, common_for), (false, odd, budget)] {
        let before = drill.kills.len();
        for point in points {
            if since(start) > budget && drill.kills.len() >= least {
                break;
            }
            let settled = draw.below(2) == 0;
            drill.kill_at(point, settled, &mut draw).await;
        }
        if drill.kills.len() > before {
            verdicts.push(drill.judged(strict).await);
        }
    }
    verdicts
}

/// What a panic says.
fn text(panic: &(dyn Any + Send)) -> String {
    let said = panic.downcast_ref::<String>().cloned();
    said.or_else(|| panic.downcast_ref::<&str>().map(|it| (*it).to_owned())).unwrap_or_default()
}

on_both! {
    /// Each point once; what does not fit into the time is for other commits to draw.
    async fn killed_before_and_after_every_call_of_every_port_each_is_paid_once(database: Database) {
        let (seed, of) = report::seed();
        let all = points();
        let drawn = Draw(seed).shuffled(all.clone());
        let share = |world: usize| drawn.iter().skip(world).step_by(WORLDS).cloned().collect();
        let passes = (0..WORLDS).map(|world| {
            pass(database.clone(), seed.wrapping_add(world as u64), share(world), KILLING, POINTS_MIN)
        });
        let ended = join_all(passes).await;
        let failed: Vec<_> = ended.iter().filter_map(|it| it.as_ref().err()).map(report::failed).collect();
        let passes: Vec<Pass> = ended.into_iter().flatten().collect();
        let kills: usize = passes.iter().map(|pass| pass.kills.len()).sum();
        eprintln!("{}", report::table(&passes));
        eprintln!("{kills} of {} points were taken, drawn by {of}", all.len());
        assert!(failed.is_empty(), "{failed:#?}");
        assert!(kills >= POINTS_MIN * WORLDS, "{kills} points were taken");
    }
}

/// `cargo xtask kills`: rounds as many as it is told, on the databases it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by `cargo xtask kills`"]
async fn rounds() {
    many::many(points()).await;
}
