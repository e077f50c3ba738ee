//! What a restored store has learned from the signer's journal stays, and holds (M17).

use std::collections::BTreeSet;

use sluice_core::amount::{Amount, Cost, Units};
use sluice_core::asset::Asset;
use sluice_core::attempt::{Kind as AttemptKind, TronTerms, Unsigned};
use sluice_core::chain::{ChainId, ChainProfile};
use sluice_core::id::{AttemptId, ProofId, TransferId, WithdrawalId};
use sluice_core::intent::{DeploymentId, PaymentKey};
use sluice_core::journal::{Lost, LostDeath, LostFact, LostPayment, LostSlot, LostTxid, Seen, Unheld};
use sluice_core::port::chain::{Known, TransferLog};
use sluice_core::port::store::{Accepted, Change, Outcome, Store, StoreError, Wanted};
use sluice_core::proof::{Effect, Inclusion, SlotReading, Stranger};
use sluice_core::sighting::Sighting;
use sluice_core::slot::Slot;
use sluice_core::transfer::Transfer;
use sluice_core::withdrawal::{AttentionCode, Resolution, State, Withdrawal};

use crate::world::{World, block, quorum};

promises! {
    the_place_seen_in_the_journal_only_rises;
    a_store_without_its_own_row_has_not_seen_nothing;
    a_place_seen_is_not_carried_over_to_an_older_store;
    a_withdrawal_that_does_not_read_is_not_forgotten;
    a_lost_payment_that_does_not_read_is_no_none;
    a_lost_transaction_on_tron_keeps_the_terms_its_death_is_proven_by;
    a_lost_payment_holds_up_nobody_behind_it;
    a_lost_payment_gets_no_slot_and_never_fails;
    a_lost_payment_may_be_given_up_once_each_slot_of_it_is_dead_by_proof;
    a_lost_transaction_explains_nothing_once_its_withdrawal_has_ended_without_it;
    one_that_paid_its_withdrawal_explains_itself_and_no_other_slot;
    a_slot_that_no_transfer_has_is_told_with_what_was_signed_for_it;
    a_lost_payment_that_is_asked_for_again_waits_for_a_person_past_every_limit;
    what_a_transfer_carries_is_never_lost_as_well;
    what_the_journal_speaks_of_is_told_apart_from_what_is_unknown;
    a_lease_is_raised_above_what_the_signer_has_seen;
}

fn lost(world: &World, pays: PaymentKey, nonce: u64) -> Lost {
    let slot =
        Slot::EvmNonce { chain: world.wallet.chain, sender: world.wallet.address.evm().unwrap(), nonce };
    let attempt = AttemptId::new(world.ulid());
    let (wallet, kind) = (world.wallet.id, AttemptKind::Pay);
    Lost { wallet, attempt, kind, slot, tron: None, pays: Some(pays), seq: 40 }
}

async fn forget(world: &World, pays: PaymentKey) -> Lost {
    forget_in(world, pays, 9, [7; 32]).await
}

async fn forget_in(world: &World, pays: PaymentKey, nonce: u64, txid: [u8; 32]) -> Lost {
    let lost = lost(world, pays, nonce);
    let attempt = lost.attempt;
    world.applied(Change { lost: vec![LostFact::Reserved(lost.clone())], ..world.change() }).await;
    let signed = LostFact::Signed { attempt, raw: vec![2, 7], txid };
    world.applied(Change { lost: vec![signed], ..world.change() }).await;
    lost
}

/// Two import at once: one has read before the other wrote.
async fn what_a_transfer_carries_is_never_lost_as_well(world: World) {
    let withdrawal = world.accepted("order").await;
    let rule = Outcome::Refused("m17_carried_or_lost".into());
    let (_, _, signed) = world.sent("carried", 7).await;
    let there = Lost { attempt: signed.unsigned.id, ..lost(&world, withdrawal.key, 9) };
    let twice = Change { lost: vec![LostFact::Reserved(there)], ..world.change() };
    assert_eq!(world.apply(twice).await, rule);
    let lost = forget(&world, withdrawal.key).await;
    let carried = Change { carried: vec![lost.attempt], ..world.change() };
    assert_eq!(world.apply(carried).await, rule);
    world.applied(Change { lost: vec![LostFact::Reserved(lost)], ..world.change() }).await;
}

