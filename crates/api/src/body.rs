//! Reading a request body strictly: every fault is named, with the field, the rule and a code, and all of them at once.
//!
//! serde alone stops at the first fault and does not say which field held it. So a body is first compared with the
//! field list of its type, then read by serde; a body that passes the first and fails the second is still refused.

mod json;

use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::problem::{Code, FAULTS_MAX, Fault, Form, Refusal};
use json::{Json, Members};

/// The longest body that is read, in bytes. A withdrawal with full metadata stays under it.
pub const BODY_BYTES_MAX: usize = 64 * 1024;
/// The most characters of an amount.
pub const AMOUNT_CHARS_MAX: usize = 40;
/// The most characters of a time.
pub const TIME_CHARS_MAX: usize = 40;
/// The most characters of a reason that a person gives.
pub const REASON_CHARS_MAX: usize = 500;
/// The most entries of `metadata`.
pub const LABELS_MAX: usize = 20;
/// The most characters of a key in `metadata`.
pub const LABEL_KEY_CHARS_MAX: usize = 40;
/// The most characters of a value in `metadata`.
pub const LABEL_VALUE_CHARS_MAX: usize = 500;

/// A type that is read from a request body.
pub trait Body: DeserializeOwned {
    /// Its fields: everything that may be sent.
    const FIELDS: &'static [Field];
}

/// A field of a request body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field {
    /// Its name on the wire.
    pub name: &'static str,
    /// What it takes.
    pub shape: Shape,
    /// Whether it must be there. An optional field may also be `null`, which is the same as leaving it out.
    pub required: bool,
}

/// What a field takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Text of at most so many characters without control characters. A required one is not empty.
    Text(usize),
    /// A name given by the caller: visible ASCII without spaces, at most so many characters. Otherwise this code.
    Name(usize, Code),
    /// A decimal number as a string.
    Amount,
    /// An instant as a string.
    Time,
    /// One of these words; the code says what to answer otherwise.
    Word(&'static [&'static str], Code),
    /// At most `.0` texts of at most `.1` characters.
    Texts(usize, usize),
    /// At most `.0` of these words, with the code for another word.
    Words(usize, &'static [&'static str], Code),
    /// A whole number from zero.
    Whole,
    /// An object of texts, within the bounds of this module.
    Labels,
}

impl Field {
    /// A field that must be there.
    pub const fn required(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, required: true }
    }

    /// A field that may be left out.
    pub const fn optional(name: &'static str, shape: Shape) -> Self {
        Self { name, shape, required: false }
    }
}

/// Reads a body. An empty body is read as `{}`: commands without required fields need none.
///
/// # Errors
/// A [`Refusal`] that lists every fault: too large, not JSON, or fields that are unknown, repeated, missing, too long or
/// of another kind.
pub fn read<T: Body>(bytes: &[u8]) -> Result<T, Refusal> {
    if bytes.len() > BODY_BYTES_MAX {
        return Err(Refusal::new(Code::BodyTooLarge).with("max_bytes", BODY_BYTES_MAX));
    }
    let bytes = if bytes.is_empty() { b"{}" } else { bytes };
    let not_json = |error: serde_json::Error| {
        Refusal::new(Code::BodyNotJson).with("line", error.line()).with("column", error.column())
    };
    let raw: &RawValue = serde_json::from_slice(bytes).map_err(not_json)?;
    let Json::Object(Members(members)) = Json::open(raw).map_err(not_json)? else {
        return Err(Refusal::new(Code::BodyInvalid).with("expected", Form::JsonObject));
    };
    if let Some(refusal) = Refusal::of(faults(&members, T::FIELDS)) {
        return Err(refusal);
    }
    serde_json::from_slice(bytes)
        .map_err(|_| Refusal::new(Code::BodyInvalid).with("expected", Form::Documented))
}

fn faults(members: &[(String, &RawValue)], fields: &[Field]) -> Vec<Fault> {
    let mut faults = Vec::new();
    for field in fields {
        let value = members.iter().find(|(name, _)| name == field.name).map(|(_, raw)| Json::open(raw));
        match value {
            None | Some(Ok(Json::Null)) if field.required => {
                faults.push(Fault::field(Code::FieldRequired, field.name));
            }
            None | Some(Ok(Json::Null)) => {}
            Some(Ok(value)) => faults.extend(value_faults(field, &value)),
            Some(Err(_)) => faults.push(wrong_type(field.name, Form::Json)),
        }
    }
    for (at, (name, _)) in members.iter().enumerate() {
        // Enough is enough: past this bound nobody reads them, and the comparison below stays cheap.
        if faults.len() > FAULTS_MAX {
            break;
        }
        if !fields.iter().any(|field| field.name == name) {
            let known: Vec<_> = fields.iter().map(|field| field.name).collect();
            faults.push(Fault::field(Code::FieldUnknown, name).with("known", known.join(", ")));
        } else if members[..at].iter().any(|(earlier, _)| earlier == name) {
            faults.push(Fault::field(Code::FieldRepeated, name));
        }
    }
    faults
}

fn wrong_type(at: &str, expected: Form) -> Fault {
    fault_at(Code::FieldWrongType, at).with("expected", expected)
}

