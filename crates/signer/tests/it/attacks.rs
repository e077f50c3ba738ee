//! What an engine in wrong hands asks for.

use sluice_codec::evm;
use sluice_core::address::EvmAddress;
use sluice_core::attempt::{Kind, Terms};
use sluice_core::chain::ChainId;
use sluice_core::id::{PartnerId, WalletId};
use sluice_core::slot::Slot;

use crate::house::{
    Asked, NOW, Pair, bumped, never, not_now, pair, partner, pay, payment, refused, sender, signer, slot,
    ulid, usd, usdc, void, wallet,
};

#[test]
fn a_raised_amount_under_an_old_admission_is_refused() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let mut raised = approved;
    raised.payment.amount = usd(9_000);
    assert_eq!(refused(signer.sign_one(&pay(0, &raised))), never("payment_changed"));
    assert_eq!(refused(signer.admits(1, &[raised], NOW).remove(0)), never("payment_changed"));
}

#[test]
fn another_recipient_under_an_old_admission_is_refused() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let mut diverted = approved;
    diverted.payment.to = EvmAddress([0xbb; 20]).into();
    assert_eq!(refused(signer.sign_one(&pay(0, &diverted))), never("payment_changed"));
}

#[test]
fn bytes_of_another_payment_are_refused() {
    let signer = signer();
    let (approved, other) = (payment("order-1", usd(10)), payment("order-1", usd(9_000)));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    // The meaning of the small payment over the bytes of the large one.
    let (small, large) = (pay(0, &approved), pay(0, &other));
    let mut swapped = Pair { request: small.request.clone(), unsigned: large.unsigned.clone() };
    swapped.unsigned.id = swapped.request.attempt;
    assert_eq!(refused(signer.sign_one(&swapped)), never("bytes_differ"), "the request keeps its digest");
    swapped.request.digest = large.request.digest;
    let answer = refused(signer.sign_one(&Pair { unsigned: swapped.unsigned, request: swapped.request }));
    assert_eq!(answer, never("bytes_differ"), "the request takes the other digest");
}

#[test]
fn a_digest_of_other_bytes_is_refused() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let mut forged = pay(0, &approved);
    forged.request.digest = [7; 32];
    forged.unsigned.digest = [7; 32];
    assert_eq!(refused(signer.sign_one(&forged)), never("bytes_differ"));
}

#[test]
fn decimals_are_believed_here_and_nowhere_else() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let mut forged = pay(0, &approved);
    let eighteen = sluice_core::asset::Asset { decimals: 18, ..usdc() };
    let request = &mut forged.request;
    let bytes =
        evm::pay(&request.slot, request.terms.evm().unwrap(), &[approved.payment], &eighteen).unwrap();
    request.digest = bytes.digest;
    (forged.unsigned.digest, forged.unsigned.bytes) = (bytes.digest, bytes.unsigned);
    assert_eq!(refused(signer.sign_one(&forged)), never("bytes_differ"));
}

#[test]
fn a_stored_attempt_that_differs_from_the_request_is_refused() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let changes: [fn(&mut Pair); 4] = [
        |pair| pair.unsigned.slot = slot(9),
        |pair| pair.unsigned.terms = Terms::Evm(bumped(1)),
        |pair| pair.unsigned.kind = Kind::Void,
        |pair| pair.unsigned.id = pay(5, &payment("x", usd(1))).unsigned.id,
    ];
    for (nonce, change) in changes.into_iter().enumerate() {
        let mut forged = pay(nonce as u64, &approved);
        change(&mut forged);
        assert_eq!(refused(signer.sign_one(&forged)), never("bytes_differ"));
    }
}

#[test]
fn a_void_that_pays_is_refused() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    let mut forged = pay(0, &approved);
    forged.request.kind = Kind::Void;
    forged.unsigned.kind = Kind::Void;
    assert_eq!(refused(signer.sign_one(&forged)), never("bytes_differ"));
}

#[test]
fn a_stale_epoch_gets_nothing_after_a_takeover() {
    let signer = signer();
    let (old, _) = signer.paid(0, &payment("order-1", usd(10)));
    let mut newer = old.clone();
    newer.request.epoch = 2;
    assert!(signer.sign_one(&newer).is_ok(), "the new holder gets the recorded signature");
    assert_eq!(refused(signer.sign_one(&old)), not_now("epoch_stale"), "the old one not even that");
    assert_eq!(
        refused(signer.admits(1, &[payment("order-2", usd(1))], NOW).remove(0)),
        not_now("epoch_stale")
    );
    assert_eq!(refused(signer.closes(1, &slot(7), NOW)), not_now("epoch_stale"));
    assert_eq!(signer.hello(Some(wallet())).unwrap().epoch, 2);
}

