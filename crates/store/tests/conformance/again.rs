//! A payment is counted once, and a slot that may pay again bars every other: by the schema, whatever the code does.

use sluice_core::access::Actor;
use sluice_core::address::EvmAddress;
use sluice_core::amount::Units;
use sluice_core::id::ProofId;
use sluice_core::moved::Moved;
use sluice_core::port::chain::TransferLog;
use sluice_core::port::store::{Change, Outcome, Revived, Store, Wanted};
use sluice_core::proof::{Effect, Inclusion, Proof};
use sluice_core::transfer::Transfer;
use sluice_core::withdrawal::{
    AttentionCode, CancelEffect, CancelRequest, GivenBackWhy, Resolution, Withdrawal,
};

use crate::world::{World, block, quorum};

promises! {
    one_log_pays_one_withdrawal_and_the_same_one_again;
    a_log_that_paid_by_a_person_pays_nobody_else;
    what_was_shown_to_be_paid_before_the_rule_pays_nobody_else;
    a_slot_that_may_pay_again_bars_a_new_one_and_every_unpaid_end;
    a_slot_that_lives_again_takes_the_place_of_a_planned_one_in_one_change;
    what_a_given_up_slot_has_paid_gets_no_other;
}

const PAID: Effect = Effect::Paid { log_index: 1 };

async fn pay(world: &World, seen: Transfer, inclusion: Inclusion) -> (Outcome, Proof) {
    let id = seen.items[0].withdrawal;
    let (mut change, proof) = world.settled(seen, inclusion);
    change.withdrawals = vec![world.withdrawal(id).await.pay(&proof, world.now()).unwrap()];
    (world.apply(change).await, proof)
}

async fn one_log_pays_one_withdrawal_and_the_same_one_again(world: World) {
    let (id, transfer, first) = world.sent("first", 7).await;
    let seen = world.seen(transfer, &first, 101, PAID).await;
    let (outcome, proof) = pay(&world, seen, world.inclusion(&first, 101, PAID)).await;
    assert_eq!(outcome, Outcome::Applied);
    // Another transfer whose proof rests on the very same log.
    let (_, transfer, second) = world.sent("second", 8).await;
    let seen = world.seen(transfer, &second, 101, PAID).await;
    let stolen = Inclusion { txid: first.txid, ..world.inclusion(&second, 101, PAID) };
    let (outcome, _) = pay(&world, seen.clone(), stolen).await;
    assert_eq!(outcome, Outcome::Refused("m1_one_log_pays_once".into()));
    let beside = Inclusion { effect: Effect::Paid { log_index: 2 }, ..stolen };
    assert_eq!(pay(&world, seen, beside).await.0, Outcome::Applied, "another log of it is another payment");
    // The block leaves the chain and comes back: the same log pays the same transfer again.
    let transfer = world.transfer(first.unsigned.transfer).await;
    let step = transfer.reopen(120, false, world.now()).unwrap();
    let carrier = step.before().unwrap().clone();
    let open = world.withdrawal(id).await.reopen(&proof, &carrier, world.now()).unwrap();
    let reopened = step.after().clone();
    world.applied(Change { transfers: vec![step], withdrawals: vec![open], ..world.change() }).await;
    let seen = world.seen(reopened, &first, 101, PAID).await;
    assert_eq!(pay(&world, seen, world.inclusion(&first, 101, PAID)).await.0, Outcome::Applied);
}

async fn resolved(world: &World, withdrawal: Withdrawal, log_index: u64) -> Outcome {
    let asked = withdrawal.needs_attention(AttentionCode::RetriesExhausted, true, world.now()).unwrap();
    let step = |it: Withdrawal| {
        let (name, exactly) = (ProofId::new(world.ulid()), Units::from(1_u64));
        let log =
            TransferLog { log_index, from: EvmAddress([0x66; 20]).into(), to: it.request.to, units: exactly };
        let found = quorum((block(90), vec![log]), block(99));
        let proof = it.paid_elsewhere(name, [0x55; 32], &found, (log_index, exactly), world.now()).unwrap();
        (it.resolve(Resolution::PaidElsewhere(&proof), world.now()).unwrap(), proof)
    };
    let waiting = asked.after().clone();
    world.applied(Change { withdrawals: vec![asked], ..world.change() }).await;
    let (step, proof) = step(waiting);
    world.apply(Change { withdrawals: vec![step], proofs: vec![proof], ..world.change() }).await
}

