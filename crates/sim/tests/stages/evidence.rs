//! What a person decides about a slot rests on what a quorum reads in it at that moment (M4, M6).

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::event::Cause;
use sluice_core::id::{KeyId, WithdrawalId};
use sluice_core::withdrawal::State;
use sluice_flow::operator::{OrderError, Ordered, give_up, redrive, resolve_paid_by};
use sluice_mutant::Mutant;
use sluice_mutant::chain::BrokenChain;
use sluice_sim::oracle::store::ask;
use sluice_sim::world::director::DUTY;

use crate::bench::{Bench, now};

/// Rounds in which everything here has happened.
const ROUNDS_MAX: u32 = 200;

fn said(bench: &Bench, by: KeyId) -> Cause {
    Cause { actor: Actor::Key(by), reason: "seen it".into(), at: bench.ports.clock.now() }
}

/// A payment that landed, while somebody lied to the engine that it had reverted, as often as it tried: a person is
/// asked, and every slot of it is said to be dead.
fn deceived(bench: &mut Bench) -> WithdrawalId {
    let honest = bench.ports.chains.clone();
    let id = bench.world.profile.id;
    let lies = BrokenChain::new(Arc::clone(&honest[&id]), Mutant::ForgedDeath);
    bench.ports.chains = BTreeMap::from([(id, Arc::new(lies) as Arc<_>)]);
    bench.order(1, &bench.world.asset.clone());
    let waits = "select id as what from withdrawal where state = 'needs_attention' limit 2";
    for round in 0.. {
        bench.round();
        if bench.count(waits) == 1 {
            break;
        }
        assert!(round < ROUNDS_MAX, "nobody was asked");
    }
    bench.ports.chains = honest;
    let id = ask(&bench.world.db(), waits).unwrap().remove(0);
    WithdrawalId::parse(&id).unwrap()
}

/// Hashes of the attempts of a withdrawal, last transfer first.
fn txids(bench: &Bench) -> Vec<[u8; 32]> {
    let question = "select a.txid as what from attempt a join transfer t on t.id = a.transfer_id
                    where a.txid is not null order by t.planned_at desc, t.id desc limit 20";
    let read = |text: String| {
        let mut txid = [0; 32];
        hex::decode_to_slice(text.trim_start_matches("0x"), &mut txid).unwrap();
        txid
    };
    ask(&bench.world.db(), question).unwrap().into_iter().map(read).collect()
}

#[test]
fn a_payment_that_landed_after_all_is_neither_sent_again_nor_given_up() {
    let mut bench = Bench::new(|inner| inner);
    let id = deceived(&mut bench);
    for _ in 0..8 {
        bench.round();
    }
    let asked = said(&bench, DUTY[0]);
    let again = now(redrive(&bench.ports, None, id, asked.clone()));
    assert!(matches!(&again, Err(OrderError::Evidence(why)) if why.contains("has paid it")), "{again:?}");
    let up = now(give_up(&bench.ports, None, id, asked));
    assert!(matches!(&up, Err(OrderError::Evidence(why)) if why.contains("has paid it")), "{up:?}");
}

#[test]
fn the_last_transfers_own_transaction_completes_it_and_an_earlier_one_does_not() {
    let mut bench = Bench::new(|inner| inner);
    let id = deceived(&mut bench);
    for _ in 0..8 {
        bench.round();
    }
    let txids = txids(&bench);
    assert!(txids.len() > 1, "it was tried more than once");
    let earlier = *txids.last().unwrap();
    let refused = now(resolve_paid_by(&bench.ports, None, id, earlier, said(&bench, DUTY[0])));
    assert!(
        matches!(&refused, Err(OrderError::Evidence(why)) if why.contains("not for the last transfer")),
        "{refused:?}"
    );
    let first = now(resolve_paid_by(&bench.ports, None, id, txids[0], said(&bench, DUTY[0]))).unwrap();
    assert!(matches!(first, Ordered::Awaiting(_)), "{first:?}");
    let second = now(resolve_paid_by(&bench.ports, None, id, txids[0], said(&bench, DUTY[1]))).unwrap();
    let paid = second.done().expect("two persons have seen it");
    assert!(matches!(&paid.state, State::Paid(paid) if paid.txid == txids[0]), "{paid:?}");
}

#[test]
fn without_a_quorum_nobody_is_freed() {
    let mut bench = Bench::new(|inner| inner);
    let id = deceived(&mut bench);
    bench.world.chain().nodes.iter_mut().skip(1).for_each(|node| node.down = true);
    let asked = said(&bench, DUTY[0]);
    assert!(matches!(now(redrive(&bench.ports, None, id, asked.clone())), Err(OrderError::Chain(_))));
    assert!(matches!(now(give_up(&bench.ports, None, id, asked)), Err(OrderError::Chain(_))));
}
