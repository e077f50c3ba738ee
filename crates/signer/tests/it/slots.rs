//! M1, M3, M4: one payment per slot, one live slot per payment, and a void is one-way.

use sluice_core::attempt::{Kind, Terms};
use sluice_core::port::signer::SlotRecord;

use crate::house::{
    Asked, NOW, bumped, caps, never, not_now, pair, pay, payment, refused, signer, signer_with, slot, usd,
    void,
};

#[test]
fn asked_again_it_gives_the_recorded_signature() {
    let signer = signer();
    let (pair, first) = signer.paid(0, &payment("order-1", usd(10)));
    let head = signer.head().unwrap();
    assert_eq!(signer.sign_at(&pair, NOW.plus_ms(60_000)).unwrap(), first);
    assert_eq!(signer.head().unwrap(), head, "and writes nothing");

    let mut other = pay(0, &payment("order-1", usd(10)));
    other.request.terms = Terms::Evm(bumped(1));
    other = crate::house::pair(Kind::Pay, 0, &other.request.payments, bumped(1));
    (other.request.attempt, other.unsigned.id) = (pair.request.attempt, pair.request.attempt);
    assert_eq!(refused(signer.sign_one(&other)), never("bytes_differ"), "one attempt, one digest");
}

#[test]
fn what_is_signed_is_what_was_meant() {
    let signer = signer();
    let (pair, signature) = signer.paid(7, &payment("order-1", usd(10)));
    let decoded = sluice_codec::evm::decode(&signature.raw).unwrap();
    assert_eq!(decoded.sender, crate::house::sender());
    assert_eq!((decoded.nonce, decoded.txid, decoded.digest), (7, signature.txid, pair.request.digest));
    let paid = sluice_codec::evm::call::as_transfer(&decoded.data).unwrap();
    assert_eq!(
        paid,
        (pair.request.payments[0].payment.to.evm().unwrap(), sluice_core::amount::Units::from(10_000_000))
    );
}

#[test]
fn five_bumps_are_one_payment_and_one_ticket() {
    let mut caps = caps();
    caps.assets[0].hourly_max = usd(10);
    let signer = signer_with(caps);
    let approved = payment("order-1", usd(10));
    signer.paid(0, &approved);
    for times in 1..=5 {
        let again = signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0);
        assert!(again.is_err_and(|refusal| refusal.code == "payment_other_slot"), "its slot is young");
        signer.sign_one(&pair(Kind::Pay, 0, std::slice::from_ref(&approved), bumped(times))).unwrap();
    }
    let late = NOW.plus_ms(60_000);
    assert_eq!(
        refused(signer.admits(1, std::slice::from_ref(&approved), late).remove(0)),
        not_now("cap_hourly"),
        "another slot would be counted, and there is no room for it"
    );
    assert_eq!(
        refused(signer.admits(1, &[payment("order-2", usd(1))], late).remove(0)),
        not_now("cap_hourly")
    );
}

#[test]
fn a_slot_pays_one_payment() {
    let signer = signer();
    let (first, second) = (payment("order-1", usd(10)), payment("order-2", usd(10)));
    signer.paid(0, &first);
    signer.admits(1, std::slice::from_ref(&second), NOW).remove(0).unwrap();
    assert_eq!(refused(signer.sign_one(&pay(0, &second))), never("slot_other_payment"));
    assert_eq!(
        refused(signer.sign_one(&void(0, std::slice::from_ref(&second)))),
        never("slot_other_payment")
    );
    assert!(signer.sign_one(&pay(1, &second)).is_ok());
}

#[test]
fn a_payment_has_one_live_slot() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.paid(0, &approved);
    assert_eq!(refused(signer.sign_one(&pay(1, &approved))), not_now("payment_other_slot"));
    assert_eq!(
        refused(signer.sign_at(&pay(1, &approved), NOW.plus_ms(4_999))),
        not_now("payment_other_slot")
    );
}

#[test]
fn a_new_slot_shuts_the_former_one_for_ever() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    let (old, recorded) = signer.paid(0, &approved);
    let late = NOW.plus_ms(5_000);
    signer.paid_again(1, &approved, late).unwrap();
    let bump = pair(Kind::Pay, 0, std::slice::from_ref(&approved), bumped(1));
    assert_eq!(refused(signer.sign_at(&bump, late)), never("payment_other_slot"));
    assert_eq!(signer.sign_at(&old, late).unwrap(), recorded, "what is out is out");
    assert!(signer.sign_at(&void(0, &[approved]), late).is_ok());
}

