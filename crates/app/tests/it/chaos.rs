//! Replies of nodes that are lost, late, double, out of order, broken off or false, for as long as payments go on: each is
//! paid once.

use std::time::Duration;

use sluice_devnet::chaos::{Chaos, Fault, PoolRules, Rule};

use crate::harness::{Caller, Order, Shape, World, instant, since};
use crate::on_both;

/// Every kind of fault strikes at least so often before the test believes what it saw.
const STRIKES: u64 = 10;
/// More payments are ordered so many times for it, eight at a time.
const ROUNDS_MAX: u32 = 40;

/// A node that was found to lie is not heard for five minutes. So long the other two have to agree on everything, through all of
/// this; each question that one of them leaves without an answer costs ten seconds.
const LONG: Duration = Duration::from_secs(360);

/// What befalls every node: accidents, and false words about what was sent, on so many of a thousand calls.
const EVERYWHERE: [(Fault, u64); 14] = [
    (Fault::LoseRequest, 6),
    (Fault::LoseReply, 6),
    (Fault::DelayRequest { ms: 300 }, 8),
    (Fault::DelayReply { ms: 300 }, 8),
    (Fault::DuplicateRequest, 20),
    (Fault::DuplicateReply, 5),
    (Fault::ReorderRequests, 12),
    (Fault::ReorderReplies, 12),
    (Fault::HalfClose, 6),
    (Fault::Silence, 5),
    (Fault::MissingReceipt, 150),
    (Fault::SwallowSent, 150),
    (Fault::FalseKnown, 150),
    (Fault::FalseNonceLow, 150),
];

/// What one node says besides, until it is no longer heard.
const OF_ONE: [(Fault, u64); 3] =
    [(Fault::WrongNonce { by: 1 }, 50), (Fault::WrongFinalHash, 20), (Fault::FalseRevert, 50)];

/// What may happen to every single sending, beside what happens to everything: three requests of ten are lost, and of those that arrive
/// three answers of ten; some are sent twice, and some are answered with a false word.
const OF_SENDING: [(Fault, u64); 5] = [
    (Fault::LoseRequest, 300),
    (Fault::LoseReply, 300),
    (Fault::DuplicateRequest, 100),
    (Fault::FalseKnown, 100),
    (Fault::FalseNonceLow, 100),
];
/// Payments with and without it.
const SENT: u64 = 16;
/// With it the last one is settled after so many times as long at most, and a block or two more.
const SLOWER_MAX: u32 = 3;
const BLOCKS_MORE: Duration = Duration::from_secs(2);

fn begin(chaos: &Chaos, faults: &[(Fault, u64)]) {
    for (fault, permille) in faults {
        chaos.add(Rule::every(*fault).permille(*permille)).expect("a rule within its bounds");
    }
}

/// How often each of these struck on all proxies together.
fn struck(proxies: &[Chaos], fault: Fault) -> u64 {
    proxies.iter().map(|chaos| chaos.counts().of(fault)).sum()
}

/// Pays as many with an honest way and with one on which sendings are lost, and says how long the slowest took; all of them.
async fn sent_into_the_dark(proxies: &[Chaos], caller: &Caller) -> Vec<Order> {
    let (mut all, mut took) = (vec![], vec![]);
    for (tag, faults) in [("honest", &OF_SENDING[..0]), ("sent", &OF_SENDING[..])] {
        for (chaos, (fault, permille)) in
            proxies.iter().flat_map(|it| faults.iter().map(move |rule| (it, rule)))
        {
            let rule = Rule::every(*fault).on("eth_sendRawTransaction").permille(*permille);
            chaos.add(rule).expect("a rule within its bounds");
        }
        let (orders, start) = (Order::fresh(tag, SENT), instant());
        caller.insist_on(&orders).await;
        caller.all_completed(&orders).await;
        took.push(since(start));
        for (fault, _) in faults {
            assert!(struck(proxies, *fault) > 0, "{fault} never struck");
            eprintln!("{tag}: {fault}: {}", struck(proxies, *fault));
        }
        all.extend(orders);
    }
    eprintln!("{SENT} payments over an honest way and over one that loses sendings: {took:?}");
    assert!(took[1] <= took[0] * SLOWER_MAX + BLOCKS_MORE, "{took:?}");
    proxies.iter().for_each(Chaos::lift_all);
    all
}

on_both! {
    async fn a_lost_late_double_or_contradictory_reply_never_pays_twice(database: Database) {
        // Blocks as slow as the slowest replies: how fast a chain can be read through such a way is not what is promised.
        let shape = Shape { block: Duration::from_secs(1), ..Shape::default() };
        let world = World::new(database, shape).await;
        let (production, proxies) = world.chaotic(&["alpha", "beta", "gamma"], 7).await;
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        let mut orders = sent_into_the_dark(&proxies, &caller).await;
        for chaos in &proxies {
            chaos.enforce(Some(PoolRules::geth()));
            begin(chaos, &EVERYWHERE);
        }
        begin(&proxies[2], &OF_ONE);
        orders.extend(Order::fresh("chaos", 48));
        caller.insist_on(&orders).await;
        caller.all_completed_within(LONG, &orders).await;
        // Until every kind has struck often enough, there is more to pay.
        for round in 0.. {
            let faults = EVERYWHERE.iter().map(|(fault, _)| *fault);
            let rare: Vec<Fault> = faults.filter(|fault| struck(&proxies, *fault) < STRIKES).collect();
            if rare.is_empty() {
                break;
            }
            assert!(round < ROUNDS_MAX, "too rare in {} payments: {rare:?}", orders.len());
            let more = Order::fresh("chaos", 8);
            caller.insist_on(&more).await;
            caller.all_completed_within(LONG, &more).await;
            orders.extend(more);
        }
        for (fault, _) in EVERYWHERE {
            eprintln!("{fault}: {}", struck(&proxies, fault));
        }
        for (fault, _) in OF_ONE {
            eprintln!("{fault}: {} by one node", struck(&proxies, fault));
        }
        let judge = world.judge();
        judge.each_paid_once(&orders).await;
        judge.nothing_else_left(&orders).await;
        auditor.proves(&caller, &orders).await;
        engine.interrupt().await;
    }
}
