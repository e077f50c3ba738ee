//! The log as a sink.

use sluice_core::alert::{Alert, Severity};
use sluice_core::port::Fut;

use super::Sink;

/// Writes alerts to the log.
#[derive(Clone, Copy, Debug)]
pub struct Log;

impl Sink for Log {
    fn name(&self) -> &'static str {
        "log"
    }

    fn hand<'a>(&'a self, alerts: &'a [Alert]) -> Fut<'a, Vec<Result<(), String>>> {
        Box::pin(async move {
            alerts.iter().for_each(write);
            alerts.iter().map(|_| Ok(())).collect()
        })
    }
}

fn write(alert: &Alert) {
    let (code, subject) = (alert.raise.code.as_str(), alert.raise.subject.as_str());
    let (severity, detail) = (alert.raise.code.severity(), alert.raise.detail.as_str());
    if alert.resolved_at.is_some() {
        tracing::info!(alert.code = code, alert.subject = subject, "Alert closed: {code} of {subject}");
        return;
    }
    let severity_name = severity.as_str();
    match severity {
        Severity::P1 | Severity::P2 => {
            tracing::error!(
                alert.code = code,
                alert.subject = subject,
                severity = severity_name,
                "Alert: {detail}"
            );
        }
        Severity::P3 | Severity::P4 => {
            tracing::warn!(
                alert.code = code,
                alert.subject = subject,
                severity = severity_name,
                "Alert: {detail}"
            );
        }
    }
}