async fn a_log_that_paid_by_a_person_pays_nobody_else(world: World) {
    let (first, second, third) =
        (world.accepted("first").await, world.accepted("second").await, world.accepted("third").await);
    assert_eq!(resolved(&world, first, 4).await, Outcome::Applied);
    assert_eq!(resolved(&world, second, 4).await, Outcome::Refused("m1_one_log_pays_once".into()));
    assert_eq!(
        resolved(&world, third.clone(), 5).await,
        Outcome::Applied,
        "the next log of the same transaction"
    );
    // None of ours has paid it, so it goes back to none.
    let (_, transfer, _) = world.sent("fourth", 7).await;
    let script = format!(
        "update withdrawal set state = 'assigned', ended_at = null, proof_id = null, transfer_id = '{}',
                wallet_id = '{}' where id = '{}'",
        transfer.id, transfer.wallet, third.id
    );
    let why = world.refused_by(&script).await;
    assert!(why.contains("withdrawal_end_is_final"), "{why}");
}

/// A slot dies, and its withdrawal goes back to the queue.
async fn died(world: &World, seen: Transfer, inclusion: Inclusion) -> Proof {
    let id = seen.items[0].withdrawal;
    let (mut change, proof) = world.settled(seen, inclusion);
    let why = GivenBackWhy::SlotDead { code: "reverted_on_chain", proof: &proof };
    change.withdrawals = vec![world.withdrawal(id).await.give_back(why, world.now(), world.now()).unwrap()];
    world.applied(change).await;
    proof
}

/// The migration reads what proofs of an older version say.
async fn what_was_shown_to_be_paid_before_the_rule_pays_nobody_else(world: World) {
    let (first, second) = (world.accepted("first").await, world.accepted("second").await);
    assert_eq!(resolved(&world, first.clone(), 4).await, Outcome::Applied);
    let before = "delete from paid_log";
    world.db.tamper(before, before).await.unwrap();
    let lite = include_str!("../../migrations/sqlite/0011_paid_elsewhere.sql");
    let pg = include_str!("../../migrations/postgres/0011_paid_elsewhere.sql");
    world.db.tamper(lite, pg).await.unwrap();
    let noted = format!("select count(*) from paid_log where payee = '{}' and log_index = 4", first.id);
    assert_eq!(world.number(&noted).await, 1);
    assert_eq!(resolved(&world, second, 4).await, Outcome::Refused("m1_one_log_pays_once".into()));
}

