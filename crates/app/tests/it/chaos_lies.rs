//! One of three nodes lies, each lie in turn. No payment is completed or killed by it, payments go on, and who lies is
//! named and no longer heard.

use std::time::Duration;

use sluice_devnet::chaos::{Chaos, Fault, Rule};

use crate::harness::{Caller, Engine, Manner, Order, PATIENCE, Shape, World, instant, since, until, within};
use crate::on_both;

/// Payments beside a liar are over so soon.
const SOON: Duration = Duration::from_secs(30);

/// So long two of three lie, twenty blocks and more: nothing may end meanwhile.
const LIED: Duration = Duration::from_secs(6);

/// Who tells what, and how it is known for it; nothing where there is nothing to find out: whoever keeps to himself what he
/// was sent cannot be told from one that nobody has heard yet. The first one is asked first wherever one is enough, the last
/// one where two are not.
const LIES: [(&str, &[Fault], Option<&str>); 11] = [
    // The two together say: your payment is in a final block.
    ("alpha", &[Fault::FakeReceipt, Fault::WrongNonce { by: 40 }], Some("contradicts")),
    ("beta", &[Fault::FalseRevert], Some("contradicts")),
    ("alpha", &[Fault::MissingReceipt], Some("contradicts")),
    ("alpha", &[Fault::WrongNonce { by: 1 }], Some("contradicts")),
    ("gamma", &[Fault::WrongNonce { by: 1 }], Some("contradicts")),
    ("beta", &[Fault::WrongNonce { by: -1 }], Some("contradicts")),
    ("gamma", &[Fault::WrongFinalHash], Some("contradicts")),
    ("alpha", &[Fault::StaleHead { blocks: 500 }], Some("out_of_step")),
    ("beta", &[Fault::SwallowSent], None),
    ("gamma", &[Fault::FalseKnown], None),
    ("alpha", &[Fault::FalseNonceLow], None),
];

/// What is wrong with the node of this operator.
async fn trouble(caller: &Caller, operator: &str) -> Option<String> {
    let chains = caller.client.chains().take(10).await.expect("the chains");
    let mut nodes = chains.into_iter().flat_map(|chain| chain.nodes);
    nodes.find(|node| node.operator == operator).expect("its node").trouble
}

/// Orders some payments and waits until each was paid once.
async fn pays(world: &World, caller: &Caller, tag: &str, all: &mut Vec<Order>) {
    let orders = Order::fresh(tag, 4);
    let start = instant();
    within(SOON, "payments go on beside a liar", async || {
        caller.insist_on(&orders).await;
        caller.all_completed(&orders).await;
        true
    })
    .await;
    eprintln!("{tag}: four withdrawals in {:?}", since(start));
    all.extend(orders);
    world.judge().each_paid_once(all).await;
}

async fn end(engine: Engine) {
    engine.interrupt().await;
}

on_both! {
    async fn one_of_three_lying_completes_and_kills_nothing_and_is_quarantined(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let names = ["alpha", "beta", "gamma"];
        let (production, proxies) = world.chaotic(&names, 11).await;
        let (mut all, mut auditor) = (Vec::new(), None);
        for (liar, lies, known_for) in LIES {
            let index = names.iter().position(|name| *name == liar).expect("one of the three");
            let chaos: &Chaos = &proxies[index];
            for lie in lies {
                chaos.add(Rule::every(*lie)).expect("a rule within its bounds");
            }
            // A new process has no memory of whom it may believe.
            let engine = production.engine(&world, "one").await;
            let caller = engine.caller();
            if auditor.is_none() {
                auditor = Some(world.auditor(&caller).await);
            }
            let auditor = auditor.as_ref().expect("there since the first liar");
            let tag = format!("{liar}-{}", lies[0]);
            pays(&world, &caller, &tag, &mut all).await;
            if let Some(known_for) = known_for {
                // Who is asked with whom is a matter of which block each of them has just seen: more payments, more questions.
                let known = async || trouble(&caller, liar).await.as_deref() == Some(known_for);
                let start = instant();
                while !known().await {
                    assert!(since(start) < PATIENCE, "{tag} is not known as {known_for}");
                    pays(&world, &caller, &tag, &mut all).await;
                    tokio::time::sleep(Duration::from_secs(1)).await;
                }
            }
            if known_for == Some("contradicts") {
                // An alert of an earlier liar is over by the time it is looked for, or soon after.
                until(&format!("{tag} is told of"), async || {
                    let alert = caller.is_alerted("nodes_disagree").await;
                    alert.subject.contains(&format!("{liar}/"))
                })
                .await;
            }
            assert!(lies.iter().any(|lie| chaos.counts().of(*lie) > 0), "{tag}: it was told");
            chaos.lift_all();
            auditor.proves(&caller, &all).await;
            end(engine).await;
        }
        world.judge().nothing_else_left(&all).await;
    }

    /// A node that was away when the engine started, and comes back as one of another chain.
    async fn a_node_of_another_chain_is_never_asked_and_is_told_of(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let (production, proxies) = world.chaotic(&["alpha", "beta", "gamma"], 12).await;
        production.operator("alpha").is(Manner::Down);
        proxies[0].add(Rule::every(Fault::WrongChainId)).expect("a rule within its bounds");
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        production.operator("alpha").is(Manner::Honest);
        let auditor = world.auditor(&caller).await;
        let mut all = Vec::new();
        pays(&world, &caller, "other-chain", &mut all).await;
        until("it is known", async || trouble(&caller, "alpha").await.as_deref() == Some("other_chain")).await;
        let alert = caller.is_alerted("nodes_down").await;
        assert!(alert.detail.contains("31338"), "{alert:?}");
        pays(&world, &caller, "other-chain", &mut all).await;
        world.judge().nothing_else_left(&all).await;
        auditor.proves(&caller, &all).await;
        end(engine).await;
    }

    /// Two of three lie, each in its own way: no two say the same any more, so nothing comes to an end, and it is told. A new process
    /// has no memory of who lied; it finds honest nodes, and what was sent meanwhile was sent once.
    async fn while_two_of_three_lie_nothing_ends_and_afterwards_each_is_paid_once(database: Database) {
        let world = World::new(database, Shape::default()).await;
        let (production, proxies) = world.chaotic(&["alpha", "beta", "gamma"], 13).await;
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        let auditor = world.auditor(&caller).await;
        proxies[0].add(Rule::every(Fault::WrongFinalHash)).expect("a rule within its bounds");
        proxies[1].add(Rule::every(Fault::StaleHead { blocks: 500 })).expect("a rule within its bounds");
        until("both have lied", async || {
            proxies[0].counts().of(Fault::WrongFinalHash) > 0
                && proxies[1].counts().of(Fault::StaleHead { blocks: 500 }) > 0
        })
        .await;
        let orders = Order::fresh("meanwhile", 4);
        caller.insist_on(&orders).await;
        caller.is_alerted("nodes_disagree").await;
        let start = instant();
        while since(start) < LIED {
            for order in &orders {
                let status = caller.look(order).await.expect("it is there").status;
                assert!(!status.is_terminal(), "{} came to be {status:?} by the word of nobody", order.external_id);
            }
            tokio::time::sleep(Duration::from_millis(500)).await;
        }
        proxies.iter().for_each(Chaos::lift_all);
        end(engine).await;
        let engine = production.engine(&world, "one").await;
        let caller = engine.caller();
        caller.all_completed(&orders).await;
        world.judge().each_paid_once(&orders).await;
        world.judge().nothing_else_left(&orders).await;
        auditor.proves(&caller, &orders).await;
        end(engine).await;
    }
}
