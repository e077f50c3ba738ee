//! Who may depend on whom inside the workspace: the map of DESIGN section 3, as a table.
//!
//! A boundary exists only where breaking it loses money, keys or replayability, so there are no exceptions:
//! a new edge is a change of the table, and of the ADR that explains it.

use super::Finding;
use super::metadata::{Metadata, Package};
use super::tree::Tree;

/// A crate and the crates of ours it may depend on, by their names without `sluice-`.
const EDGES: &[(&str, &[&str])] = &[
    ("core", &[]),
    ("codec", &["core"]),
    ("flow", &["core", "codec"]),
    ("store", &["core"]),
    ("chain", &["core", "codec"]),
    ("signer", &["core", "codec"]),
    ("outbound", &["core"]),
    ("api", &[]),
    ("http", &["core", "flow", "api"]),
    ("devnet", &["codec"]),
    ("mutant", &["core"]),
    ("sim", &["core", "codec", "flow", "store", "chain", "signer", "mutant"]),
    ("audit", &[]),
    (
        "app",
        &[
            "core", "codec", "flow", "store", "chain", "signer", "outbound", "api", "http", "devnet",
            "mutant", "audit",
        ],
    ),
    ("bench", &["devnet"]),
    ("xtask", &[]),
];

/// What judges the engine shares nothing with it, also in its tests: these may name nothing else of ours there.
const TESTED_WITH: &[(&str, &[&str])] = &[("audit", &["devnet"])];

/// Release images are built without these.
const BEHIND_A_FEATURE: &[(&str, &str)] = &[("app", "devnet"), ("app", "mutant")];

/// The features of a release image: what `cargo build --release` turns on unasked.
const ON_BY_DEFAULT: &[&str] = &[];

/// The simulator looks at everything, so nothing may look back, not even a test.
const NEVER_DEPENDED_ON: &str = "sim";

/// Compares every manifest with the table.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    let ours: Vec<&str> = metadata.ours().map(|package| package.name.as_str()).collect();
    let edges = metadata.ours().flat_map(|package| check_package(tree, package, &ours));
    edges.chain(check_defaults(tree)).collect()
}

/// What is behind a feature is out of release images only while nothing turns the feature on by itself.
fn check_defaults(tree: &Tree) -> Vec<Finding> {
    let path = "crates/app/Cargo.toml";
    let text = tree.text(path).unwrap_or_default();
    let manifest: toml::Table = text.parse().unwrap_or_default();
    let features = manifest.get("features").and_then(|features| features.get("default")?.as_array());
    let on = features.into_iter().flatten().filter_map(toml::Value::as_str);
    on.filter(|feature| !ON_BY_DEFAULT.contains(feature))
        .map(|feature| {
            let line = 1 + text.lines().take_while(|line| !line.starts_with("default")).count();
            let what =
                format!("`cargo build --release` would turn `{feature}` on: ask for it where it is needed");
            Finding::new(path, line, what)
        })
        .collect()
}

fn check_package(tree: &Tree, package: &Package, ours: &[&str]) -> Vec<Finding> {
    let from = short(&package.name);
    let Some((_, allowed)) = EDGES.iter().find(|(name, _)| *name == from) else {
        let (path, line) = package.place_of(tree, "name");
        let what = format!(
            "`{from}` is not in the crate map: make it a module, or add it to the map and to tidy/edges.rs"
        );
        return vec![Finding::new(path, line, what)];
    };
    let mut findings = Vec::new();
    for dependency in
        package.dependencies.iter().filter(|dependency| ours.contains(&dependency.name.as_str()))
    {
        let to = short(&dependency.name);
        if dependency.dev && to == from {
            continue; // it asks for a feature of its own in its tests
        }
        let what = if to == NEVER_DEPENDED_ON {
            format!(
                "nothing may depend on `{to}`, not even a test of `{from}`: move what is shared out of it"
            )
        } else if !dependency.dev && !allowed.contains(&to) {
            format!(
                "`{from}` may not depend on `{to}` ({}): pass the value in, or go through a port",
                may(allowed)
            )
        } else if let Some(alone) = TESTED_WITH.iter().find(|(name, _)| *name == from)
            && dependency.dev
            && !alone.1.contains(&to)
        {
            format!(
                "`{from}` judges the engine, so that its tests may use {} and not `{to}`",
                alone.1.join(", ")
            )
        } else if BEHIND_A_FEATURE.contains(&(from, to)) && !dependency.optional {
            format!("`{from}` links `{to}` in release images: make it optional, behind a feature")
        } else {
            continue;
        };
        let (path, line) = package.place_of(tree, &dependency.name);
        findings.push(Finding::new(path, line, what));
    }
    findings
}

