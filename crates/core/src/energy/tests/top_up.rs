//! What is paid in at a vendor: when it may be booked, and what the account explains meanwhile.

use super::super::*;
use super::samples::*;

fn paid(sun: u128, paid_at: Timestamp) -> TopUp {
    let reference = Reference::parse("tx-81").unwrap();
    TopUp { vendor: VendorId::parse("it").unwrap(), reference, sun: Cost(sun), paid_at }
}

#[test]
fn what_the_opening_held_or_is_yet_to_come_is_not_booked() {
    let (opened, now) = (at(0), at(10_000));
    let book = |it: TopUp| it.book(Some(opened), now);
    assert_eq!(paid(5, at(1)).book(None, now), Err(Unbookable::NotOpen));
    for paid_at in [at(-1), opened, now.plus_ms(1)] {
        assert_eq!(book(paid(5, paid_at)), Err(Unbookable::OutOfTime { opened_at: opened }));
    }
    for paid_at in [at(1), now] {
        let credit = book(paid(5, paid_at)).unwrap();
        let origin = Origin::TopUp { reference: Reference::parse("tx-81").unwrap(), paid_at };
        assert_eq!((credit.sun, credit.origin), (Cost(5), origin));
    }
    for sun in [0, TOP_UP_SUN_MAX + 1] {
        assert_eq!(book(paid(sun, at(1))), Err(Unbookable::OutOfRange));
    }
    assert!(book(paid(TOP_UP_SUN_MAX, at(1))).is_ok());
}

#[test]
fn a_reference_is_visible_and_short() {
    for right in ["a", "tx/81#2", &"r".repeat(64)] {
        assert!(Reference::parse(right).is_some(), "{right}");
    }
    for wrong in ["", "a b", "\u{ac00}", "a\n", &"r".repeat(65)] {
        assert!(Reference::parse(wrong).is_none(), "{wrong:?}");
    }
}

#[test]
fn an_account_explains_nothing_until_the_payment_is_both_booked_and_there() {
    let order = every(Recovery::None).into_iter().find(|(name, _)| *name == "unresolved").unwrap().1;
    let judge = |expected: u128, told: u128| {
        let accounts = Accounts { expected_sun: Cost(expected), told_sun: Cost(told), ..account(0) };
        Settlement::judge(&order, &accounts, &quiet()).map(|it| it.kept_sun())
    };
    let (before, more) = (50_000_000, 7_000_000);
    assert_eq!(judge(before, before + more), Err(NotShown::DoesNotAddUp), "paid in, and not booked");
    assert_eq!(judge(before + more, before), Err(NotShown::DoesNotAddUp), "booked, and not there yet");
    assert_eq!(judge(before + more, before + more), Ok(Cost::ZERO));
    assert_eq!(judge(before + more, before + more - PRICE.0), Ok(PRICE));
}
