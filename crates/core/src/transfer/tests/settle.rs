//! What a final reading means, and what taking it back brings to life.

use super::super::*;
use crate::attempt::Kind;
use crate::proof::{Effect, NotDead, Proof, SlotReading, Stranger, Verdict};
use crate::samples::*;
use crate::withdrawal::AttentionCode;

fn settle(transfer: Transfer, what: SlotReading, head: u64) -> Outcome {
    transfer.settle(&agreed(what, head), None, proof_id(7), DEEP, at(9)).unwrap()
}

fn ours(effect: Effect) -> SlotReading {
    SlotReading::Ours(inclusion(effect))
}

fn ended(outcome: Outcome) -> (Transfer, Proof) {
    match outcome {
        Outcome::Ended { transfer, proof } => (transfer.into_after(), *proof),
        other => panic!("{other:?}"),
    }
}

#[test]
fn paid_ends_it_with_a_proof_of_its_own_transfer() {
    let (transfer, proof) = ended(settle(sent(), ours(PAID), 10));
    assert_eq!(transfer.items[0].life, Life::Paid(proof_id(7)));
    assert_eq!((proof.transfer, proof.head), (Some(transfer.id), Some(block(10))));
    assert!(matches!(proof.verdict, Verdict::Paid(_)));
    assert_eq!(proof.operators, ["a", "b"]);
}

#[test]
fn a_dead_attempt_ends_it_only_as_deep_as_a_new_slot_asks_for() {
    for effect in [Effect::Voided, Effect::Reverted] {
        let shallow = settle(sent(), ours(effect), 10);
        assert_eq!(shallow, Outcome::NotDeepEnough { missing: DEEP });
        let (transfer, proof) = ended(settle(sent(), ours(effect), 10 + DEEP));
        assert!(proof.proves_death());
        assert_eq!(transfer.items[0].life, Life::Dead(proof_id(7)));
    }
}

#[test]
fn an_open_slot_ends_nothing() {
    assert_eq!(settle(sent(), SlotReading::Open, 99), Outcome::Open);
}

#[test]
fn what_we_did_not_mean_is_noted_as_a_strangers_and_ends_with_a_person() {
    let differs = ours(Effect::Mismatch);
    assert_eq!(settle(sent(), differs, 99), Outcome::Foreign, "a reading alone ends nothing");
    let there = differs.stranger().unwrap();
    let taken = sent().take(&agreed(differs, 10), at(5)).unwrap().into_after();
    assert_eq!(taken.taken_by(), Some(there));
    let lost = |what, head| taken.clone().lost(&agreed(what, head), proof_id(7), DEEP, at(9)).unwrap();
    assert_eq!(lost(differs, 11).unwrap_err(), NotDead::NotDeepEnough { missing: 1 });
    assert_eq!(
        lost(ours(Effect::Reverted), 99).unwrap_err(),
        NotDead::NotTaken,
        "it is judged otherwise now"
    );
    let (step, proof) = lost(differs, 12).unwrap();
    assert!(proof.proves_death() && proof.by_a_stranger() && !proof.frees_the_withdrawal());
    assert_eq!(AttentionCode::of(&proof), Some(AttentionCode::PaymentDiffers));
    assert!(matches!(&step.after().state, State::Final(it) if it.end == End::Taken(there)));
    let reopened = step.into_after().reopen(20, false, at(10)).unwrap().into_after();
    assert_eq!((reopened.items[0].life, reopened.taken_by()), (Life::Live, None));
}

#[test]
fn a_consumed_slot_in_which_nobody_shows_anything_freezes_and_ends_nothing() {
    let Outcome::Unexplained { evidence } = settle(sent(), SlotReading::Unaccounted, 99) else {
        panic!("the lane must freeze")
    };
    assert!(evidence.contains("no node shows"), "{evidence}");
    assert!(sent().take(&agreed(SlotReading::Unaccounted, 99), at(5)).is_err(), "there is nobody to note");
}

#[test]
fn a_stranger_in_the_slot_ends_it_only_as_deep_as_a_new_slot_asks_for() {
    let foreign = SlotReading::Foreign(stranger());
    assert_eq!(settle(sent(), foreign, 99), Outcome::Foreign, "a reading alone ends nothing");
    let unnoted = sent().lost(&agreed(foreign, 99), proof_id(7), DEEP, at(9));
    assert!(unnoted.is_err(), "nor without a note");
    let taken = sent().take(&agreed(foreign, 10), at(5)).unwrap().into_after();
    assert_eq!(taken.taken_by(), Some(stranger()));
    let lost = |what, head| taken.clone().lost(&agreed(what, head), proof_id(7), DEEP, at(9)).unwrap();
    assert_eq!(lost(foreign, 11).unwrap_err(), NotDead::NotDeepEnough { missing: 1 });
    let moved = Stranger { block: block(9), ..stranger() };
    assert_eq!(
        lost(SlotReading::Foreign(moved), 99).unwrap_err(),
        NotDead::NotTaken,
        "it was noted elsewhere"
    );
    assert_eq!(lost(SlotReading::Unaccounted, 99).unwrap_err(), NotDead::NotTaken, "absence proves nothing");
    let (step, proof) = lost(foreign, 12).unwrap();
    assert!(proof.proves_death() && proof.by_a_stranger() && !proof.frees_the_withdrawal());
    let ended = step.into_after();
    assert_eq!(ended.items[0].life, Life::Dead(proof_id(7)));
    assert!(matches!(&ended.state, State::Final(it) if it.end == End::Taken(stranger())));
    let reopened = ended.reopen(20, false, at(10)).unwrap().into_after();
    assert_eq!((reopened.items[0].life, reopened.taken_by()), (Life::Live, None));
}

