//! Rust source with its comments and literals blanked out, so that rules look at code only.
//!
//! A scanner, not a parser: it knows comments, strings (raw, byte, C) and the difference between a
//! character and a lifetime, which is all that separates code from text.

/// `source` with every comment and every string or character literal replaced by spaces; lines stay put.
pub fn code_of(source: &str) -> String {
    let chars: Vec<char> = source.chars().collect();
    let mut code = String::with_capacity(source.len());
    let mut at = 0;
    while at < chars.len() {
        let end = text_end(&chars, at);
        if end == at {
            code.push(chars[at]);
            at += 1;
        } else {
            code.extend(chars[at..end].iter().map(|c| if *c == '\n' { '\n' } else { ' ' }));
            at = end;
        }
    }
    code
}

/// Where the comment or literal that starts at `at` ends; `at` itself when code goes on there.
fn text_end(chars: &[char], at: usize) -> usize {
    let next = chars.get(at + 1).copied();
    match (chars[at], next) {
        ('/', Some('/')) => position(chars, at, |c| c == '\n').unwrap_or(chars.len()),
        ('/', Some('*')) => block_comment_end(chars, at),
        ('"', _) => quoted_end(chars, at, '"'),
        ('\'', Some('\\')) => quoted_end(chars, at, '\''),
        ('\'', Some(_)) if chars.get(at + 2) == Some(&'\'') => at + 3,
        ('r', Some('"' | '#')) if starts_word(chars, at) => raw_string_end(chars, at).unwrap_or(at),
        _ => at,
    }
}

fn position(chars: &[char], from: usize, wanted: impl Fn(char) -> bool) -> Option<usize> {
    (from..chars.len()).find(|at| wanted(chars[*at]))
}

/// `r`, or the `r` of `br` and `cr`, begins a raw string only where no longer word ends in it.
fn starts_word(chars: &[char], at: usize) -> bool {
    let before = |back: usize| at.checked_sub(back).map(|before| chars[before]);
    let in_word = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    match before(1) {
        Some('b' | 'c') => !in_word(before(2)),
        other => !in_word(other),
    }
}

fn block_comment_end(chars: &[char], at: usize) -> usize {
    let mut depth = 0;
    let mut here = at;
    while here < chars.len() {
        match (chars[here], chars.get(here + 1)) {
            ('/', Some('*')) => {
                depth += 1;
                here += 2;
            }
            ('*', Some('/')) => {
                depth -= 1;
                here += 2;
                if depth == 0 {
                    return here;
                }
            }
            _ => here += 1,
        }
    }
    chars.len()
}

fn quoted_end(chars: &[char], at: usize, quote: char) -> usize {
    let mut here = at + 1;
    while here < chars.len() {
        match chars[here] {
            '\\' => here += 2,
            c if c == quote => return here + 1,
            _ => here += 1,
        }
    }
    chars.len()
}

/// None for a raw identifier (`r#type`).
fn raw_string_end(chars: &[char], at: usize) -> Option<usize> {
    let open = position(chars, at + 1, |c| c != '#')?;
    if chars[open] != '"' {
        return None;
    }
    let hashes = open - at - 1;
    let closes =
        |quote: usize| chars[quote + 1..].iter().take(hashes).filter(|c| **c == '#').count() == hashes;
    let close = (open + 1..chars.len()).find(|at| chars[*at] == '"' && closes(*at));
    Some(close.map_or(chars.len(), |close| close + 1 + hashes))
}

/// A word of the code (identifier, keyword or number) and the line it stands on, from 1.
pub struct Word<'a> {
    /// The word itself.
    pub text: &'a str,
    /// Its line.
    pub line: usize,
    /// The character before it, when there is one on its line.
    pub before: Option<char>,
    /// The rest of the line after it.
    pub after: &'a str,
}

/// The words of code that [`code_of`] returned.
pub fn words(code: &str) -> Vec<Word<'_>> {
    let mut words = Vec::new();
    for (index, line) in code.lines().enumerate() {
        let mut rest = line;
        let in_word = |c: char| c.is_alphanumeric() || c == '_';
        while let Some(start) = rest.find(in_word) {
            let offset = line.len() - rest.len() + start;
            let length = rest[start..].find(|c| !in_word(c)).unwrap_or(rest.len() - start);
            let after = &line[offset + length..];
            words.push(Word {
                text: &line[offset..offset + length],
                line: index + 1,
                before: line[..offset].chars().next_back(),
                after,
            });
            rest = after;
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words_in(source: &str) -> Vec<String> {
        words(&code_of(source)).iter().map(|word| word.text.to_owned()).collect()
    }

    #[test]
    fn comments_and_literals_are_not_code() {
        assert_eq!(
            words_in("let a = \"f64 \\\" f64\"; // f64\nb /* f64 /* f64 */ f64 */ c"),
            ["let", "a", "b", "c"]
        );
        assert_eq!(words_in("x(r#\"f64 \" f64\"#, br\"f64\", b'f', '\\'', 'f')"), ["x", "b", "b"]);
    }

    #[test]
    fn lifetimes_and_raw_identifiers_are_code() {
        assert_eq!(
            words_in("fn f<'a>(x: &'a str, r#type: u8)"),
            ["fn", "f", "a", "x", "a", "str", "r", "type", "u8"]
        );
    }

    #[test]
    fn lines_stay_where_they_were() {
        let code = code_of("\"one\ntwo\"\nthree");
        assert_eq!(words(&code)[0].line, 3);
    }

    #[test]
    fn an_unclosed_literal_reaches_to_the_end() {
        for source in ["a \"b", "a /* b", "a r#\"b\"", "a '\\"] {
            assert_eq!(words_in(source), ["a"], "{source}");
        }
    }
}
