//! What was signed in a life that the store has lost is given up on the proof of a void in each of its slots, and on
//! nothing else.

use super::super::*;
use crate::journal::LostPayment;
use crate::samples::*;

fn lost(withdrawal: &Withdrawal) -> LostPayment {
    LostPayment { key: withdrawal.key, txids: vec![[7; 32]], voided: true }
}

#[test]
fn only_what_was_signed_before_a_restore_is_given_up_by_the_voids_of_its_slots() {
    let mut given_up = 0;
    for withdrawal in super::reachable().into_values() {
        let from = super::name(&withdrawal);
        let may = from.starts_with("attention, paid before") && !from.ends_with("slot alive");
        let done = withdrawal.clone().fail_voided("gave_up", &lost(&withdrawal), at(9));
        assert_eq!(done.is_ok(), may, "{from}");
        if let Ok(step) = done {
            assert!(matches!(step.after().state, State::Failed(_)));
            given_up += 1;
        }
    }
    assert!(given_up > 1, "judged and unjudged");
}

#[test]
fn a_slot_that_is_not_void_or_another_payments_voids_give_nothing_up() {
    let waiting = withdrawal().recognise(true, at(1)).unwrap().into_after();
    let open = LostPayment { voided: false, ..lost(&waiting) };
    let other = LostPayment { key: crate::intent::PaymentKey([1; 32]), ..lost(&waiting) };
    for wrong in [open, other] {
        assert!(waiting.clone().fail_voided("gave_up", &wrong, at(9)).is_err(), "{wrong:?}");
    }
    assert!(waiting.clone().fail("gave_up", None, false, at(9)).is_err(), "nor without any evidence");
}
