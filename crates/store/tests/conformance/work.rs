//! Leases, fences, versions: who may write, and over what.

use std::sync::Arc;

use sluice_core::lane::Lease;
use sluice_core::port::store::{Change, Outcome, Store, WithAttempts};
use sluice_core::proof::Effect;
use sluice_store::Db;

use crate::world::{Kind, World};

promises! {
    a_stale_fence_writes_nothing;
    the_epoch_rises_with_every_holder_and_after_a_lapse;
    of_many_owners_one_gets_the_lease;
    a_change_that_was_overtaken_writes_nothing;
    one_change_of_a_slice_takes_no_other_with_it;
    a_slice_that_fits_together_is_written_in_one_go;
    a_lane_that_was_read_before_is_read_as_it_is_now;
}

async fn a_stale_fence_writes_nothing(world: World) {
    let lease = world.db.lease("lane:1", "a").await.unwrap().unwrap();
    let pause = |reason: &str| Change {
        wallets: vec![world.wallet.clone().pause(reason).unwrap()],
        ..world.change()
    };
    #[expect(clippy::disallowed_methods, reason = "no store grants a stale one")]
    let stale = Lease::granted(lease.fence().name().to_owned(), lease.fence().epoch() - 1, lease.until());
    let outcomes = world.db.apply(Some(stale.into_fence()), vec![pause("no")]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Fenced]);
    world.pass(2_100).await;
    let outcomes = world.db.apply(Some(lease.fence().clone()), vec![pause("late")]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Fenced], "past its end, though nobody else has come");
    let next = world.db.lease("lane:1", "b").await.unwrap().unwrap();
    let outcomes = world.db.apply(Some(lease.into_fence()), vec![pause("too late")]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Fenced]);
    assert_eq!(world.text("select state from wallet").await, "open");
    let outcomes = world.db.apply(Some(next.fence().clone()), vec![pause("yes")]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Applied]);
    world.db.release("b").await.unwrap();
    let outcomes = world.db.apply(Some(next.into_fence()), vec![world.change()]).await.unwrap();
    assert_eq!(outcomes, [Outcome::Fenced], "given up");
}

async fn the_epoch_rises_with_every_holder_and_after_a_lapse(world: World) {
    let lease = async |owner: &str| world.db.lease("house", owner).await.unwrap();
    let first = lease("a").await.unwrap();
    assert_eq!(first.fence().epoch(), 1);
    assert_eq!(lease("a").await.unwrap().fence().epoch(), 1, "renewed");
    assert_eq!(lease("b").await, None, "held");
    world.pass(2_100).await;
    assert_eq!(lease("a").await.unwrap().fence().epoch(), 2, "the same owner after a lapse");
    world.pass(2_100).await;
    let second = lease("b").await.unwrap();
    assert_eq!(second.fence().epoch(), 3);
    world.db.release("a").await.unwrap();
    assert_eq!(lease("a").await, None, "who held it before releases nothing of who holds it now");
    world.db.release("b").await.unwrap();
    assert_eq!(lease("a").await.unwrap().fence().epoch(), 4);
}

async fn of_many_owners_one_gets_the_lease(world: World) {
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..16 {
        let db = Arc::clone(&world.db);
        tasks.spawn(async move { db.lease("chain:eip155:137", &format!("owner-{number}")).await.unwrap() });
    }
    let held = tasks.join_all().await.into_iter().flatten().count();
    assert_eq!(held, 1);
}

async fn a_change_that_was_overtaken_writes_nothing(world: World) {
    let withdrawal = world.accepted("order").await;
    let (change, _) = world.planned(withdrawal.clone());
    let other = withdrawal.hold("person", world.now(), world.now().plus_ms(1)).unwrap();
    world.applied(Change { withdrawals: vec![other], ..world.change() }).await;
    let before = world.number("select count(*) from event").await;
    assert_eq!(world.apply(change).await, Outcome::Moved);
    assert_eq!(world.number("select count(*) from transfer").await, 0);
    assert_eq!(world.number("select count(*) from event").await, before);
    assert_eq!(world.db.expired_holds(world.now().plus_ms(1), 10).await.unwrap().len(), 1);
}

