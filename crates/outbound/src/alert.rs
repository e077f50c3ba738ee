//! Alerts to whoever wakes people: all configured sinks as one.
//!
//! To add a sink: a file here that implements [`Sink`], a field in [`Settings`], a line in [`Sinks::open`], and a test
//! with a real socket in `tests/it`.

mod alertmanager;
mod log;
mod mail;
mod words;

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use futures_util::future::join_all;
use sluice_core::alert::Alert;
use sluice_core::id::AlertId;
use sluice_core::port::Fut;
use sluice_core::port::deliver::{Deliver, NotDelivered};
use sluice_core::time::Timestamp;

use crate::client::ClientError;

pub use alertmanager::Alertmanager;
pub use log::Log;
pub use mail::{Language, Mail};

/// Which sinks there are. The log is always one, so that an installation without any other is not silent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// An Alertmanager, or anything that speaks its v2 API.
    pub alertmanager: Option<Alertmanager>,
    /// A mail server.
    pub mail: Option<Mail>,
    /// Where `docs/runbooks.md` is published; the code is added as the fragment.
    pub runbooks: Option<String>,
}

/// A sink cannot be set up as configured.
#[derive(Debug, thiserror::Error)]
pub enum Unusable {
    /// The Alertmanager.
    #[error("the Alertmanager at {url} cannot be used")]
    Alertmanager {
        /// As configured.
        url: String,
        /// Why.
        #[source]
        source: ClientError,
    },
    /// The mail server.
    #[error("the mail sink cannot be used: {why}")]
    Mail {
        /// Why, in one sentence.
        why: String,
    },
}

/// One way to tell people.
pub trait Sink: Send + Sync {
    /// Its name in errors and logs.
    fn name(&self) -> &'static str;

    /// Hands over alerts; one answer for each, in order. Ends in bounded time.
    fn hand<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Vec<Result<(), String>>>;
}

/// All configured sinks as one.
pub struct Sinks(Vec<Outlet>);

impl Sinks {
    /// Sets every configured sink up; connects to nothing yet.
    ///
    /// # Errors
    /// [`Unusable`]: the first sink whose settings make no sense.
    pub fn open(settings: Settings) -> Result<Self, Unusable> {
        let runbooks = settings.runbooks.unwrap_or_else(|| words::RUNBOOKS.to_owned());
        let mut sinks: Vec<Box<dyn Sink>> = vec![Box::new(Log)];
        if let Some(settings) = settings.alertmanager {
            sinks.push(Box::new(alertmanager::open(settings, runbooks.clone())?));
        }
        if let Some(settings) = settings.mail {
            sinks.push(Box::new(mail::open(&settings, runbooks)?));
        }
        Ok(Self::of(sinks))
    }

    /// These sinks and no others.
    pub fn of(sinks: Vec<Box<dyn Sink>>) -> Self {
        Self(sinks.into_iter().map(|sink| Outlet { sink, taken: Mutex::default() }).collect())
    }
}

impl Deliver for Sinks {
    fn alerts<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Result<(), NotDelivered>> {
        Box::pin(async move {
            // The most urgent first: what is cut short by a time limit is the least urgent.
            let mut alerts = alerts.to_vec();
            alerts.sort_by_key(|alert| (alert.raise.code.severity(), alert.since));
            // All at once: a slow sink keeps no other waiting.
            let refusals: Vec<(&str, String)> = join_all(self.0.iter().map(|outlet| outlet.hand(&alerts)))
                .await
                .into_iter()
                .flatten()
                .collect();
            if refusals.is_empty() {
                return Ok(());
            }
            let join = |texts: Vec<&str>| texts.join("; ");
            Err(NotDelivered {
                sink: join(refusals.iter().map(|(sink, _)| *sink).collect()),
                why: join(refusals.iter().map(|(_, why)| why.as_str()).collect()),
            })
        })
    }
}

/// What an alert looked like when a sink took it: raised, taken by a person, or over.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Form {
    since: Timestamp,
    acknowledged_by: Option<String>,
    resolved_at: Option<Timestamp>,
}

impl Form {
    fn of(alert: &Alert) -> Self {
        Self {
            since: alert.since,
            acknowledged_by: alert.acknowledged_by.clone(),
            resolved_at: alert.resolved_at,
        }
    }
}

/// A sink and what it has taken. When another sink fails the engine hands the same alerts over again, and this one is
/// not told twice. Forgotten at a restart: delivery is at least once.
struct Outlet {
    sink: Box<dyn Sink>,
    taken: Mutex<BTreeMap<AlertId, Form>>,
}

/// Most alerts a sink is remembered to have taken; past it the oldest is forgotten.
const TAKEN_MAX: usize = 4_096;

impl Outlet {
    /// Hands over what is new to this sink; its name and the first reason when it refuses any of it.
    async fn hand(&self, alerts: &[Alert]) -> Option<(&'static str, String)> {
        let fresh: Vec<Alert> = alerts.iter().filter(|alert| self.is_new(alert)).cloned().collect();
        if fresh.is_empty() {
            return None;
        }
        let answers = self.sink.hand(&fresh).await;
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let mut refusal = None;
        for (alert, answer) in fresh.iter().zip(answers) {
            match answer {
                Ok(()) => {
                    taken.insert(alert.id, Form::of(alert));
                }
                Err(why) => {
                    refusal.get_or_insert((self.sink.name(), why));
                }
            }
        }
        while taken.len() > TAKEN_MAX {
            taken.pop_first();
        }
        refusal
    }

    fn is_new(&self, alert: &Alert) -> bool {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.get(&alert.id) != Some(&Form::of(alert))
    }
}
