//! Rows of a newer version are left alone and reported.

use sluice_core::port::store::{Store, StoreError, Undelivered, Wanted};

use crate::world::World;

promises! {
    an_unknown_state_is_left_out_and_reported_and_stops_nobody;
    a_transfer_with_an_unreadable_attempt_is_left_out_whole;
    a_wish_to_cancel_is_heard_though_its_transfer_does_not_read;
    a_part_of_the_stops_never_passes_for_all_of_them;
}

async fn an_unknown_state_is_left_out_and_reported_and_stops_nobody(world: World) {
    let odd = world.accepted("odd").await;
    let good = world.accepted("good").await;
    let newer = format!("update withdrawal set evidence = '{{\"v\":2}}' where id = '{}'", odd.id);
    world.db.tamper(&newer, &newer).await.unwrap();
    let wanted = Wanted { assets: vec![world.asset.id], replacements: true, pinned_to: None, skip: 0 };
    let claimed = world.db.claimable(world.partner.id, &wanted, world.now(), 10).await.unwrap();
    assert_eq!(claimed, vec![good.clone()]);
    assert_eq!(world.db.withdrawals(&[odd.id, good.id]).await.unwrap(), [good]);
    let alerts = world.db.undelivered_alerts(Undelivered::Newest, 10).await.unwrap();
    assert_eq!(alerts.len(), 1);
    assert_eq!(alerts[0].raise.code.as_str(), "unknown_state");
    assert_eq!(alerts[0].raise.subject, format!("withdrawal {}", odd.id));
    assert!(alerts[0].raise.detail.contains("version 2"), "{}", alerts[0].raise.detail);
    assert_eq!(alerts[0].count, 1, "said once, not with every read");
}

async fn a_transfer_with_an_unreadable_attempt_is_left_out_whole(world: World) {
    let fuelled = world.fuelled(world.plan(world.accepted("odd").await).await).await;
    let (odd, _) = world.built(fuelled, 7).await;
    let fuelled = world.fuelled(world.plan(world.accepted("good").await).await).await;
    let (good, _) = world.built(fuelled, 8).await;
    let break_it = format!("update attempt set evidence = '{{\"v\":9}}' where transfer_id = '{}'", odd.id);
    let lite = format!("drop trigger m2_bytes_are_for_ever; {break_it}");
    let pg = format!("drop trigger m2_bytes_are_for_ever on attempt; {break_it}");
    world.db.tamper(&lite, &pg).await.unwrap();
    let lane = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    let ids: Vec<_> = lane.transfers().map(|(transfer, _)| transfer.id).collect();
    assert_eq!(ids, [good.id]);
}

async fn a_wish_to_cancel_is_heard_though_its_transfer_does_not_read(world: World) {
    let withdrawal = world.accepted("odd").await;
    let odd = world.plan(withdrawal.clone()).await;
    let break_it = format!(
        "update transfer set evidence = '{{\"v\":9}}' where id = '{}';
         update withdrawal set cancel_at = 1, cancel_by = 'system:test', cancel_reason = 'a test' where id = '{}'",
        odd.id, withdrawal.id
    );
    world.db.tamper(&break_it, &break_it).await.unwrap();
    let lane = world.db.lane(world.wallet.id).await.unwrap().unwrap();
    assert_eq!((lane.open.len(), lane.cancels), (0, vec![withdrawal.id]));
}

async fn a_part_of_the_stops_never_passes_for_all_of_them(world: World) {
    let some = |from: u32, to: u32| {
        format!(
            "insert into stop (kind, subject, holder, actor, reason, at)
             with recursive n(i) as (select {from} union all select i + 1 from n where i < {to})
             select 'wallet', cast(i as text), '{}', 'system:test', 'a test', 1 from n",
            world.partner.id
        )
    };
    let many = some(1, 9_999);
    world.db.tamper(&many, &many).await.unwrap();
    // Written by nobody, so that none of them reads: what cannot be named stops everything.
    assert!(!world.db.stops().await.unwrap().is_empty());
    let last = some(10_000, 10_000);
    world.db.tamper(&last, &last).await.unwrap();
    for answer in [world.db.stops().await.map(drop), world.db.lane(world.wallet.id).await.map(drop)] {
        let Err(StoreError::Statement(why)) = answer else { panic!("a cut list was answered: {answer:?}") };
        assert!(why.contains("10000 rows or more"), "{why}");
    }
}
