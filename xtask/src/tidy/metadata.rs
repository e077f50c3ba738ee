//! What `cargo metadata` says about our crates and everything they pull in.

use super::tree::{Tree, line_of};
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;

/// The packages of the dependency graph, all features on.
#[derive(Debug)]
pub struct Metadata {
    packages: Vec<Package>,
}

/// One package, ours or a stranger's.
#[derive(Debug)]
pub struct Package {
    /// As in its manifest.
    pub name: String,
    /// As in its manifest.
    pub version: String,
    /// The SPDX expression, when it declares one.
    pub licence: Option<String>,
    /// The folder of the manifest, relative to the workspace; only our packages have one.
    pub folder: Option<String>,
    /// What its manifest asks for.
    pub dependencies: Vec<Dependency>,
    /// What the graph really links to it, without dev-dependencies.
    pub linked: Vec<String>,
}

/// One line of a manifest.
#[derive(Debug)]
pub struct Dependency {
    /// The name of the package, not of a rename.
    pub name: String,
    /// For tests only.
    pub dev: bool,
    /// Behind a feature.
    pub optional: bool,
}

impl Package {
    /// The dependencies that reach the program: everything but those of tests.
    pub fn normal(&self) -> impl Iterator<Item = &Dependency> {
        self.dependencies.iter().filter(|dependency| !dependency.dev)
    }

    /// Where the manifest names `dependency`: path and line. A rename or another table leaves line 1.
    pub fn place_of(&self, tree: &Tree, dependency: &str) -> (String, usize) {
        let path = format!("{}/Cargo.toml", self.folder.as_deref().unwrap_or(&self.name));
        let text = tree.text(&path).unwrap_or_default();
        let names = |line: &str| {
            let line = line.trim_start().trim_matches(['[', ']']);
            let key = line.rsplit_once("dependencies.").map_or(line, |(_, key)| key);
            let rest = key.strip_prefix(dependency)?;
            (rest.is_empty() || rest.starts_with(['.', ' ', '='])).then_some(())
        };
        let at = text.split_inclusive('\n').scan(0, |at, line| {
            *at += line.len();
            Some((*at - line.len(), line.trim_end()))
        });
        let line =
            at.into_iter().find(|(_, line)| names(line).is_some()).map_or(1, |(at, _)| line_of(text, at));
        (path, line)
    }
}

impl Metadata {
    /// Asks cargo, which downloads the sources of dependencies it has not seen yet.
    pub fn load(root: &Path) -> Result<Self, String> {
        let output = Command::new("cargo")
            .args(["metadata", "--format-version", "1", "--all-features"])
            .current_dir(root)
            .output()
            .map_err(|error| format!("cargo cannot be started ({error}), install Rust with rustup"))?;
        if !output.status.success() {
            let said = String::from_utf8_lossy(&output.stderr);
            return Err(format!("cargo metadata failed, repair what it names: {}", said.trim()));
        }
        let json = serde_json::from_slice(&output.stdout)
            .map_err(|error| format!("cargo metadata printed no JSON ({error}), update cargo"))?;
        Self::from_json(&json)
            .ok_or_else(|| "cargo metadata has another shape than format 1, update xtask".into())
    }

    /// Reads the JSON of format version 1. None when it is not that.
    pub fn from_json(json: &Value) -> Option<Self> {
        let root = json.get("workspace_root")?.as_str()?;
        let listed = json.get("packages")?.as_array()?;
        let mut names = BTreeMap::new();
        for package in listed {
            names.insert(package.get("id")?.as_str()?, package.get("name")?.as_str()?);
        }
        let mut linked = BTreeMap::new();
        for node in json.get("resolve")?.get("nodes")?.as_array()? {
            linked.insert(node.get("id")?.as_str()?, linked_names(node, &names)?);
        }
        let mut packages = Vec::new();
        for package in listed {
            let id = package.get("id")?.as_str()?;
            packages.push(read_package(package, root, linked.remove(id).unwrap_or_default())?);
        }
        Some(Self { packages })
    }

    /// Our own packages.
    pub fn ours(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.folder.is_some())
    }

    /// Everybody else's.
    pub fn strangers(&self) -> impl Iterator<Item = &Package> {
        self.packages.iter().filter(|package| package.folder.is_none())
    }

    /// The packages that link `name`, ours and others.
    pub fn parents_of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Package> {
        self.packages.iter().filter(move |package| package.linked.iter().any(|linked| linked == name))
    }
}

fn linked_names(node: &Value, names: &BTreeMap<&str, &str>) -> Option<Vec<String>> {
    let mut linked = Vec::new();
    for dep in node.get("deps")?.as_array()? {
        let kinds = dep.get("dep_kinds")?.as_array()?;
        if kinds.iter().any(|kind| kind["kind"] != "dev") {
            linked.push((*names.get(dep.get("pkg")?.as_str()?)?).to_owned());
        }
    }
    Some(linked)
}