#[test]
fn a_payment_has_a_bounded_number_of_slots() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.paid(0, &approved);
    let mut now = NOW;
    for nonce in 1..=3 {
        now = now.plus_ms(5_000);
        signer.paid_again(nonce, &approved, now).unwrap();
    }
    now = now.plus_ms(86_400_000);
    assert_eq!(refused(signer.sign_at(&pay(4, &approved), now)), never("payment_other_slot"));
    assert_eq!(refused(signer.admits(1, &[approved], now).remove(0)), never("payment_other_slot"));
}

#[test]
fn closed_slots_do_not_count_against_a_payment() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    for nonce in 0..10 {
        assert!(matches!(signer.closes(1, &slot(nonce), NOW), Ok(SlotRecord::Closed(_))));
    }
    assert!(signer.sign_one(&pay(10, &approved)).is_ok());
}

#[test]
fn after_a_void_no_payment_is_signed() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    let (old, recorded) = signer.paid(0, &approved);
    signer.sign_one(&void(0, std::slice::from_ref(&approved))).unwrap();
    let bump = pair(Kind::Pay, 0, std::slice::from_ref(&approved), bumped(1));
    assert_eq!(refused(signer.sign_one(&bump)), never("voided"));
    assert_eq!(signer.sign_one(&old).unwrap(), recorded, "both outcomes stay legal");
    assert!(signer.sign_one(&pair(Kind::Void, 0, &[approved], bumped(2))).is_ok(), "voids are bumped");
}

#[test]
fn a_void_without_a_payment_fills_a_gap_and_bars_the_slot() {
    let signer = signer();
    signer.sign_one(&void(0, &[])).unwrap();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    assert_eq!(refused(signer.sign_one(&pay(0, &approved))), never("voided"));
}

#[test]
fn a_closed_slot_pays_nothing() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let closed = signer.closes(1, &slot(0), NOW).unwrap();
    let SlotRecord::Closed(tombstone) = &closed else { panic!("{closed:?}") };
    assert_eq!(*tombstone.slot(), slot(0));
    assert_eq!(refused(signer.sign_one(&pay(0, &approved))), never("closed"));
    assert_eq!(signer.closes(1, &slot(0), NOW).unwrap(), closed, "one tombstone");
    let filled = void(0, &[approved]);
    let signature = signer.sign_one(&filled).unwrap();
    let said = SlotRecord::Voided(tombstone.clone(), vec![(filled.request.attempt, signature)]);
    assert_eq!(signer.closes(1, &slot(0), NOW).unwrap(), said, "its void is no payment, and is not hidden");
}

#[test]
fn a_slot_in_which_only_a_void_was_signed_is_closed_and_the_void_is_shown() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let unknown = void(0, &[]);
    let signature = signer.sign_one(&unknown).unwrap();
    let said = signer.closes(1, &slot(0), NOW).unwrap();
    let SlotRecord::Voided(_, voids) = &said else { panic!("{said:?}") };
    assert_eq!(*voids, vec![(unknown.request.attempt, signature)]);
    assert_eq!(signer.closes(1, &slot(0), NOW).unwrap(), said, "one tombstone");
    assert_eq!(refused(signer.sign_one(&pay(0, &approved))), never("closed"));
    assert!(signer.sign_one(&pay(1, &approved)).is_ok(), "it was never paid there");
    assert!(signer.verify(None).unwrap().is_ok());
}

#[test]
fn a_signed_slot_is_not_closed_but_shown() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    let (first, one) = signer.paid(0, &approved);
    let second = pair(Kind::Pay, 0, &[approved], bumped(1));
    let two = signer.sign_one(&second).unwrap();
    let shown = signer.closes(1, &slot(0), NOW).unwrap();
    assert_eq!(shown, SlotRecord::Signed(vec![(first.request.attempt, one), (second.request.attempt, two)]));
}

#[test]
fn a_void_in_the_same_call_wins_over_its_payment() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let answers = signer.signs(&[pay(0, &approved), void(0, std::slice::from_ref(&approved))], NOW);
    assert_eq!(refused(answers[0].clone()), never("voided"));
    assert!(answers[1].is_ok());
    signer.verify(None).unwrap().unwrap();
}

#[test]
fn the_same_attempt_twice_in_one_call_is_signed_once() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let pair = pay(0, &approved);
    let answers = signer.signs(&[pair.clone(), pair], NOW);
    assert!(answers[0].is_ok());
    assert_eq!(answers[0], answers[1]);
}