async fn one_change_of_a_slice_takes_no_other_with_it(world: World) {
    let mut changes = Vec::new();
    for name in ["one", "two", "three"] {
        changes.push(world.planned(world.accepted(name).await).0);
    }
    let overtaken = world.planned(world.accepted("four").await).0;
    world.applied(overtaken.clone()).await;
    // A transfer under an id that exists already.
    let mut twice = changes[0].clone();
    twice.withdrawals = vec![];
    changes.push(twice);
    changes.insert(1, overtaken);
    let mut outcomes = world.db.apply(None, changes).await.unwrap();
    // Which of the two unique indexes over the id speaks first differs.
    let refused = outcomes.pop().unwrap();
    assert!(matches!(&refused, Outcome::Refused(rule) if rule.starts_with("transfer_")), "{refused:?}");
    assert_eq!(outcomes, [Outcome::Applied, Outcome::Moved, Outcome::Applied, Outcome::Applied]);
    assert_eq!(world.number("select count(*) from transfer").await, 4);
}

async fn a_slice_that_fits_together_is_written_in_one_go(world: World) {
    let mut changes = Vec::new();
    for number in 0..16 {
        changes.push(world.planned(world.accepted(&format!("order-{number}")).await).0);
    }
    let outcomes = world.db.apply(None, changes).await.unwrap();
    assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Applied), "{outcomes:?}");
    let lane = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    assert_eq!(lane.open.len(), 16);
    assert_eq!(world.number("select count(*) from event where kind = 'withdrawal.queued'").await, 16);
}

async fn a_lane_that_was_read_before_is_read_as_it_is_now(world: World) {
    // Another process on the same database, where there can be one.
    let other = match world.kind {
        Kind::Inline => Arc::clone(&world.db),
        Kind::File | Kind::Postgres => {
            Arc::new(Db::open(&world.url, world.clock.clone(), world.entropy.clone()).await.unwrap())
        }
    };
    let as_it_is = async || {
        let lane = world.db.lane(world.wallet.id).await.unwrap().unwrap();
        let ids: Vec<_> = lane.transfers().map(|(transfer, _)| transfer.id).collect();
        let read: Vec<_> = lane.open.iter().map(|it| WithAttempts::clone(it)).collect();
        let mut fresh = other.transfers(&ids).await.unwrap();
        fresh.sort_by_key(|(transfer, _)| ids.iter().position(|id| *id == transfer.id));
        assert_eq!(read, fresh);
        ids
    };
    let waits = world.plan(world.accepted("waits").await).await;
    let goes = world.plan(world.accepted("goes").await).await;
    assert_eq!(as_it_is().await, [waits.id, goes.id]);
    // The other writes, too: what was read before must not hide it.
    let there = async |change: Change| {
        assert_eq!(other.apply(None, vec![change]).await.unwrap(), [Outcome::Applied]);
    };
    let fuelled = world.fuelled(goes).await;
    as_it_is().await;
    let (built, attempt) = world.built(fuelled, 7).await;
    assert_eq!(as_it_is().await, [built.id, waits.id], "by slot, then what has none");
    let asked = built.ask(world.now()).unwrap();
    let built = asked.after().clone();
    there(Change { transfers: vec![asked], ..world.change() }).await;
    as_it_is().await;
    let (signed_transfer, signed) = world.signed(built, &attempt).await;
    as_it_is().await;
    let effect = Effect::Paid { log_index: 4 };
    let seen = world.seen(signed_transfer, &signed, 101, effect).await;
    as_it_is().await;
    let (change, _) = world.settled(seen, world.inclusion(&signed, 101, effect));
    there(change).await;
    assert_eq!(as_it_is().await, [waits.id], "what has ended is not open");
    let row = format!("update transfer set version = version + 1 where id = '{}'", waits.id);
    other.tamper(&row, &row).await.unwrap();
    as_it_is().await;
}
