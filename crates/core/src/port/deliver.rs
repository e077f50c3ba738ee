//! Handing alerts to whoever wakes people.

use super::Fut;
use crate::alert::Alert;

/// A sink did not take an alert. It is tried again; a P1 that stays undelivered for 60 s shows in health.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("alert sink {sink}: {why}")]
pub struct NotDelivered {
    /// Which sink.
    pub sink: String,
    /// What it said.
    pub why: String,
}

/// All configured sinks as one.
pub trait Deliver: Send + Sync {
    /// Hands over alerts, new, changed or resolved.
    fn alerts<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Result<(), NotDelivered>>;
}
