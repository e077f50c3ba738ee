//! What a busy machine can hold of the figures that were promised. `cargo xtask bench api` measures them on the release
//! build (docs/figures.md).

use std::time::Duration;

use futures_util::future::join_all;

use crate::harness::{Caller, Order, Shape, World, instant, since};
use crate::on_both;

/// Callers at once.
const CALLERS: usize = 16;
/// Orders of each.
const EACH: u64 = 20;
/// What 95 of 100 creations stay within on the debug build, while other tests run: twenty times what was promised of the
/// release build on a machine of its own.
const P95: Duration = Duration::from_secs(1);
/// What the debug build may hold in memory afterwards, KiB: twice what was promised.
const RESIDENT_KIB: u64 = 120 * 1_024;

on_both! {
    async fn sixteen_callers_are_answered_at_once_by_an_engine_of_bounded_memory(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let engine = world.engine().await;
        let caller = engine.caller();
        let orders: Vec<Vec<Order>> =
            (0..CALLERS).map(|number| Order::fresh(&format!("caller-{number}"), EACH)).collect();
        let mut took: Vec<Duration> =
            join_all(orders.iter().map(|orders| creations(&caller, orders))).await.concat();
        took.sort_unstable();
        let p95 = took[took.len() * 95 / 100];
        assert!(p95 < P95, "95 of 100 creations took up to {p95:?}");
        let resident = resident_kib(engine.pid());
        assert!(resident < RESIDENT_KIB, "the engine holds {resident} KiB");
        caller.all_completed(&orders.concat()).await;
    }
}

async fn creations(caller: &Caller, orders: &[Order]) -> Vec<Duration> {
    let mut took = Vec::with_capacity(orders.len());
    for order in orders {
        let begun = instant();
        caller.insist(order).await;
        took.push(since(begun));
    }
    took
}

fn resident_kib(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).expect("it runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}