#[test]
fn our_own_attempt_in_the_slot_after_all_ends_it_as_ever() {
    let taken = sent().take(&agreed(SlotReading::Foreign(stranger()), 10), at(5)).unwrap().into_after();
    let (transfer, proof) = ended(settle(taken, ours(PAID), 20));
    assert!(matches!(proof.verdict, Verdict::Paid(_)));
    assert!(matches!(&transfer.state, State::Final(it) if it.last.signed().unwrap().taken_by.is_none()));
}

#[test]
fn a_tombstoned_item_keeps_its_own_proof_when_the_void_is_final() {
    let void = unsigned(2, transfer_id(1), Kind::Void, slot(7));
    let tombstone = proof(1, Some(transfer_id(1)), tombstoned());
    let voided = built().void_unsigned(&tombstone, "signer_refused", void.clone(), at(4)).unwrap();
    let sent = voided.transfer.into_after().signed(&signed(void), 5, at(5)).unwrap().into_after();
    let (transfer, proof) = ended(settle(sent, ours(Effect::Voided), 10 + DEEP));
    assert_eq!(transfer.items[0].life, Life::Dead(proof_id(1)), "the withdrawal rests on the tombstone");
    assert!(
        matches!(&transfer.state, State::Final(ended) if ended.proof == proof.id),
        "the transfer on the void"
    );
    let reopened = transfer.reopen(20, false, at(10)).unwrap().into_after();
    assert_eq!(reopened.items[0].life, Life::Dead(proof_id(1)), "no chain takes a tombstone back");
}

/// A transfer with two items, the first of which died earlier by a proof of its own.
fn batch() -> Transfer {
    let mut batch = sent();
    let second = batch.items[0].clone();
    batch.0.items.push(second);
    batch.0.items[0].life = Life::Dead(proof_id(1));
    batch
}

#[test]
fn reopen_revives_only_the_items_of_that_proof() {
    for (effect, life) in [(PAID, Life::Paid(proof_id(7))), (Effect::Reverted, Life::Dead(proof_id(7)))] {
        let (transfer, _) = ended(settle(batch(), ours(effect), 10 + DEEP));
        let lives = |transfer: &Transfer| transfer.items.iter().map(|item| item.life).collect::<Vec<_>>();
        assert_eq!(lives(&transfer), [Life::Dead(proof_id(1)), life]);
        let reopened = transfer.clone().reopen(20, false, at(10)).unwrap().into_after();
        assert_eq!(lives(&reopened), [Life::Dead(proof_id(1)), Life::Live]);
        assert_eq!((reopened.slot(), transfer.slot()), (Some(&slot(7)), Some(&slot(7))), "never a new slot");
        let moved_on = transfer.reopen(20, true, at(10)).unwrap().into_after();
        assert_eq!(
            lives(&moved_on),
            [Life::Dead(proof_id(1)), life],
            "its withdrawal has another slot by now"
        );
    }
}

#[test]
fn a_reopened_transfer_is_sent_again_from_the_present_height() {
    let (transfer, _) = ended(settle(sent(), ours(PAID), 10));
    let reopened = transfer.reopen(20, false, at(10)).unwrap().into_after();
    let State::Signed(signed) = &reopened.state else { panic!("{}", reopened.state.as_str()) };
    assert_eq!((signed.sent_at_height, signed.attempt), (20, AttemptId::new(ulid(1))), "the same bytes");
    let (again, proof) = ended(settle(reopened, ours(PAID), 30));
    assert_eq!(again.items[0].life, Life::Paid(proof.id));
}

#[test]
fn what_its_bytes_may_pay_counts_whatever_became_of_its_items() {
    let whole = planned().amount();
    assert_eq!(batch().amount().atoms(), 2 * whole.atoms(), "its bytes pay both, one of them dead");
    let (dead, _) = ended(settle(sent(), ours(Effect::Reverted), 10 + DEEP));
    let revived = dead.reopen(20, true, at(10)).unwrap().into_after();
    assert_eq!(revived.amount(), whole, "its withdrawal has moved on, its bytes are out there");
    assert_eq!(crate::ledger::holding(&revived).in_flight, whole);
    let (paid, _) = ended(settle(revived, ours(PAID), 30));
    assert_eq!(crate::ledger::holding(&paid).paid_out, whole, "and the books say what they paid");
    let void = unsigned(2, transfer_id(1), Kind::Void, slot(7));
    let closed =
        built().void_unsigned(&proof(1, Some(transfer_id(1)), tombstoned()), "signer_refused", void, at(4));
    assert_eq!(closed.unwrap().transfer.into_after().amount(), Amount::ZERO, "nothing was signed that pays");
}

#[test]
fn a_tombstone_proves_the_death_of_its_own_slot_alone() {
    let proof = built().never_signed(&tombstone(7), proof_id(1), at(3)).unwrap();
    assert_eq!((proof.transfer, proof.head), (Some(transfer_id(1)), None));
    assert!(proof.proves_death() && proof.frees_the_withdrawal());
    let refused = |it: Transfer, nonce| it.never_signed(&tombstone(nonce), proof_id(1), at(3)).unwrap_err();
    assert!(matches!(refused(built(), 8), Refusal::Evidence { .. }), "of another slot");
    assert!(matches!(refused(planned(), 7), Refusal::NotFrom { .. }), "it has no slot");
    assert!(matches!(refused(sent(), 7), Refusal::NotFrom { .. }), "it was signed");
}

#[test]
fn a_transfer_of_more_than_the_books_can_hold_is_never_taken_for_less() {
    let most = crate::amount::Amount::from_atoms(i64::MAX).unwrap();
    let mut batch = batch();
    batch.0.items.iter_mut().for_each(|item| {
        item.life = Life::Live;
        item.approved.payment.amount = most;
    });
    assert_eq!(batch.amount(), most);
}