fn read_package(package: &Value, root: &str, linked: Vec<String>) -> Option<Package> {
    let text = |key: &str| package.get(key).and_then(Value::as_str).map(str::to_owned);
    let manifest = text("manifest_path")?;
    let ours = package.get("source").is_none_or(Value::is_null);
    let folder = manifest
        .strip_prefix(root)
        .and_then(|path| path.trim_start_matches('/').strip_suffix("/Cargo.toml"))
        .filter(|_| ours)
        .map(str::to_owned);
    let mut dependencies = Vec::new();
    for dependency in package.get("dependencies")?.as_array()? {
        dependencies.push(Dependency {
            name: dependency.get("name")?.as_str()?.to_owned(),
            dev: dependency.get("kind").and_then(Value::as_str) == Some("dev"),
            optional: dependency.get("optional").and_then(Value::as_bool).unwrap_or(false),
        });
    }
    Some(Package {
        name: text("name")?,
        version: text("version")?,
        licence: text("license"),
        folder,
        dependencies,
        linked,
    })
}

/// Small graphs for the tests of the rules.
#[cfg(test)]
pub mod sample {
    use super::*;
    use serde_json::json;

    /// One package of ours in `crates/<name without prefix>`: its dependencies are `name`, `dev:name` or
    /// `optional:name`.
    pub fn ours(name: &str, dependencies: &[&str]) -> Value {
        let folder = match name.strip_prefix("sluice-") {
            Some(short) => format!("crates/{short}"),
            None => name.to_owned(),
        };
        package(name, &format!("/clone/{folder}/Cargo.toml"), Value::Null, "MIT", dependencies)
    }

    /// One package from the registry.
    pub fn stranger(name: &str, licence: &str, dependencies: &[&str]) -> Value {
        package(name, &format!("/registry/{name}/Cargo.toml"), json!("registry+there"), licence, dependencies)
    }

    fn package(name: &str, manifest: &str, source: Value, licence: &str, dependencies: &[&str]) -> Value {
        let dependencies: Vec<Value> = dependencies
            .iter()
            .map(|dependency| {
                let (kind, name) = dependency.split_once(':').unwrap_or(("", dependency));
                let dev = if kind == "dev" { json!("dev") } else { Value::Null };
                json!({"name": name, "kind": dev, "optional": kind == "optional"})
            })
            .collect();
        json!({"id": name, "name": name, "version": "1.0.0", "manifest_path": manifest, "source": source,
            "license": licence, "dependencies": dependencies})
    }

    /// The graph of these packages, every dependency that is present linked.
    pub fn graph(packages: &[Value]) -> Metadata {
        let present = |name: &Value| packages.iter().any(|package| package["name"] == *name);
        let nodes: Vec<Value> = packages.iter().map(|package| {
            let deps: Vec<Value> = package["dependencies"].as_array().into_iter().flatten()
                .filter(|dependency| present(&dependency["name"]))
                .map(|dependency| json!({"pkg": dependency["name"], "dep_kinds": [{"kind": dependency["kind"]}]}))
                .collect();
            json!({"id": package["id"], "deps": deps})
        }).collect();
        Metadata::from_json(
            &json!({"workspace_root": "/clone", "packages": packages, "resolve": {"nodes": nodes}}),
        )
        .expect("the sample has the shape of format 1")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ours_are_told_from_strangers_by_their_source() {
        let graph = sample::graph(&[
            sample::ours("sluice-core", &["serde", "dev:proptest"]),
            sample::stranger("serde", "MIT", &[]),
            sample::stranger("proptest", "MIT", &[]),
        ]);
        let core = graph.ours().next().expect("one package is ours");
        assert_eq!((core.name.as_str(), core.folder.as_deref()), ("sluice-core", Some("crates/core")));
        assert_eq!(core.linked, ["serde"], "what only tests link is not linked");
        assert_eq!(graph.strangers().count(), 2);
    }

    #[test]
    fn a_dependency_is_found_on_its_line() {
        let graph = sample::graph(&[sample::ours("sluice-core", &[])]);
        let core = graph.ours().next().expect("one package is ours");
        let manifest =
            "[package]\n[dependencies]\nserde_json.workspace = true\nserde = \"1\"\n[dependencies.ruint]\n";
        let tree = Tree::of(&[("crates/core/Cargo.toml", manifest)]);
        let line = |name| core.place_of(&tree, name).1;
        assert_eq!((line("serde_json"), line("serde"), line("ruint"), line("absent")), (3, 4, 5, 1));
    }

    #[test]
    fn another_shape_is_refused() {
        assert!(Metadata::from_json(&serde_json::json!({"packages": []})).is_none());
    }
}
