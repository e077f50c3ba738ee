//! Energy that a lane uses far beyond what its payouts were expected to take.

use serde_json::json;
use sluice_core::port::reader::{AlertFilter, Reader as _};
use sluice_core::time::Timestamp;
use sluice_flow::house::Memory;

use super::stage::{DAY_MS, HOUR_MS, Tron, read, resources};

const MOST: u64 = 10_000_000;

/// The house looks, by one process that goes on.
async fn look(tron: &Tron, memory: &mut Memory, energy: u64, after_ms: i64) -> Vec<String> {
    if let Some((_, has)) = tron.chain.tron.lock().unwrap().as_mut() {
        *has = resources(energy, MOST);
    }
    tron.world.clock.forward_ms(after_ms);
    sluice_flow::house::turn(&tron.world.api.ports, "test", memory).await.unwrap();
    let alerts = tron.world.db.alerts(None, &AlertFilter::any(false), 100).await.unwrap();
    let open = alerts.into_iter().filter(|it| it.raise.code.as_str() == "energy_unusual");
    open.map(|it| format!("{} {}", it.raise.subject, it.raise.detail)).collect()
}

#[tokio::test]
async fn a_use_far_above_the_forecast_is_told_with_figures_until_an_hour_uses_less() {
    let tron = Tron::new().await;
    tron.world.clock.forward_ms(2 * DAY_MS);
    // Monday, ten o'clock in Seoul: a sixth of 25 % of 100 payouts, 130,285 each.
    tron.paid(HOUR_MS, Timestamp::parse("2026-11-22T03:00:00Z").unwrap(), 70).await;
    let mut memory = Memory::new(&tron.world.api.ports);
    assert!(look(&tron, &mut memory, MOST, 16_000).await.is_empty());
    assert!(
        look(&tron, &mut memory, MOST - 1_400_000, 16_000).await.is_empty(),
        "less than three times of it"
    );
    let told = look(&tron, &mut memory, MOST - 1_700_000, 16_000).await;
    let figures =
        format!("{} 1700000 energy or more was used within an hour, where 542898 was expected", tron.lane);
    assert!(told.len() == 1 && told[0].starts_with(&figures), "{told:?}");
    // It comes back, and the hour is the same; so it is for a process that begins now.
    for _ in 0..30 {
        assert_eq!(look(&tron, &mut memory, MOST, 60_000).await.len(), 1);
    }
    let mut other = Memory::new(&tron.world.api.ports);
    assert_eq!(look(&tron, &mut other, MOST, 16_000).await.len(), 1, "it has not seen an hour");
    let mut last = 1;
    for _ in 0..40 {
        last = look(&tron, &mut memory, MOST, 60_000).await.len();
    }
    assert_eq!(last, 0, "an hour used less");
    let closed = read(&tron.world, &tron.world.a.key, "/v1/energy").await;
    assert_eq!(closed["wallets"][0]["mode"], json!("optimal"), "its energy was never low");
}

#[tokio::test]
async fn nothing_is_told_before_a_day_is_known() {
    let tron = Tron::new().await;
    let mut memory = Memory::new(&tron.world.api.ports);
    for used in [0, 3_000_000, 6_000_000] {
        assert!(look(&tron, &mut memory, MOST - used, 16_000).await.is_empty(), "{used}");
    }
}
