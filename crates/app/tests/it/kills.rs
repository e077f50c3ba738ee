//! `kill -9` before and after every call of every port: each withdrawal is paid exactly once (M1, M2, M4).
//!
//! The points are the methods of the ports (`sluice_app::failpoint::list`). One world lives on while its engine dies at one
//! of them after another, always with withdrawals under way, half of the time while it recovers from the kill before.

mod deeds;
mod drill;
mod orders;
mod report;
mod restored;
mod spares;

use std::time::Duration;

use futures_util::future::join_all;
use sluice_app::failpoint::list;

use crate::harness::{Database, instant, since};
use crate::on_both;
use drill::Drill;
use report::Pass;

/// Worlds of a database at a time.
const WORLDS: usize = 2;
/// No kill begins so long after the first: what was drawn for later is for another commit.
const KILLING: Duration = Duration::from_secs(150);
/// At least so many of the points are taken, however slow the machine is.
const POINTS_MIN: usize = 40;

/// Points that this drill does not reach, and where they are reached.
const ELSEWHERE: [(&str, &str); 3] = [
    ("reader.by_external_id", "no program asks it, only the conformance suite of the store"),
    ("store.outbid", "only a store that went back is outbid: `restored`"),
    ("store.unended", "only a store that went back doubts what has no slot: `restored`"),
];

/// Every point, in the order of the list.
fn points() -> Vec<String> {
    let here = |point: &String| !ELSEWHERE.iter().any(|(place, _)| point.starts_with(&format!("{place}:")));
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
/// budget is over; a quarter of it is for what is done by hand.
async fn pass(database: Database, seed: u64, points: Vec<String>, budget: Duration) -> Pass {
    let start = instant();
    let mut draw = Draw(seed);
    let (name, mut drill) = (database.name(), Drill::begin(database, seed).await);
    let (odd, common): (Vec<_>, Vec<_>) = points.into_iter().partition(|point| deeds::of(point).by_hand());
    let mut verdicts = vec![];
    let common_for = if odd.is_empty() { budget } else { budget / 4 * 3 };
    for (strict, points, budget) in [(true, common, common_for), (false, odd, budget)] {
        let before = drill.kills.len();
        for point in &points {
            if since(start) > budget {
                break;
            }
            let settled = draw.below(2) == 0;
            drill.kill_at(point, settled, &mut draw).await;
            report::progress(name, drill.kills.last().expect("a kill"));
        }
        if drill.kills.len() > before {
            verdicts.push(drill.judged(strict).await);
        }
    }
    let chaos = drill.chaos.counts().json();
    Pass { database: name, seed, kills: drill.kills, verdicts, chaos }
}

on_both! {
    /// Each point once; what does not fit into the time is for other commits to draw.
    async fn killed_before_and_after_every_call_of_every_port_each_is_paid_once(database: Database) {
        let (seed, of) = report::seed();
        let all = points();
        let drawn = Draw(seed).shuffled(all.clone());
        let share = |world: usize| drawn.iter().skip(world).step_by(WORLDS).cloned().collect();
        let passes = (0..WORLDS).map(|world| {
            pass(database.clone(), seed.wrapping_add(world as u64), share(world), KILLING)
        });
        let passes = join_all(passes).await;
        let kills: usize = passes.iter().map(|pass| pass.kills.len()).sum();
        eprintln!("{}", report::table(&passes));
        eprintln!("{kills} of {} points were taken, drawn by {of}; none may be fewer than {POINTS_MIN}", all.len());
        assert!(kills >= POINTS_MIN, "{kills} points were taken");
    }
}

/// `cargo xtask kills`: rounds as many as it is told, on the databases it is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "run by `cargo xtask kills`"]
async fn many() {
    report::many(points(), pass).await;
}
