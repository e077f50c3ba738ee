//! A nonce that was signed for in a life the store has lost, and belongs to no transfer of the copy, holds nothing up: the
//! lane fills it by a void, once two persons have opened it (M4, M17).

use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::event::Cause;
use sluice_core::port::store::{Change, Store as _};
use sluice_core::wallet::LaneState;
use sluice_core::withdrawal::{AttentionCode, State};
use sluice_flow::operator::{self, LaneCommand, OrderError, Ordered};
use sluice_sim::model::block::Tx;
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};
use crate::restore::{frozen, is_final, lift, paid, rounds, unfreeze};

const FILLS: &str = "select state as what from transfer where purpose = 'fill' limit 10";
pub const FILLED: &str =
    "select id as what from transfer where purpose = 'fill' and state = 'final' limit 10";
pub const COMPLETED: &str = "select id as what from withdrawal where state = 'paid' limit 10";
const ROUNDS_MAX: u32 = 200;

pub fn rounds_until(bench: &mut Bench, what: &str, mut done: impl FnMut(&Bench) -> bool) {
    for _ in 0..ROUNDS_MAX {
        if done(bench) {
            return;
        }
        bench.round();
    }
    panic!("never: {what}");
}

/// So many payments are signed, and what was signed reaches no node; then the store goes back to before them. What was
/// signed, lowest nonce first.
pub fn signed_and_never_sent(bench: &mut Bench, count: u8) -> Vec<Arc<Tx>> {
    rounds(bench, 20); // until something is final
    let copy = bench.copy();
    for number in 1..=count {
        bench.order(number, &bench.world.asset.clone());
    }
    bench.turn().unwrap();
    let lost = {
        let mut chain = bench.world.chain();
        let mut lost: Vec<_> = chain.nodes[0].pool.all().cloned().collect();
        chain.nodes.iter_mut().for_each(|node| node.pool.clear());
        lost.sort_by_key(|tx| tx.nonce);
        lost
    };
    assert_eq!(lost.len(), usize::from(count));
    bench.put_back(&copy);
    bench.restart();
    rounds(bench, 4);
    assert!(frozen(bench));
    lost
}

/// What the chain has executed of the lane's, lowest nonce first.
fn executed(bench: &Bench) -> Vec<Arc<Tx>> {
    let from = bench.world.purses[0].address;
    let chain = bench.world.chain();
    let done = chain.blocks.iter().flat_map(|block| &block.txs).map(|done| Arc::clone(&done.tx));
    done.filter(|tx| tx.from == from).collect()
}

pub fn opened(bench: &Bench) {
    unfreeze(bench, &DUTY);
    lift(bench);
}

#[test]
fn what_was_signed_in_the_lost_time_and_never_sent_is_voided_and_pays_nobody() {
    let mut bench = Bench::new(|inner| inner);
    let lost = signed_and_never_sent(&mut bench, 3);
    rounds(&mut bench, 4);
    assert_eq!(bench.count(FILLS), 0, "nothing before two persons have opened the lane");
    opened(&bench);
    bench.order(9, &bench.world.asset.clone());
    rounds_until(&mut bench, "what comes after is paid", |bench| bench.count(COMPLETED) == 1);
    rounds_until(&mut bench, "each hole is filled by proof", |bench| bench.count(FILLED) == 3);
    let done = executed(&bench);
    assert_eq!(done.iter().map(|tx| tx.nonce).collect::<Vec<_>>(), [0, 1, 2, 3]);
    for (void, lost) in done.iter().zip(&lost) {
        assert!(void.to == void.from && void.data.is_empty() && void.value_wei == 0, "{void:?}");
        assert!(
            void.max_fee_wei > lost.max_fee_wei && void.tip_wei > lost.tip_wei,
            "dearer than what it replaces"
        );
    }
    let told = |kind: &str| {
        format!("select id as what from event where kind = '{kind}' and wallet_id is not null limit 9")
    };
    assert_eq!((bench.count(&told("lane.filling")), bench.count(&told("lane.filled"))), (3, 3));
    let gas = "select transfer_id as what from ledger where account = 'gas' and atoms > 0 and transfer_id in
               (select id from transfer where purpose = 'fill') limit 9";
    assert_eq!(bench.count(gas), 3, "booked as network cost");
    assert!(sluice_sim::oracle::store::always(&bench.db).is_none());
}