#[test]
fn an_epoch_is_remembered_even_when_the_request_is_refused() {
    let signer = signer();
    let mut unadmitted = pay(0, &payment("order-1", usd(10)));
    unadmitted.request.epoch = 5;
    assert_eq!(refused(signer.sign_one(&unadmitted)), not_now("no_ticket"));
    assert_eq!(signer.hello(Some(wallet())).unwrap().epoch, 5);
}

#[test]
fn wallets_of_others_are_unknown() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();

    let mut stranger = pay(0, &approved);
    stranger.request.wallet = WalletId::new(ulid(999));
    assert_eq!(refused(signer.sign_one(&stranger)), not_now("wallet_unknown"));

    let mut foreign = pay(0, &approved);
    let other = Slot::EvmNonce { chain: ChainId::evm(137), sender: EvmAddress([9; 20]), nonce: 0 };
    (foreign.request.slot, foreign.unsigned.slot) = (other.clone(), other);
    assert_eq!(refused(signer.sign_one(&foreign)), not_now("wallet_unknown"), "another sender");

    let mut elsewhere = pay(0, &approved);
    let other = Slot::EvmNonce { chain: ChainId::evm(1), sender: sender(), nonce: 0 };
    (elsewhere.request.slot, elsewhere.unsigned.slot) = (other.clone(), other);
    assert_eq!(refused(signer.sign_one(&elsewhere)), not_now("wallet_unknown"), "another chain");

    let mut cuckoo = payment("order-2", usd(10));
    cuckoo.payment.partner = PartnerId::new(ulid(77));
    assert_ne!(cuckoo.payment.partner, partner());
    assert_eq!(
        refused(signer.admits(1, &[cuckoo], NOW).remove(0)),
        not_now("wallet_unknown"),
        "another partner"
    );
}

#[test]
fn a_clock_out_of_bounds_gets_nothing() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let minutes = |count: i64| NOW.plus_ms(count * 60_000);
    for at in [minutes(11), minutes(-11)] {
        let mut skewed = pay(0, &approved);
        skewed.request.at = at;
        assert_eq!(refused(signer.signs(&[skewed], NOW).remove(0)), not_now("clock_skew"));
    }
    // Our own clock fell back: the hourly windows would open again.
    assert_eq!(refused(signer.sign_at(&pay(0, &approved), minutes(-11))), not_now("clock_skew"));
    assert_eq!(
        refused(signer.admits(1, &[payment("order-2", usd(1))], minutes(-11)).remove(0)),
        not_now("clock_skew")
    );
    assert!(signer.sign_at(&pay(0, &approved), minutes(-9)).is_ok());
}

#[test]
fn a_refusal_for_good_closes_the_untouched_slot_and_only_a_void_fills_it() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.admits(1, std::slice::from_ref(&approved), NOW).remove(0).unwrap();
    let mut forged = pay(3, &approved);
    (forged.request.digest, forged.unsigned.digest) = ([7; 32], [7; 32]);
    assert_eq!(refused(signer.sign_one(&forged)), never("bytes_differ"));
    assert_eq!(refused(signer.sign_one(&pay(3, &approved))), never("closed"));
    assert!(signer.sign_one(&void(3, std::slice::from_ref(&approved))).is_ok());
    assert!(signer.sign_one(&pay(4, &approved)).is_ok(), "the closed slot does not hold the payment");
}

#[test]
fn a_forged_bump_does_not_close_a_slot_that_was_signed() {
    let signer = signer();
    let approved = payment("order-1", usd(10));
    signer.paid(0, &approved);
    let mut forged = pair(Kind::Pay, 0, std::slice::from_ref(&approved), bumped(1));
    (forged.request.digest, forged.unsigned.digest) = ([7; 32], [7; 32]);
    assert_eq!(refused(signer.sign_one(&forged)), never("bytes_differ"));
    assert!(signer.sign_one(&pair(Kind::Pay, 0, &[approved], bumped(1))).is_ok());
}
