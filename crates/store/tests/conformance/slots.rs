//! One live slot per withdrawal, one payment per slot, and ends that stay ends: by the schema, whatever the code does.

use sluice_core::attempt::Kind as AttemptKind;
use sluice_core::port::store::{Change, Outcome, Store, StoreError};
use sluice_core::proof::Effect;
use sluice_core::withdrawal::{GivenBackWhy, State};

use crate::world::World;

promises! {
    a_slot_with_thousands_of_attempts_hides_none_of_another;
    a_second_live_slot_is_refused_by_the_index;
    a_second_slot_follows_a_stored_proof_of_death;
    a_dropped_transfer_frees_its_withdrawal_without_a_proof;
    an_attempt_with_another_payment_or_slot_is_refused_by_the_schema;
    two_transfers_never_share_a_slot;
    an_ended_withdrawal_cannot_be_changed_by_sql;
    bytes_and_history_cannot_be_rewritten_by_sql;
    a_completion_that_leaves_the_chain_goes_back_to_the_same_slot;
    what_builds_on_a_change_that_was_overtaken_is_overtaken_too;
}

/// Two steps of one wallet in one batch, of which the second begins where the first would have ended. Somebody else has made that very
/// version meanwhile, of something else: the nonces that he gave out must not be given out again.
async fn what_builds_on_a_change_that_was_overtaken_is_overtaken_too(world: World) {
    let read = world.wallet.clone();
    let allotted = read.clone().allocate(5).unwrap();
    let (version, nonce) = (allotted.after().version, allotted.after().next_nonce);
    world.applied(Change { wallets: vec![allotted], ..world.change() }).await;
    let first = read.allocate(1).unwrap();
    let second = first.after().clone().allocate(1).unwrap();
    assert_eq!(second.before().map(|it| it.version), Some(version), "the same number, and something else");
    let batch = [first, second].map(|step| Change { wallets: vec![step], ..world.change() });
    let outcomes = world.db.apply(None, batch.to_vec()).await.unwrap();
    assert_eq!(outcomes, [Outcome::Moved, Outcome::Moved]);
    let wallets = world.db.wallets(None).await.unwrap();
    let now = wallets.iter().find(|it| it.id == world.wallet.id).unwrap();
    assert_eq!((now.version, now.next_nonce), (version, nonce));
}

async fn a_second_live_slot_is_refused_by_the_index(world: World) {
    let withdrawal = world.accepted("order").await;
    world.plan(withdrawal.clone()).await;
    // A second transfer for the same withdrawal, without a step of the withdrawal in the way.
    let (change, _) = world.planned(withdrawal);
    let alone = Change { withdrawals: vec![], ..change };
    assert_eq!(world.apply(alone).await, Outcome::Refused("m1_one_live_slot".into()));
    assert_eq!(world.number("select count(*) from transfer").await, 1, "nothing of it was written");
}

async fn a_second_slot_follows_a_stored_proof_of_death(world: World) {
    let (id, transfer, signed) = world.sent("order", 7).await;
    let seen = world.seen(transfer, &signed, 101, Effect::Reverted).await;
    let (mut change, proof) = world.settled(seen, world.inclusion(&signed, 101, Effect::Reverted));
    let why = GivenBackWhy::SlotDead { code: "reverted_on_chain", proof: &proof };
    let back = world.withdrawal(id).await.give_back(why, world.now(), world.now()).unwrap();
    let queued = back.after().clone();
    change.withdrawals = vec![back];
    world.applied(change).await;
    assert_eq!(world.status(id).await, "queued");
    let second = world.plan(queued).await;
    assert_eq!(world.withdrawal(id).await.attempt_no, 2);
    assert_eq!(world.db.proof(signed.unsigned.transfer).await.unwrap(), Some(proof));
    assert_eq!(world.db.proof(second.id).await.unwrap(), None);
    // Nothing but a proof of death makes an item dead.
    let script = format!("update transfer_item set dead_by = 'pf_none' where transfer_id = '{}'", second.id);
    let why = world.refused_by(&script).await;
    assert!(why.contains("m4_dead_by_a_death"), "{why}");
}