fn value_faults(field: &Field, value: &Json) -> Vec<Fault> {
    let name = field.name;
    match (field.shape, value) {
        (Shape::Text(max), Json::Text(text)) => Vec::from_iter(text_fault(name, text, max, field.required)),
        (Shape::Name(max, code), Json::Text(text)) => Vec::from_iter(name_fault(name, text, max, code)),
        (Shape::Amount, Json::Text(text)) => Vec::from_iter(text_fault(name, text, AMOUNT_CHARS_MAX, true)),
        (Shape::Amount, Json::Number(_)) => vec![Fault::field(Code::AmountNotString, name)],
        (Shape::Time, Json::Text(text)) => Vec::from_iter(text_fault(name, text, TIME_CHARS_MAX, true)),
        (Shape::Word(words, code), Json::Text(text)) => {
            Vec::from_iter(word_fault(name, name, text, words, code))
        }
        (Shape::Texts(max, chars), Json::List(items)) => {
            list_faults(name, items, max, |at, text| text_fault(at, text, chars, true))
        }
        (Shape::Words(max, words, code), Json::List(items)) => {
            list_faults(name, items, max, |at, text| word_fault(at, name, text, words, code))
        }
        (Shape::Whole, Json::Number(text)) if text.parse::<u64>().is_ok() => Vec::new(),
        (Shape::Labels, Json::Object(labels)) => label_faults(name, labels),
        (Shape::Text(_) | Shape::Name(..) | Shape::Amount | Shape::Time | Shape::Word(..), _) => {
            vec![wrong_type(name, Form::JsonString)]
        }
        (Shape::Texts(..) | Shape::Words(..), _) => vec![wrong_type(name, Form::JsonStrings)],
        (Shape::Whole, _) => vec![wrong_type(name, Form::WholeNumber)],
        (Shape::Labels, _) => vec![wrong_type(name, Form::Labels)],
    }
}

/// `at` is a field name, or a path below one such as `scopes/2`.
fn fault_at(code: Code, at: &str) -> Fault {
    let fault = Fault::new(code, format!("/{at}"));
    if code.params().contains(&"field") { fault.with("field", at) } else { fault }
}

fn text_fault(at: &str, text: &str, max: usize, filled: bool) -> Option<Fault> {
    let length = text.chars().count();
    if filled && text.trim().is_empty() {
        return Some(fault_at(Code::FieldRequired, at));
    }
    if length > max {
        return Some(fault_at(Code::FieldTooLong, at).with("length", length).with("max", max));
    }
    text.chars().any(char::is_control).then(|| fault_at(Code::TextMalformed, at))
}

fn name_fault(name: &str, text: &str, max: usize, code: Code) -> Option<Fault> {
    if text.is_empty() {
        return Some(Fault::field(Code::FieldRequired, name));
    }
    if text.len() > max || !is_name(text) {
        let fault = Fault::field(code, name);
        return Some(if code.params().contains(&"max") { fault.with("max", max) } else { fault });
    }
    None
}

/// Whether a text is visible ASCII without spaces: one spelling for one name, in every system it passes.
pub fn is_name(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic())
}

fn word_fault(at: &str, field: &str, text: &str, words: &[&str], code: Code) -> Option<Fault> {
    if words.contains(&text) {
        return None;
    }
    let mut fault = Fault::new(code, format!("/{at}"));
    for param in code.params() {
        fault = match *param {
            "field" => fault.with("field", field),
            "value" => fault.with("value", text),
            "known" => fault.with("known", words.join(", ")),
            _ => fault,
        };
    }
    Some(fault)
}

fn list_faults(
    name: &str,
    items: &[&RawValue],
    max: usize,
    check: impl Fn(&str, &str) -> Option<Fault>,
) -> Vec<Fault> {
    if items.len() > max {
        return vec![Fault::field(Code::FieldTooMany, name).with("count", items.len()).with("max", max)];
    }
    let item_fault = |(at, item): (usize, &&RawValue)| {
        let at = format!("{name}/{at}");
        match Json::open(item) {
            Ok(Json::Text(text)) => check(&at, &text),
            _ => Some(wrong_type(&at, Form::JsonString)),
        }
    };
    items.iter().enumerate().filter_map(item_fault).collect()
}

fn label_faults(name: &str, Members(labels): &Members) -> Vec<Fault> {
    if labels.len() > LABELS_MAX {
        return vec![
            Fault::field(Code::FieldTooMany, name).with("count", labels.len()).with("max", LABELS_MAX),
        ];
    }
    let mut faults = Vec::new();
    for (at, (key, value)) in labels.iter().enumerate() {
        let pointer = crate::problem::pointer(&[name, key]);
        let place = &pointer[1..];
        faults.extend(text_fault(place, key, LABEL_KEY_CHARS_MAX, true));
        match Json::open(value) {
            Ok(Json::Text(text)) => faults.extend(text_fault(place, &text, LABEL_VALUE_CHARS_MAX, false)),
            _ => faults.push(wrong_type(place, Form::JsonString)),
        }
        if labels[..at].iter().any(|(earlier, _)| earlier == key) {
            faults.push(fault_at(Code::FieldRepeated, place));
        }
    }
    faults
}

#[cfg(test)]
mod tests;
