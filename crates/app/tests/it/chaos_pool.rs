//! The pools of geth and of bor before anvil's: sixteen of a sender, and the rest dropped in silence; replacements by ten percent;
//! bor's take no tip below 25 gwei.

use std::time::Duration;

use sluice_api::status::Status;
use sluice_devnet::chaos::{Chaos, PoolRules};

use crate::harness::{Order, Shape, World, instant, since, until};
use crate::on_both;

fn count(proxies: &[Chaos], rule: &str) -> u64 {
    proxies.iter().map(|chaos| chaos.counts().named(rule)).sum()
}

/// Pays a hundred. With a window that is too wide no block comes until the pools have had to drop something.
async fn hundred(world: &World, tag: &str, rules: PoolRules, too_wide: bool) -> Vec<Chaos> {
    let (production, proxies) = world.chaotic(&["alpha", "beta", "gamma"], 3).await;
    for chaos in &proxies {
        chaos.enforce(Some(rules));
    }
    let engine = production.engine(world, "one").await;
    let caller = engine.caller();
    let auditor = world.auditor(&caller).await;
    let orders = Order::fresh(tag, 100);
    let start = instant();
    if too_wide {
        world.no_blocks().await;
    }
    caller.insist_on(&orders).await;
    if too_wide {
        until("the pools are too small", async || count(&proxies, "pool_executable_slots") > 0).await;
        world.blocks().await;
    }
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
    /// With the window and the floor that are shipped no pool ever has to drop or refuse anything. Ethereum's pools on one database,
    /// Polygon's on the other: the engine above is the same.
    async fn a_hundred_from_two_lanes_are_paid_within_the_limits_of_geth_and_bor(database: Database) {
        let rules = if matches!(database, Database::Sqlite) { PoolRules::geth() } else { PoolRules::bor() };
        let shape = Shape { block: Duration::from_millis(500), ..Shape::default() };
        let world = World::new(database, shape).await;
        let proxies = hundred(&world, "within", rules, false).await;
        for rule in ["pool_executable_slots", "pool_queued_slots", "pool_replacement", "pool_tip_floor", "pool_funds"] {
            assert_eq!(count(&proxies, rule), 0, "{rule}");
        }
    }

    /// With a window that is too wide the pools answer hashes and drop what is too much: it is sent again.
    async fn what_a_full_pool_drops_in_silence_is_sent_again(database: Database) {
        let shape = Shape { block: Duration::from_millis(500), profile: "window = 40", ..Shape::default() };
        let world = World::new(database, shape).await;
        hundred(&world, "beyond", PoolRules::bor(), true).await;
    }
}