async fn a_dropped_transfer_frees_its_withdrawal_without_a_proof(world: World) {
    let withdrawal = world.accepted("order").await;
    let id = withdrawal.id;
    let planned = world.fuelled(world.plan(withdrawal).await).await;
    let first = planned.id;
    let dropped = planned.drop_unslotted("stopped", world.now()).unwrap();
    let why = GivenBackWhy::NoSlot { code: "stopped" };
    let back = world.withdrawal(id).await.give_back(why, world.now(), world.now()).unwrap();
    let queued = back.after().clone();
    // Leaving one transfer and entering the next in one change.
    let (mut change, second) = world.planned(queued);
    let assigned = back.then(|it| it.assign(second.id, world.wallet.id, world.now())).unwrap();
    change.withdrawals = vec![assigned];
    change.transfers.insert(1, dropped);
    world.applied(change).await;
    let sums = "select cast(sum(atoms) as bigint) from ledger_balance where account = 'reserved'";
    assert_eq!(world.number(sums).await, 0, "what it had reserved is free");
    // Once there is a slot nothing is dropped.
    let fuelled = world.fuelled(second).await;
    let (built, _) = world.built(fuelled, 7).await;
    let script = format!("update transfer_item set dropped = 1 where transfer_id = '{}'", built.id);
    let why = world.refused_by(&script).await;
    assert!(why.contains("m4_drop_only_slotless"), "{why}");
    assert_ne!(first, built.id);
}

async fn an_attempt_with_another_payment_or_slot_is_refused_by_the_schema(world: World) {
    let withdrawal = world.accepted("order").await;
    let fuelled = world.fuelled(world.plan(withdrawal).await).await;
    let (built, _) = world.built(fuelled, 7).await;
    let copy = |id: &str, hash: &str, kind: &str, slot: &str| {
        format!(
            "insert into attempt (id, transfer_id, serial, chain, slot, kind, payment_hash, evidence, bytes, digest, built_at)
             select '{id}', transfer_id, 9, chain, {slot}, '{kind}', {hash}, evidence, bytes, digest, built_at
             from attempt where transfer_id = '{}'",
            built.id
        )
    };
    let other = format!("'{}'", "cd".repeat(32));
    for (script, rule) in [
        (copy("at_1", &other, "pay", "slot"), "m3_same_payment"),
        (copy("at_2", "null", "pay", "slot"), "m3_void_pays_nothing"),
        (copy("at_3", "payment_hash", "void", "slot"), "m3_void_pays_nothing"),
        (copy("at_4", "payment_hash", "pay", "'eip155:137/nonce/0x11/8'"), "m3_same_slot"),
    ] {
        let why = world.refused_by(&script).await;
        assert!(why.contains(rule) || why.contains("foreign_key"), "{rule}: {why}");
    }
    let another = world.unsigned(&built, 8, AttemptKind::Pay, 1);
    let alone = Change { attempts: vec![another.clone()], ..world.change() };
    let refused = world.db.apply(None, vec![alone]).await;
    assert!(
        matches!(&refused, Err(StoreError::Statement(why)) if why.contains("without the step")),
        "{refused:?}"
    );
    let step = built.ask(world.now()).unwrap();
    let outcome =
        world.apply(Change { transfers: vec![step], attempts: vec![another], ..world.change() }).await;
    assert_eq!(outcome, Outcome::Refused("m3_same_slot".into()), "by name on both");
}

async fn two_transfers_never_share_a_slot(world: World) {
    let one = world.fuelled(world.plan(world.accepted("one").await).await).await;
    let two = world.fuelled(world.plan(world.accepted("two").await).await).await;
    world.built(one, 7).await;
    let attempt = world.unsigned(&two, 7, AttemptKind::Pay, 0);
    let built = two.build(attempt, world.now()).unwrap();
    let change = Change { transfers: vec![built.transfer], attempts: vec![built.attempt], ..world.change() };
    assert_eq!(world.apply(change).await, Outcome::Refused("m1_one_transfer_per_slot".into()));
}

async fn an_ended_withdrawal_cannot_be_changed_by_sql(world: World) {
    let (paid, _) = world.paid("paid", 7).await;
    let failed = world.accepted("failed").await;
    let step = failed.clone().fail("given_up", None, true, world.now()).unwrap();
    world.applied(Change { withdrawals: vec![step], ..world.change() }).await;
    for script in [
        format!(
            "update withdrawal set state = 'queued', not_before = 0, ended_at = null where id = '{paid}'"
        ),
        format!("update withdrawal set status = 'queued' where id = '{paid}'"),
        format!("update withdrawal set state = 'assigned', ended_at = null where id = '{}'", failed.id),
        format!("update withdrawal set retries = 0 where id = '{}'", failed.id),
    ] {
        let why = world.refused_by(&script).await;
        assert!(why.contains("withdrawal_end_is_final"), "{why}");
    }
    let why = world.refused_by(&format!("delete from withdrawal where id = '{paid}'")).await;
    assert!(why.contains("withdrawal_is_kept") || why.contains("fkey"), "{why}");
    let open = world.accepted("open").await;
    let why = world.refused_by(&format!("update withdrawal set amount = 1 where id = '{}'", open.id)).await;
    assert!(why.contains("withdrawal_request_is_for_ever"), "{why}");
}

