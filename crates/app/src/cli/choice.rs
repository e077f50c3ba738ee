//! Closed word lists as arguments: a wrong word is refused with the list of right ones.

use clap::builder::{PossibleValuesParser, TypedValueParser};

/// Takes one of `words`, and reads it with `parse`.
pub(super) fn of<T: Clone + Send + Sync + 'static>(
    words: &'static [&'static str],
    parse: fn(&str) -> Option<T>,
) -> impl TypedValueParser<Value = T> {
    PossibleValuesParser::new(words).try_map(move |word| parse(&word).ok_or("no such word"))
}

/// Reads `key=value`.
///
/// # Errors
/// One sentence, which clap puts behind the argument's name.
pub(super) fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((key, value)) if !key.is_empty() => Ok((key.to_owned(), value.to_owned())),
        _ => Err("write it as key=value · key=value 형식으로 쓰세요".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_splits_at_its_first_equals_sign() {
        assert_eq!(pair("order=A=1"), Ok(("order".into(), "A=1".into())));
        assert_eq!(pair("order="), Ok(("order".into(), String::new())));
        assert!(pair("=1").is_err() && pair("order").is_err());
    }
}
