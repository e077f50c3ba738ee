//! Decisions are numbered in the order they were made, `NNNN-title.md` from 0001, and none is taken out: a
//! decision that no longer holds is superseded by a later one.

use super::Finding;
use super::tree::Tree;

const FOLDER: &str = "docs/adr/";

/// Looks at every file of docs/adr.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut next = 1;
    // Paths come in order, and the numbers have a fixed width, so the names count upwards by themselves.
    for path in tree.paths() {
        let Some(name) = path.strip_prefix(FOLDER) else { continue };
        match number(name) {
            None => {
                let what = "is not named `NNNN-title.md` (four digits, small letters, hyphens): rename it";
                findings.push(Finding::new(path, 1, what));
            }
            Some(number) if number < next => {
                let what = format!("the number {number:04} is taken: give it the next free one");
                findings.push(Finding::new(path, 1, what));
            }
            Some(number) => {
                if number > next {
                    let what = format!("{next:04} is missing before it: number decisions without gaps");
                    findings.push(Finding::new(path, 1, what));
                }
                next = number + 1;
            }
        }
    }
    findings
}

/// The number of a well-formed name.
fn number(name: &str) -> Option<u32> {
    let (digits, title) = name.strip_suffix(".md")?.split_once('-')?;
    let in_title = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let formed =
        digits.len() == 4 && !title.is_empty() && title.chars().all(in_title) && !title.contains("--");
    let plain = digits.bytes().all(|byte| byte.is_ascii_digit());
    (formed && plain).then(|| digits.parse().ok()).flatten().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn found(names: &[&str]) -> Vec<String> {
        let paths: Vec<String> = names.iter().map(|name| format!("{FOLDER}{name}")).collect();
        let files: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), "")).collect();
        lines(check(&Tree::of(&files)))
    }

    #[test]
    fn numbers_without_gaps_pass() {
        assert_eq!(found(&[]), [""; 0]);
        assert_eq!(found(&["0001-the-database-seam.md", "0002-apply.md"]), [""; 0]);
    }

    #[test]
    fn gaps_doubles_and_other_names_are_found() {
        assert!(found(&["0002-apply.md"])[0].contains("0001 is missing before it"));
        assert!(found(&["0001-a.md", "0001-b.md"])[0].contains("0001-b.md:1: the number 0001 is taken"));
        for name in
            ["README.md", "1-a.md", "0000-a.md", "0001-A title.md", "0001-.md", "0001-a.txt", "+001-a.md"]
        {
            assert!(found(&[name])[0].contains("is not named"), "{name}");
        }
    }
}
