//! Links inside our documents lead somewhere. Only links to files of this repository are followed.

use super::Finding;
use super::tree::{Tree, line_of};

/// Follows the relative links of every Markdown file.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending_in(".md") {
        let prose = prose_of(text);
        for (at, target) in targets(&prose) {
            if !leads_somewhere(tree, path, target) {
                let what = format!(
                    "the link `{target}` leads nowhere in this repository: correct it, or take it out"
                );
                findings.push(Finding::new(path, line_of(&prose, at), what));
            }
        }
    }
    findings
}

/// Markdown with code blocks and code spans replaced by spaces; lines stay put.
pub fn prose_of(text: &str) -> String {
    let mut prose = String::with_capacity(text.len());
    let mut fence: Option<&str> = None;
    for line in text.split_inclusive('\n') {
        let start = line.trim_start();
        let mark = ["```", "~~~"].into_iter().find(|mark| start.starts_with(mark));
        let inside = fence.is_some();
        match (fence, mark) {
            (None, Some(mark)) => fence = Some(mark),
            (Some(open), Some(mark)) if open == mark => fence = None,
            _ => {}
        }
        if inside || mark.is_some() {
            prose.extend(line.chars().filter(|c| *c == '\n'));
        } else {
            push_without_code(line, &mut prose);
        }
    }
    prose
}

fn push_without_code(line: &str, prose: &mut String) {
    // A single backtick without its partner is text.
    let parts: Vec<&str> = line.split('`').collect();
    for (index, part) in parts.iter().enumerate() {
        let code = index % 2 == 1 && index + 1 < parts.len();
        if code {
            prose.extend(part.chars().map(|_| ' '));
        } else {
            prose.push_str(part);
        }
    }
}

/// The targets of inline links, images and reference definitions, with where they stand.
fn targets(prose: &str) -> Vec<(usize, &str)> {
    let mut targets = Vec::new();
    for (at, _) in prose.match_indices("](") {
        let rest = &prose[at + 2..];
        if let Some(end) = rest.find([')', '\n']) {
            targets.push((at, bare(&rest[..end])));
        }
    }
    let mut start = 0;
    for line in prose.split_inclusive('\n') {
        if line.starts_with('[')
            && let Some((_, target)) = line.split_once("]: ")
        {
            targets.push((start, bare(target)));
        }
        start += line.len();
    }
    targets
}

/// A target without its title and its angle brackets.
fn bare(target: &str) -> &str {
    target.split_whitespace().next().unwrap_or("").trim_matches(['<', '>'])
}

fn leads_somewhere(tree: &Tree, from: &str, target: &str) -> bool {
    let file = target.split(['#', '?']).next().unwrap_or(target);
    let elsewhere = target.contains("://") || target.starts_with("mailto:") || target.starts_with("//");
    if elsewhere || (file.is_empty() && !target.is_empty()) {
        return true;
    }
    if file.is_empty() {
        return false;
    }
    let mut folders: Vec<&str> = match file.strip_prefix('/') {
        Some(_) => Vec::new(),
        None => from.rsplit_once('/').map_or(Vec::new(), |(folder, _)| folder.split('/').collect()),
    };
    for part in file.split('/') {
        match part {
            "" | "." => {}
            // A link that climbs out of the repository breaks in every other clone.
            ".." if folders.pop().is_none() => return false,
            ".." => {}
            name => folders.push(name),
        }
    }
    tree.has(&folders.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn found(text: &str) -> Vec<String> {
        lines(check(&Tree::of(&[("docs/a.md", text), ("docs/adr/0001-x.md", ""), ("README.md", "")])))
    }

    #[test]
    fn links_that_lead_somewhere_pass() {
        let text = "[a](adr/0001-x.md#why) [b](../README.md) [c](/docs) [d](https://example.org/x) [e](#here)\n\
            [f](mailto:a@example.org) ![g](<a.md> \"title\") `[code](nowhere.md)`\n\
            ```\n[code](nowhere.md)\n```\n[h]: adr\n";
        assert_eq!(found(text), [""; 0]);
    }

    #[test]
    fn links_that_lead_nowhere_are_found_on_their_line() {
        let found = found("\n[a](gone.md) and [b](../../outside.md)\n[c]: gone/\n[d]()\n");
        let what = "leads nowhere in this repository: correct it, or take it out";
        assert_eq!(
            found,
            [
                format!("docs/a.md:2: the link `gone.md` {what}"),
                format!("docs/a.md:2: the link `../../outside.md` {what}"),
                format!("docs/a.md:4: the link `` {what}"),
                format!("docs/a.md:3: the link `gone/` {what}"),
            ]
        );
    }
}
