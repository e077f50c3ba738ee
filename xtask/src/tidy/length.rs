//! Files stay small enough to hold in the head.

use super::Finding;
use super::tree::Tree;

/// Past this a file says why, near its top: `//! Length: reason`.
const LINES_SOFT: usize = 400;
/// Past this no reason is good enough.
const LINES_HARD: usize = 600;
/// How far down "near its top" reaches.
const TOP_LINES: usize = 60;

/// Endings of the files that are measured, with what begins a comment there.
const MEASURED: &[(&str, &str)] = &[
    (".rs", "//!"),
    (".sql", "--"),
    (".sh", "#"),
    (".py", "#"),
    (".sol", "//"),
    (".mjs", "//"),
    (".js", "//"),
    (".ts", "//"),
    (".tsx", "//"),
    ("Makefile", "#"),
    (".ci/run", "#"),
];

/// Measures every source file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.texts().filter_map(|(path, text)| judge(path, text)).collect()
}

fn judge(path: &str, text: &str) -> Option<Finding> {
    let (_, comment) = MEASURED.iter().find(|(ending, _)| path.ends_with(ending))?;
    let lines = text.lines().count();
    if lines > LINES_HARD {
        let what =
            format!("{lines} lines, and no file may have more than {LINES_HARD}: split it by what it does");
        return Some(Finding::new(path, LINES_HARD + 1, what));
    }
    let explained = text.lines().take(TOP_LINES).any(|line| is_reason(line, comment));
    if lines > LINES_SOFT && !explained {
        let what = format!(
            "{lines} lines: split it, or say why near its top in a line `{comment} Length: <reason>`"
        );
        return Some(Finding::new(path, LINES_SOFT + 1, what));
    }
    None
}

fn is_reason(line: &str, comment: &str) -> bool {
    let reason = line.strip_prefix(comment).and_then(|rest| rest.trim_start().strip_prefix("Length:"));
    reason.is_some_and(|reason| !reason.trim().is_empty())
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn found(path: &str, first: &str, more: usize) -> Vec<String> {
        let text = format!("{first}\n{}", "x\n".repeat(more));
        lines(check(&Tree::of(&[(path, &text)])))
    }

    #[test]
    fn short_files_and_explained_ones_pass() {
        assert_eq!(found("a.rs", "//! A.", 399), [""; 0]);
        assert_eq!(found("a.rs", "//! Length: one table.", 599), [""; 0]);
        assert_eq!(found("a.sql", "-- Length: one table.", 500), [""; 0]);
        assert_eq!(found("openapi.json", "{", 5000), [""; 0]);
    }

    #[test]
    fn a_long_file_without_a_reason_is_found() {
        let found = found("a.rs", "//! Length:", 400);
        let remedy = "split it, or say why near its top in a line `//! Length: <reason>`";
        assert_eq!(found, [format!("a.rs:401: 401 lines: {remedy}")]);
    }

    #[test]
    fn no_reason_is_good_enough_past_the_hard_limit() {
        assert!(
            found("a.rs", "//! Length: one table.", 600)[0].starts_with("a.rs:601: 601 lines, and no file")
        );
    }
}
