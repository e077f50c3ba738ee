//! What this process tells of itself at `/metrics`. Every name is in [`TABLE`] and in `docs/metrics.md`, and nowhere else.
//!
//! Labels are bounded: statuses, stages, chains, assets, operators and managed wallets. No partner, user or withdrawal
//! is ever a label.

mod meter;
mod node;
mod sample;
mod signer;
mod tron;

use std::sync::Arc;
use std::time::Duration;

use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

use crate::error::StartError;

pub use meter::Figures;
pub use node::measured as measured_node;
pub use sample::sample;
pub use signer::measured as measured_signer;
pub use tron::measured as measured_tron;

/// What a figure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Only rises; starts anew with the process.
    Counter,
    /// How things stand.
    Gauge,
    /// How a figure is spread, in buckets.
    Histogram,
}

impl Kind {
    /// The word in the documentation.
    #[cfg(test)]
    const fn as_str(self) -> &'static str {
        match self {
            Self::Counter => "counter",
            Self::Gauge => "gauge",
            Self::Histogram => "histogram",
        }
    }
}

/// A figure that is told.
#[derive(Clone, Copy, Debug)]
pub struct Metric {
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub kind: Kind,
    /// What it means, with its unit.
    pub help: &'static str,
}

macro_rules! metrics {
    ($($name:ident = $text:expr, $kind:ident, $help:literal;)*) => {
        $(pub(crate) const $name: &str = $text;)*

        /// Every figure this program tells.
        pub const TABLE: &[Metric] = &[$(Metric { name: $name, kind: Kind::$kind, help: $help }),*];
    };
}

metrics! {
    HTTP_REQUESTS = sluice_http::REQUESTS_METRIC, Counter, "Requests answered, by method, route and status.";
    HTTP_SECONDS = sluice_http::SECONDS_METRIC, Histogram, "Time to answer a request, in seconds, by method, route and status.";
    INTAKE = "sluice_intake_total", Counter, "Requests for a withdrawal, by asset and outcome: accepted, rejected, replayed, conflict.";
    INTAKE_GROUP = "sluice_intake_group_requests", Histogram, "Requests that shared one commit.";
    WITHDRAWALS = "sluice_withdrawal_transitions_total", Counter, "Withdrawals that reached a state, by asset and state.";
    PAID_SECONDS = "sluice_withdrawal_paid_seconds", Histogram, "Time from acceptance to the proof of payment, in seconds, by asset.";
    TRANSFERS = "sluice_transfer_transitions_total", Counter, "Transfers that reached a state, by chain and state.";
    ATTEMPTS = "sluice_attempts_total", Counter, "Transactions made, by chain and kind: pay, bump, void.";
    REORG = "sluice_reorg_blocks", Histogram, "Blocks that left the chain at once, by chain.";
    STAGE_SECONDS = "sluice_stage_seconds", Histogram, "Time a stage, or a whole turn of a loop, took, in seconds, by stage.";
    STAGE_ERRORS = "sluice_stage_errors_total", Counter, "Stages that ended early, by stage and kind of error.";
    NODE_SECONDS = "sluice_node_request_seconds", Histogram, "Time a node took to answer, in seconds, by chain, operator and method.";
    NODE_REQUESTS = "sluice_node_requests_total", Counter, "Questions to nodes, by chain, operator, method and outcome: ok, rpc, transport, silent, nonsense.";
    BROADCASTS = "sluice_broadcasts_total", Counter, "Transactions handed to a node, by chain, operator and what it said.";
    SIGNER_SECONDS = "sluice_signer_request_seconds", Histogram, "Time the signer took to answer, in seconds, by call.";
    SIGNER_REQUESTS = "sluice_signer_requests_total", Counter, "Calls to the signer, by call and outcome: ok, down, journal.";
    SIGNER_REFUSALS = "sluice_signer_refusals_total", Counter, "What the signer refused, by call and its code.";
    LANE_IN_FLIGHT = "sluice_lane_in_flight", Gauge, "Slots allocated and not included, by chain and wallet.";
    LANE_WINDOW = "sluice_lane_window", Gauge, "Slots that may be allocated and not included, by chain and wallet.";
    LANE_UNSETTLED = "sluice_lane_unsettled", Gauge, "Transfers sent and not final, by chain and wallet.";
    LANE_UNSETTLED_MAX = "sluice_lane_unsettled_max", Gauge, "Transfers that may be sent and not final, by chain and wallet.";
    LANE_OLDEST = "sluice_lane_oldest_seconds", Gauge, "Age of the oldest withdrawal on the lane, in seconds, by chain and wallet; 0 when there is none.";
    LANE_ENERGY = "sluice_lane_energy", Gauge, "TRON: energy that may be used, as last read, by chain and wallet.";
    LANE_ENERGY_MODE = "sluice_lane_energy_mode", Gauge, "TRON: the mode of the wallet's energy, by chain and wallet: 0 without, 1 optimal, 2 normal, 3 warning, 4 critical.";
    CHAIN_HEAD = "sluice_chain_head", Gauge, "Height of the last block stored, by chain.";
    CHAIN_FINAL_LAG = "sluice_chain_final_lag_blocks", Gauge, "Blocks between the last stored and the last agreed final one, by chain.";
    CHAIN_STILL = "sluice_chain_still_seconds", Gauge, "Time since a block was last stored or agreed final, in seconds, by chain.";
    ALERTS_OPEN = "sluice_alerts_open", Gauge, "Open alerts, by severity; at most 1,000 are counted.";
    EVENTS_UNSEALED = "sluice_events_unsealed", Gauge, "Events committed and not numbered yet: how far the feed is behind; at most 1,000 are counted.";
    RESIDENT_BYTES = "sluice_process_resident_bytes", Gauge, "Memory of this process that is in use, in bytes.";
}

