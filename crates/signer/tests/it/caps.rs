//! Caps, tickets, approvals.

use std::sync::Arc;

use ed25519_dalek::{Signer as _, SigningKey};
use sluice_core::attempt::{Fees, Kind};
use sluice_core::intent::{Approval, Approved};
use sluice_signer::SigningService;

use crate::house::{
    Asked, FEES, NOW, bumped, caps, never, not_now, pair, pay, payment, refused, signer, signer_with, usd,
    void,
};

fn admit(signer: &SigningService, approved: &Approved) -> (String, bool) {
    refused(signer.admits(1, std::slice::from_ref(approved), NOW).remove(0))
}

#[test]
fn nothing_is_signed_without_admission() {
    assert_eq!(refused(signer().sign_one(&pay(0, &payment("order-1", usd(10))))), not_now("no_ticket"));
}

#[test]
fn a_payment_above_its_cap_is_refused() {
    let signer = signer();
    assert_eq!(admit(&signer, &payment("order-1", usd(10_001))), never("cap_amount"));
    assert_eq!(admit(&signer, &payment("order-2", usd(10_000))), not_now("granted"));
}

#[test]
fn fees_above_the_caps_are_refused() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let dear = Fees { max_fee_wei: 8_000_000_000_001, ..FEES };
    assert_eq!(
        refused(signer.sign_one(&pair(Kind::Pay, 0, std::slice::from_ref(&approved), dear))),
        never("cap_fee")
    );
    let long = Fees { gas_limit: 1_000_000_000_000, ..FEES };
    assert_eq!(
        refused(signer.sign_one(&pair(Kind::Pay, 1, std::slice::from_ref(&approved), long))),
        never("cap_fee")
    );
    assert_eq!(refused(signer.sign_one(&pair(Kind::Void, 2, &[], long))), never("cap_fee"), "voids too");
    let most = Fees { gas_limit: u64::MAX, max_fee_wei: u128::MAX, tip_wei: 0 };
    assert_eq!(refused(signer.sign_one(&pair(Kind::Void, 3, &[], most))), never("cap_fee"), "past u128");
}

#[test]
fn a_bump_above_the_cap_leaves_the_signed_payment_alone() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.paid(0, &approved);
    let dear = Fees { max_fee_wei: 9_000_000_000_000, ..FEES };
    assert_eq!(
        refused(signer.sign_one(&pair(Kind::Pay, 0, std::slice::from_ref(&approved), dear))),
        never("cap_fee")
    );
    assert!(signer.sign_one(&pair(Kind::Pay, 0, &[approved], bumped(1))).is_ok());
}

#[test]
fn the_hourly_window_rolls() {
    let signer = signer();
    for order in 0..10 {
        assert_eq!(admit(&signer, &payment(&format!("order-{order}"), usd(10_000))), not_now("granted"));
    }
    let one_more = payment("one more", usd(1));
    for minutes in [0, 30, 60] {
        let at = NOW.plus_ms(minutes * 60_000);
        let answer = signer.admits(1, std::slice::from_ref(&one_more), at).remove(0);
        assert_eq!(refused(answer), not_now("cap_hourly"), "after {minutes} minutes");
    }
    assert!(signer.admits(1, &[one_more], NOW.plus_ms(61 * 60_000)).remove(0).is_ok());
}

#[test]
fn a_payment_is_counted_once_however_often_it_is_admitted() {
    let signer = signer();
    let approved = payment("order-1", usd(10_000));
    let first = signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let group: Vec<_> = (0..50).map(|_| approved.clone()).collect();
    for ticket in signer.admits(1, &group, NOW) {
        assert_eq!(ticket.unwrap(), first);
    }
    for order in 0..9 {
        assert_eq!(admit(&signer, &payment(&format!("other-{order}"), usd(10_000))), not_now("granted"));
    }
    assert_eq!(admit(&signer, &payment("full", usd(1))), not_now("cap_hourly"));
}

