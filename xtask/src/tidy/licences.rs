//! Every crate we link must be usable under a licence that deny.toml allows. Evaluates the SPDX expression
//! that each manifest declares: `OR` asks for one side, `AND` for both.

use super::Finding;
use super::bans::{POLICY, policy};
use super::metadata::{Metadata, Package};
use super::tree::Tree;
use toml::{Table, Value};

/// Judges every package that is not ours.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    // A broken policy is reported once, by `bans`.
    let Ok(policy) = policy(tree) else { return Vec::new() };
    let allowed = allowed(&policy, None);
    metadata.strangers().filter_map(|package| judge(package, &policy, &allowed)).collect()
}

fn judge(package: &Package, policy: &Table, allowed: &[&str]) -> Option<Finding> {
    let what = match &package.licence {
        None => "declares no licence".to_owned(),
        Some(licence) => {
            let excepted = self::allowed(policy, Some(&package.name));
            let passes = satisfied(licence, &|name| allowed.contains(&name) || excepted.contains(&name));
            if passes == Some(true) {
                return None;
            }
            format!("is under `{licence}`, which deny.toml does not allow")
        }
    };
    let what = format!(
        "`{}` {} {what}: take another crate, or write an exception with its reason",
        package.name, package.version
    );
    Some(Finding::new(POLICY, 1, what))
}

/// The licences allowed for all, or by the exceptions of one crate.
fn allowed<'a>(policy: &'a Table, exception_for: Option<&str>) -> Vec<&'a str> {
    let licences = policy.get("licenses");
    let names = |table: &'a Value| table.get("allow").and_then(Value::as_array).into_iter().flatten();
    let found: Vec<&Value> = match exception_for {
        None => licences.into_iter().flat_map(names).collect(),
        Some(name) => licences
            .and_then(|licences| licences.get("exceptions"))
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter(|exception| exception.get("crate").and_then(Value::as_str) == Some(name))
            .flat_map(names)
            .collect(),
    };
    found.into_iter().filter_map(Value::as_str).collect()
}

/// Whether the expression can be satisfied. None when it is no expression.
fn satisfied(expression: &str, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    // The old slash means OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut at = 0;
    let result = any(&words, &mut at, allowed)?;
    (at == words.len()).then_some(result)
}

fn any(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut result = all(words, at, allowed)?;
    while words.get(*at) == Some(&"OR") {
        *at += 1;
        result |= all(words, at, allowed)?;
    }
    Some(result)
}

fn all(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let mut result = one(words, at, allowed)?;
    while words.get(*at) == Some(&"AND") {
        *at += 1;
        result &= one(words, at, allowed)?;
    }
    Some(result)
}

fn one(words: &[&str], at: &mut usize, allowed: &dyn Fn(&str) -> bool) -> Option<bool> {
    let word = *words.get(*at)?;
    *at += 1;
    match word {
        "(" => {
            let result = any(words, at, allowed)?;
            *at += 1;
            (words.get(*at - 1) == Some(&")")).then_some(result)
        }
        ")" | "OR" | "AND" | "WITH" => None,
        name if words.get(*at) == Some(&"WITH") => {
            let exception = *words.get(*at + 1)?;
            *at += 2;
            Some(allowed(&format!("{name} WITH {exception}")) || allowed(name))
        }
        name => Some(allowed(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::super::metadata::sample::{graph, ours, stranger};
    use super::*;

    const SAMPLE: &str = r#"
[licenses]
allow = ["MIT", "Apache-2.0", "Unicode-3.0"]
exceptions = [{ crate = "odd", allow = ["MPL-2.0"] }]
"#;

    fn passes(licence: &str) -> bool {
        let graph = graph(&[stranger("a", licence, &[])]);
        check(&Tree::of(&[(POLICY, SAMPLE)]), &graph).is_empty()
    }

    #[test]
    fn one_side_of_or_and_both_sides_of_and_are_needed() {
        for licence in [
            "MIT",
            "MIT/GPL-3.0",
            "LGPL-2.1-or-later OR MIT",
            "(MIT OR GPL-3.0) AND Unicode-3.0",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(passes(licence), "{licence}");
        }
        for licence in
            ["GPL-3.0", "AGPL-3.0-only", "BUSL-1.1", "MIT AND GPL-3.0", "(MIT OR Apache-2.0) AND GPL-3.0"]
        {
            assert!(!passes(licence), "{licence}");
        }
    }

    #[test]
    fn what_is_no_expression_is_not_allowed() {
        for licence in ["", "MIT OR", "(MIT", "MIT Apache-2.0", "MIT)", "WITH MIT"] {
            assert!(!passes(licence), "{licence}");
        }
    }

    #[test]
    fn an_exception_counts_for_its_crate_only_and_ours_are_not_judged() {
        let graph = graph(&[
            ours("sluice-core", &["odd", "even"]),
            stranger("odd", "MPL-2.0", &[]),
            stranger("even", "MPL-2.0", &[]),
        ]);
        let found = lines(check(&Tree::of(&[(POLICY, SAMPLE)]), &graph));
        assert_eq!(found.len(), 1);
        assert!(found[0].starts_with("deny.toml:1: `even` 1.0.0 is under `MPL-2.0`"), "{found:?}");
    }
}
