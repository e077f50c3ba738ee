//! A tenant sees its own and nothing else, whatever ids it names.

use sluice_core::partner::PLATFORM;
use sluice_core::port::reader::{AlertFilter, Filter, Position, Reader};
use sluice_core::port::registry::Registry;
use sluice_core::stop::{Scope, Stop};
use sluice_core::time::Timestamp;

use super::build::*;
use crate::world::World;

promises! {
    every_question_about_a_foreign_id_answers_nothing;
    every_list_holds_the_tenants_own_rows;
    the_platform_sees_all;
    a_foreign_stop_is_nobody_elses_business;
}

/// Two partners with the same external ids, users and addresses: what differs is whose they are.
async fn two(world: &mut World) -> Tenant {
    let mut other = Tenant::new(world, "other", "Europe/Berlin").await;
    for _ in 0..2 {
        let id = world.partner.id;
        world.db.set_limit(id, limit(world, i64::MAX), world.cause()).await.unwrap();
        world.paid("paid", 7).await;
        world.sent("sent", 8).await;
        settle_in(world, world.accepted("stuck").await, "needs_attention").await;
        raise(world, Some(id), &format!("of {id}")).await;
        other.swap(world);
    }
    raise(world, None, "of the platform").await;
    seal(world).await;
    other
}

fn named(name: &str) -> Filter {
    Filter { external_id: Some(name.into()), ..Filter::default() }
}

async fn every_question_about_a_foreign_id_answers_nothing(mut world: World) {
    let mut other = two(&mut world).await;
    let (us, them) = (world.partner.id, other.partner.id);
    other.swap(&mut world);
    let alone = world.accepted("alone").await;
    other.swap(&mut world);
    seal(&world).await;
    let db = &world.db;
    let theirs = db.list(Some(them), &Filter::default(), None, 10).await.unwrap();
    assert_eq!(theirs.len(), 4);
    for view in &theirs {
        let id = view.withdrawal.id;
        assert_eq!(db.withdrawal(Some(us), id).await.unwrap(), None);
        assert_eq!(db.timeline(Some(us), id).await.unwrap(), []);
        assert!(!db.timeline(Some(them), id).await.unwrap().is_empty());
        assert_eq!(db.withdrawal(Some(them), id).await.unwrap().as_ref(), Some(view));
        let position = Position { accepted_at: view.withdrawal.accepted_at, id };
        let after = db.list(Some(us), &Filter::default(), Some(position), 10).await.unwrap();
        assert!(after.iter().all(|view| view.withdrawal.partner == us), "a foreign position opens no door");
    }
    assert_eq!(db.by_external_id(us, "alone").await.unwrap(), None);
    assert_eq!(db.by_external_id(them, "alone").await.unwrap().unwrap().withdrawal.id, alone.id);
    assert_eq!(db.list(Some(us), &named("alone"), None, 10).await.unwrap(), []);
    assert_eq!(db.wallet(Some(us), other.wallet.id).await.unwrap(), None);
    assert!(db.wallet(Some(them), other.wallet.id).await.unwrap().is_some());
    for alert in db.alerts(None, &AlertFilter::any(true), 10).await.unwrap() {
        let ours = alert.raise.partner == Some(us);
        assert_eq!(db.alert(Some(us), alert.id).await.unwrap().is_some(), ours, "{alert:?}");
    }
}