async fn the_place_seen_in_the_journal_only_rises(world: World) {
    for (from, to, kept) in [(0, 7, 7), (0, 5, 7), (7, 9, 9)] {
        world.applied(Change { journal_seq: Some(Seen { from, to }), ..world.change() }).await;
        assert_eq!(world.db.journal_seq().await.unwrap(), kept);
        let view = world.db.lane(world.wallet.id).await.unwrap().unwrap();
        assert_eq!(view.journal_seq, kept, "a lane reads it with everything else");
    }
    let why = world.refused_by("update meta set journal_seq = 8").await;
    assert!(why.contains("m17_journal_seq_rises"), "{why}");
}

async fn a_store_without_its_own_row_has_not_seen_nothing(world: World) {
    world.db.tamper("delete from meta", "delete from meta").await.unwrap();
    let broken = |error| matches!(error, StoreError::Inconsistent { table: "meta", .. });
    assert!(broken(world.db.journal_seq().await.unwrap_err()));
    assert!(broken(world.db.journal_known(&[], &[]).await.unwrap_err()));
    assert!(broken(world.db.lane(world.wallet.id).await.unwrap_err()));
}

async fn a_withdrawal_that_does_not_read_is_not_forgotten(world: World) {
    let withdrawal = world.accepted("order").await;
    let (attempt, key) = (AttemptId::new(world.ulid()), withdrawal.key);
    let newer = format!("update withdrawal set evidence = '{{\"v\":2}}' where id = '{}'", withdrawal.id);
    world.db.tamper(&newer, &newer).await.unwrap();
    let known = world.db.journal_known(&[attempt], &[key, PaymentKey([9; 32])]).await.unwrap();
    assert_eq!(known.payments, BTreeSet::from([key]));
    assert!(known.withdrawals.is_empty());
}

async fn a_lost_payment_that_does_not_read_is_no_none(world: World) {
    let withdrawal = world.accepted("order").await;
    forget(&world, withdrawal.key).await;
    let spoil = "update lost_attempt set txid = 'cut'";
    let lite = format!("drop trigger lost_attempt_is_for_ever; {spoil}");
    let pg = format!("drop trigger lost_attempt_is_for_ever on lost_attempt; {spoil}");
    world.db.tamper(&lite, &pg).await.unwrap();
    let answer = world.db.lost_payments(&[withdrawal.key]).await;
    assert!(matches!(answer, Err(StoreError::Inconsistent { table: "lost_attempt", .. })), "{answer:?}");
}

/// The slot names its transaction: it is known from when its signature was asked for, and so is how long it lives.
async fn a_lost_transaction_on_tron_keeps_the_terms_its_death_is_proven_by(world: World) {
    let withdrawal = world.accepted("order").await;
    let txid = [0x74; 32];
    let slot = Slot::TronTransaction { chain: ChainId::tron(728_126_428), txid };
    let reference = block(90);
    let terms =
        TronTerms { reference, expires_at_ms: 60_000, made_at_ms: 7, fee_limit_sun: u64::MAX, permission: 2 };
    let lost = Lost { slot: slot.clone(), tron: Some(terms), ..lost(&world, withdrawal.key, 9) };
    let attempt = lost.attempt;
    let without = LostFact::Reserved(Lost { tron: None, ..lost.clone() });
    let refused = world.apply(Change { lost: vec![without], ..world.change() }).await;
    assert_eq!(refused, Outcome::Refused("lost_on_tron_has_its_terms".into()));
    world.applied(Change { lost: vec![LostFact::Reserved(lost)], ..world.change() }).await;
    let known = Known { attempt, txid, kind: AttemptKind::Pay, tron: Some(terms) };
    let expected = LostPayment { key: withdrawal.key, slots: vec![LostSlot { slot, attempts: vec![known] }] };
    assert_eq!(world.db.lost_payments(&[withdrawal.key]).await.unwrap(), std::slice::from_ref(&expected));
    let signed = LostFact::Signed { attempt, raw: vec![2, 7], txid };
    world.applied(Change { lost: vec![signed], ..world.change() }).await;
    assert_eq!(world.db.lost_payments(&[withdrawal.key]).await.unwrap(), [expected]);
    let why = world.refused_by("update lost_attempt set evidence = '{}'").await;
    assert!(why.contains("lost_attempt_is_for_ever"), "{why}");
}

