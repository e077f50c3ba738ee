//! Rows of a newer version are left alone and reported.

use sluice_core::port::store::{Store, Undelivered, Wanted};

use crate::world::World;

promises! {
    an_unknown_state_is_left_out_and_reported_and_stops_nobody;
    a_transfer_with_an_unreadable_attempt_is_left_out_whole;
}

async fn an_unknown_state_is_left_out_and_reported_and_stops_nobody(world: World) {
    let odd = world.accepted("odd").await;
    let good = world.accepted("good").await;
    let newer = format!("update withdrawal set evidence = '{{\"v\":2}}' where id = '{}'", odd.id);
    world.db.tamper(&newer, &newer).await.unwrap();
    let wanted = Wanted { assets: vec![world.asset.id], replacements: true };
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
    let ids: Vec<_> = lane.transfers.iter().map(|(transfer, _)| transfer.id).collect();
    assert_eq!(ids, [good.id]);
}
