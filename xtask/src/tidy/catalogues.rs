//! Everything a person reads exists in Korean and English: a catalogue is a pair `en.json` and `ko.json` in
//! one folder, with the same keys and, in each text, the same `{placeholders}`.

use super::Finding;
use super::tree::{Tree, line_of};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

const PAIR: [&str; 2] = ["en.json", "ko.json"];

/// Compares the two languages of every catalogue.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let is_language =
        |path: &str| PAIR.iter().any(|name| path == *name || path.ends_with(&format!("/{name}")));
    let folders: BTreeSet<&str> = tree
        .texts()
        .filter(|(path, _)| is_language(path))
        .map(|(path, _)| path.rsplit_once('/').map_or("", |(folder, _)| folder))
        .collect();
    folders.into_iter().flat_map(|folder| check_pair(tree, folder)).collect()
}

/// One language: the text of the file, and what it says by key.
struct Language<'a> {
    path: String,
    source: &'a str,
    says: BTreeMap<String, String>,
}

impl Language<'_> {
    fn finding(&self, key: &str, what: String) -> Finding {
        let last = key.rsplit('.').next().unwrap_or(key);
        // Keys are looked for as written whole, then as the innermost name of a nested one.
        let at = [key, last].iter().find_map(|name| self.source.find(&format!("\"{name}\"")));
        Finding::new(&self.path, at.map_or(1, |at| line_of(self.source, at)), what)
    }
}

fn check_pair(tree: &Tree, folder: &str) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut languages = Vec::new();
    for name in PAIR {
        let path = if folder.is_empty() { name.to_owned() } else { format!("{folder}/{name}") };
        match read(tree, &path) {
            Ok(language) => {
                findings.extend(empty_texts(&language));
                languages.push(language);
            }
            Err(finding) => findings.push(finding),
        }
    }
    if let [en, ko] = languages.as_slice() {
        findings.extend(missing_keys(en, ko));
        findings.extend(missing_keys(ko, en));
        findings.extend(other_placeholders(en, ko));
    }
    findings
}

fn read<'a>(tree: &'a Tree, path: &str) -> Result<Language<'a>, Finding> {
    let Some(source) = tree.text(path) else {
        return Err(Finding::new(path, 1, "is missing: write the other language of this catalogue"));
    };
    let json: Value = serde_json::from_str(source).map_err(|error| {
        Finding::new(path, error.line().max(1), format!("is not JSON ({error}): repair it"))
    })?;
    let mut language = Language { path: path.to_owned(), source, says: BTreeMap::new() };
    match flatten("", &json, &mut language.says) {
        Ok(()) if json.is_object() => Ok(language),
        Ok(()) => Err(Finding::new(path, 1, "is no catalogue: make it an object of texts by key")),
        Err(key) => {
            Err(language
                .finding(&key, format!("`{key}` is no text: make it a string, or an object of strings")))
        }
    }
}

fn flatten(prefix: &str, value: &Value, into: &mut BTreeMap<String, String>) -> Result<(), String> {
    match value {
        Value::String(text) => {
            into.insert(prefix.to_owned(), text.clone());
            Ok(())
        }
        Value::Object(map) => map.iter().try_for_each(|(key, value)| {
            let key = if prefix.is_empty() { key.clone() } else { format!("{prefix}.{key}") };
            flatten(&key, value, into)
        }),
        _ => Err(prefix.to_owned()),
    }
}

fn empty_texts(language: &Language<'_>) -> Vec<Finding> {
    let empty = language.says.iter().filter(|(_, text)| text.trim().is_empty());
    empty.map(|(key, _)| language.finding(key, format!("`{key}` is empty: write the text"))).collect()
}

fn missing_keys(one: &Language<'_>, other: &Language<'_>) -> Vec<Finding> {
    let missing = one.says.keys().filter(|key| !other.says.contains_key(*key));
    missing
        .map(|key| {
            one.finding(
                key,
                format!("`{key}` is missing in {}: translate it there, or take it out", other.path),
            )
        })
        .collect()
}

fn other_placeholders(en: &Language<'_>, ko: &Language<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (key, text) in &ko.says {
        let Some(english) = en.says.get(key) else { continue };
        let (wanted, found) = (placeholders(english), placeholders(text));
        if wanted != found {
            let what = format!(
                "`{key}` has {} and English has {}: use the same ones",
                listed(&found),
                listed(&wanted)
            );
            findings.push(ko.finding(key, what));
        }
    }
    findings
}

/// The names between braces; a doubled brace is a brace in the text.
fn placeholders(text: &str) -> BTreeSet<String> {
    let text = text.replace("{{", "").replace("}}", "");
    let inside = text.split('{').skip(1).filter_map(|part| part.split_once('}'));
    inside.map(|(name, _)| name.split([',', ':']).next().unwrap_or(name).trim().to_owned()).collect()
}

fn listed(names: &BTreeSet<String>) -> String {
    if names.is_empty() {
        return "no placeholder".to_owned();
    }
    names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn found(en: &str, ko: &str) -> Vec<String> {
        let tree = Tree::of(&[("crates/api/catalog/en.json", en), ("crates/api/catalog/ko.json", ko)]);
        lines(check(&tree))
    }

    #[test]
    fn two_languages_that_say_the_same_pass() {
        let en = r#"{"limit": "At most {max} per {window}.", "held": {"2fa": "Waits. {{}}"}}"#;
        let ko = r#"{"held": {"2fa": "대기"}, "limit": "{window}당 최대 {max}"}"#;
        assert_eq!(found(en, ko), [""; 0]);
    }

    #[test]
    fn a_key_in_one_language_only_is_found_on_its_line() {
        let found = found("{\n\"a\": \"A\",\n\"b\": \"B\"\n}", "{\"a\": \"가\"}");
        let what = "`b` is missing in crates/api/catalog/ko.json: translate it there, or take it out";
        assert_eq!(found, [format!("crates/api/catalog/en.json:3: {what}")]);
        assert_eq!(super::tests::found("{}", "{\"a\": \"가\"}").len(), 1, "the other way round too");
    }

    #[test]
    fn an_empty_text_is_found() {
        assert!(found(r#"{"a": " "}"#, r#"{"a": "가"}"#)[0].contains("`a` is empty"));
    }

    #[test]
    fn another_placeholder_is_found() {
        let found = found(r#"{"a": "{max} of {asset}"}"#, r#"{"a": "{max}"}"#);
        assert!(found[0].contains("has {max} and English has {asset} {max}"), "{found:?}");
    }

    #[test]
    fn a_lonely_broken_or_shapeless_file_is_found() {
        let lonely = lines(check(&Tree::of(&[("a/en.json", "{}")])));
        assert!(lonely[0].starts_with("a/ko.json:1: is missing"), "{lonely:?}");
        assert!(found("{", "{}")[0].contains("is not JSON"));
        assert!(found("\n{\"a\": 1}", "{}")[0].starts_with("crates/api/catalog/en.json:2: `a` is no text"));
        assert!(found("\"a\"", "{}")[0].contains("is no catalogue"));
    }
}
