//! Nothing half-done lands: what is not done is an issue, not a marker in the source.

use super::Finding;
use super::rust::{code_of, words};
use super::tree::Tree;

const MACROS: &[&str] = &["todo", "unimplemented"];

/// In two halves, so that this file passes its own check.
const MARKERS: &[&str] = &[concat!("TO", "DO"), concat!("FIX", "ME")];

/// Prose may speak about markers, source may not carry them.
const PROSE: &[&str] = &[".md", ".json"];

/// Looks for macros in Rust code and for markers everywhere in source files.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.texts().filter(|(path, _)| !PROSE.iter().any(|ending| path.ends_with(ending))) {
        if path.ends_with(".rs") {
            findings.extend(macros(path, text));
        }
        // Markers stand in comments and texts, so nothing is blanked out here.
        for word in words(text).iter().filter(|word| MARKERS.contains(&word.text)) {
            let what = format!(
                "`{}` marks something unfinished: finish it, or write an issue and take the mark out",
                word.text
            );
            findings.push(Finding::new(path, word.line, what));
        }
    }
    findings
}

fn macros(path: &str, text: &str) -> Vec<Finding> {
    let code = code_of(text);
    let called =
        words(&code).into_iter().filter(|word| MACROS.contains(&word.text) && word.after.starts_with('!'));
    called
        .map(|word| {
            Finding::new(
                path,
                word.line,
                format!("`{}!` panics when it is reached: write the code, or a typed refusal", word.text),
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn finished_source_and_prose_pass() {
        let marker = format!("No {} in this house.", MARKERS[0]);
        let tree = Tree::of(&[("STYLE.md", marker.as_str()), ("a.rs", "let todo = \"todo!()\"; // todo!()")]);
        assert_eq!(lines(check(&tree)), [""; 0]);
    }

    #[test]
    fn macros_and_markers_are_found() {
        let script = format!("\n# {}: quote this", MARKERS[1]);
        let tree = Tree::of(&[("a.rs", "fn a() {\n    todo!()\n}"), ("scripts/b.sh", script.as_str())]);
        let found = lines(check(&tree));
        assert_eq!(found.len(), 2);
        assert!(found[0].starts_with("a.rs:2: `todo!` panics"), "{found:?}");
        assert!(found[1].starts_with("scripts/b.sh:2: "), "{found:?}");
    }
}