#[test]
fn parallel_calls_cannot_overflow_the_hour() {
    let signer = Arc::new(signer());
    let granted: usize = std::thread::scope(|scope| {
        let callers: Vec<_> = (0..8)
            .map(|caller| {
                let signer = Arc::clone(&signer);
                scope.spawn(move || {
                    let mut granted = 0;
                    for order in 0..10 {
                        let approved = payment(&format!("{caller}/{order}"), usd(3_000));
                        granted += usize::from(signer.admits(1, &[approved], NOW).remove(0).is_ok());
                    }
                    granted
                })
            })
            .collect();
        callers.into_iter().map(|caller| caller.join().unwrap()).sum()
    });
    assert_eq!(granted, 33, "33 times 3,000 of 100,000");
}

#[test]
fn new_slots_of_an_hour_are_bounded_and_further_attempts_are_not() {
    let mut caps = caps();
    caps.slots_hourly_max = 2;
    let signer = signer_with(caps);
    for nonce in 0..2 {
        signer.paid(nonce, &payment(&format!("order-{nonce}"), usd(1)));
    }
    let approved = payment("order-2", usd(1));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    assert_eq!(refused(signer.sign_one(&pay(2, &approved))), not_now("cap_slots"));
    let bump = pair(Kind::Pay, 0, &[payment("order-0", usd(1))], bumped(1));
    assert!(signer.sign_one(&bump).is_ok());
    assert!(signer.sign_one(&void(0, &[])).is_ok());
    let late = NOW.plus_ms(61 * 60_000);
    assert_eq!(refused(signer.sign_at(&pay(3, &approved), late)), not_now("no_ticket"), "an hour old");
    assert!(signer.paid_again(3, &approved, late).is_ok());
}

#[test]
fn another_slot_of_a_payment_counts_in_its_own_hour_and_a_bump_never() {
    let signer = signer();
    let approved = payment("order-1", usd(10_000));
    signer.paid(0, &approved);
    for times in 1..=5 {
        let bump = pair(Kind::Pay, 0, std::slice::from_ref(&approved), bumped(times));
        signer.sign_one(&bump).unwrap();
    }
    for order in 0..8 {
        assert_eq!(admit(&signer, &payment(&format!("other-{order}"), usd(10_000))), not_now("granted"));
    }
    let late = NOW.plus_ms(5_000);
    let again = pay(1, &approved);
    assert_eq!(refused(signer.sign_at(&again, late)), not_now("no_ticket"), "it was admitted for one slot");
    for _ in 0..3 {
        signer.admits(1, std::slice::from_ref(&approved), late).remove(0).unwrap();
    }
    assert_eq!(admit(&signer, &payment("full", usd(1))), not_now("cap_hourly"), "nine payments, ten slots");
    assert!(signer.sign_at(&again, late).is_ok());
    assert!(signer.verify(None).unwrap().is_ok());
}

#[test]
fn a_full_hour_takes_no_other_slot_of_a_payment() {
    let signer = signer();
    let approved = payment("order-1", usd(10_000));
    signer.paid(0, &approved);
    for order in 0..9 {
        assert_eq!(admit(&signer, &payment(&format!("other-{order}"), usd(10_000))), not_now("granted"));
    }
    let late = NOW.plus_ms(5_000);
    assert_eq!(refused(signer.paid_again(1, &approved, late)), not_now("cap_hourly"));
    assert!(signer.paid_again(1, &approved, NOW.plus_ms(61 * 60_000)).is_ok(), "the next hour has room");
}

#[test]
fn an_hour_begins_when_a_payment_is_first_signed_and_not_when_it_was_admitted() {
    let signer = signer();
    let order = |name: &str| payment(name, usd(10_000));
    let old: Vec<_> = (0..10).map(|number| order(&format!("order-{number}"))).collect();
    signer.admits(1, &old, NOW);
    let late = NOW.plus_ms(59 * 60_000);
    for (nonce, approved) in (0..).zip(&old) {
        signer.sign_at(&pay(nonce, approved), late).unwrap();
    }
    // Two hours' worth within three minutes: the tickets of the first hour, and then those of the second.
    let next = NOW.plus_ms(62 * 60_000);
    let more = order("one-more");
    assert_eq!(refused(signer.admits(1, std::slice::from_ref(&more), next).remove(0)), not_now("cap_hourly"));
    assert!(signer.admits(1, &[more], late.plus_ms(61 * 60_000)).remove(0).is_ok());
    assert!(signer.verify(None).unwrap().is_ok());
}