/// The partner asks again for what was signed and never sent. It waits for a person, and is given up by two of them once
/// the void is final, so that it can be ordered anew.
#[test]
fn what_was_voided_is_given_up_by_two_persons_and_not_before() {
    let mut bench = Bench::new(|inner| inner);
    signed_and_never_sent(&mut bench, 1);
    opened(&bench);
    bench.order(1, &bench.world.asset.clone());
    let waiting = crate::restore::withdrawals(&bench).pop().unwrap();
    assert_eq!(crate::restore::asked(&waiting), Some(AttentionCode::PaidBeforeRestore));
    let by = |bench: &Bench, key| {
        let cause = Cause { actor: Actor::Key(key), ..bench.cause() };
        now(operator::give_up(&bench.ports, None, waiting.id, cause))
    };
    let early = by(&bench, DUTY[0]);
    assert!(matches!(&early, Err(OrderError::Evidence(why)) if why.contains("may still pay")), "{early:?}");
    rounds_until(&mut bench, "the hole is filled by proof", |bench| bench.count(FILLED) == 1);
    assert!(matches!(by(&bench, DUTY[0]), Ok(Ordered::Awaiting(_))));
    let failed = by(&bench, DUTY[1]).unwrap().done().expect("two persons");
    assert!(matches!(failed.state, State::Failed(_)), "{failed:?}");
    bench.order(2, &bench.world.asset.clone());
    rounds_until(&mut bench, "the new order is paid", |bench| bench.count(COMPLETED) == 1);
    assert_eq!(paid(&bench).len(), 2, "a void and a payment");
}

/// Somebody had kept what was signed, and sends it after the void was: it pays, nothing is paid by it twice, and nothing
/// freezes, for the journal explains it.
#[test]
fn a_lost_payment_that_outruns_its_void_is_explained() {
    let mut bench = Bench::new(|inner| inner);
    let lost = signed_and_never_sent(&mut bench, 1).remove(0);
    opened(&bench);
    bench.turn().unwrap();
    assert_eq!(bench.count(FILLS), 1);
    {
        let mut chain = bench.world.chain();
        chain.nodes.iter_mut().for_each(|node| node.pool.clear());
        for node in 0..chain.nodes.len() {
            let _heard = chain.offer(node, &lost);
        }
        let time_s = bench.world.sim.now_us().div_euclid(1_000_000);
        chain.produce(time_s);
    }
    rounds_until(&mut bench, "the slot is over", |bench| bench.count(FILLED) == 1);
    assert!(!frozen(&bench));
    assert_eq!(paid(&bench), [lost.hash]);
    let told =
        |kind: &str| bench.count(&format!("select id as what from event where kind = '{kind}' limit 9"));
    assert_eq!((told("lane.filled"), told("lane.fill_overtaken")), (0, 1), "nobody reads that it was voided");
    bench.order(9, &bench.world.asset.clone());
    rounds_until(&mut bench, "the lane goes on", |bench| bench.count(COMPLETED) == 1);
}

/// One that was sent in the lost time and is included needs no void.
#[test]
fn what_was_sent_in_the_lost_time_is_not_voided() {
    let mut bench = Bench::new(|inner| inner);
    rounds(&mut bench, 20); // until something is final
    let copy = bench.copy();
    bench.order(1, &bench.world.asset.clone());
    rounds(&mut bench, 2);
    assert_eq!(paid(&bench).len(), 1);
    bench.put_back(&copy);
    bench.restart();
    rounds(&mut bench, 4);
    opened(&bench);
    while !is_final(&bench) {
        bench.round();
    }
    bench.order(9, &bench.world.asset.clone());
    rounds_until(&mut bench, "the lane goes on", |bench| bench.count(COMPLETED) == 1);
    assert_eq!((bench.count(FILLS), paid(&bench).len()), (0, 2));
}

/// A lane that was paused before the store went back builds nothing, no void either, until it is resumed.
#[test]
fn a_paused_lane_fills_nothing() {
    let mut bench = Bench::new(|inner| inner);
    rounds(&mut bench, 20);
    let wallet = now(bench.db.lane(bench.lane)).unwrap().unwrap().wallet;
    let change = Change {
        wallets: vec![wallet.pause("the auditors are here").unwrap()],
        cause: Some(bench.cause()),
        ..Default::default()
    };
    now(bench.db.apply(None, vec![change])).unwrap();
    let copy = bench.copy();
    let resume = |bench: &Bench| {
        let order = LaneCommand::Resume;
        now(operator::command(&bench.ports, None, bench.lane, &order, bench.cause())).unwrap();
    };
    resume(&bench);
    bench.order(1, &bench.world.asset.clone());
    bench.turn().unwrap();
    bench.world.chain().nodes.iter_mut().for_each(|node| node.pool.clear());
    bench.put_back(&copy);
    bench.restart();
    rounds(&mut bench, 4);
    opened(&bench);
    rounds(&mut bench, 4);
    let lane = now(bench.db.lane(bench.lane)).unwrap().unwrap();
    assert_eq!((lane.wallet.state.clone(), bench.count(FILLS)), (LaneState::Paused, 0));
    resume(&bench);
    rounds_until(&mut bench, "it is filled", |bench| bench.count(FILLED) == 1);
}