async fn bytes_and_history_cannot_be_rewritten_by_sql(world: World) {
    world.paid("paid", 7).await;
    for (script, rule) in [
        (
            "update attempt set raw = null, txid = null, journal_seq = null, signed_at = null",
            "m2_bytes_are_for_ever",
        ),
        ("update transfer set slot = 'eip155:137/nonce/0x11/9'", "transfer_slot_is_for_ever"),
        ("update proof set verdict = 'dead'", "proof_is_for_ever"),
        ("delete from proof", "proof_is_kept"),
        ("update ledger set atoms = 1", "ledger_is_for_ever"),
        ("delete from ledger", "ledger_is_kept"),
        ("update event set reason = 'other'", "event_is_for_ever"),
        ("delete from event", "event_is_kept"),
        ("update decision set outcome = 'reject'", "decision_is_for_ever"),
        ("delete from transfer_item", "transfer_item_is_kept"),
    ] {
        let why = world.refused_by(script).await;
        assert!(why.contains(rule), "{script}: {why}");
    }
}

async fn a_completion_that_leaves_the_chain_goes_back_to_the_same_slot(world: World) {
    let (id, proof) = world.paid("order", 7).await;
    let outcome = "select coalesce(outcome, 'open') from reservation";
    assert_eq!(world.text(outcome).await, "kept");
    let transfer = world.transfer(proof.transfer().unwrap()).await;
    let slot = transfer.slot().unwrap().clone();
    let reopened = transfer.clone().reopen(120, false, world.now()).unwrap();
    let withdrawal = world.withdrawal(id).await.reopen(&proof, &transfer, world.now()).unwrap();
    let change = Change { transfers: vec![reopened], withdrawals: vec![withdrawal], ..world.change() };
    world.applied(change).await;
    assert_eq!(world.status(id).await, "broadcast");
    assert_eq!(world.text(outcome).await, "open", "its release is taken back too");
    let transfer = world.transfer(proof.transfer().unwrap()).await;
    assert_eq!(transfer.slot(), Some(&slot));
    assert!(matches!(world.withdrawal(id).await.state, State::Assigned(_)));
    assert_eq!(world.number("select count(*) from event where kind = 'withdrawal.reopened'").await, 1);
    assert_eq!(world.number("select cast(sum(atoms) as bigint) from ledger").await, 0);
    assert_eq!(
        world
            .number("select atoms from ledger_balance where account = 'in_flight' and asset like '%erc20%'")
            .await,
        5_000_000
    );
}

async fn a_slot_with_thousands_of_attempts_hides_none_of_another(world: World) {
    let (_, one, _) = world.sent("one", 7).await;
    let (_, two, _) = world.sent("two", 8).await;
    let copy = |series: &str| {
        format!(
            "insert into attempt (id, transfer_id, serial, chain, slot, kind, payment_hash, evidence, bytes, digest, built_at)
             select substr(a.id, 1, length(a.id) - 5) || cast(n.i as text), a.transfer_id, n.i, a.chain, a.slot, a.kind,
                    a.payment_hash, a.evidence, a.bytes, a.digest, a.built_at
             from attempt a, {series} where a.transfer_id = '{}' and a.serial = 0",
            one.id
        )
    };
    let lite = copy(
        "(with recursive n(i) as (select 10001 union all select i + 1 from n where i < 20050) select i from n) as n",
    );
    world.db.tamper(&lite, &copy("generate_series(10001, 20050) as n(i)")).await.unwrap();
    let read = world.db.transfers(&[one.id, two.id]).await.unwrap();
    let counts: Vec<_> = read.iter().map(|(transfer, attempts)| (transfer.id, attempts.len())).collect();
    assert_eq!(counts, [(one.id, 10_051), (two.id, 1)]);
    let lane = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    assert!(lane.transfers().all(|(_, attempts)| !attempts.is_empty()));
}