async fn a_lost_payment_holds_up_nobody_behind_it(world: World) {
    let (lost, next) = (world.accepted("lost").await, world.accepted("next").await);
    forget(&world, lost.key).await;
    let wanted = Wanted { assets: vec![world.asset.id], replacements: true, pinned_to: None, skip: 0 };
    let claimed = world.db.claimable(world.partner.id, &wanted, world.now(), 10).await.unwrap();
    assert_eq!(claimed.iter().map(|it| it.id).collect::<Vec<_>>(), [next.id]);
}

/// A copy from before place 12 took the store's place while a lane was asking the signer: what lies between was never
/// compared with it, and neither the place nor what was to commit with it is written.
async fn a_place_seen_is_not_carried_over_to_an_older_store(world: World) {
    world.applied(Change { journal_seq: Some(Seen { from: 0, to: 9 }), ..world.change() }).await;
    let withdrawal = world.accepted("order").await;
    let (change, _) = world.planned(withdrawal.clone());
    let change = Change { journal_seq: Some(Seen { from: 12, to: 20 }), ..change };
    assert_eq!(world.apply(change).await, Outcome::Moved);
    assert_eq!(world.db.journal_seq().await.unwrap(), 9);
    assert_eq!(world.withdrawal(withdrawal.id).await.version, withdrawal.version);
}

async fn a_lost_payment_gets_no_slot_and_never_fails(world: World) {
    let withdrawal = world.accepted("order").await;
    forget(&world, withdrawal.key).await;
    let (change, _) = world.planned(withdrawal.clone());
    assert_eq!(world.apply(change).await, Outcome::Refused("m17_no_slot_for_a_lost_payment".into()));
    let failed = withdrawal.clone().fail("gave_up", None, false, world.now()).unwrap();
    let change = Change { withdrawals: vec![failed], ..world.change() };
    assert_eq!(world.apply(change).await, Outcome::Refused("m17_no_end_for_a_lost_payment".into()));
    let recognised = withdrawal.recognise(false, world.now()).unwrap();
    world.applied(Change { withdrawals: vec![recognised], ..world.change() }).await;
    let why = world.refused_by("update lost_attempt set raw = null, txid = null").await;
    assert!(why.contains("lost_attempt_is_for_ever"), "{why}");
}

/// A transfer of its own in the slot of a lost attempt; nothing of it is signed yet.
async fn filling(world: &World, slot: &Slot) -> (Transfer, Unsigned) {
    let profile = ChainProfile::known(world.wallet.chain).unwrap();
    let native = Asset::native(&profile);
    let (now, id) = (world.now(), TransferId::new(world.ulid()));
    let plan = Transfer::fill(id, world.partner.id, world.wallet.id, native, now);
    let fuelled = plan
        .then(|it| it.fund(block(90), now))
        .unwrap()
        .then(|it| it.fuel(21_000, Cost(1), None, now))
        .unwrap();
    let attempt = world.unsigned(fuelled.after(), slot.nonce().unwrap(), AttemptKind::Void, 0);
    let built = fuelled.then(|it| Ok(it.build(attempt.clone(), now)?.transfer)).unwrap();
    let transfer = built.after().clone();
    let attempts = vec![attempt.clone()];
    world.applied(Change { transfers: vec![built], attempts, ..world.change() }).await;
    (transfer, attempt)
}

