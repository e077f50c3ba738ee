//! Money is integer (M13): no float comes near it, not even in a test or for a moment.

use super::Finding;
use super::rust::{Word, code_of, words};
use super::tree::Tree;

/// The crates that compute, store, sign or carry money.
const MONEY: &[&str] = &["core", "codec", "flow", "store", "chain", "signer", "audit"];

/// Looks at every word of the money crates' code. A serializer that refuses floats has to name them: `serialize_f64(f64)`,
/// with no name for the value, is serde's word and nobody's float.
pub fn check(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (path, text) in tree.ending_in(".rs").filter(|(path, _)| is_money(path)) {
        let code = code_of(text);
        let lines: Vec<&str> = code.lines().collect();
        let named = |word: &Word<'_>| {
            lines
                .get(word.line - 1)
                .is_some_and(|line| line.contains(&format!("serialize_{0}({0})", word.text)))
        };
        for word in words(&code).iter().filter(|word| is_float(word) && !named(word)) {
            let what = format!(
                "`{}` is a float in a money crate: use integer atoms, basis points or a scaled integer",
                shown(word)
            );
            findings.push(Finding::new(path, word.line, what));
        }
    }
    findings
}

fn is_money(path: &str) -> bool {
    MONEY
        .iter()
        .any(|name| path.strip_prefix("crates/").is_some_and(|rest| rest.starts_with(&format!("{name}/"))))
}

fn is_float(word: &Word<'_>) -> bool {
    matches!(word.text, "f32" | "f64") || is_float_literal(word)
}

/// `1.5`, `1f64` or `1e6`, but not `0x1f64`, nor the `0.1` of a field of a field.
fn is_float_literal(word: &Word<'_>) -> bool {
    let number = word.text.starts_with(|c: char| c.is_ascii_digit()) && word.before != Some('.');
    if !number || word.text.starts_with("0x") {
        return false;
    }
    let fraction =
        word.after.strip_prefix('.').is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    let decimal = word.text.bytes().all(|byte| byte.is_ascii_digit() || matches!(byte, b'_' | b'e' | b'E'));
    fraction
        || word.text.ends_with("f32")
        || word.text.ends_with("f64")
        || (decimal && word.text.contains(['e', 'E']))
}

fn shown(word: &Word<'_>) -> String {
    if !is_float_literal(word) || !word.after.starts_with('.') {
        return word.text.to_owned();
    }
    let digits = word.after[1..].find(|c: char| !c.is_ascii_digit()).unwrap_or(word.after.len() - 1);
    format!("{}{}", word.text, &word.after[..=digits])
}

#[cfg(test)]
mod tests {
    use super::super::lines;
    use super::*;

    fn found(path: &str, source: &str) -> Vec<String> {
        lines(check(&Tree::of(&[(path, source)])))
    }

    #[test]
    fn integers_text_and_other_crates_pass() {
        let source = "/// Never f64.\nlet a = (x.0.1, 0..10, 0x1f64, 1_000, \"1.5\", 0xe1, pf64);";
        assert_eq!(found("crates/core/src/amount.rs", source), [""; 0]);
        assert_eq!(found("crates/store/src/sql.rs", "refused! { serialize_f64(f64) }"), [""; 0]);
        assert_eq!(found("crates/store/src/sql.rs", "fn serialize_f64(self, value: f64) {}").len(), 1);
        assert_eq!(found("crates/app/src/telemetry.rs", "let seconds: f64 = 1.5;"), [""; 0]);
    }

    #[test]
    fn types_and_literals_are_found_on_their_line() {
        let found =
            found("crates/store/tests/a.rs", "\nlet a: f64 = 0;\nlet b = 1.25;\nlet c = 2f32;\nlet d = 1e6;");
        let what = "is a float in a money crate: use integer atoms, basis points or a scaled integer";
        let expected = [(2, "f64"), (3, "1.25"), (4, "2f32"), (5, "1e6")];
        assert_eq!(
            found,
            expected.map(|(line, word)| format!("crates/store/tests/a.rs:{line}: `{word}` {what}"))
        );
    }
}
