//! `cargo xtask tidy`: the house rules, each a pure function from what is there to findings.
//!
//! To add a rule: a module here with `check`, its tests with one tree that passes and one that does not,
//! and a line in `findings`.

mod adr;
mod bans;
mod catalogues;
mod edges;
mod floats;
mod headers;
mod length;
mod licences;
mod links;
mod metadata;
mod names;
mod readmes;
mod rust;
mod tree;
mod unfinished;

use metadata::Metadata;
use std::fmt;
use std::path::Path;
use std::process::ExitCode;
use tree::Tree;

/// Something that breaks a rule. `what` says what is wrong and, after a colon or a comma, what to do.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    path: String,
    line: usize,
    what: String,
}

impl Finding {
    fn new(path: impl Into<String>, line: usize, what: impl Into<String>) -> Self {
        Self { path: path.into(), line, what: what.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.path, self.line, self.what)
    }
}

/// The command: prints every finding, and fails when there is one.
pub fn run(root: &Path) -> ExitCode {
    if passes(root) { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints every finding; true when there is none.
pub fn passes(root: &Path) -> bool {
    let tree = match Tree::load(root) {
        Ok(tree) => tree,
        Err(error) => {
            eprintln!("tidy: the work tree cannot be read ({error}): check its permissions.");
            return false;
        }
    };
    let metadata = match Metadata::load(root) {
        Ok(metadata) => metadata,
        Err(why) => {
            eprintln!("tidy: {why}.");
            return false;
        }
    };
    let findings = findings(&tree, &metadata);
    for finding in &findings {
        println!("{finding}");
    }
    match findings.len() {
        0 => println!("tidy: {} files keep the house rules", tree.texts().count()),
        1 => println!("tidy: 1 finding"),
        n => println!("tidy: {n} findings"),
    }
    findings.is_empty()
}

fn findings(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    let mut all = Vec::new();
    all.extend(edges::check(tree, metadata));
    all.extend(bans::check(tree, metadata));
    all.extend(licences::check(tree, metadata));
    all.extend(length::check(tree));
    all.extend(names::check(tree));
    all.extend(catalogues::check(tree));
    all.extend(floats::check(tree));
    all.extend(unfinished::check(tree));
    all.extend(headers::check(tree));
    all.extend(readmes::check(tree));
    all.extend(links::check(tree));
    all.extend(adr::check(tree));
    all.sort();
    all
}

/// The findings as a person sees them, for tests.
#[cfg(test)]
fn lines(findings: Vec<Finding>) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_reads_as_path_line_and_what() {
        let finding = Finding::new("a/b.rs", 7, "too long: split it");
        assert_eq!(finding.to_string(), "a/b.rs:7: too long: split it");
    }
}
