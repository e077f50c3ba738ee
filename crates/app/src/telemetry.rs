//! Logs. Errors are rare and something a person can act on; nothing secret is ever a field.

use tracing_subscriber::EnvFilter;

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
