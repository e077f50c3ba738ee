//! The pools of geth before anvil's: sixteen of a sender, and the rest dropped in silence; replacements by ten percent.

use std::time::Duration;

use sluice_api::status::Status;
use sluice_devnet::chaos::{Chaos, PoolRules};

use crate::harness::{Order, Shape, World, instant, since};
use crate::on_both;

fn count(proxies: &[Chaos], rule: &str) -> u64 {
    proxies.iter().map(|chaos| chaos.counts().named(rule)).sum()
}

async fn hundred(world: &World, tag: &str) -> Vec<Chaos> {
    let (production, proxies) = world.chaotic(&["alpha", "beta", "gamma"], 3).await;
    for chaos in &proxies {
        chaos.enforce(Some(PoolRules::geth()));
    }
    let engine = production.engine(world, "one").await;
    let caller = engine.caller();
    let auditor = world.auditor(&caller).await;
    let orders = Order::fresh(tag, 100);
    let start = instant();
    caller.insist_on(&orders).await;
    caller.all_completed(&orders).await;
    eprintln!("{tag}: a hundred withdrawals in {:?}", since(start));
    for rule in
        ["pool_known", "pool_executable_slots", "pool_queued_slots", "pool_replacement", "pool_tip_floor"]
    {
        eprintln!("  {rule}: {}", count(&proxies, rule));
    }
    let judge = world.judge();
    judge.each_paid_once(&orders).await;
    judge.nothing_else_left(&orders).await;
    auditor.proves(&caller, &orders).await;
    for order in &orders {
        assert_eq!(caller.look(order).await.map(|it| it.status), Some(Status::Completed));
    }
    engine.interrupt().await;
    proxies
}

on_both! {
    /// With the window that is shipped no pool ever has to drop anything.
    async fn a_hundred_from_two_lanes_are_paid_within_geths_limits(database: Database) {
        let shape = Shape { block: Duration::from_millis(500), ..Shape::default() };
        let world = World::new(database, shape).await;
        let proxies = hundred(&world, "within").await;
        for rule in ["pool_executable_slots", "pool_queued_slots", "pool_replacement", "pool_tip_floor", "pool_funds"] {
            assert_eq!(count(&proxies, rule), 0, "{rule}");
        }
    }

    /// With a window that is too wide the pools answer hashes and drop what is too much: it is sent again.
    async fn what_a_full_pool_drops_in_silence_is_sent_again(database: Database) {
        let shape = Shape { block: Duration::from_millis(500), profile: "window = 40", ..Shape::default() };
        let world = World::new(database, shape).await;
        let proxies = hundred(&world, "beyond").await;
        assert!(count(&proxies, "pool_executable_slots") > 0, "the pools were too small");
    }
}
