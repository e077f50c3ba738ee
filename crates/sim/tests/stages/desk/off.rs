//! What a desk rests on: with a rule off, one refill leaves it twice. Its own tests show that with the rule it leaves once.

use std::collections::BTreeMap;
use std::sync::Arc;

use sluice_mutant::Mutant;
use sluice_mutant::chain::BrokenChain;
use sluice_sim::world::director::DUTY;

use super::vault::{Desk, FIVE_ATOMS};
use crate::bench::now;

/// What leaves a desk whose store forgets a hand-out, where the person signs all that he was ever told.
fn after_the_store_went_back(broken: Option<Mutant>) -> i64 {
    let mut desk = Desk::shown_with(broken);
    let id = desk.order("refill-1").unwrap();
    desk.rounds(10);
    let copy = desk.bench.copy();
    let first = desk.bytes(id, DUTY[0]);
    desk.bench.put_back(&copy);
    desk.bench.restart();
    desk.memory = sluice_flow::lane::Memory::default();
    let mut told = vec![first];
    for _ in 0..10 {
        if let Ok(sluice_flow::operator::HandedOut::Bytes(_, bytes)) = desk.wants(id, DUTY[0]) {
            told.push(*bytes);
            break;
        }
        let _turn = now(sluice_flow::lane::turn(&desk.bench.ports, desk.wallet, "bench", &mut desk.memory));
        desk.bench.round();
    }
    for bytes in &told {
        desk.sends(bytes);
    }
    (0..40).for_each(|_| desk.bench.round());
    desk.spent()
}

#[test]
fn an_engine_that_reads_no_journal_hands_a_forgotten_refill_out_again() {
    assert_eq!(after_the_store_went_back(None), FIVE_ATOMS);
    assert_eq!(after_the_store_went_back(Some(Mutant::NoJournal)), 2 * FIVE_ATOMS, "M17 is what holds it");
}

/// What leaves a desk where the chain is read by these eyes, and the person signs all that he was ever told.
fn read_by(lies: bool) -> i64 {
    let mut desk = Desk::shown();
    let id = desk.order("refill-1").unwrap();
    let first = desk.bytes(id, DUTY[0]);
    let honest = desk.bench.ports.chains.clone();
    if lies {
        let of = |(id, inner): (_, &Arc<dyn sluice_core::port::chain::Chain>)| {
            let broken = BrokenChain::new(Arc::clone(inner), Mutant::ForgedDeath);
            (id, Arc::new(broken) as Arc<dyn sluice_core::port::chain::Chain>)
        };
        desk.bench.ports.chains =
            honest.iter().map(|(id, inner)| of((*id, inner))).collect::<BTreeMap<_, _>>();
    }
    let mut told = vec![first];
    for _ in 0..40 {
        desk.round();
        match desk.wants(id, DUTY[0]) {
            Ok(sluice_flow::operator::HandedOut::Bytes(_, bytes)) if bytes.digest != told[0].digest => {
                told.push(*bytes);
                break;
            }
            Ok(_) | Err(_) => {}
        }
    }
    for bytes in &told {
        desk.sends(bytes);
    }
    desk.bench.ports.chains = honest;
    (0..40).for_each(|_| desk.bench.round());
    desk.spent()
}

#[test]
fn an_engine_that_takes_a_living_slot_for_dead_hands_out_another_one() {
    assert_eq!(read_by(false), FIVE_ATOMS);
    assert_eq!(read_by(true), 2 * FIVE_ATOMS, "M4 is what holds it");
}
