//! Alert sinks from configuration.

use std::sync::Arc;

use sluice_core::alert::Alert;
use sluice_core::port::Fut;
use sluice_core::port::deliver::{Deliver, NotDelivered};

/// Writes alerts to the log: always there, so that an installation without any other sink is not silent.
pub struct LogSink;

impl Deliver for LogSink {
    fn alerts<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Result<(), NotDelivered>> {
        for alert in alerts {
            let (code, subject) = (alert.raise.code.as_str(), alert.raise.subject.as_str());
            if alert.resolved_at.is_some() {
                tracing::info!(alert.code = code, alert.subject = subject, "Alert resolved");
            } else {
                tracing::warn!(alert.code = code, alert.subject = subject, severity = alert.raise.code.severity().as_str(), "{}", alert.raise.detail);
            }
        }
        Box::pin(async { Ok(()) })
    }
}

/// All sinks a configuration names, as one.
pub fn log_only() -> Arc<dyn Deliver> {
    Arc::new(LogSink)
}
