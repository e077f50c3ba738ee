//! What was signed in a life that the store has lost is given up on the death of each of its slots, and on nothing else.

use super::super::*;
use crate::attempt::{Kind, TronTerms};
use crate::chain::ChainId;
use crate::journal::{LostDeath, LostPayment, LostSlot};
use crate::port::chain::Known;
use crate::proof::{Effect, NotDead, Scan, ScannedBlock, SlotReading, Stranger};
use crate::samples::*;
use crate::slot::Slot;

fn in_slot(nonce: u64) -> LostSlot {
    let attempt = inclusion(Effect::Voided).attempt;
    LostSlot {
        slot: slot(nonce),
        attempts: vec![Known { attempt, txid: [7; 32], kind: Kind::Pay, tron: None }],
    }
}

fn lost(withdrawal: &Withdrawal) -> LostPayment {
    LostPayment { key: withdrawal.key, slots: vec![in_slot(7), in_slot(9)] }
}

fn died(nonce: u64, reading: SlotReading, head: u64) -> Result<LostDeath, NotDead> {
    in_slot(nonce).died(proof_id(u128::from(nonce)), partner(), &agreed(reading, head), 2, at(8))
}

fn deaths() -> Vec<LostDeath> {
    [7, 9].map(|nonce| died(nonce, SlotReading::Ours(inclusion(Effect::Reverted)), 99).unwrap()).to_vec()
}

#[test]
fn only_what_was_signed_before_a_restore_is_given_up_by_the_deaths_of_its_slots() {
    let mut given_up = 0;
    for withdrawal in super::reachable().into_values() {
        let from = super::name(&withdrawal);
        let may = from.starts_with("attention, paid before") && !from.ends_with("slot alive");
        let done = withdrawal.clone().fail_lost("gave_up", &lost(&withdrawal), &deaths(), at(9));
        assert_eq!(done.is_ok(), may, "{from}");
        if let Ok(step) = done {
            assert!(matches!(step.after().state, State::Failed(_)));
            given_up += 1;
        }
    }
    assert!(given_up > 1, "judged and unjudged");
}

#[test]
fn one_slot_without_its_death_or_another_payments_slots_give_nothing_up() {
    let waiting = withdrawal().recognise(true, at(1)).unwrap().into_after();
    let other = LostPayment { key: crate::intent::PaymentKey([1; 32]), ..lost(&waiting) };
    let none = LostPayment { slots: vec![], ..lost(&waiting) };
    for (wrong, deaths) in
        [(lost(&waiting), &deaths()[..1]), (lost(&waiting), &[]), (other, &deaths()), (none, &[])]
    {
        assert!(waiting.clone().fail_lost("gave_up", &wrong, deaths, at(9)).is_err(), "{wrong:?}");
    }
    assert!(waiting.clone().fail("gave_up", None, false, at(9)).is_err(), "nor without any evidence");
}

#[test]
fn a_lost_slot_on_tron_dies_by_the_scan_of_its_whole_life_and_by_no_other() {
    let reference = block(1);
    let terms = TronTerms { reference, expires_at_ms: 30, made_at_ms: 5, fee_limit_sun: 1, permission: 0 };
    let attempt = inclusion(Effect::Voided).attempt;
    let slot = Slot::TronTransaction { chain: ChainId::tron(728_126_428), txid: [7; 32] };
    let known = Known { attempt, txid: [7; 32], kind: Kind::Pay, tron: Some(terms) };
    let lost = LostSlot { slot, attempts: vec![known] };
    let scanned = |number: u64| ScannedBlock {
        block: block(number),
        parent: block(number - 1).hash,
        time_ms: 10 * number as i64,
        contains: false,
    };
    let absent = |from, to| SlotReading::Absent(Scan::of((from..=to).map(scanned)).unwrap());
    let died = |lost: &LostSlot, reading, head| {
        lost.died(proof_id(1), partner(), &agreed(reading, head), 2, at(8)).map(|death| death.slot().clone())
    };
    assert_eq!(died(&lost, absent(1, 3), 5), Ok(lost.slot.clone()));
    assert_eq!(died(&lost, absent(1, 3), 4), Err(NotDead::NotDeepEnough { missing: 1 }));
    assert_eq!(died(&lost, absent(1, 2), 9), Err(NotDead::StillValid), "it ends before the transaction does");
    assert_eq!(
        died(&lost, absent(2, 3), 9),
        Err(NotDead::ScanBroken),
        "it begins after the transaction does"
    );
    assert_eq!(died(&lost, SlotReading::Open, 99), Err(NotDead::NotConsumedByUs));
    let forgotten = LostSlot { attempts: vec![], ..lost };
    assert_eq!(
        died(&forgotten, absent(1, 3), 99),
        Err(NotDead::ScanBroken),
        "nothing says how long it lived"
    );
}

#[test]
fn a_lost_slot_dies_by_what_took_it_and_by_nothing_that_moved_something_of_ours() {
    let stranger = Stranger { txid: [8; 32], block: inclusion(Effect::Voided).block };
    let ours = |effect| SlotReading::Ours(inclusion(effect));
    for reading in [ours(Effect::Voided), ours(Effect::Reverted), SlotReading::Foreign(stranger)] {
        let death = died(7, reading, 99).unwrap();
        assert_eq!(*death.slot(), slot(7));
        assert!(death.proof().proves_death() && death.proof().transfer().is_none());
        let shallow = died(7, reading, stranger.block.number + 1);
        assert_eq!(shallow, Err(NotDead::NotDeepEnough { missing: 1 }), "{reading:?}");
    }
    let paid = ours(Effect::Paid { log_index: 0 });
    for reading in [paid, ours(Effect::Mismatch), SlotReading::Open, SlotReading::Unaccounted] {
        assert_eq!(died(7, reading, 99), Err(NotDead::NotConsumedByUs), "{reading:?}");
    }
}

#[test]
fn a_held_withdrawal_that_was_signed_in_the_lost_time_is_recognised() {
    let held = super::reachable().into_values().find(|it| matches!(it.state, State::Held(_))).unwrap();
    let after = held.recognise(true, at(9)).unwrap().into_after();
    let State::NeedsAttention(attention) = &after.state else { panic!("{after:?}") };
    assert!(attention.paid_before_restore() && attention.slots_dead && attention.decision.is_none());
}
