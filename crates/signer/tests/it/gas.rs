//! What the network costs is bounded too: an hour of it, how far ahead a nonce may be, and what an epoch may be.

use sluice_core::amount::Cost;
use sluice_core::attempt::{Fees, Kind};

use crate::house::{
    Asked, FEES, NOW, bumped, caps, not_now, pair, pay, payment, refused, signer, signer_with, slot, usd,
    void,
};

const HOUR_MS: i64 = 61 * 60_000;

/// What the usual attempt can cost, wei.
fn usual() -> u128 {
    FEES.worst().unwrap().0
}

#[test]
fn an_hour_of_network_cost_is_bounded_for_payments_and_voids_together() {
    let mut caps = caps();
    caps.chains[0].cost_hourly_max = Cost(3 * usual());
    let signer = signer_with(caps);
    let approved = payment("order-0", usd(1));
    let (first, _) = signer.paid(0, &approved);
    let costly = |nonce| pair(Kind::Void, nonce, &[], FEES);
    assert!(signer.sign_one(&costly(1)).is_ok());
    assert!(signer.sign_one(&costly(2)).is_ok());
    assert_eq!(refused(signer.sign_one(&costly(3))), not_now("cap_gas"), "three slots, and no fourth");
    assert!(signer.sign_one(&first).is_ok(), "what was signed is known");
    let same = pair(Kind::Pay, 0, std::slice::from_ref(&approved), FEES);
    assert!(signer.sign_one(&same).is_ok(), "a slot counts once");
    let dearer = pair(Kind::Pay, 0, &[approved], bumped(1));
    assert_eq!(refused(signer.sign_one(&dearer)), not_now("cap_gas"), "and at its dearest attempt");
    assert!(signer.sign_at(&dearer, NOW.plus_ms(HOUR_MS)).is_ok(), "the next hour has room");
    assert!(signer.verify(None).unwrap().is_ok());
}

#[test]
fn a_dearer_attempt_counts_what_it_is_dearer() {
    let mut caps = caps();
    let twice = Fees { max_fee_wei: 2 * FEES.max_fee_wei, ..FEES };
    caps.chains[0].cost_hourly_max = Cost(3 * usual());
    let signer = signer_with(caps);
    let approved = payment("order-0", usd(1));
    signer.paid(0, &approved);
    assert!(signer.sign_one(&pair(Kind::Pay, 0, std::slice::from_ref(&approved), twice)).is_ok(), "two");
    assert!(signer.sign_one(&pair(Kind::Void, 1, &[], FEES)).is_ok(), "three");
    assert_eq!(refused(signer.sign_one(&pair(Kind::Void, 2, &[], FEES))), not_now("cap_gas"));
}

#[test]
fn a_void_of_a_nonce_that_nobody_used_counts_as_a_slot_even_when_it_was_closed_first() {
    let mut caps = caps();
    caps.slots_hourly_max = 2;
    let signer = signer_with(caps);
    assert!(signer.sign_one(&void(0, &[])).is_ok());
    signer.closes(1, &slot(1), NOW).unwrap();
    assert!(signer.sign_one(&void(1, &[])).is_ok());
    signer.closes(1, &slot(2), NOW).unwrap();
    for nonce in [2, 3] {
        assert_eq!(refused(signer.sign_one(&void(nonce, &[]))), not_now("cap_slots"));
    }
    assert!(
        signer.sign_one(&pair(Kind::Void, 0, &[], bumped(1))).is_ok(),
        "a dearer void of a slot is no new one"
    );
    assert!(signer.sign_at(&void(2, &[]), NOW.plus_ms(HOUR_MS)).is_ok());
    assert!(signer.verify(None).unwrap().is_ok());
}

#[test]
fn a_nonce_far_above_the_highest_signed_one_is_neither_signed_nor_closed() {
    let mut caps = caps();
    caps.chains[0].nonce_ahead_max = 10;
    let signer = signer_with(caps);
    let begins = 5_000; // its account was used before
    signer.paid(begins, &payment("order-0", usd(1)));
    let far = [begins + 11, u64::MAX];
    for nonce in far {
        assert_eq!(refused(signer.sign_one(&void(nonce, &[]))), not_now("nonce_ahead"));
        assert_eq!(refused(signer.closes(1, &slot(nonce), NOW)), not_now("nonce_ahead"));
        let approved = payment("order-1", usd(1));
        signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
        assert_eq!(refused(signer.sign_one(&pay(nonce, &approved))), not_now("nonce_ahead"));
    }
    assert!(signer.sign_one(&void(begins + 10, &[])).is_ok());
    assert!(signer.sign_one(&void(begins + 11, &[])).is_ok(), "the bound goes along");
    assert!(signer.sign_one(&void(7, &[])).is_ok(), "a gap is filled");
}

#[test]
fn the_usual_bound_has_room_for_all_that_a_lane_has_open() {
    let signer = signer();
    signer.paid(0, &payment("order-0", usd(1)));
    let open = 16 + 512;
    assert!(signer.sign_one(&void(open, &[])).is_ok());
}

#[test]
fn an_epoch_that_no_lane_comes_to_shuts_nobody_out() {
    let signer = signer();
    let approved = [payment("order-1", usd(1))];
    for epoch in [i64::MAX, 2_000_000] {
        assert_eq!(refused(signer.admits(epoch, &approved, NOW).remove(0)), not_now("epoch_ahead"));
        assert_eq!(refused(signer.closes(epoch, &slot(0), NOW)), not_now("epoch_ahead"));
    }
    assert!(signer.admits(500_000, &approved, NOW).remove(0).is_ok());
    assert_eq!(refused(signer.admits(499_999, &approved, NOW).remove(0)), not_now("epoch_stale"));
}
