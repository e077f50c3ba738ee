//! What the simulator itself promises: it replays, it plays whole histories in which every rule holds, and it notices
//! when a rule is broken.

use sluice_mutant::Mutant;
use sluice_mutant::table::{Look, TABLE};
use sluice_sim::cli::{caught_by, shrink};
use sluice_sim::faults::Fault;
use sluice_sim::model::chain::Shape;
use sluice_sim::world::history::{Faults, Script, run};
use sluice_sim::world::part::Part;
use sluice_sim::world::setup::Stage;

/// Small enough for a debug build, large enough to have a second slot, a cancel and a reorg in some of them.
const WITHDRAWALS: usize = 10;

fn script(seed: u64) -> Script {
    Script { withdrawals: WITHDRAWALS, ..Script::random(seed) }
}

#[test]
fn every_rule_holds_in_a_handful_of_histories() {
    let stage = Stage::new().unwrap();
    for seed in 1..=6 {
        let report = run(&stage, &script(seed));
        assert_eq!(report.violation, None, "seed {seed}");
        assert_eq!(report.lacks, None, "seed {seed}: five faults, a kill and a reorganisation");
    }
}

/// Hours ahead, hours behind, standing still; of each process, of the database and the signer. Of both shapes: no time ends a
/// slot that is a nonce, and some slots that are transactions are ended by nothing else.
#[test]
fn a_skewed_frozen_or_backward_clock_declares_nothing_dead_and_pays_nothing_twice() {
    let stage = Stage::new().unwrap();
    let ask = "select id as what from proof where evidence like '%\"tron_expired\"%' limit 1000";
    for shape in [Shape::Nonce, Shape::Expiry] {
        let mut struck = std::collections::BTreeSet::new();
        let (mut played, mut expired) = (0, 0);
        // What never happens proves nothing: where slots expire, it goes on until one has.
        while played < 6 || (shape == Shape::Expiry && expired == 0) {
            played += 1;
            assert!(played <= SEEDS_MAX, "no slot has expired");
            let wrong = Script { clocks: true, shape, ask: Some(ask.into()), ..script(played) };
            let report = run(&stage, &wrong);
            assert_eq!(report.violation, None, "seed {played} of {shape:?}");
            struck.extend(report.coverage.into_keys().map(|(what, _)| what));
            expired += report.answers.len();
        }
        for what in ["clock_ahead", "clock_behind", "clock_frozen"] {
            assert!(struck.contains(what), "{what} of {shape:?}: {struck:?}");
        }
        assert!(expired == 0 || shape == Shape::Expiry, "a nonce expired");
    }
}

/// In one history of four the store is put back to an older copy of itself, under what was signed since. It finds out, people
/// do what the runbook says, and everything comes to its end: nothing is paid twice (M17).
#[test]
fn a_store_that_is_put_back_pays_nothing_twice() {
    let stage = Stage::new().unwrap();
    let ask = "select evidence as what from went_back where imported_at is not null limit 5";
    for shape in [Shape::Nonce, Shape::Expiry] {
        let (mut seed, mut put_back) = (0, 0);
        while put_back < 3 {
            seed += 1;
            assert!(seed <= SEEDS_MAX, "no store was put back");
            let report = run(&stage, &Script { shape, ask: Some(ask.into()), ..script(seed) });
            assert_eq!(report.violation, None, "seed {seed} of {shape:?}");
            let struck = report.coverage.contains_key(&("store_put_back", "chain"));
            assert_eq!(report.answers.len(), usize::from(struck), "seed {seed} of {shape:?}");
            put_back += usize::from(struck);
        }
    }
}

#[test]
fn a_seed_is_a_history() {
    /// One that puts its store back.
    const PUT_BACK: u64 = 5;
    let stage = Stage::new().unwrap();
    for seed in [1, 2, PUT_BACK] {
        let (first, second) = (run(&stage, &script(seed)), run(&stage, &script(seed)));
        let is_put_back = first.coverage.contains_key(&("store_put_back", "chain"));
        assert_eq!(is_put_back, seed == PUT_BACK, "seed {seed}: another one is needed here");
        assert_eq!((first.hash, first.steps, first.ends), (second.hash, second.steps, second.ends));
    }
    assert_ne!(run(&stage, &script(1)).hash, run(&stage, &script(2)).hash);
}

