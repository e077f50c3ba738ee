//! Logs and metrics. Errors are rare and something a person can act on; nothing secret is ever a field.

use std::sync::Arc;

use metrics_exporter_prometheus::PrometheusBuilder;
use tracing_subscriber::EnvFilter;

use crate::error::StartError;

/// Logs to standard error: readable on a terminal, JSON elsewhere. `SLUICE_LOG` narrows or widens it, as
/// `sluice_flow=debug,info`.
pub fn start(default: &str) {
    let filter = EnvFilter::builder()
        .with_env_var("SLUICE_LOG")
        .try_from_env()
        .unwrap_or_else(|_| EnvFilter::new(default));
    let terminal = std::io::IsTerminal::is_terminal(&std::io::stderr());
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    // A subscriber that was set before is a test's own; it stays.
    let _already_set =
        if terminal { builder.with_target(false).compact().try_init() } else { builder.json().try_init() };
}

/// Starts counting, and hands over what renders the text of `/metrics`.
///
/// # Errors
/// [`StartError`]: something in this process counts already.
pub fn metrics() -> Result<Arc<dyn Fn() -> String + Send + Sync>, StartError> {
    let handle = PrometheusBuilder::new()
        .install_recorder()
        .map_err(|error| StartError::Other(format!("metrics cannot be started: {error}")))?;
    Ok(Arc::new(move || handle.render()))
}
