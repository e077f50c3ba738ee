//! What histories with vendors of energy promise: whatever those do, nothing is bought twice, burns stay within their caps,
//! everything is paid once, and what our books say is what the vendors kept.

use std::collections::BTreeMap;

use sluice_mutant::Mutant;
use sluice_sim::cli::caught_by;
use sluice_sim::model::chain::Shape;
use sluice_sim::world::history::{Script, run};
use sluice_sim::world::setup::Stage;

/// Seeds after which a mutant is said to live, and something to happen never.
const SEEDS_MAX: u64 = 96;

fn script(seed: u64) -> Script {
    Script { withdrawals: 10, shape: Shape::Expiry, energy: true, ..Script::random(seed) }
}

/// Histories that are played at least, and until each of these was met at least once: what never goes wrong proves nothing.
const PLAYED: u64 = 6;
const MET: [&str; 6] = [
    "need served",
    "order delivered",
    "vendor lost_after",
    "vendor vanished",
    "ahead served",
    "ahead cancelled",
];

#[test]
fn whatever_vendors_do_nothing_is_bought_twice_and_everything_is_paid_once() {
    let stage = Stage::new().unwrap();
    let mut met: BTreeMap<String, u64> = BTreeMap::new();
    for seed in 1..=SEEDS_MAX {
        if seed > PLAYED && MET.iter().all(|what| met.contains_key(*what)) {
            return;
        }
        let report = run(&stage, &script(seed));
        assert_eq!(report.violation, None, "seed {seed}");
        report.energy.into_iter().for_each(|(what, count)| *met.entry(what).or_default() += count);
    }
    panic!("{MET:?} are not all met: {met:?}");
}

#[test]
fn a_seed_with_vendors_is_a_history() {
    let stage = Stage::new().unwrap();
    let (first, second) = (run(&stage, &script(7)), run(&stage, &script(7)));
    assert_eq!((first.hash, first.steps, first.energy), (second.hash, second.steps, second.energy));
}

#[test]
fn who_asks_again_without_a_look_at_the_account_is_caught() {
    let stage = Stage::new().unwrap();
    let caught = caught_by(&stage, Mutant::AsksAgain, 1, SEEDS_MAX, 10);
    let (seed, violation) = caught.expect("it lives");
    assert_eq!(violation.invariant, "energy: an order is bought once", "seed {seed}: {violation}");
}
