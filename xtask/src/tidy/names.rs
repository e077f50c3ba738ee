//! Folders and modules are named after what they know. A name that fits everything gathers everything.

use super::Finding;
use super::rust::{code_of, words};
use super::tree::Tree;

const BANNED: &[&str] = &["common", "util", "utils", "helper", "helpers", "types", "misc"];

/// Endings of files whose name is the name of a module.
const MODULES: &[&str] = &["rs", "sh", "py", "mjs", "js", "ts", "tsx", "sol"];

/// Looks at the last part of every path (its folders are paths of their own) and at inline modules.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings: Vec<Finding> = tree.paths().filter_map(judge_path).collect();
    for (path, text) in tree.ending_in(".rs") {
        let code = code_of(text);
        for pair in words(&code).windows(2) {
            let inline = pair[1].after.trim_start().starts_with('{');
            if pair[0].text == "mod" && inline && BANNED.contains(&pair[1].text) {
                findings.push(Finding::new(path, pair[1].line, what(pair[1].text)));
            }
        }
    }
    findings
}

fn judge_path(path: &str) -> Option<Finding> {
    let last = path.rsplit('/').next()?;
    let name = match last.split_once('.') {
        Some((name, ending)) if MODULES.contains(&ending) => name,
        _ => last,
    };
    BANNED.contains(&name).then(|| Finding::new(path, 1, what(name)))
}

fn what(name: &str) -> String {
    format!("`{name}` says nothing about what is inside: name it after what it knows, or move it to its user")
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn names_that_say_something_pass() {
        let tree = Tree::of(&[
            ("crates/core/src/amount.rs", "mod tests { fn utils() {} } // mod utils {"),
            ("docs/common.md", ""),
            ("crates/core/src/type.rs", ""),
        ]);
        assert_eq!(lines(check(&tree)), [""; 0]);
    }

    #[test]
    fn folders_files_and_inline_modules_are_found() {
        let tree = Tree::of(&[
            ("crates/core/src/utils/a.rs", ""),
            ("crates/core/tests/common.rs", ""),
            ("crates/core/src/lib.rs", "\nmod helpers {\n}"),
        ]);
        let found = lines(check(&tree));
        assert_eq!(found.len(), 3);
        assert!(found[0].starts_with("crates/core/src/utils:1: `utils`"), "{found:?}");
        assert!(found[1].starts_with("crates/core/tests/common.rs:1: `common`"), "{found:?}");
        assert!(found[2].starts_with("crates/core/src/lib.rs:2: `helpers`"), "{found:?}");
    }
}
