//! Clocks that are wrong by more than anybody allows for: hours ahead, hours behind, standing still; of each process, and of
//! the database and the signer, which share one.

use std::sync::Arc;

use super::{PROCESSES, World};
use crate::executor::{ProcessId, WORLD};
use crate::rng::Rng;

/// Furthest that any clock is ahead, microseconds: longer than any delay the engine chooses by itself.
pub const AHEAD_US_MAX: i64 = 6 * HOUR_US;
const HOUR_US: i64 = 3_600_000_000;

/// What a clock does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Clock {
    /// It is off by so much, and goes.
    Off(i64),
    /// It stands still.
    Frozen,
}

/// Draws what happens to whose clock, and when, microseconds from the start.
pub fn draw(rng: &mut Rng, span_us: i64) -> Vec<(i64, ProcessId, Clock)> {
    let mut all = vec![];
    // The database's and the signer's clock is the world's own.
    for process in PROCESSES.chain([WORLD]) {
        for _ in 0..rng.within(2, 4) {
            let hours = rng.within(1, 6 * 3_600) as i64 * 1_000_000;
            let clock = match rng.below(4) {
                0 => Clock::Off(hours),
                1 => Clock::Off(-hours),
                2 => Clock::Frozen,
                _ => Clock::Off(0),
            };
            all.push((rng.below(span_us as u64) as i64, process, clock));
        }
    }
    all.sort_by_key(|(at, process, _)| (*at, *process));
    all
}

/// Lets it happen.
pub async fn run(world: Arc<World>, forecast: Vec<(i64, ProcessId, Clock)>) {
    let start = world.sim.now_us();
    for (at, process, clock) in forecast {
        world.sim.sleep(start + at - world.sim.now_us()).await;
        world.sim.note(process, || format!("clock: {clock:?}"));
        let name = match clock {
            Clock::Off(..0) => Some("clock_behind"),
            Clock::Off(0) => None,
            Clock::Off(1..) => Some("clock_ahead"),
            Clock::Frozen => Some("clock_frozen"),
        };
        if let Some(name) = name {
            world.plan.struck(name, "chain");
        }
        match clock {
            Clock::Off(us) => world.sim.skew(process, us),
            Clock::Frozen => world.sim.freeze(process),
        }
    }
}
