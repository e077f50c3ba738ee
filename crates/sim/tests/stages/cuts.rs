//! The store goes back to each of several moments while the signer's journal and the chain stay (M17). Whatever was signed,
//! sent or paid since: nobody is paid twice, the engine notices and stops, and once two persons have seen to it everything
//! moves again. Judged by the caller's list against the chain's own logs.

use sluice_core::access::Actor;
use sluice_core::address::EvmAddress;
use sluice_core::event::Cause;
use sluice_core::id::KeyId;
use sluice_core::partner::PLATFORM;
use sluice_core::stop::Scope;
use sluice_core::withdrawal::{AttentionCode, Withdrawal};
use sluice_flow::operator::{self, LaneCommand};
use sluice_sim::oracle::store::{always, ask};
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};
use crate::restore::{asked, frozen, rounds, withdrawals};

const STEPS: u8 = 6;
const ROUNDS_MAX: u32 = 300;
const STOPPED: &str = "select kind as what from stop where kind = 'all' limit 5";

/// What of the last step leaves the machine before the store goes back.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// It was sent, and a block may hold it.
    Sent,
    /// It was signed, and reached no node.
    Signed,
}

fn recipient(number: u8) -> EvmAddress {
    let mut to = [0; 20];
    (to[0], to[19]) = (0xb0, number);
    EvmAddress(to)
}

/// Transactions that paid somebody.
fn payments(bench: &Bench, to: EvmAddress) -> Vec<[u8; 32]> {
    let chain = bench.world.chain();
    let done = chain.blocks.iter().flat_map(|block| &block.txs);
    let paid = done.filter(|done| done.event.as_ref().is_some_and(|event| event.to == to));
    paid.map(|done| done.tx.hash).collect()
}

fn by(bench: &Bench, person: KeyId) -> Cause {
    Cause { actor: Actor::Key(person), ..bench.cause() }
}

/// What two persons do with one that waits for them. Refused means that the chain does not show enough yet.
fn decide(bench: &Bench, waiting: &Withdrawal) {
    let paid = payments(bench, waiting.request.to.evm().unwrap());
    for person in DUTY {
        let cause = by(bench, person);
        let _refused = match (asked(waiting), paid.first()) {
            (Some(AttentionCode::PaidBeforeRestore), Some(txid)) => {
                now(operator::resolve_paid_by(&bench.ports, None, waiting.id, *txid, cause)).is_err()
            }
            (Some(AttentionCode::PaidBeforeRestore), None) => {
                now(operator::give_up(&bench.ports, None, waiting.id, cause)).is_err()
            }
            (Some(_), _) => now(operator::redrive(&bench.ports, None, waiting.id, cause)).is_err(),
            (None, _) => continue,
        };
    }
}

/// Two persons open what was shut, as soon as the chain lets them.
fn open(bench: &Bench) {
    for person in DUTY {
        if frozen(bench) {
            let order = LaneCommand::Unfreeze;
            let _refused = now(operator::command(&bench.ports, None, bench.lane, &order, by(bench, person)));
        }
        if bench.count(STOPPED) > 0 {
            now(operator::lift(&bench.ports, &*bench.db, Scope::All, PLATFORM, by(bench, person))).unwrap();
        }
    }
}

/// Orders one payment in each step, goes back to the copy of step `cut`, and brings everything to its end.
fn restored(cut: u8, last: Last, restarted: bool) {
    let what = format!("cut {cut}, last {last:?}, restarted {restarted}");
    let mut bench = Bench::new(|inner| inner);
    let asset = bench.world.asset.clone();
    rounds(&mut bench, 20); // until something is final
    let mut copy = bench.copy();
    for step in 1..=STEPS {
        bench.order(step, &asset);
        match last {
            Last::Signed if step == STEPS => {
                bench.turn().unwrap();
                bench.world.chain().nodes.iter_mut().for_each(|node| node.pool.clear());
            }
            Last::Signed | Last::Sent => bench.round(),
        }
        if step == cut {
            copy = bench.copy();
        }
    }
    bench.put_back(&copy);
    if restarted {
        bench.restart();
    }
    rounds(&mut bench, 4);
    assert!(frozen(&bench) && bench.count(STOPPED) == 1, "{what}: it is noticed");
    // The partner asks for everything again, as its own list has it.
    for number in 1..=STEPS {
        bench.order(number, &asset);
    }
    for round in 0.. {
        open(&bench);
        let open = withdrawals(&bench);
        if open.is_empty()
            && !frozen(&bench)
            && bench.count("select id as what from transfer where state not in ('final', 'dropped') limit 1")
                == 0
        {
            break;
        }
        assert!(round < ROUNDS_MAX, "{what}: {open:?}");
        open.iter().for_each(|waiting| decide(&bench, waiting));
        bench.round();
        assert!(always(&bench.db).is_none(), "{what}: {:?}", always(&bench.db));
    }
    for number in 1..=STEPS {
        let paid = payments(&bench, recipient(number)).len();
        let question = format!(
            "select state as what from withdrawal where external_id = 'order-{}-{number}' limit 2",
            asset.symbol
        );
        let states = ask(&bench.db, &question).unwrap();
        let expected = if paid == 1 { ["paid"] } else { ["failed"] };
        assert!(paid <= 1, "{what}: order {number} was paid {paid} times");
        assert_eq!(states, expected, "{what}: order {number}, paid {paid} times");
    }
    let unsent = matches!(last, Last::Signed);
    let failed = "select id as what from withdrawal where state = 'failed' limit 9";
    assert!(bench.count(failed) <= usize::from(unsent), "{what}: only what never left may be given up");
    // And the lane works.
    bench.order(77, &asset);
    rounds(&mut bench, 20);
    assert_eq!(payments(&bench, recipient(77)).len(), 1, "{what}");
}

#[test]
fn whenever_the_store_goes_back_nobody_is_paid_twice_and_everything_ends() {
    for cut in 0..STEPS {
        restored(cut, Last::Sent, cut % 2 == 0);
    }
}

#[test]
fn nor_where_something_was_signed_and_never_sent() {
    for cut in 0..STEPS {
        restored(cut, Last::Signed, cut % 2 == 1);
    }
}
