//! Which third-party crates are banned, and which only some of our crates may name: the `bans.deny` list of
//! deny.toml, so that tidy and cargo-deny cannot disagree. Tidy judges our direct dependencies and outright
//! bans; cargo-deny also judges which third-party crate brings another one along.

use super::Finding;
use super::metadata::Metadata;
use super::tree::{Tree, line_of};
use toml::{Table, Value};

/// The file both tools read.
pub const POLICY: &str = "deny.toml";

/// Parses deny.toml; the error is a finding.
pub fn policy(tree: &Tree) -> Result<Table, Finding> {
    let text = tree.text(POLICY).ok_or_else(|| Finding::new(POLICY, 1, "is missing: restore it from git"))?;
    text.parse::<Table>().map_err(|error| {
        let line = error.span().map_or(1, |span| line_of(text, span.start));
        Finding::new(POLICY, line, format!("is not valid TOML ({}): repair it", error.message()))
    })
}

struct Ban<'a> {
    name: &'a str,
    /// None: banned outright.
    wrappers: Option<Vec<&'a str>>,
    reason: &'a str,
}

/// Compares the graph with the list.
pub fn check(tree: &Tree, metadata: &Metadata) -> Vec<Finding> {
    let table = match policy(tree) {
        Ok(table) => table,
        Err(finding) => return vec![finding],
    };
    let entries = table.get("bans").and_then(|bans| bans.get("deny")).and_then(Value::as_array);
    let mut findings = Vec::new();
    for entry in entries.into_iter().flatten() {
        match read_ban(entry) {
            Some(ban) => findings.extend(judge(tree, metadata, &ban)),
            None => findings.push(Finding::new(
                POLICY,
                1,
                format!("`{entry}` is no ban: give `crate` and `reason`"),
            )),
        }
    }
    findings
}

fn read_ban(entry: &Value) -> Option<Ban<'_>> {
    let wrappers = match entry.get("wrappers") {
        Some(list) => Some(list.as_array()?.iter().map(Value::as_str).collect::<Option<Vec<_>>>()?),
        None => None,
    };
    Some(Ban { name: entry.get("crate")?.as_str()?, wrappers, reason: entry.get("reason")?.as_str()? })
}

fn judge(tree: &Tree, metadata: &Metadata, ban: &Ban<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in
        metadata.ours().filter(|package| package.normal().any(|dependency| dependency.name == ban.name))
    {
        let (path, line) = package.place_of(tree, ban.name);
        let what = match &ban.wrappers {
            Some(allowed) if allowed.contains(&package.name.as_str()) => continue,
            Some(allowed) => {
                let ours: Vec<_> =
                    allowed.iter().filter(|name| name.starts_with("sluice-")).copied().collect();
                format!("`{}` belongs to {} ({}): go through them", ban.name, ours.join(", "), ban.reason)
            }
            None => format!("`{}` is banned ({}): take it out", ban.name, ban.reason),
        };
        findings.push(Finding::new(path, line, what));
    }
    if ban.wrappers.is_none() {
        for parent in metadata.parents_of(ban.name).filter(|parent| parent.folder.is_none()) {
            let what = format!(
                "`{}` {} brings in `{}`, which is banned ({}): turn off the feature that does",
                parent.name, parent.version, ban.name, ban.reason
            );
            findings.push(Finding::new("Cargo.toml", 1, what));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::super::metadata::sample::{graph, ours, stranger};
    use super::*;

    const SAMPLE: &str = r#"
[bans]
deny = [
    { crate = "sqlx", wrappers = ["sluice-store", "sqlx-postgres"], reason = "one place" },
    { crate = "openssl-sys", reason = "rustls only" },
]
"#;

    fn found(packages: &[serde_json::Value]) -> Vec<String> {
        let manifest = "[dependencies]\nsqlx.workspace = true\n";
        lines(check(&Tree::of(&[(POLICY, SAMPLE), ("crates/flow/Cargo.toml", manifest)]), &graph(packages)))
    }

    #[test]
    fn a_wrapper_and_a_test_may_name_the_crate() {
        assert_eq!(found(&[ours("sluice-store", &["sqlx"]), ours("sluice-flow", &["dev:sqlx"])]), [""; 0]);
    }

    #[test]
    fn others_may_not_name_it() {
        let found = found(&[ours("sluice-flow", &["optional:sqlx"])]);
        let expected =
            "crates/flow/Cargo.toml:2: `sqlx` belongs to sluice-store (one place): go through them";
        assert_eq!(found, [expected]);
    }

    #[test]
    fn a_ban_reaches_through_strangers() {
        let found = found(&[
            ours("sluice-store", &["sqlx"]),
            stranger("sqlx", "MIT", &["openssl-sys"]),
            stranger("openssl-sys", "MIT", &[]),
        ]);
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("`sqlx` 1.0.0 brings in `openssl-sys`"), "{found:?}");
    }

    #[test]
    fn a_missing_or_broken_policy_is_a_finding() {
        let none = graph(&[]);
        assert_eq!(lines(check(&Tree::of(&[]), &none)), ["deny.toml:1: is missing: restore it from git"]);
        let broken = lines(check(&Tree::of(&[(POLICY, "[bans]\ndeny = [")]), &none));
        assert!(broken[0].starts_with("deny.toml:2: is not valid TOML"), "{broken:?}");
        let vague = lines(check(&Tree::of(&[(POLICY, "[bans]\ndeny = [{ crate = \"a\" }]")]), &none));
        assert!(vague[0].contains("is no ban"), "{vague:?}");
    }
}