/// What a quorum may read in the slot of a lost attempt.
fn death(world: &World, slot: &LostSlot, effect: Effect) -> LostDeath {
    let attempt = slot.attempts.first().unwrap();
    let (attempt, txid) = (attempt.attempt, attempt.txid);
    let inclusion =
        Inclusion { attempt, txid, block: block(101), effect, cost: Cost(1), returned: Amount::ZERO };
    let reading = quorum(SlotReading::Ours(inclusion), block(200));
    slot.died(ProofId::new(world.ulid()), world.partner.id, &reading, 2, world.now()).unwrap()
}

/// Gives it up on these deaths, where their proofs come with them.
fn giving_up(world: &World, waiting: &Withdrawal, lost: &LostPayment, deaths: &[LostDeath]) -> Change {
    let step = waiting.clone().fail_lost("gave_up", lost, deaths, world.now()).unwrap();
    Change {
        withdrawals: vec![step],
        proofs: deaths.iter().map(|death| death.proof().clone()).collect(),
        lost: deaths.iter().map(|death| LostFact::Died(Box::new(death.clone()))).collect(),
        ..world.change()
    }
}

async fn recognised(world: &World, withdrawal: Withdrawal) -> Withdrawal {
    let step = withdrawal.recognise(false, world.now()).unwrap();
    let waiting = step.after().clone();
    world.applied(Change { withdrawals: vec![step], ..world.change() }).await;
    waiting
}

async fn a_lost_payment_may_be_given_up_once_each_slot_of_it_is_dead_by_proof(world: World) {
    let withdrawal = world.accepted("order").await;
    let lost = forget(&world, withdrawal.key).await;
    let other = forget_in(&world, withdrawal.key, 12, [8; 32]).await;
    let waiting = recognised(&world, withdrawal).await;
    // The lane fills the first slot meanwhile: what it signs belongs to what may be found there.
    let (built, attempt) = filling(&world, &lost.slot).await;
    assert_eq!(world.number("select count(*) from event where kind = 'lane.filling'").await, 1);
    let known = async || world.db.lost_payments(&[waiting.key]).await.unwrap().remove(0);
    let slots = |payment: &LostPayment| payment.slots.iter().map(|it| it.attempts.len()).collect::<Vec<_>>();
    let (transfer, signed) = world.signed(built, &attempt).await;
    let seen = world.seen(transfer, &signed, 101, Effect::Voided).await;
    let (change, _) = world.settled(seen, world.inclusion(&signed, 101, Effect::Voided));
    world.applied(change).await;
    assert_eq!(world.number("select count(*) from event where kind = 'lane.filled'").await, 1);
    let payment = known().await;
    let mut both = payment.slots.clone();
    both.sort_by_key(|it| it.slot.nonce());
    assert_eq!(both.iter().map(|it| &it.slot).collect::<Vec<_>>(), [&lost.slot, &other.slot]);
    assert_eq!(slots(&LostPayment { slots: both.clone(), ..payment.clone() }), [2, 1]);
    assert!(payment.may_be_made_by(&[7; 32]) && payment.may_be_made_by(&[8; 32]));
    assert!(!payment.may_be_made_by(&signed.txid), "a void makes no payment");
    let deaths: Vec<_> = both.iter().map(|slot| death(&world, slot, Effect::Reverted)).collect();
    // Whatever is claimed: without the deaths, with those of some slots, or without their proofs.
    let whole = || giving_up(&world, &waiting, &payment, &deaths);
    let unproven = Change { lost: vec![], ..whole() };
    let some = Change { lost: vec![LostFact::Died(Box::new(deaths[0].clone()))], ..whole() };
    for less in [unproven, some] {
        assert_eq!(world.apply(less).await, Outcome::Refused("m17_no_end_for_a_lost_payment".into()));
    }
    let by_nothing = Change { proofs: vec![], ..whole() };
    assert_eq!(world.apply(by_nothing).await, Outcome::Refused("m4_lost_and_dead_by_proof".into()));
    world.applied(whole()).await;
    assert_eq!(world.status(waiting.id).await, "failed");
    assert_eq!(world.number("select count(*) from lost_death").await, 2);
    for script in ["delete from lost_death", "update lost_death set slot = 'other'"] {
        let why = world.refused_by(script).await;
        assert!(why.contains("lost_death_is"), "{why}");
    }
    let (change, _) = world.planned(world.accepted("next").await);
    world.applied(change).await;
}

