//! Coverage as text: which fault struck which port method and which stage, and how often.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::faults::{Coverage, Fault, METHODS, STAGES};

/// One phrase: how many pairs of fault and method were struck.
pub fn summary(coverage: &Coverage) -> String {
    let ports: BTreeSet<_> = coverage.keys().filter(|(_, place)| *place != "chain").collect();
    let weather = coverage.keys().filter(|(_, place)| *place == "chain").count();
    let struck: u64 = coverage.values().sum();
    let all = METHODS.len() * Fault::ALL.len();
    format!("{struck} faults, {} of {all} fault x method pairs, {weather} kinds of weather", ports.len())
}

/// One phrase: how often the rarest pair of fault and stage was struck.
pub fn summary_of_stages(staged: &Coverage) -> String {
    let rarest =
        pairs().map(|(fault, stage)| (hits(staged, fault, stage), fault, stage)).min_by_key(|it| it.0);
    let all = STAGES.len() * Fault::ALL.len();
    rarest.map_or_else(String::new, |(hits, fault, stage)| {
        format!("each of {all} fault x stage pairs at least {hits} times ({} in {stage})", fault.as_str())
    })
}

/// Pairs of fault and stage that were struck less often than this.
pub fn rare(staged: &Coverage, hits_min: u64) -> Vec<(&'static str, &'static str, u64)> {
    let hits = pairs().map(|(fault, stage)| (fault.as_str(), stage, hits(staged, fault, stage)));
    hits.filter(|(_, _, hits)| *hits < hits_min).collect()
}

fn pairs() -> impl Iterator<Item = (Fault, &'static str)> {
    STAGES.iter().flat_map(|stage| Fault::ALL.map(|fault| (fault, *stage)))
}

fn hits(coverage: &Coverage, fault: Fault, place: &'static str) -> u64 {
    coverage.get(&(fault.as_str(), place)).copied().unwrap_or(0)
}

/// Faults by method, and the weather.
pub fn text(coverage: &Coverage) -> String {
    let mut out = grid(METHODS, coverage);
    for ((what, place), count) in coverage {
        if *place == "chain" {
            line(&mut out, what, &[count.to_string()]);
        }
    }
    out
}

/// Faults by stage.
pub fn stages(staged: &Coverage) -> String {
    grid(STAGES, staged)
}

fn grid(places: &[&'static str], coverage: &Coverage) -> String {
    let mut out = String::new();
    line(&mut out, "", &Fault::ALL.map(|fault| fault.as_str().to_owned()));
    for place in places {
        line(&mut out, place, &Fault::ALL.map(|fault| hits(coverage, fault, place).to_string()));
    }
    out
}

fn line(out: &mut String, name: &str, cells: &[String]) {
    let cells: String = cells.iter().map(|cell| format!("{cell:>13}")).collect();
    // Writing to a string cannot fail.
    let _written = writeln!(out, "{name:<26}{cells}");
}
