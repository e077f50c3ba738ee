//! The front door exists in both languages and has the same rooms.

use super::Finding;
use super::links::prose_of;
use super::tree::Tree;

const ENGLISH: &str = "README.md";
const KOREAN: &str = "README.ko.md";

/// Compares the chapters of both files.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for path in [ENGLISH, KOREAN] {
        if tree.text(path).is_none() {
            findings.push(Finding::new(path, 1, "is missing: the README exists in English and in Korean"));
        }
    }
    if let (Some(english), Some(korean)) = (tree.text(ENGLISH), tree.text(KOREAN)) {
        let (wanted, found) = (chapters(english), chapters(korean));
        if wanted.len() != found.len() {
            // The first chapter that only one of them has, counted from the top.
            let at = wanted.len().min(found.len());
            let (path, line) = match (wanted.get(at), found.get(at)) {
                (Some(line), _) => (ENGLISH, *line),
                (None, line) => (KOREAN, line.copied().unwrap_or(1)),
            };
            let what = format!(
                "{ENGLISH} has {} chapters (`## `) and {KOREAN} has {}: give both the same",
                wanted.len(),
                found.len()
            );
            findings.push(Finding::new(path, line, what));
        }
    }
    findings
}

/// The lines on which chapters begin.
fn chapters(text: &str) -> Vec<usize> {
    let prose = prose_of(text);
    prose
        .lines()
        .enumerate()
        .filter(|(_, line)| line.starts_with("## "))
        .map(|(index, _)| index + 1)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    #[test]
    fn the_same_chapters_pass() {
        let english = "# Sluice\n## Run\n```sh\n## a comment\n```\n### Detail\n";
        let tree = Tree::of(&[(ENGLISH, english), (KOREAN, "# Sluice\n## 실행\n")]);
        assert_eq!(lines(check(&tree)), [""; 0]);
    }

    #[test]
    fn a_missing_file_and_a_missing_chapter_are_found() {
        assert_eq!(check(&Tree::of(&[])).len(), 2);
        let found = lines(check(&Tree::of(&[(ENGLISH, "## Run\n\n## Test\n"), (KOREAN, "## 실행\n")])));
        assert_eq!(
            found,
            ["README.md:3: README.md has 2 chapters (`## `) and README.ko.md has 1: give both the same"]
        );
        let found = lines(check(&Tree::of(&[(ENGLISH, ""), (KOREAN, "\n## 실행\n")])));
        assert!(found[0].starts_with("README.ko.md:2: "), "{found:?}");
    }
}