/// What a lost transaction explains, as the watcher and the lane see it.
async fn explained(world: &World, txid: [u8; 32]) -> (Option<WithdrawalId>, usize) {
    let found = world.db.lost_txids(world.wallet.chain, &[txid]).await.unwrap();
    let view = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    (found[0].ended, view.sightings.len())
}

fn sighted(world: &World, txid: [u8; 32]) -> Change {
    let stranger = Stranger { txid, block: block(101) };
    let at = world.now();
    let one =
        Sighting::of_stranger(&world.wallet, Some(9), stranger, "which is not ours", &["alpha".into()], at);
    Change { sighted: vec![one], ..world.change() }
}

async fn a_lost_transaction_explains_nothing_once_its_withdrawal_has_ended_without_it(world: World) {
    let withdrawal = world.accepted("order").await;
    forget(&world, withdrawal.key).await;
    let waiting = recognised(&world, withdrawal).await;
    world.applied(sighted(&world, [7; 32])).await;
    assert_eq!(explained(&world, [7; 32]).await, (None, 0));
    let payment = world.db.lost_payments(&[waiting.key]).await.unwrap().remove(0);
    let dead = death(&world, &payment.slots[0], Effect::Reverted);
    world.applied(giving_up(&world, &waiting, &payment, &[dead])).await;
    assert_eq!(explained(&world, [7; 32]).await, (Some(waiting.id), 1));
}

async fn one_that_paid_its_withdrawal_explains_itself_and_no_other_slot(world: World) {
    let withdrawal = world.accepted("order").await;
    forget(&world, withdrawal.key).await;
    forget_in(&world, withdrawal.key, 12, [8; 32]).await;
    let waiting = recognised(&world, withdrawal).await;
    let (to, units) = (waiting.request.to, Units::from(waiting.request.amount.atoms() as u64));
    let log = TransferLog { log_index: 4, from: world.wallet.address, to, units };
    let found = quorum((block(101), vec![log]), block(200));
    let proof =
        waiting.paid_elsewhere(ProofId::new(world.ulid()), [7; 32], &found, (4, units), world.now()).unwrap();
    let step = waiting.clone().resolve(Resolution::PaidElsewhere(&proof), world.now()).unwrap();
    world.applied(Change { withdrawals: vec![step], proofs: vec![proof], ..world.change() }).await;
    assert_eq!(explained(&world, [7; 32]).await.0, None);
    assert_eq!(explained(&world, [8; 32]).await.0, Some(waiting.id), "it would pay a second time");
}

async fn a_slot_that_no_transfer_has_is_told_with_what_was_signed_for_it(world: World) {
    let (_, transfer, _) = world.sent("order", 7).await;
    let held = transfer.slot().unwrap().clone();
    let lost = forget(&world, PaymentKey([3; 32])).await;
    let (chain, sender) = (world.wallet.chain, world.wallet.address);
    let unknown = Slot::EvmNonce { chain, sender: sender.evm().unwrap(), nonce: 8 };
    let asked = [held, unknown.clone(), lost.slot.clone()];
    let free = world.db.unheld(&asked).await.unwrap();
    let hole = |slot: &Slot, signed: Vec<Vec<u8>>| {
        let taken = !signed.is_empty();
        Unheld { slot: slot.clone(), taken, signed }
    };
    assert_eq!(free, [hole(&unknown, vec![]), hole(&lost.slot, vec![vec![2, 7]])]);
    let _filled = filling(&world, &lost.slot).await;
    assert_eq!(world.db.unheld(&asked).await.unwrap(), [hole(&unknown, vec![])]);
}