fn may(allowed: &[&str]) -> String {
    if allowed.is_empty() { "on none of ours".to_owned() } else { format!("only on {}", allowed.join(", ")) }
}

fn short(name: &str) -> &str {
    name.strip_prefix("sluice-").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::super::metadata::sample::{graph, ours};
    use super::*;

    fn found(packages: &[serde_json::Value]) -> Vec<String> {
        let manifest = "[package]\n[dependencies]\nsluice-store.workspace = true\n";
        lines(check(&Tree::of(&[("crates/flow/Cargo.toml", manifest)]), &graph(packages)))
    }

    #[test]
    fn the_edges_of_the_map_pass() {
        let packages = [
            ours("sluice-core", &[]),
            ours("sluice-store", &["sluice-core"]),
            ours("sluice-devnet", &[]),
            ours("sluice-app", &["sluice-store", "optional:sluice-devnet"]),
            ours("sluice-flow", &["sluice-core", "dev:sluice-store"]),
        ];
        assert_eq!(found(&packages), [""; 0]);
    }

    #[test]
    fn an_edge_that_is_not_on_the_map_is_found_at_its_line() {
        let found = found(&[ours("sluice-store", &[]), ours("sluice-flow", &["sluice-store"])]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0].starts_with("crates/flow/Cargo.toml:3: `flow` may not depend on `store`"),
            "{found:?}"
        );
    }

    #[test]
    fn not_even_a_test_depends_on_the_simulator() {
        let found = found(&[ours("sluice-sim", &[]), ours("sluice-flow", &["dev:sluice-sim"])]);
        assert!(found[0].contains("nothing may depend on `sim`"), "{found:?}");
    }

    #[test]
    fn the_auditor_shares_nothing_with_what_it_judges_not_even_in_its_tests() {
        let judged = |dependency| {
            found(&[
                ours("sluice-core", &[]),
                ours("sluice-devnet", &[]),
                ours("sluice-audit", &[dependency]),
            ])
        };
        assert_eq!(judged("dev:sluice-devnet"), [""; 0]);
        assert!(judged("sluice-core")[0].contains("`audit` may not depend on `core` (on none of ours)"));
        assert!(judged("dev:sluice-core")[0].contains("its tests may use devnet and not `core`"));
    }

    #[test]
    fn the_devnet_stays_out_of_release_images() {
        let found = found(&[ours("sluice-devnet", &[]), ours("sluice-app", &["sluice-devnet"])]);
        assert!(found[0].contains("make it optional"), "{found:?}");
    }

    #[test]
    fn a_feature_that_turns_itself_on_in_release_images_is_found() {
        let found = |manifest| lines(check_defaults(&Tree::of(&[("crates/app/Cargo.toml", manifest)])));
        assert_eq!(found("[features]\ndefault = []\ndev = []\n"), [""; 0]);
        let dev = found("[features]\ndefault = [\"dev\"]\ndev = []\n");
        assert!(
            dev[0].starts_with("crates/app/Cargo.toml:2: `cargo build --release` would turn `dev` on"),
            "{dev:?}"
        );
    }

    #[test]
    fn a_package_may_ask_for_a_feature_of_its_own_in_its_tests() {
        assert_eq!(found(&[ours("sluice-app", &["dev:sluice-app"])]), [""; 0]);
    }

    #[test]
    fn a_crate_that_is_not_on_the_map_is_found() {
        assert!(found(&[ours("sluice-common", &[])])[0].contains("`common` is not in the crate map"));
    }
}