/// Seconds, from half a millisecond to a minute: what people wait for, and what money waits for.
const SECONDS: &[f64] =
    &[0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0];
/// Seconds from acceptance to proof: from a fast chain to a missed deadline.
const PAID: &[f64] =
    &[1.0, 2.0, 5.0, 10.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1_200.0, 1_800.0, 3_600.0, 7_200.0];
/// Things counted at once.
const COUNTS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0];

/// Starts counting.
///
/// # Errors
/// [`StartError`]: something in this process counts already.
pub fn start() -> Result<PrometheusHandle, StartError> {
    let failed =
        |error: &dyn std::fmt::Display| StartError::Other(format!("metrics cannot be started: {error}"));
    let mut builder = PrometheusBuilder::new();
    for metric in TABLE.iter().filter(|metric| metric.kind == Kind::Histogram) {
        let buckets = match metric.name {
            PAID_SECONDS => PAID,
            INTAKE_GROUP | REORG => COUNTS,
            _ => SECONDS,
        };
        let matcher = Matcher::Full(metric.name.to_owned());
        builder = builder.set_buckets_for_metric(matcher, buckets).map_err(|error| failed(&error))?;
    }
    let handle = builder.install_recorder().map_err(|error| failed(&error))?;
    for metric in TABLE {
        match metric.kind {
            Kind::Counter => metrics::describe_counter!(metric.name, metric.help),
            Kind::Gauge => metrics::describe_gauge!(metric.name, metric.help),
            Kind::Histogram => metrics::describe_histogram!(metric.name, metric.help),
        }
    }
    Ok(handle)
}

/// What renders the text of `/metrics`.
pub fn renderer(handle: PrometheusHandle) -> Arc<dyn Fn() -> String + Send + Sync> {
    Arc::new(move || handle.render())
}

/// Microseconds as the seconds that figures are told in.
fn seconds(us: i64) -> f64 {
    Duration::from_micros(u64::try_from(us).unwrap_or(0)).as_secs_f64()
}

/// A whole number as a figure.
#[expect(clippy::cast_precision_loss, reason = "a figure for people; nothing is decided by it")]
fn whole(number: u64) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_documentation_lists_exactly_what_is_told() {
        let page = include_str!("../../../docs/metrics.md");
        let rows: Vec<Vec<&str>> = page
            .lines()
            .filter(|line| line.starts_with("| `sluice_"))
            .map(|line| {
                line.trim_matches('|').split(" | ").map(|cell| cell.trim().trim_matches('`')).collect()
            })
            .collect();
        let documented: Vec<(&str, &str)> = rows.iter().map(|row| (row[0], row[1])).collect();
        let told: Vec<(&str, &str)> =
            TABLE.iter().map(|metric| (metric.name, metric.kind.as_str())).collect();
        assert_eq!(documented, told);
        for (row, metric) in rows.iter().zip(TABLE) {
            assert_eq!(row[2].trim(), metric.help, "{}", metric.name);
        }
    }

    #[test]
    fn a_name_says_what_it_counts_in() {
        for metric in TABLE {
            let counter = metric.name.ends_with("_total");
            assert_eq!(counter, metric.kind == Kind::Counter, "{}", metric.name);
            if metric.name.ends_with("_seconds") {
                assert!(metric.help.contains("in seconds"), "{}", metric.name);
            }
        }
    }
}