async fn every_list_holds_the_tenants_own_rows(mut world: World) {
    let other = two(&mut world).await;
    let (us, them) = (world.partner.id, other.partner.id);
    let db = &world.db;
    for (id, wallet) in [(us, world.wallet.id), (them, other.wallet.id)] {
        let tenant = Some(id);
        let user = Filter { user_id: Some("user-1".into()), ..Filter::default() };
        let address = Filter { address: Some(format!("0x{}", "aa".repeat(20))), ..Filter::default() };
        for filter in [Filter::default(), user, address, named("paid")] {
            let views = db.list(tenant, &filter, None, 10).await.unwrap();
            assert_eq!(views.len(), if filter.external_id.is_some() { 1 } else { 3 }, "{filter:?}");
            for view in views {
                assert_eq!(view.withdrawal.partner, id);
                assert!(view.lanes.iter().all(|lane| lane.id == wallet));
                assert!(view.transfers.iter().all(|(transfer, _)| transfer.partner == id));
            }
        }
        let attention = db.attention(tenant, 10).await.unwrap();
        assert!(attention.len() == 1 && attention[0].withdrawal.partner == id);
        let events = db.events(id, 0, 1_000).await.unwrap();
        assert!(events.len() > 10 && events.iter().all(|event| event.partner == id));
        let stats = db.stats(tenant, world.now(), world.now().plus_ms(1)).await.unwrap();
        assert_eq!(stats.iter().map(|row| row.count).sum::<i64>(), 3);
        let wallets = db.wallets_of(tenant).await.unwrap();
        assert!(wallets.len() == 1 && wallets[0].wallet.id == wallet);
        assert_eq!(wallets[0].books.len(), 7, "{:?}", wallets[0].books);
        let alerts = db.alerts(tenant, &AlertFilter::any(true), 10).await.unwrap();
        assert!(alerts.len() == 1 && alerts[0].raise.partner == tenant);
        assert_eq!(db.assets_of(tenant).await.unwrap(), [world.asset.clone()]);
        let usage = db.usage(id, world.now()).await.unwrap();
        assert_eq!(usage.iter().map(|(_, used, _)| used.atoms()).collect::<Vec<_>>(), [15_000_000]);
        let cannot = db.irrevocable(tenant, Scope::All, 10).await.unwrap().0;
        assert!(cannot.len() == 1 && cannot[0].partner == id);
    }
    let nobody = Tenant::new(&world, "new", "UTC").await.partner.id;
    let tenant = Some(nobody);
    assert_eq!(db.list(tenant, &Filter::default(), None, 10).await.unwrap(), []);
    assert_eq!(db.attention(tenant, 10).await.unwrap(), []);
    assert_eq!(db.stats(tenant, Timestamp::default(), world.now().plus_ms(1)).await.unwrap(), []);
    assert_eq!(db.assets_of(tenant).await.unwrap(), [], "nothing can be paid without a limit");
    assert_eq!(db.alerts(tenant, &AlertFilter::any(true), 10).await.unwrap(), []);
    assert_eq!(db.usage(nobody, world.now()).await.unwrap(), []);
    assert_eq!(db.keys(nobody).await.unwrap(), []);
    assert_eq!(db.irrevocable(tenant, Scope::All, 10).await.unwrap().0, []);
}

async fn the_platform_sees_all(mut world: World) {
    let other = two(&mut world).await;
    let db = &world.db;
    assert_eq!(db.list(None, &Filter::default(), None, 10).await.unwrap().len(), 6);
    assert_eq!(db.list(None, &named("paid"), None, 10).await.unwrap().len(), 2);
    assert_eq!(db.attention(None, 10).await.unwrap().len(), 2);
    assert_eq!(db.alerts(None, &AlertFilter::any(false), 10).await.unwrap().len(), 3);
    let wallets = db.wallets_of(None).await.unwrap();
    assert_eq!(
        wallets.iter().map(|view| view.wallet.id).collect::<Vec<_>>(),
        [world.wallet.id, other.wallet.id]
    );
    let stats = db.stats(None, world.now(), world.now().plus_ms(1)).await.unwrap();
    assert_eq!(stats.iter().map(|row| row.count).sum::<i64>(), 6);
    assert_eq!(db.irrevocable(None, Scope::All, 10).await.unwrap().0.len(), 2);
    assert_eq!(db.assets_of(None).await.unwrap(), [world.asset.clone()]);
    for view in db.list(None, &Filter::default(), None, 10).await.unwrap() {
        let id = view.withdrawal.id;
        assert_eq!(db.withdrawal(None, id).await.unwrap(), Some(view));
        assert!(!db.timeline(None, id).await.unwrap().is_empty());
    }
    db.ping().await.unwrap();
}

async fn a_foreign_stop_is_nobody_elses_business(mut world: World) {
    let mut other = two(&mut world).await;
    let (us, them) = (world.partner.id, other.partner.id);
    world.accepted("waits").await;
    other.swap(&mut world);
    world.accepted("waits").await;
    other.swap(&mut world);
    let stops = async |partner| {
        let views = world.db.list(Some(partner), &Filter::default(), None, 10).await.unwrap();
        views
            .into_iter()
            .filter_map(|view| Some((view.withdrawal.request.external_id.clone(), view.stop?.scope)))
            .collect::<Vec<_>>()
    };
    let set = async |scope| {
        let cause = world.cause();
        world
            .db
            .stop(Stop { scope, holder: PLATFORM, actor: cause.actor, reason: cause.reason, at: world.now() })
            .await
            .unwrap();
        world.turn(1);
    };
    let waits = |name: &str, scope| (name.to_owned(), scope);
    // A stop of a wallet covers what is on it.
    set(Scope::Wallet(world.wallet.id)).await;
    assert_eq!(stops(us).await, [waits("sent", Scope::Wallet(world.wallet.id))]);
    assert_eq!(stops(them).await, []);
    // Of several the oldest is named; what has ended is covered by none.
    set(Scope::Partner(us)).await;
    let partner = |name: &str| waits(name, Scope::Partner(us));
    let sent = waits("sent", Scope::Wallet(world.wallet.id));
    assert_eq!(stops(us).await, [partner("waits"), partner("stuck"), sent]);
    assert_eq!(stops(them).await, []);
    set(Scope::Chain(world.wallet.chain)).await;
    assert_eq!(stops(them).await.len(), 3);
}
