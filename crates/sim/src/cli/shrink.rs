//! Makes a failure small: fewer orders, fewer faults, calmer weather, and the same rule still broken.

use std::collections::BTreeSet;

use crate::model::chain::Shape;
use crate::world::history::{self, Report, Script};
use crate::world::part::Part;
use crate::world::setup::Stage;

/// Numbers of orders that are tried, fewest first.
const ORDERS: [usize; 8] = [1, 2, 3, 4, 6, 8, 12, 16];

/// The smallest history found that breaks the same rule, and how it went; `None` when the script breaks none.
pub fn shrink(stage: &Stage, script: &Script) -> Option<(Script, Report)> {
    let report = history::run(stage, script);
    let rule = report.violation.as_ref()?.invariant;
    let mut best = lighter(stage, rule, (script.clone(), report));
    for withdrawals in ORDERS.into_iter().filter(|fewer| *fewer < script.withdrawals) {
        // Another number of orders is another history: its parts are drawn anew, and all of them are tried again.
        let fewer = Script { withdrawals, without: BTreeSet::new(), ..script.clone() };
        let report = history::run(stage, &fewer);
        if breaks(&report, rule) {
            let found = lighter(stage, rule, (fewer, report));
            if weight(&found) < weight(&best) {
                best = found;
            }
        }
    }
    Some(best)
}

fn breaks(report: &Report, rule: &str) -> bool {
    report.violation.as_ref().is_some_and(|violation| violation.invariant == rule)
}

const fn weight((script, report): &(Script, Report)) -> usize {
    script.withdrawals + report.parts.len()
}

/// Leaves out one part after the other, as long as that changes nothing about the rule.
fn lighter(stage: &Stage, rule: &str, mut best: (Script, Report)) -> (Script, Report) {
    let mut tried = BTreeSet::<Part>::new();
    while let Some(part) = best.1.parts.iter().map(|(part, _)| *part).find(|part| !tried.contains(part)) {
        tried.insert(part);
        let mut script = best.0.clone();
        script.without.insert(part);
        let report = history::run(stage, &script);
        if breaks(&report, rule) {
            best = (script, report);
        }
    }
    best
}

/// The words that play a history again.
pub fn again(script: &Script) -> String {
    let without: Vec<String> = script.without.iter().map(ToString::to_string).collect();
    let without =
        if without.is_empty() { String::new() } else { format!(" --without {}", without.join(",")) };
    let shape = match (script.shape, script.energy) {
        (_, true) => " --energy",
        (Shape::Expiry, false) => " --tron",
        (Shape::Nonce, false) => "",
    };
    let clocks = if script.clocks { " --clocks" } else { "" };
    let (seed, withdrawals) = (script.seed, script.withdrawals);
    format!("sluice-sim --seed {seed}{shape}{clocks} --withdrawals {withdrawals}{without} --trace")
}
