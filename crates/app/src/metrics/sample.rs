//! Figures of how things stand, read from the store now and then. What cannot be read keeps its last figure.

use std::collections::BTreeMap;
use std::time::Duration;

use metrics_exporter_prometheus::PrometheusHandle;
use sluice_core::alert::Severity;
use sluice_core::energy::mode::{Mode, Stood};
use sluice_core::port::reader::{AlertFilter, WalletView};
use sluice_core::port::store::StoreError;
use sluice_core::wallet::LaneState;

use super::{
    ALERTS_OPEN, CHAIN_FINAL_LAG, CHAIN_HEAD, CHAIN_STILL, EVENTS_UNSEALED, LANE_ENERGY, LANE_ENERGY_MODE,
    LANE_IN_FLIGHT, LANE_OLDEST, LANE_UNSETTLED, LANE_UNSETTLED_MAX, LANE_WINDOW, RESIDENT_BYTES, seconds,
    whole,
};
use crate::engine::Engine;

/// Time between two looks.
const EVERY: Duration = Duration::from_secs(5);
/// Most things counted.
const COUNT_MAX: usize = 1_000;
/// Bytes of a page, as `/proc` counts memory in pages. What the kernel uses on every machine we know.
const PAGE_BYTES: u64 = 4_096;

/// Looks for ever.
pub async fn sample(engine: &Engine, handle: &PrometheusHandle) {
    loop {
        // Also what nobody fetches must not pile up.
        handle.run_upkeep();
        if let Err(error) = look(engine).await {
            tracing::warn!(%error, "Figures cannot be read; trying again");
        }
        tokio::time::sleep(EVERY).await;
    }
}

async fn look(engine: &Engine) -> Result<(), StoreError> {
    let (reader, now) = (&engine.reader, engine.ports.clock.now());
    let stood = reader.stood_of(None, now).await?;
    for view in reader.wallets_of(None).await? {
        if let Some(stood) = stood.iter().find(|it| it.wallet == view.wallet.id) {
            energy(&view, stood);
        }
        lane(engine, &view, view.oldest.map_or(0, |(_, since)| now.micros().saturating_sub(since.micros())));
    }
    for id in engine.ports.chains.keys() {
        let status = reader.chain_status(*id).await?;
        let chain = id.to_string();
        let (head, fin) = (status.latest.map(|it| it.number), status.finalized.map(|it| it.number));
        // What is not known is not told: a chain that was never read has no lag of 0.
        if let Some(head) = head {
            metrics::gauge!(CHAIN_HEAD, "chain" => chain.clone()).set(whole(head));
        }
        if let (Some(head), Some(fin)) = (head, fin) {
            metrics::gauge!(CHAIN_FINAL_LAG, "chain" => chain.clone()).set(whole(head.saturating_sub(fin)));
        }
        if let Some(at) = status.moved_at {
            let still_us = now.micros().saturating_sub(at.micros());
            metrics::gauge!(CHAIN_STILL, "chain" => chain).set(seconds(still_us));
        }
    }
    let mut open: BTreeMap<Severity, u64> =
        [Severity::P1, Severity::P2, Severity::P3, Severity::P4].map(|severity| (severity, 0)).into();
    for alert in reader.alerts(None, &AlertFilter::any(false), COUNT_MAX).await? {
        *open.entry(alert.raise.code.severity()).or_default() += 1;
    }
    for (severity, count) in open {
        metrics::gauge!(ALERTS_OPEN, "severity" => severity.as_str()).set(whole(count));
    }
    let unsealed = u64::try_from(reader.unsealed(COUNT_MAX).await?).unwrap_or(u64::MAX);
    metrics::gauge!(EVENTS_UNSEALED).set(whole(unsealed));
    if let Some(bytes) = resident_bytes() {
        metrics::gauge!(RESIDENT_BYTES).set(whole(bytes));
    }
    Ok(())
}

/// How a lane of TRON stands with its energy.
fn energy(view: &WalletView, stood: &Stood) {
    let (chain, wallet) = (view.wallet.chain.to_string(), view.wallet.id.to_string());
    let mode = match stood.standing.map_or(Mode::Without, |standing| standing.mode) {
        Mode::Without => 0.0,
        Mode::Optimal => 1.0,
        Mode::Normal => 2.0,
        Mode::Warning => 3.0,
        Mode::Critical => 4.0,
    };
    metrics::gauge!(LANE_ENERGY_MODE, "chain" => chain.clone(), "wallet" => wallet.clone()).set(mode);
    if let Some(power) = view.power {
        metrics::gauge!(LANE_ENERGY, "chain" => chain, "wallet" => wallet).set(whole(power.resources.energy));
    }
}

fn lane(engine: &Engine, view: &WalletView, oldest_us: i64) {
    if matches!(view.wallet.state, LaneState::Retired) {
        return;
    }
    let count = |count: i64| whole(u64::try_from(count).unwrap_or(0));
    let (chain, wallet) = (view.wallet.chain.to_string(), view.wallet.id.to_string());
    let profile = engine.ports.chains.get(&view.wallet.chain).map(|chain| chain.profile());
    let set = |name: &'static str, value: f64| {
        metrics::gauge!(name, "chain" => chain.clone(), "wallet" => wallet.clone()).set(value);
    };
    set(LANE_IN_FLIGHT, count(view.in_flight));
    set(LANE_UNSETTLED, count(view.unsettled));
    set(LANE_OLDEST, seconds(oldest_us));
    if let Some(profile) = profile {
        set(LANE_WINDOW, f64::from(profile.window));
        set(LANE_UNSETTLED_MAX, f64::from(profile.unsettled_max));
    }
}

/// Memory in use, where the kernel tells it.
fn resident_bytes() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split_whitespace().nth(1)?.parse().ok()?;
    pages.checked_mul(PAGE_BYTES)
}
