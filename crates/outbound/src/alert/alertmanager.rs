//! Alertmanager's v2 API (<https://github.com/prometheus/alertmanager/blob/main/api/v2/openapi.yaml>): an array of
//! alerts, posted to `/api/v2/alerts`. Alertmanager groups, silences and repeats; it knows an alert by its labels, so
//! handing one over again changes nothing.

use reqwest::Url;
use serde_json::{Value, json};
use sluice_core::alert::Alert;
use sluice_core::port::Fut;

use super::words::{self, runbook};
use super::{Sink, Unusable};
use crate::Secret;
use crate::client::{Client, ClientError, Limits, Reply};
use crate::guard::Reach;

/// Where an Alertmanager is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alertmanager {
    /// Base URL; `/api/v2/alerts` is added.
    pub url: String,
    /// It runs on this machine or in a private network.
    pub allow_private: bool,
    /// Whole value of the `Authorization` header, where it asks for one.
    pub authorization: Option<Secret>,
    /// What an exchange may take.
    pub limits: Limits,
}

impl Alertmanager {
    /// One without a password, with the usual limits.
    pub fn at(url: impl Into<String>, allow_private: bool) -> Self {
        Self { url: url.into(), allow_private, authorization: None, limits: Limits::default() }
    }
}

/// How long an alert counts as lasting when nothing more is heard of it, milliseconds. An alert without an end is taken
/// for resolved after five minutes unless it is repeated, and the engine says what changes, not what lasts.
const LASTS_MS: i64 = 7 * 86_400_000;

pub(super) struct Opened {
    client: Client,
    url: Url,
    authorization: Option<Secret>,
    runbooks: String,
}

pub(super) fn open(settings: Alertmanager, runbooks: String) -> Result<Opened, Unusable> {
    let reach = if settings.allow_private { Reach::Private } else { Reach::Public };
    let endpoint = format!("{}/api/v2/alerts", settings.url.trim_end_matches('/'));
    let ready = Client::new(reach, settings.limits).and_then(|client| Ok((client.url(&endpoint)?, client)));
    let (url, client) = ready.map_err(|source| Unusable::Alertmanager { url: settings.url, source })?;
    Ok(Opened { client, url, authorization: settings.authorization, runbooks })
}

impl Sink for Opened {
    fn name(&self) -> &'static str {
        "alertmanager"
    }

    fn hand<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Vec<Result<(), String>>> {
        Box::pin(async move {
            let bodies: Vec<Value> = alerts.iter().map(|alert| self.body(alert)).collect();
            match self.post(&bodies).await {
                Answer::Taken => alerts.iter().map(|_| Ok(())).collect(),
                Answer::Down(why) => alerts.iter().map(|_| Err(why.clone())).collect(),
                // One of them is refused; which one is found by handing them over singly, so that it refuses itself
                // alone.
                Answer::Refused(why) if alerts.len() == 1 => vec![Err(why)],
                Answer::Refused(_) => self.singly(&bodies).await,
            }
        })
    }
}

enum Answer {
    Taken,
    /// It understood and will not.
    Refused(String),
    /// Nothing is known about any of them.
    Down(String),
}

impl Opened {
    async fn singly(&self, bodies: &[Value]) -> Vec<Result<(), String>> {
        let (mut answers, mut down) = (Vec::new(), None);
        for body in bodies {
            answers.push(match &down {
                Some(why) => Err(String::clone(why)),
                None => match self.post(std::slice::from_ref(body)).await {
                    Answer::Taken => Ok(()),
                    Answer::Refused(why) => Err(why),
                    Answer::Down(why) => Err(down.insert(why).clone()),
                },
            });
        }
        answers
    }

    async fn post(&self, bodies: &[Value]) -> Answer {
        let body = Value::Array(bodies.to_vec()).to_string().into_bytes();
        match self.client.post_json(&self.url, body, self.authorization.as_ref()).await {
            Ok(reply) if reply.is_success() => Answer::Taken,
            Ok(reply @ Reply { status: 400..=499, .. }) => Answer::Refused(said(&reply)),
            Ok(reply) => Answer::Down(said(&reply)),
            Err(ClientError::Transport(error)) => Answer::Down(chain_of(&error)),
            Err(error) => Answer::Down(error.to_string()),
        }
    }

    fn body(&self, alert: &Alert) -> Value {
        let raise = &alert.raise;
        let said = raise.code.words();
        let mut annotations = json!({
            "summary": raise.detail,
            "title": said.title_en,
            "title_ko": said.title_ko,
            "description": said.says_en,
            "description_ko": said.says_ko,
            "runbook_url": runbook(&self.runbooks, raise.code),
        });
        if let Some(person) = &alert.acknowledged_by {
            annotations["acknowledged_by"] = json!(person);
        }
        let ends_at = alert.resolved_at.unwrap_or_else(|| alert.last_seen.plus_ms(LASTS_MS));
        json!({
            "labels": {
                "alertname": raise.code.as_str(),
                "severity": raise.code.severity().as_str(),
                "owner": raise.code.owner().as_str(),
                "subject": raise.subject,
                "partner": raise.partner.map_or_else(|| words::PLATFORM.to_owned(), |partner| partner.to_string()),
            },
            "annotations": annotations,
            "startsAt": alert.since.to_string(),
            // An end before the beginning is refused.
            "endsAt": ends_at.max(alert.since).to_string(),
        })
    }
}

fn said(reply: &Reply) -> String {
    format!("status {}: {}", reply.status, reply.excerpt())
}

/// An error with all its causes, in one line.
fn chain_of(error: &dyn std::error::Error) -> String {
    let (mut text, mut cause) = (error.to_string(), error.source());
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
