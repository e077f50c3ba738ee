//! A request is stored once, and counters admit exactly what fits.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_core::port::store::{Accepted, Change, Intake, Outcome, Store};
use sluice_core::withdrawal::State;
use sluice_store::Db;

use crate::world::{Kind, World};

promises! {
    sixty_four_concurrent_accepts_of_one_external_id_make_one;
    other_content_under_the_same_id_is_refused_also_after_the_first_has_failed;
    the_same_request_twice_in_one_group_hears_one_answer;
    an_idempotency_key_belongs_to_one_request_also_within_one_group;
    two_hundred_at_once_against_a_limit_for_one_hundred_pass_exactly_one_hundred;
    a_failed_one_gives_back_once_into_its_own_window;
    a_refusal_is_stored_with_its_reason_and_spends_its_ids;
    two_processes_that_accept_the_same_ids_in_opposite_order_store_each_once;
}

async fn all_at_once(world: &World, intakes: Vec<Intake>) -> Vec<Accepted> {
    let mut tasks = tokio::task::JoinSet::new();
    for intake in intakes {
        let db = Arc::clone(&world.db);
        tasks.spawn(async move { db.accept(intake).await.unwrap() });
    }
    tasks.join_all().await
}

async fn sixty_four_concurrent_accepts_of_one_external_id_make_one(world: World) {
    let intakes = (0..64).map(|_| world.intake_with("one", 5, i64::MAX, Some("key"))).collect();
    let answers = all_at_once(&world, intakes).await;
    let new = answers.iter().filter(|answer| matches!(answer, Accepted::New(_))).count();
    let ids: BTreeSet<_> = answers
        .iter()
        .map(|answer| match answer {
            Accepted::New(withdrawal) | Accepted::Replay(withdrawal) => withdrawal.id,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!((new, ids.len()), (1, 1));
    assert_eq!(world.number("select count(*) from withdrawal").await, 1);
    assert_eq!(world.number("select used from usage").await, 5, "counted once");
    assert_eq!(world.number("select count(*) from event where withdrawal_id is not null").await, 2);
}

/// Many at once, so that a new one and its twins share a commit where the backend has groups. None fits its limit.
async fn the_same_request_twice_in_one_group_hears_one_answer(world: World) {
    let intakes = (0..96).map(|number| world.intake(&format!("order-{}", number % 12), 5, 4)).collect();
    for answer in all_at_once(&world, intakes).await {
        match answer {
            Accepted::New(it) | Accepted::Replay(it) => {
                assert!(matches!(&it.state, State::Rejected(ended) if ended.code == "limit_daily"), "{it:?}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(world.number("select count(*) from withdrawal").await, 12);
}

async fn other_content_under_the_same_id_is_refused_also_after_the_first_has_failed(world: World) {
    let first = world.accepted("order").await;
    let other = || world.intake("order", 6, i64::MAX);
    assert_eq!(world.db.accept(other()).await.unwrap(), Accepted::ExternalIdConflict(first.id));
    let failed = first.clone().fail("given_up", None, true, world.now()).unwrap();
    world.applied(Change { withdrawals: vec![failed], ..world.change() }).await;
    assert_eq!(world.db.accept(other()).await.unwrap(), Accepted::ExternalIdConflict(first.id));
    match world.db.accept(world.intake("order", 5_000_000, i64::MAX)).await.unwrap() {
        Accepted::Replay(now) => assert!(matches!(now.state, State::Failed(_)), "as it stands"),
        other => panic!("{other:?}"),
    }
}

async fn an_idempotency_key_belongs_to_one_request_also_within_one_group(world: World) {
    let intakes = (0..20)
        .map(|number| world.intake_with(&format!("order-{number}"), 5, i64::MAX, Some("key")))
        .collect();
    let answers = all_at_once(&world, intakes).await;
    let (mut new, mut conflicts) = (vec![], vec![]);
    for answer in answers {
        match answer {
            Accepted::New(withdrawal) => new.push(withdrawal.id),
            Accepted::IdempotencyKeyConflict(id) => conflicts.push(id),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!((new.len(), conflicts.len()), (1, 19));
    assert!(conflicts.iter().all(|id| *id == new[0]));
    // Another partner's key of the same text is another key; another key for the same request replays it.
    let again = world.intake_with("order-x", 5, i64::MAX, Some("other-key"));
    assert!(matches!(world.db.accept(again).await.unwrap(), Accepted::New(_)));
}

async fn two_hundred_at_once_against_a_limit_for_one_hundred_pass_exactly_one_hundred(world: World) {
    let intakes = (0..200).map(|number| world.intake(&format!("order-{number}"), 3, 302)).collect();
    let answers = all_at_once(&world, intakes).await;
    let passed = answers
        .iter()
        .filter(|answer| match answer {
            Accepted::New(withdrawal) => match &withdrawal.state {
                State::Approved(_) => true,
                State::Rejected(ended) => {
                    assert_eq!(ended.code, "limit_daily");
                    false
                }
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        })
        .count();
    assert_eq!(passed, 100);
    assert_eq!(world.number("select used from usage").await, 300);
    assert_eq!(world.number("select count(*) from reservation").await, 100);
    assert_eq!(world.number("select count(*) from decision").await, 200);
}

async fn a_failed_one_gives_back_once_into_its_own_window(world: World) {
    let today = world.accepted("today").await;
    world.turn(24 * 3_600_000);
    world.accepted("tomorrow").await;
    let used = "select cast(sum(used) as bigint) from usage";
    assert_eq!(world.number("select count(*) from usage").await, 2, "two windows");
    assert_eq!(world.number(used).await, 10_000_000);
    let failed = today.clone().fail("given_up", None, true, world.now()).unwrap();
    let change = Change { withdrawals: vec![failed], ..world.change() };
    world.applied(change.clone()).await;
    assert_eq!(world.number(used).await, 5_000_000);
    assert_eq!(world.number("select min(used) from usage").await, 0, "the window it was counted in");
    assert_eq!(world.apply(change).await, Outcome::Moved, "the same step again");
    assert_eq!(world.number(used).await, 5_000_000, "given back once");
    let outcome = format!("select outcome from reservation where withdrawal_id = '{}'", today.id);
    assert_eq!(world.text(&outcome).await, "given_back");
}

async fn a_refusal_is_stored_with_its_reason_and_spends_its_ids(world: World) {
    let intake = world.intake_with("big", 11, 10, Some("key"));
    let Accepted::New(refused) = world.db.accept(intake).await.unwrap() else { panic!("not new") };
    assert!(matches!(&refused.state, State::Rejected(ended) if ended.code == "limit_daily"));
    assert_eq!(world.status(refused.id).await, "rejected");
    assert_eq!(world.text("select outcome from decision").await, "reject");
    assert_eq!(world.number("select count(*) from reservation").await, 0);
    let replay = world.db.accept(world.intake("big", 11, 100)).await.unwrap();
    assert!(matches!(replay, Accepted::Replay(_)), "a higher limit later changes nothing");
    let events = world
        .db
        .inspect("select kind from event where withdrawal_id is not null order by rowseq")
        .await
        .unwrap();
    let kinds: Vec<_> = events.iter().map(|row| row.text("kind").unwrap()).collect();
    assert_eq!(kinds, ["withdrawal.created", "withdrawal.rejected"]);
}

async fn two_processes_that_accept_the_same_ids_in_opposite_order_store_each_once(world: World) {
    if world.kind == Kind::Inline {
        return;
    }
    let other = Arc::new(Db::open(&world.url, world.clock.clone(), world.entropy.clone()).await.unwrap());
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..100 {
        let name = |number: u32| (format!("order-{number}"), format!("key-{}", (number * 37) % 100));
        for (db, number) in [(&world.db, number), (&other, 99 - number)] {
            let (id, key) = name(number);
            let (db, intake) = (Arc::clone(db), world.intake_with(&id, 3, 150, Some(&key)));
            tasks.spawn(async move { db.accept(intake).await.unwrap() });
        }
    }
    let answers = tasks.join_all().await;
    let new = answers.iter().filter(|answer| matches!(answer, Accepted::New(_))).count();
    let replayed = answers.iter().filter(|answer| matches!(answer, Accepted::Replay(_))).count();
    assert_eq!((new, replayed), (100, 100));
    assert_eq!(world.number("select used from usage").await, 150, "fifty of a hundred fit");
}