#[test]
fn tickets_cannot_be_hoarded() {
    let signer = signer();
    let hour = 61 * 60_000;
    let hoard: Vec<_> = (0..20).map(|order| payment(&format!("order-{order}"), usd(10_000))).collect();
    for (order, approved) in (0..).zip(&hoard) {
        let at = NOW.plus_ms(order / 10 * hour);
        signer.admits(1, std::slice::from_ref(approved), at).remove(0).unwrap();
    }
    let late = NOW.plus_ms(hour);
    let signed =
        (0..).zip(&hoard).filter(|(nonce, approved)| signer.sign_at(&pay(*nonce, approved), late).is_ok());
    assert_eq!(signed.count(), 10, "an hour's worth, whatever was admitted before");
    assert_eq!(refused(signer.paid_again(30, &hoard[0], late)), not_now("cap_hourly"));
}

#[test]
fn a_large_payment_needs_people_who_signed_exactly_it() {
    let (alice, bob) = (SigningKey::from_bytes(&[1; 32]), SigningKey::from_bytes(&[2; 32]));
    let mut caps = caps();
    caps.assets[0].unapproved_max = usd(100);
    caps.assets[0].approvals_min = 2;
    for (name, key) in [("alice", &alice), ("also alice", &alice), ("bob", &bob)] {
        caps.approvers.insert(name.into(), key.verifying_key().to_bytes());
    }
    let signer = signer_with(caps);
    let by = |name: &str, key: &SigningKey, hash: [u8; 32]| Approval {
        key: name.into(),
        signature: hex::encode(key.sign(&hash).to_bytes()),
        at: NOW,
    };
    let mut approved = payment("order-1", usd(5_000));
    let (hash, old) = (approved.payment.hash(), payment("order-1", usd(5)).payment.hash());

    assert_eq!(admit(&signer, &payment("small", usd(100))), not_now("granted"), "policy alone");
    assert_eq!(admit(&signer, &approved), never("approval_missing"));
    approved.approvals = vec![by("alice", &alice, hash), by("bob", &bob, old)];
    assert_eq!(admit(&signer, &approved), never("approval_missing"), "bob signed a smaller amount");
    approved.approvals = vec![by("alice", &alice, hash), by("also alice", &alice, hash)];
    assert_eq!(admit(&signer, &approved), never("approval_missing"), "two names of one person");
    approved.approvals = vec![by("alice", &alice, hash), by("mallory", &bob, hash)];
    assert_eq!(admit(&signer, &approved), never("approval_missing"), "not enrolled");
    approved.approvals = vec![by("alice", &alice, hash), by("bob", &bob, hash)];
    assert_eq!(admit(&signer, &approved), not_now("granted"));

    // The ticket alone opens nothing: the approvals are checked again when the slot is first used.
    let mut bare = approved.clone();
    bare.approvals.clear();
    assert_eq!(refused(signer.sign_one(&pay(0, &bare))), never("approval_missing"));
    assert!(signer.sign_one(&pay(1, &approved)).is_ok());
}

#[test]
fn an_expired_approval_counts_for_nothing_and_a_new_one_finds_the_ticket() {
    let signer = signer();
    let mut approved = payment("order-1", usd(10));
    approved.payment.expires_at = Some(NOW.plus_ms(1_000));
    let ticket = signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let late = NOW.plus_ms(1_000);
    assert_eq!(refused(signer.sign_at(&pay(0, &approved), late)), never("approval_missing"));
    approved.payment.expires_at = Some(NOW.plus_ms(9_000));
    assert_eq!(signer.admits(1, std::slice::from_ref(&approved), late).remove(0).unwrap(), ticket);
    assert!(signer.sign_at(&pay(1, &approved), late).is_ok());
}

#[test]
fn what_cannot_be_paid_is_refused_before_it_has_a_slot() {
    let signer = signer();
    let mut to_nobody = payment("order-1", usd(10));
    to_nobody.payment.to = sluice_core::address::EvmAddress([0; 20]).into();
    assert_eq!(admit(&signer, &to_nobody), never("payment_invalid"));
    let mut precise = payment("order-2", usd(10));
    precise.payment.precision = 9;
    assert_eq!(admit(&signer, &precise), never("payment_invalid"));
    let mut strange = payment("order-3", usd(10));
    strange.payment.asset.kind = sluice_core::asset::AssetKind::Native(966);
    assert_eq!(admit(&signer, &strange), not_now("asset_unknown"));
}
