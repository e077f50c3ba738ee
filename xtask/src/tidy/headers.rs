//! Every crate begins by saying what it is for and what stays true inside it.

use super::Finding;
use super::tree::Tree;

const HEADING: &str = "//! # Invariants";

/// Looks at the root module of every crate: lib.rs, or main.rs where there is no library.
pub fn check(tree: &Tree) -> Vec<Finding> {
    tree.crates().filter_map(|folder| judge(tree, folder)).collect()
}

fn judge(tree: &Tree, folder: &str) -> Option<Finding> {
    let roots = [format!("{folder}/src/lib.rs"), format!("{folder}/src/main.rs")];
    let Some((path, text)) = roots.iter().find_map(|path| Some((path, tree.text(path)?))) else {
        let what = "this crate has neither src/lib.rs nor src/main.rs: write one, or take the crate out";
        return Some(Finding::new(format!("{folder}/Cargo.toml"), 1, what));
    };
    let header: Vec<&str> = text
        .lines()
        .skip_while(|line| line.trim().is_empty() || line.starts_with("#!["))
        .take_while(|line| line.starts_with("//!"))
        .collect();
    if header.is_empty() {
        return Some(Finding::new(path, 1, "the crate has no header: say in `//!` lines what it is for"));
    }
    let Some(at) = header.iter().position(|line| line.trim_end() == HEADING) else {
        let what =
            format!("the header names no invariants: add a section `{HEADING}` with what always holds here");
        return Some(Finding::new(path, header.len(), what));
    };
    let says_something = header[at + 1..]
        .iter()
        .map(|line| line[3..].trim())
        .any(|line| !line.is_empty() && !line.starts_with('#'));
    (!says_something)
        .then(|| Finding::new(path, at + 1, "the section is empty: write what always holds here"))
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn found(file: &str, text: &str) -> Vec<String> {
        let path = format!("crates/core/{file}");
        lines(check(&Tree::of(&[("crates/core/Cargo.toml", ""), (path.as_str(), text)])))
    }

    #[test]
    fn a_header_with_invariants_passes() {
        let text = "//! Words.\n//!\n//! # Invariants\n//!\n//! - No I/O.\n\nmod amount;\n";
        assert_eq!(found("src/lib.rs", text), [""; 0]);
        assert_eq!(found("src/main.rs", text), [""; 0]);
    }

    #[test]
    fn a_header_without_them_is_found() {
        assert!(
            found("src/lib.rs", "mod amount;")[0]
                .starts_with("crates/core/src/lib.rs:1: the crate has no header")
        );
        assert!(
            found("src/lib.rs", "//! Words.\nmod a;\n//! # Invariants")[0].contains("names no invariants")
        );
        assert!(found("src/lib.rs", "//! # Invariants\n//!\nmod a;")[0].contains("the section is empty"));
        assert!(found("src/bin/a.rs", "//! A.")[0].starts_with("crates/core/Cargo.toml:1: "));
    }
}