#[test]
fn a_single_fault_changes_nothing_about_the_end() {
    let stage = Stage::new().unwrap();
    let calm = Script { faults: Faults::Quiet, ..script(3) };
    let base = run(&stage, &calm);
    assert_eq!(base.violation, None);
    for (number, fault) in Fault::ALL.into_iter().enumerate() {
        let call = base.calls * (number as u64 + 1) / 10;
        let report = run(&stage, &Script { faults: Faults::One(call, fault), ..calm.clone() });
        assert_eq!(report.violation, None, "{} at call {call}", fault.as_str());
    }
}

/// Seeds after which a mutant is said to live, and something to happen never. Most are caught by the first; which one meets the rest of them changes with
/// every call the engine makes.
const SEEDS_MAX: u64 = 96;

/// Who catches what. A mutant that lives means that the oracle is blind there. The rest of them needs more seeds than a
/// debug build plays in reasonable time: `sluice-sim --mutants 60`.
#[test]
fn mutants_are_caught_and_by_the_rule_they_break() {
    let stage = Stage::new().unwrap();
    let table: [(Mutant, &[&str]); 3] = [
        // What it books as paid, gas and all, is not on the chain: whichever is looked at first, the engine's own alert
        // that never ends among them.
        (Mutant::ForgedPayment, &["M15", "M16", "liveness:"]),
        (Mutant::OneOperator, &["M4", "M15", "M16"]),
        // A stranger that paid the very recipient, or took the amount of one, shows in the books first; and a lane that is
        // not frozen pays from a store that went back.
        (Mutant::NoFreeze, &["M6", "M15", "M17", "liveness:"]),
    ];
    for (mutant, rules) in table {
        let (seed, violation) =
            caught_by(&stage, mutant, 1, SEEDS_MAX, 20).unwrap_or_else(|| panic!("{mutant:?} lives"));
        let rule = violation.invariant.split(' ').next().unwrap_or_default();
        assert!(rules.contains(&rule), "{mutant:?} at seed {seed}: {violation}");
    }
}

/// The simulator's column of the table of mutants.
#[test]
fn a_rule_of_the_table_that_is_off_is_noticed() {
    let stage = Stage::new().unwrap();
    for row in TABLE {
        let caught = caught_by(&stage, row.mutant, 1, SEEDS_MAX, 20);
        let (seed, violation) = caught.unwrap_or_else(|| panic!("{:?} lives", row.mutant));
        assert_eq!(row.simulator, Look::Notices(violation.invariant), "seed {seed}: {violation}");
    }
}

#[test]
fn a_failure_is_made_small_and_stays_the_same_failure() {
    let stage = Stage::new().unwrap();
    let (seed, violation) = caught_by(&stage, Mutant::NoIdentity, 1, SEEDS_MAX, 20).expect("it is caught");
    let whole = Script { mutant: Some(Mutant::NoIdentity), ..Script::random(seed) };
    let parts = run(&stage, &whole).parts.len();
    let (small, report) = shrink::shrink(&stage, &whole).expect("it breaks a rule");
    assert_eq!(report.violation.as_ref().map(|it| it.invariant), Some(violation.invariant));
    assert!(small.withdrawals < 20 && report.parts.len() * 2 < parts, "{small:?} of {parts} parts");
    let again = run(&stage, &small);
    assert_eq!(
        (again.hash, again.violation.map(|it| it.detail)),
        (report.hash, report.violation.map(|it| it.detail))
    );
    // What is left out is said in words that leave it out again.
    for part in &small.without {
        assert_eq!(part.to_string().parse::<Part>().as_ref(), Ok(part));
    }
    let calm = Script { mutant: None, ..small };
    assert!(shrink::shrink(&stage, &calm).is_none(), "without the mutant nothing is broken");
}