/// The first transfer of a withdrawal dies, a second takes its place and dies too, and the first death is taken back
/// while the second was in the air.
async fn a_slot_that_may_pay_again_bars_a_new_one_and_every_unpaid_end(world: World) {
    let (id, transfer, first) = world.sent("order", 7).await;
    let seen = world.seen(transfer, &first, 101, Effect::Reverted).await;
    died(&world, seen, world.inclusion(&first, 101, Effect::Reverted)).await;
    let fuelled = world.fuelled(world.plan(world.withdrawal(id).await).await).await;
    let (built, attempt) = world.built(fuelled, 8).await;
    let (second, signed) = world.signed(built, &attempt).await;
    let alive = world.transfer(first.unsigned.transfer).await.reopen(120, true, world.now()).unwrap();
    let alive = {
        let after = alive.after().clone();
        world.applied(Change { transfers: vec![alive], ..world.change() }).await;
        after
    };
    let seen = world.seen(second, &signed, 121, Effect::Reverted).await;
    died(&world, seen, world.inclusion(&signed, 121, Effect::Reverted)).await;

    let wanted = Wanted { assets: vec![world.asset.id], replacements: true, pinned_to: None, skip: 0 };
    let claimed =
        async || world.db.claimable(world.partner.id, &wanted, world.now(), 10).await.unwrap().len();
    let queued = world.withdrawal(id).await;
    assert_eq!(claimed().await, 0, "the first slot may pay it yet");
    let (change, _) = world.planned(queued.clone());
    assert_eq!(world.apply(change).await, Outcome::Refused("m4_no_slot_beside_a_live_one".into()));
    let give_up = queued.clone().fail("gave_up", None, false, world.now()).unwrap();
    let outcome = world.apply(Change { withdrawals: vec![give_up], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("m4_ends_with_every_slot_dead".into()));
    assert_eq!(resolved(&world, queued, 4).await, Outcome::Refused("m4_ends_with_every_slot_dead".into()));

    // The chain ends the first slot again: everything is open again.
    let seen = world.seen(alive, &first, 130, Effect::Reverted).await;
    let (change, _) = world.settled(seen, world.inclusion(&first, 130, Effect::Reverted));
    world.applied(change).await;
    let waiting = world.withdrawal(id).await;
    let redriven = waiting.resolve(Resolution::Redrive, world.now()).unwrap();
    world.applied(Change { withdrawals: vec![redriven], ..world.change() }).await;
    assert_eq!(claimed().await, 1);
    world.plan(world.withdrawal(id).await).await;
}

/// Its death is taken back before the next one has a slot: both fates are one commit, whatever the database's order.
async fn a_slot_that_lives_again_takes_the_place_of_a_planned_one_in_one_change(world: World) {
    let (id, transfer, first) = world.sent("order", 7).await;
    let seen = world.seen(transfer, &first, 101, Effect::Reverted).await;
    let death = died(&world, seen, world.inclusion(&first, 101, Effect::Reverted)).await;
    let planned = world.plan(world.withdrawal(id).await).await;
    let dead = world.transfer(first.unsigned.transfer).await;
    let now = world.now();
    let why = GivenBackWhy::NoSlot { code: "reopened" };
    let step = world.withdrawal(id).await.give_back(why, now, now).unwrap();
    let step = step.then(|it| it.reopen(&death, &dead, now)).unwrap();
    let change = Change {
        transfers: vec![
            planned.drop_unslotted("reopened", now).unwrap(),
            dead.reopen(120, false, now).unwrap(),
        ],
        withdrawals: vec![step],
        ..world.change()
    };
    world.applied(change).await;
    let alive = "select count(*) as number from transfer_item where dead_by is null and dropped = 0";
    assert_eq!(world.number(alive).await, 1);
    assert_eq!(world.transfer(first.unsigned.transfer).await.live().count(), 1);
}

fn cancelled(world: &World, queued: &Withdrawal) -> Moved<Withdrawal> {
    let by = Actor::System("test");
    match queued.clone().cancel(CancelRequest { by, reason: "test".into(), at: world.now() }).unwrap() {
        CancelEffect::Now(step) => *step,
        other => panic!("{other:?}"),
    }
}

/// It was voided in a race because its withdrawal had moved on, and its payment landed after all.
async fn what_a_given_up_slot_has_paid_gets_no_other(world: World) {
    let (id, transfer, first) = world.sent("order", 7).await;
    let seen = world.seen(transfer, &first, 101, Effect::Reverted).await;
    died(&world, seen, world.inclusion(&first, 101, Effect::Reverted)).await;
    assert_eq!(world.db.revived(id).await.unwrap(), []);
    let fuelled = world.fuelled(world.plan(world.withdrawal(id).await).await).await;
    let (built, attempt) = world.built(fuelled, 8).await;
    let (second, signed) = world.signed(built, &attempt).await;
    let step = world.transfer(first.unsigned.transfer).await.reopen(120, true, world.now()).unwrap();
    let alive = step.after().clone();
    world.applied(Change { transfers: vec![step], ..world.change() }).await;
    assert_eq!(
        world.db.revived(id).await.unwrap(),
        [Revived { transfer: first.unsigned.transfer, paid: false }]
    );
    let seen = world.seen(alive, &first, 121, PAID).await;
    let (change, paid) = world.settled(seen, world.inclusion(&first, 121, PAID));
    world.applied(change).await;
    assert_eq!(
        world.db.revived(id).await.unwrap(),
        [Revived { transfer: first.unsigned.transfer, paid: true }]
    );
    let seen = world.seen(second, &signed, 122, Effect::Reverted).await;
    died(&world, seen, world.inclusion(&signed, 122, Effect::Reverted)).await;
    let queued = world.withdrawal(id).await;
    let (change, _) = world.planned(queued.clone());
    assert_eq!(world.apply(change).await, Outcome::Refused("m1_no_slot_for_what_is_paid".into()));
    let wanted = Wanted { assets: vec![world.asset.id], replacements: true, pinned_to: None, skip: 0 };
    assert_eq!(world.db.claimable(world.partner.id, &wanted, world.now(), 10).await.unwrap(), []);
    let ends =
        [queued.clone().fail("gave_up", None, false, world.now()).unwrap(), cancelled(&world, &queued)];
    for end in ends {
        let outcome = world.apply(Change { withdrawals: vec![end], ..world.change() }).await;
        assert_eq!(outcome, Outcome::Refused("m1_what_is_paid_ends_as_paid".into()));
    }
    let carrier = world.transfer(first.unsigned.transfer).await;
    let step = queued.pay_late(&paid, &carrier, world.now()).unwrap();
    world.applied(Change { withdrawals: vec![step], ..world.change() }).await;
    assert_eq!(world.status(id).await, "completed");
}
