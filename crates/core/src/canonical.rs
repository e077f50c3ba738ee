//! Canonical bytes: RFC 8785 JSON in which every value is a string, and a domain-tagged SHA-256 over it.
//!
//! A browser, an SDK and an air-gapped ceremony can all reproduce this form. No derive decides the order of anything,
//! so an approver's signature outlives our struct layout (ADR 0004).

use std::collections::BTreeMap;

use sha2::{Digest, Sha256};

/// A canonical value. Numbers, booleans and null do not exist here: a number has more than one spelling.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Canonical {
    /// Text.
    Text(String),
    /// Members in key order. Keys are ASCII, where byte order is the UTF-16 order RFC 8785 asks for.
    Map(BTreeMap<&'static str, Canonical>),
    /// Elements in the order they were given.
    List(Vec<Canonical>),
}

impl Canonical {
    /// A text value of anything that prints.
    pub fn text(value: impl ToString) -> Self {
        Self::Text(value.to_string())
    }

    /// A map of its members; absent members are left out, so that adding an optional one later changes no old hash.
    pub fn map<const N: usize>(members: [(&'static str, Option<Canonical>); N]) -> Self {
        Self::Map(members.into_iter().filter_map(|(key, value)| Some((key, value?))).collect())
    }

    /// The canonical JSON text.
    pub fn json(&self) -> String {
        let mut out = String::new();
        self.write(&mut out);
        out
    }

    /// SHA-256 over `domain`, a zero byte and the canonical JSON.
    pub fn digest(&self, domain: &str) -> [u8; 32] {
        let mut hash = Sha256::new();
        hash.update(domain.as_bytes());
        hash.update([0]);
        hash.update(self.json().as_bytes());
        hash.finalize().into()
    }

    fn write(&self, out: &mut String) {
        match self {
            Self::Text(text) => write_string(text, out),
            Self::List(items) => {
                out.push('[');
                for (position, item) in items.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Self::Map(members) => {
                out.push('{');
                for (position, (key, value)) in members.iter().enumerate() {
                    if position > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

/// RFC 8785 3.2.2.2: two-character escapes where JSON has them, `\u00xx` in lower case for other controls, the rest as is.
fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for letter in text.chars() {
        match letter {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            control if (control as u32) < 0x20 => out.push_str(&format!("\\u{:04x}", control as u32)),
            other => out.push(other),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn keys_are_sorted_and_absent_members_left_out() {
        let value = Canonical::map([
            ("b", Some(Canonical::text(2))),
            ("a", Some(Canonical::List(vec![Canonical::text("x"), Canonical::text("\u{1}\n\"")]))),
            ("c", None),
        ]);
        assert_eq!(value.json(), "{\"a\":[\"x\",\"\\u0001\\n\\\"\"],\"b\":\"2\"}");
    }

    proptest! {
        #[test]
        fn it_is_json_and_says_the_same(text in "\\PC{0,40}|[\\x00-\\x1f]{0,9}") {
            let json = Canonical::text(&text).json();
            prop_assert_eq!(serde_json::from_str::<String>(&json).unwrap(), text);
        }
    }
}
