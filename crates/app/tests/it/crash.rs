//! A crash anywhere never pays twice and never loses a payment (M2).

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::future::join_all;
use sluice_api::status::Status;

use crate::harness::{Order, Shape, World, instant, since};
use crate::on_both;

/// Withdrawals under way.
const ORDERS: usize = 500;
/// All of them are over so long after the last start.
const OVER: Duration = Duration::from_secs(60);
/// The stages a payment passes, in order. A kill lies between two of them when a transfer was found at the first.
const STAGES: [&str; 8] = ["planned", "funded", "fuelled", "built", "signing", "signed", "broadcast", "seen"];
/// Where the engine is killed, and where a transfer then stands at the latest. Beside these it is killed at moments that
/// nobody chose.
const POINTS: [(&str, Option<&str>); 24] = [
    ("store.accept:before:3", None),
    ("store.accept:after:3", None),
    ("store.apply/planned:before:1", None),
    ("store.apply/planned:after:1", Some("planned")),
    // The third may have planned what another lane had taken, and the first two may be funded by then.
    ("store.apply/planned:after:3", None),
    ("store.apply/funded:before:2", Some("planned")),
    ("store.apply/funded:after:1", Some("funded")),
    ("store.apply/fuelled:before:2", Some("funded")),
    ("store.apply/fuelled:after:1", Some("fuelled")),
    ("store.apply/built:before:1", Some("fuelled")),
    ("store.apply/built:after:2", Some("built")),
    ("store.apply/signing:after:1", Some("signing")),
    ("signer.sign:before:2", None),
    ("signer.sign:after:1", None),
    ("signer.sign:after:3", None),
    ("store.apply/signed:before:1", Some("signing")),
    ("store.apply/signed:after:1", Some("signed")),
    ("chain.submit:before:1", None),
    ("chain.submit:after:1", None),
    ("chain.submit:after:2", None),
    ("store.apply/seen:before:1", Some("broadcast")),
    ("store.apply/seen:after:1", Some("seen")),
    ("store.apply/final:before:1", Some("seen")),
    ("store.apply/final:after:2", None),
];
/// Kills after these times, milliseconds: in steps that share no factor with the loops' own times.
const MOMENTS_MS: [u64; 8] = [0, 41, 173, 311, 467, 643, 887, 1_201];

on_both! {
    /// The caller keeps asking while the engine is killed again and again, between each pair of stages at least once.
    async fn killed_thirty_two_times_in_the_middle_of_five_hundred_each_is_paid_once(database: Database) {
        let world = World::new(database, Shape { lanes: 4, ..Shape::default() }).await;
        let orders = Order::fresh("crash", ORDERS as u64);
        let kills = POINTS.len() + MOMENTS_MS.len();
        assert!(kills >= 30);
        let mut engine = world.engine().await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let mut hit: BTreeMap<&str, usize> = BTreeMap::new();
        let mut last_start = instant();
        let (mut spares, mut orders) = (Order::fresh("spare", 60), orders);
        let mut more = Vec::new();
        for (kill, some) in orders.clone().chunks(ORDERS.div_ceil(kills)).enumerate() {
            let point = POINTS.get(kill);
            let asking = join_all(some.iter().map(|order| caller.insist(order)));
            let dying = async {
                match point {
                    Some((place, _)) => {
                        engine.point.arm(&format!("{place}:kill"));
                        let ((), besides) = caller.asking_more_until(&mut spares, engine.struck()).await;
                        more.extend(besides);
                    }
                    None => {
                        tokio::time::sleep(Duration::from_millis(MOMENTS_MS[kill - POINTS.len()])).await;
                        engine.kill().await;
                    }
                }
                let found = world.stored().await.in_flight().await;
                (found, instant(), world.engine().await)
            };
            let (_, (found, start, next)) = tokio::join!(asking, dying);
            (last_start, engine) = (start, next);
            if let Some((place, Some(stage))) = point {
                assert!(found.contains_key(stage), "killed at {place}, and nothing is {stage}: {found:?}");
            }
            for stage in found.keys() {
                *hit.entry(stage).or_default() += 1;
            }
        }
        for order in &more {
            caller.insist(order).await;
        }
        orders.extend(more);
        for order in &orders {
            caller.wait_for(order, Status::Completed).await;
        }
        let over = since(last_start);
        eprintln!("{kills} kills; kills with a transfer at each stage: {hit:?}; all over {over:?} after the last start");
        assert!(over < OVER, "all are over {OVER:?} after the last start, not {over:?}");
        for stage in STAGES {
            assert!(hit.contains_key(stage), "no kill came while a transfer was {stage}: {hit:?}");
        }
        let judge = world.judge();
        judge.each_paid_once(&orders).await;
        judge.nothing_else_left(&orders).await;
        auditor.proves(&engine.caller(), &orders).await;
    }
}
