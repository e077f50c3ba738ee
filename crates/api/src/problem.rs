//! Every refusal the API can answer: RFC 9457 problems with stable codes, in the caller's language.
//!
//! Inside the server a refusal is a [`Refusal`] or a list of [`Fault`]s: a code and its facts, no language. It becomes a
//! [`Problem`] at the edge, once, where the caller's language is known.

mod catalog;
mod code;
mod form;
mod lang;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub use catalog::{status_title, wait_text};
pub use code::{Code, ReasonCode};
pub use form::Form;
pub use lang::{ACCEPT_LANGUAGE_BYTES_MAX, Lang};

/// The media type of a problem body.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// The most faults one problem lists. The first ones are the ones a person mends first.
pub const FAULTS_MAX: usize = 32;

/// Facts for the placeholders of a text.
type Facts = BTreeMap<&'static str, String>;

/// One thing wrong with a request, before it is put into words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// What is wrong.
    pub code: Code,
    /// Where: a JSON pointer (RFC 6901) into the body such as `/amount`, or `?name` for a query parameter.
    pub pointer: String,
    facts: Facts,
}

impl Fault {
    /// A fault at a place.
    pub fn new(code: Code, pointer: impl Into<String>) -> Self {
        Self { code, pointer: pointer.into(), facts: Facts::new() }
    }

    /// A fault of a named field of the body: points at it, and fills the placeholder `field` where the code has it.
    pub fn field(code: Code, name: &str) -> Self {
        let fault = Self::new(code, pointer(&[name]));
        if code.params().contains(&"field") { fault.with("field", name) } else { fault }
    }

    /// Fills a placeholder of the code's text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.insert(name, value.to_string());
        self
    }

    /// Whether every placeholder of the code is filled, and nothing else.
    pub fn is_complete(&self) -> bool {
        complete(self.code, &self.facts)
    }

    fn render(&self, lang: Lang) -> FieldProblem {
        let text = catalog::problem(lang, self.code);
        FieldProblem {
            pointer: self.pointer.clone(),
            code: self.code.as_str().to_owned(),
            detail: catalog::fill(lang, &text.detail, &self.facts),
            remedy: catalog::fill(lang, &text.remedy, &self.facts),
        }
    }
}

/// Why a request is refused, before it is put into words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("refused: {code}")]
pub struct Refusal {
    /// What is answered.
    pub code: Code,
    facts: Facts,
    faults: Vec<Fault>,
}

impl Refusal {
    /// A refusal of the whole request.
    pub fn new(code: Code) -> Self {
        Self { code, facts: Facts::new(), faults: Vec::new() }
    }

    /// Fills a placeholder of the code's text.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl ToString) -> Self {
        self.facts.insert(name, value.to_string());
        self
    }

    /// A refusal for what is wrong with parts of the request. Its own code and text are those of the first fault: the one
    /// a program should look at. `None` without faults.
    pub fn of(mut faults: Vec<Fault>) -> Option<Self> {
        faults.truncate(FAULTS_MAX);
        let first = faults.first()?;
        Some(Self { code: first.code, facts: first.facts.clone(), faults })
    }

    /// The faults, in the order they were found.
    pub fn faults(&self) -> &[Fault] {
        &self.faults
    }

    /// Whether every placeholder of the text and of every fault is filled, and nothing else.
    pub fn is_complete(&self) -> bool {
        complete(self.code, &self.facts) && self.faults.iter().all(Fault::is_complete)
    }

    /// Puts the refusal into words.
    pub fn problem(&self, lang: Lang) -> Problem {
        let text = catalog::problem(lang, self.code);
        Problem {
            kind: format!("urn:sluice:problem:{}", self.code),
            title: text.title.clone(),
            status: self.code.status(),
            detail: catalog::fill(lang, &text.detail, &self.facts),
            remedy: catalog::fill(lang, &text.remedy, &self.facts),
            instance: None,
            code: self.code.as_str().to_owned(),
            errors: self.faults.iter().map(|fault| fault.render(lang)).collect(),
            request_id: None,
            doc_url: None,
            retryable: self.code.is_retryable(),
        }
    }
}

impl From<Fault> for Refusal {
    fn from(fault: Fault) -> Self {
        Self { code: fault.code, facts: fault.facts.clone(), faults: vec![fault] }
    }
}

fn complete(code: Code, facts: &Facts) -> bool {
    let mut params = code.params().to_vec();
    params.sort_unstable();
    params.into_iter().eq(facts.keys().copied())
}

/// Joins names to a JSON pointer (RFC 6901), escaping `~` and `/`.
pub fn pointer(names: &[&str]) -> String {
    names.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

/// What is answered instead of a result (RFC 9457), as `application/problem+json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Problem {
    /// `urn:sluice:problem:` and the code: the same in every installation.
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind of problem in a few words, in the caller's language.
    pub title: String,
    /// The HTTP status it was answered with.
    pub status: u16,
    /// What happened this time, in the caller's language.
    pub detail: String,
    /// What to do about it, in the caller's language.
    #[serde(default)]
    pub remedy: String,
    /// The path of the request.
    #[serde(default)]
    pub instance: Option<String>,
    /// The stable code. Programs decide by it, never by the text. New codes may appear; see [`Problem::known`].
    pub code: String,
    /// What is wrong with which part of the request; empty when it is not about a part. At most 32.
    #[serde(default)]
    pub errors: Vec<FieldProblem>,
    /// Names the request in our logs.
    #[serde(default)]
    pub request_id: Option<String>,
    /// Where to read more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    pub doc_url: Option<String>,
    /// Whether the same request, sent again later and signed anew, may succeed.
    pub retryable: bool,
}

/// What is wrong with one part of a request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct FieldProblem {
    /// A JSON pointer into the body such as `/amount`, or `?name` for a query parameter.
    pub pointer: String,
    /// The stable code.
    pub code: String,
    /// What is wrong, in the caller's language.
    pub detail: String,
    /// What to do about it, in the caller's language.
    pub remedy: String,
}

impl Problem {
    /// The code as one we know; `None` when the server is newer than this crate.
    pub fn known(&self) -> Option<Code> {
        Code::parse(&self.code)
    }

    /// Says which request it was.
    #[must_use]
    pub fn about(mut self, instance: impl Into<String>, request_id: impl Into<String>) -> Self {
        self.instance = Some(instance.into());
        self.request_id = Some(request_id.into());
        self
    }

    /// Says where to read more: `base` and the code.
    #[must_use]
    pub fn documented_at(mut self, base: &str) -> Self {
        self.doc_url = Some(format!("{}/{}", base.trim_end_matches('/'), self.code));
        self
    }
}

impl std::fmt::Display for Problem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} ({}): {}", self.title, self.code, self.detail)
    }
}

impl std::error::Error for Problem {}

/// Why something is as it is: a stable code with its text in the caller's language.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Reason {
    /// The stable code. New codes may appear.
    pub code: String,
    /// The reason in one line.
    pub title: String,
    /// What to do about it.
    pub remedy: String,
}

impl Reason {
    /// Puts a reason into words.
    pub fn new(code: ReasonCode, lang: Lang) -> Self {
        let text = catalog::reason(lang, code);
        Self { code: code.as_str().to_owned(), title: text.title.clone(), remedy: text.remedy.clone() }
    }
}

#[cfg(test)]
mod tests;
