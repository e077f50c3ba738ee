//! The texts, embedded. One file for each language; the tests hold them equal in keys and placeholders.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use super::{Code, Facts, Form, Lang, ReasonCode};
use crate::status::{Status, WaitKind};

/// The most characters of a caller's own value that are quoted back.
const QUOTED_CHARS_MAX: usize = 80;
/// Facts that come from our own tables and never from a caller: half a list of known words helps nobody.
const OURS: &[&str] = &["known"];
/// The most characters of one of [`OURS`].
const LISTED_CHARS_MAX: usize = 600;

/// The keys are the words themselves, so that a misspelt or forgotten one fails to load or fails a test.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Catalog {
    pub(super) problems: BTreeMap<Code, ProblemText>,
    pub(super) reasons: BTreeMap<ReasonCode, ReasonText>,
    pub(super) waits: BTreeMap<WaitKind, WaitText>,
    pub(super) statuses: BTreeMap<Status, String>,
    pub(super) forms: BTreeMap<Form, String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ProblemText {
    pub(super) title: String,
    pub(super) detail: String,
    pub(super) remedy: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReasonText {
    pub(super) title: String,
    pub(super) remedy: String,
}

/// The text of a wait.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WaitText {
    /// What it waits for, in a few words.
    pub title: String,
    /// What would release it, in one sentence.
    pub released_by: String,
}

pub(super) fn catalog(lang: Lang) -> &'static Catalog {
    static EN: OnceLock<Catalog> = OnceLock::new();
    static KO: OnceLock<Catalog> = OnceLock::new();
    let (cell, text) = match lang {
        Lang::En => (&EN, include_str!("../../catalog/en.json")),
        Lang::Ko => (&KO, include_str!("../../catalog/ko.json")),
    };
    cell.get_or_init(|| {
        serde_json::from_str(text).expect("an embedded catalogue is right, as its test shows")
    })
}

pub(super) fn problem(lang: Lang, code: Code) -> &'static ProblemText {
    &catalog(lang).problems[&code]
}

pub(super) fn reason(lang: Lang, code: ReasonCode) -> &'static ReasonText {
    &catalog(lang).reasons[&code]
}

/// What a wait is called and what would release it.
pub fn wait_text(lang: Lang, kind: WaitKind) -> &'static WaitText {
    &catalog(lang).waits[&kind]
}

/// What people call a status.
pub fn status_title(lang: Lang, status: Status) -> &'static str {
    &catalog(lang).statuses[&status]
}

/// Fills `{name}` placeholders. A fact that is missing shows as `?`: half an answer is better than none.
pub(super) fn fill(lang: Lang, template: &str, facts: &Facts) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, name, after)) = next_placeholder(rest) {
        out.push_str(before);
        match facts.get(name) {
            Some(value) if name == "expected" => out.push_str(form(lang, value)),
            Some(value) if OURS.contains(&name) => quote(&mut out, value, LISTED_CHARS_MAX),
            Some(value) => quote(&mut out, value, QUOTED_CHARS_MAX),
            None => out.push('?'),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

/// What is expected, in the caller's language: a form, or one of our own figures such as a version.
fn form(lang: Lang, value: &str) -> &str {
    Form::parse(value).map_or(value, |form| &catalog(lang).forms[&form])
}

/// The next `{name}` of a template: what stands before it, the name, and what stands after it.
pub(super) fn next_placeholder(template: &str) -> Option<(&str, &str, &str)> {
    let (before, rest) = template.split_once('{')?;
    let (name, after) = rest.split_once('}')?;
    Some((before, name, after))
}

/// Values come from callers: they are clipped, and control characters cannot reach a terminal or a log through us.
fn quote(out: &mut String, value: &str, chars_max: usize) {
    let mut chars = value.chars();
    out.extend(chars.by_ref().take(chars_max).map(|c| if c.is_control() { '\u{fffd}' } else { c }));
    if chars.next().is_some() {
        out.push('\u{2026}');
    }
}
