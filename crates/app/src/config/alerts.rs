//! `[alerts]`: who is told, and in which language.

use serde::Deserialize;

/// Who is told of alerts.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Alerts {
    /// Base URL of an Alertmanager.
    pub alertmanager_url: Option<String>,
    /// `smtp://host:port`, plain on loopback, TLS elsewhere.
    pub smtp_url: Option<String>,
    /// Sender of alert mails.
    pub mail_from: Option<String>,
    /// Recipients of alert mails.
    pub mail_to: Vec<String>,
    /// Language of alert mails: `ko` or `en`; both when left out.
    pub language: Option<Language>,
    /// Where `docs/runbooks.md` is published; alerts link to its sections.
    pub runbooks_url: Option<String>,
}

/// A language people read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Language {
    /// Korean.
    Ko,
    /// English.
    En,
}
