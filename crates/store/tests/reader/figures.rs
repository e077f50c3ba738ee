//! Sums: statistics, and the use of limits.

use sluice_core::amount::Amount;
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::port::store::Change;
use sluice_core::time::Timestamp;
use sluice_core::withdrawal::{Status, Type};

use super::build::*;
use crate::world::World;

promises! {
    statistics_count_and_sum_what_was_accepted_in_a_range;
    what_has_ended_counts_in_every_range_that_holds_it;
    what_was_paid_and_is_open_again_counts_as_open;
    a_sum_past_the_largest_amount_is_shown_and_fails_nobody;
    use_is_counted_in_the_days_of_the_partners_zone;
    a_day_ends_where_the_clocks_are_changed;
}

async fn statistics_count_and_sum_what_was_accepted_in_a_range(world: World) {
    let partner = Some(world.partner.id);
    let before = world.now();
    world.accepted("before").await;
    world.turn(1_000);
    let from = world.now();
    for (number, atoms) in [3, 4_000_000_005, 7].into_iter().enumerate() {
        let intake = request(&world, &format!("order-{number}"), |new| {
            new.amount = Amount::from_atoms(atoms).unwrap();
            new.kind = if number == 2 { Type::Regular } else { Type::Immediate };
        });
        accept(&world, intake).await;
    }
    settle_in(&world, world.accepted("failed").await, "failed").await;
    world.turn(1_000);
    let to = world.now();
    world.accepted("after").await;
    let rows = world.db.stats(partner, from, to).await.unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row.status, row.kind, row.count, row.amount.atoms())).collect();
    let expected = [
        (Status::Approved, Type::Immediate, 2, 4_000_000_008),
        (Status::Approved, Type::Regular, 1, 7),
        (Status::Failed, Type::Immediate, 1, 5_000_000),
    ];
    assert_eq!(rows, expected);
    let all = world.db.stats(None, before, to.plus_ms(1)).await.unwrap();
    assert_eq!(all.iter().map(|row| row.count).sum::<i64>(), 6);
    assert_eq!(world.db.stats(partner, to, from).await.unwrap(), []);
}

/// Stats read tallies of hours and days between the edges of a range; the truth is a count of the rows.
async fn what_has_ended_counts_in_every_range_that_holds_it(world: World) {
    const HOUR_MS: i64 = 3_600_000;
    let begin = world.now();
    for number in 0..40 {
        let withdrawal = world.accepted(&format!("order-{number}")).await;
        if number % 3 != 0 {
            settle_in(&world, withdrawal, "failed").await;
        }
        world.turn(2 * HOUR_MS - 1);
    }
    let day = 24 * HOUR_MS;
    for (from, to) in
        [(0, 80 * HOUR_MS), (1, 3 * day), (HOUR_MS, 30 * HOUR_MS), (day - 5, day + 5), (0, 0), (7, 50_000)]
    {
        let (from, to) = (begin.plus_ms(from), begin.plus_ms(to));
        for partner in [Some(world.partner.id), None] {
            let rows = world.db.stats(partner, from, to).await.unwrap();
            for (status, count) in
                [(Status::Failed, "ended_at is not null"), (Status::Approved, "ended_at is null")]
            {
                let truth = format!(
                    "select count(*) from withdrawal where {count} and accepted_at >= {} and accepted_at < {}",
                    from.micros(),
                    to.micros()
                );
                let told = rows
                    .iter()
                    .find(|row| row.status == status)
                    .map_or((0, 0), |row| (row.count, row.amount.atoms()));
                let truth = world.number(&truth).await;
                assert_eq!(told, (truth, truth * 5_000_000), "{from} {to} {status:?}");
            }
        }
    }
    let tallies = "select count(*) from withdrawal_tally where span = 86400000000";
    assert!(world.number(tallies).await >= 4, "days are counted");
}

/// The proof's block left the chain (M16).
async fn what_was_paid_and_is_open_again_counts_as_open(world: World) {
    let (id, proof) = world.paid("order", 0).await;
    let withdrawal = world.withdrawal(id).await;
    let (from, to) = (withdrawal.accepted_at.plus_ms(-7_200_000), withdrawal.accepted_at.plus_ms(7_200_000));
    let told = async || {
        let rows = world.db.stats(Some(world.partner.id), from, to).await.unwrap();
        rows.iter().map(|row| (row.status, row.count)).collect::<Vec<_>>()
    };
    assert_eq!(told().await, [(Status::Completed, 1)]);
    let transfer = world.transfer(proof.transfer().unwrap()).await;
    let reopened = transfer.clone().reopen(120, false, world.now()).unwrap();
    let open = withdrawal.reopen(&proof, &transfer, world.now()).unwrap();
    world.applied(Change { transfers: vec![reopened], withdrawals: vec![open], ..world.change() }).await;
    assert_eq!(told().await, [(Status::Broadcast, 1)]);
    assert_eq!(world.number("select cast(sum(count) as bigint) from withdrawal_tally").await, 0);
}

async fn a_sum_past_the_largest_amount_is_shown_and_fails_nobody(world: World) {
    for name in ["one", "two", "three"] {
        let intake = world.intake(name, i64::MAX, 10);
        assert_eq!(accept(&world, intake).await.state.as_str(), "rejected");
    }
    let rows = world.db.stats(Some(world.partner.id), world.now(), world.now().plus_ms(1)).await.unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!((rows[0].status, rows[0].count, rows[0].amount.atoms()), (Status::Rejected, 3, i64::MAX));
}

async fn use_is_counted_in_the_days_of_the_partners_zone(world: World) {
    let id = world.partner.id;
    world.db.set_limit(id, limit(&world, 20_000_000), world.cause()).await.unwrap();
    world.accepted("one").await;
    world.accepted("two").await;
    // Noon in Seoul; the day ends at 15:00 UTC.
    let usage = world.db.usage(id, world.now()).await.unwrap();
    let midnight = Timestamp::parse("2026-11-21T15:00:00Z").unwrap();
    assert_eq!(usage, [(limit(&world, 20_000_000), Amount::from_atoms(10_000_000).unwrap(), midnight)]);
    let at = async |time: Timestamp| {
        let usage = world.db.usage(id, time).await.unwrap();
        (usage[0].1.atoms(), usage[0].2)
    };
    assert_eq!(at(midnight.plus_ms(-1)).await, (10_000_000, midnight));
    assert_eq!(at(midnight).await, (0, midnight.plus_ms(86_400_000)), "a new day");
    // What is given back is not used.
    settle_in(
        &world,
        world.withdrawal(world.db.by_external_id(id, "one").await.unwrap().unwrap().withdrawal.id).await,
        "failed",
    )
    .await;
    assert_eq!(at(world.now()).await.0, 5_000_000);
}

async fn a_day_ends_where_the_clocks_are_changed(mut world: World) {
    let mut other = Tenant::new(&world, "other", "America/New_York").await;
    other.swap(&mut world);
    let id = world.partner.id;
    world.db.set_limit(id, limit(&world, 9), world.cause()).await.unwrap();
    // 25 hours: the clocks go back on this day.
    let morning = Timestamp::parse("2026-11-01T04:30:00Z").unwrap();
    let usage = world.db.usage(id, morning).await.unwrap();
    assert_eq!(usage[0].2, Timestamp::parse("2026-11-02T05:00:00Z").unwrap());
    let nowhere = format!("update partner set zone = 'Asia/Atlantis' where id = '{id}'");
    world.db.tamper(&nowhere, &nowhere).await.unwrap();
    assert!(world.db.usage(id, morning).await.unwrap_err().to_string().contains("Atlantis"));
}
