//! Coverage as text: which fault struck which port method, and how often.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::faults::{Coverage, Fault, METHODS};

/// One phrase: how many pairs of fault and method were struck.
pub fn summary(coverage: &Coverage) -> String {
    let ports: BTreeSet<_> = coverage.keys().filter(|(_, place)| *place != "chain").collect();
    let weather = coverage.keys().filter(|(_, place)| *place == "chain").count();
    let struck: u64 = coverage.values().sum();
    let all = METHODS.len() * Fault::ALL.len();
    format!("{struck} faults, {} of {all} fault x method pairs, {weather} kinds of weather", ports.len())
}

/// The whole table.
pub fn text(coverage: &Coverage) -> String {
    let mut out = String::new();
    let mut line = |name: &str, cells: &[String]| {
        let cells: String = cells.iter().map(|cell| format!("{cell:>13}")).collect();
        // Writing to a string cannot fail.
        let _written = writeln!(out, "{name:<26}{cells}");
    };
    line("", &Fault::ALL.map(|fault| fault.as_str().to_owned()));
    for method in METHODS {
        let count = |fault: Fault| coverage.get(&(fault.as_str(), *method)).copied().unwrap_or(0).to_string();
        line(method, &Fault::ALL.map(count));
    }
    for ((what, place), count) in coverage {
        if *place == "chain" {
            line(what, &[count.to_string()]);
        }
    }
    out
}
