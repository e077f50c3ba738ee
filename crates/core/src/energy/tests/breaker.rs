//! The breaker.

use super::super::breaker::*;
use super::super::{Sign, sign_of};
use super::samples::*;
use crate::port::market::{Placed, Recovery, Rejection};

#[test]
fn troubles_in_a_row_open_it_and_one_order_tries_after_a_while() {
    let mut breaker = Breaker::default();
    for _ in 1..TROUBLES_MAX {
        breaker = breaker.heard(Sign::Troubled, at(0));
        assert!(breaker.passes(at(0)));
    }
    let open = breaker.heard(Sign::Troubled, at(0));
    assert!(!open.passes(at(OPEN_MS - 1)) && open.passes(at(OPEN_MS)));
    assert_eq!(open.passed(at(0)), None);
    let trying = open.passed(at(OPEN_MS)).unwrap();
    assert!(!trying.passes(at(OPEN_MS + 1)), "one tries, and no other");
    assert!(trying.passes(at(OPEN_MS + TRIAL_MS)), "a trial that nobody hears of does not close it for ever");
    assert_eq!(trying.heard(Sign::Served, at(OPEN_MS + 1)), Breaker::default());
    let again = trying.heard(Sign::Troubled, at(OPEN_MS));
    assert!(!again.passes(at(OPEN_MS + 2 * OPEN_MS - 1)), "it is open twice as long");
    assert!(again.passes(at(OPEN_MS + 2 * OPEN_MS)));
}

#[test]
fn harm_opens_it_at_once_service_in_between_starts_anew_and_waiting_is_bounded() {
    let harmed = Breaker::default().heard(Sign::Harmed, at(0));
    assert!(!harmed.passes(at(1)));
    let mut breaker = Breaker::default();
    for _ in 0..10 {
        breaker =
            breaker.heard(Sign::Troubled, at(0)).heard(Sign::Troubled, at(0)).heard(Sign::Served, at(0));
    }
    assert!(breaker.passes(at(0)));
    for _ in 0..100 {
        breaker = breaker.heard(Sign::Harmed, at(0));
    }
    assert!(breaker.passes(at(OPEN_MS * 32)), "half an hour or so at most");
    assert!(!breaker.passes(at(OPEN_MS * 32 - 1)));
    assert_eq!(Breaker::default().passed(at(0)), Some(Breaker::default()));
    // A clock that went back does not open the way earlier.
    let back = Breaker::default().heard(Sign::Harmed, at(OPEN_MS * 4)).heard(Sign::Harmed, at(0));
    assert!(!back.passes(at(OPEN_MS * 5 - 1)) && back.passes(at(OPEN_MS * 5)));
}

#[test]
fn what_an_order_says_of_its_vendor_is_in_this_table() {
    let asked = || planned(1, Recovery::Repeat).ask(at(0)).unwrap().into_after();
    let heard = |placed| sign_of(&asked().hear(placed).unwrap());
    for why in Rejection::ALL {
        let expected = match why {
            Rejection::NotSent
            | Rejection::Unauthorized
            | Rejection::Malformed
            | Rejection::Throttled
            | Rejection::NoFunds => Some(Sign::Troubled),
            Rejection::TooLittle
            | Rejection::TooMuch
            | Rejection::Price
            | Rejection::NoSupply
            | Rejection::Receiver => None,
        };
        assert_eq!(heard(Placed::Rejected(why)), expected, "{}", why.as_str());
    }
    assert_eq!(heard(Placed::Unknown("reset".into())), Some(Sign::Troubled));
    assert_eq!(heard(accepted(Some(PRICE))), None);
    let taken = || asked().hear(accepted(Some(PRICE))).unwrap().into_after();
    assert_eq!(sign_of(&taken().prove(arrival(ENERGY), true).unwrap().unwrap()), Some(Sign::Served));
    let unresolved = taken().expire(None, false, at(DEADLINE_MS)).unwrap();
    assert_eq!(sign_of(&unresolved), Some(Sign::Harmed));
    let late = unresolved.into_after().prove(arrival(ENERGY), true).unwrap().unwrap();
    assert_eq!(sign_of(&late), None, "late energy is no service");
    assert_eq!(
        sign_of(&taken().expire(Some(arrival(1)), false, at(DEADLINE_MS)).unwrap()),
        Some(Sign::Troubled)
    );
}