async fn a_lost_payment_that_is_asked_for_again_waits_for_a_person_past_every_limit(world: World) {
    let key = PaymentKey::of(&DeploymentId("test".into()), world.partner.id, "order");
    let lost = forget(&world, key).await;
    let found = world.db.lost_payments(&[key, PaymentKey([1; 32])]).await.unwrap();
    let known = Known { attempt: lost.attempt, txid: [7; 32], kind: AttemptKind::Pay, tron: None };
    let slots = vec![LostSlot { slot: lost.slot.clone(), attempts: vec![known] }];
    assert_eq!(found, [LostPayment { key, slots }]);
    let ours = world.db.lost_txids(lost.slot.chain(), &[[7; 32], [8; 32]]).await.unwrap();
    assert_eq!(ours, [LostTxid { txid: [7; 32], ended: None }]);
    // A day's limit of one atom would reject it, and a partner who reads that pays another way.
    let again = match world.db.accept(world.intake("order", 5_000_000, 1)).await.unwrap() {
        Accepted::New(withdrawal) => *withdrawal,
        other => panic!("{other:?}"),
    };
    let State::NeedsAttention(attention) = &again.state else { panic!("{again:?}") };
    assert_eq!((attention.code, &attention.decision), (AttentionCode::PaidBeforeRestore, &None));
    assert_eq!(world.status(again.id).await, "needs_attention");
    let untold = world.db.untold_attention(10).await.unwrap();
    assert!(untold.iter().any(|withdrawal| withdrawal.id == again.id), "a person will be told");
    assert_eq!(world.number("select used from usage").await, 5_000_000, "what was paid counts (M8)");
    match world.db.accept(world.intake("order", 5_000_000, i64::MAX)).await.unwrap() {
        Accepted::Replay(stored) => assert_eq!(stored.id, again.id),
        other => panic!("{other:?}"),
    }
    assert_eq!(world.number("select used from usage").await, 5_000_000, "once");
    let other = world.accepted("another").await;
    assert!(matches!(other.state, State::Approved(_)), "nobody else is held up");
    let beyond = world.db.accept(world.intake("beyond", 5_000_000, 14_999_999)).await.unwrap();
    let Accepted::New(beyond) = beyond else { panic!("{beyond:?}") };
    assert!(matches!(&beyond.state, State::Rejected(ended) if ended.code == "limit_daily"), "{beyond:?}");
}

async fn what_the_journal_speaks_of_is_told_apart_from_what_is_unknown(world: World) {
    let (id, transfer, signed) = world.sent("order", 7).await;
    let withdrawal = world.withdrawal(id).await;
    let lost = forget(&world, PaymentKey([3; 32])).await;
    let stranger = AttemptId::new(world.ulid());
    let attempts = [signed.unsigned.id, lost.attempt, stranger];
    let known = world.db.journal_known(&attempts, &[withdrawal.key, PaymentKey([9; 32])]).await.unwrap();
    assert_eq!(known.attempts.get(&signed.unsigned.id), Some(&Some(transfer.id)));
    assert_eq!(known.attempts.get(&lost.attempt), Some(&None));
    assert_eq!(known.attempts.get(&stranger), None);
    let keys: BTreeSet<_> = known.withdrawals.keys().copied().collect();
    assert_eq!(keys, BTreeSet::from([withdrawal.key]));
}

async fn a_lease_is_raised_above_what_the_signer_has_seen(world: World) {
    let lease = world.db.lease("lane:a", "one").await.unwrap().unwrap();
    let raised = world.db.outbid(lease.fence(), 41).await.unwrap().unwrap();
    assert_eq!(raised.fence().epoch(), 42);
    assert_eq!(world.db.outbid(lease.fence(), 50).await.unwrap(), None, "the fence before is stale");
    let renewed = world.db.lease("lane:a", "one").await.unwrap().unwrap();
    assert_eq!(renewed.fence(), raised.fence(), "its holder goes on under the new one");
}
