//! Partners, limits, assets.

use std::sync::Arc;

use sluice_core::access::Actor;
use sluice_core::address::EvmAddress;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::chain::ChainId;
use sluice_core::event::Cause;
use sluice_core::id::PartnerId;
use sluice_core::partner::PLATFORM;
use sluice_core::partner::{Limit, Partner};
use sluice_core::port::reader::Reader;
use sluice_core::port::registry::Registry;
use sluice_core::port::store::StoreError;

use crate::reader::{limit, seal};
use crate::world::World;

promises! {
    a_partner_is_made_once_with_its_limits;
    a_partner_with_an_impossible_limit_is_not_made_at_all;
    each_change_of_a_limit_has_its_own_version;
    the_scale_of_an_asset_never_changes;
}

fn partner(world: &World, name: &str) -> Partner {
    Partner {
        id: PartnerId::new(world.ulid()),
        name: name.into(),
        zone: "Asia/Seoul".into(),
        test_mode: false,
        created_at: world.now(),
    }
}

fn operator(world: &World) -> Cause {
    Cause { actor: Actor::Console, reason: "onboarding".into(), at: world.now() }
}

async fn a_partner_is_made_once_with_its_limits(world: World) {
    world.turn(1_000);
    let new = partner(&world, "new");
    let limits = vec![limit(&world, 7_500_000)];
    assert!(world.db.create_partner(new.clone(), limits.clone(), operator(&world)).await.unwrap());
    let renamed = Partner { name: "renamed".into(), ..new.clone() };
    assert!(!world.db.create_partner(renamed, vec![limit(&world, 9)], operator(&world)).await.unwrap());
    assert_eq!(world.db.partner(new.id).await.unwrap(), Some(new.clone()));
    assert_eq!(world.db.limits(new.id).await.unwrap(), limits);
    let platform = world.db.partner(PLATFORM).await.unwrap().expect("the platform is a partner of its own");
    assert_eq!(world.db.partners().await.unwrap(), [platform, world.partner.clone(), new.clone()]);
    seal(&world).await;
    let events = world.db.events(new.id, 0, 10).await.unwrap();
    assert_eq!(events.len(), 1, "once");
    assert_eq!((events[0].kind.as_str(), events[0].actor.as_str()), ("partner.created", "console"));
    assert_eq!((events[0].reason.as_str(), events[0].at), ("onboarding", world.now()));
    assert!(events[0].data.contains(r#""daily":"7.5""#), "{}", events[0].data);
}

async fn a_partner_with_an_impossible_limit_is_not_made_at_all(world: World) {
    let new = partner(&world, "new");
    let unknown = AssetId::erc20(ChainId::evm(1), EvmAddress([0x66; 20]));
    let limits = vec![limit(&world, 5), Limit { asset: unknown, ..limit(&world, 5) }];
    let said = world.db.create_partner(new.clone(), limits, operator(&world)).await.unwrap_err();
    assert!(said.to_string().contains("no asset eip155:1/"), "{said}");
    assert_eq!(world.db.partner(new.id).await.unwrap(), None);
    assert_eq!(world.db.limits(new.id).await.unwrap(), []);
    assert_eq!(world.number("select count(*) from event where kind = 'partner.created'").await, 0);
    let nobody = world.db.set_limit(new.id, limit(&world, 5), operator(&world)).await;
    assert!(matches!(nobody, Err(StoreError::Statement(_))), "{nobody:?}");
}

async fn each_change_of_a_limit_has_its_own_version(world: World) {
    let id = world.partner.id;
    let mut tasks = tokio::task::JoinSet::new();
    for atoms in 1..=16 {
        let (db, limit, cause) = (Arc::clone(&world.db), limit(&world, atoms), operator(&world));
        tasks.spawn(async move { db.set_limit(id, limit, cause).await.unwrap() });
    }
    tasks.join_all().await;
    let stored = world.db.limits(id).await.unwrap();
    assert!(stored.len() == 1 && stored[0].version == 16, "{stored:?}");
    seal(&world).await;
    let events = world.db.events(id, 0, 100).await.unwrap();
    let set: Vec<_> = events.iter().filter(|event| event.kind == "limit.set").collect();
    assert_eq!(set.len(), 16);
    for version in 1..=16 {
        let told = format!(r#""version":"{version}""#);
        assert_eq!(set.iter().filter(|event| event.data.contains(&told)).count(), 1, "{version}");
    }
}

async fn the_scale_of_an_asset_never_changes(world: World) {
    let asset = Asset { id: AssetId::erc20(ChainId::evm(1), EvmAddress([0x77; 20])), ..world.asset.clone() };
    world.db.put_asset(asset.clone()).await.unwrap();
    world.db.put_asset(asset.clone()).await.unwrap();
    let renamed = Asset { symbol: "USDC.e".into(), ..asset.clone() };
    world.db.put_asset(renamed.clone()).await.unwrap();
    assert!(world.db.assets_of(None).await.unwrap().contains(&renamed));
    let others = [
        Asset { decimals: 18, ..renamed.clone() },
        Asset { decimals: 18, symbol: "X".into(), ..renamed.clone() },
        Asset { precision: 2, symbol: "X".into(), ..renamed.clone() },
    ];
    for other in others {
        let said = world.db.put_asset(other).await.unwrap_err();
        assert!(matches!(said, StoreError::Inconsistent { table: "asset", .. }), "{said:?}");
        assert!(said.to_string().contains("never change"), "{said}");
    }
    assert!(world.db.assets_of(None).await.unwrap().contains(&renamed));
    let by_hand = format!("update asset set decimals = 18 where id = '{}'", asset.id);
    assert!(world.refused_by(&by_hand).await.contains("asset_scale_is_for_ever"));
    seal(&world).await;
    let events = world.db.events(PLATFORM, 0, 10).await.unwrap();
    assert_eq!(
        events.iter().map(|event| event.kind.as_str()).collect::<Vec<_>>(),
        ["asset.configured", "asset.configured"]
    );
}
