//! Pages of the list: every row once, whatever happens meanwhile, and every filter with every other.

use std::collections::BTreeSet;
use std::sync::Arc;

use sluice_core::address::EvmAddress;
use sluice_core::asset::{Asset, AssetId};
use sluice_core::id::{PartnerId, WithdrawalId};
use sluice_core::port::reader::{AlertFilter, Filter, Position, Reader, WithdrawalView};
use sluice_core::port::registry::Registry;
use sluice_core::port::store::Store;
use sluice_core::withdrawal::{Status, Type};

use super::build::*;
use crate::world::World;

promises! {
    pages_hold_every_row_once_while_rows_arrive;
    filters_combine;
    a_page_is_never_longer_than_asked;
}

fn position(view: &WithdrawalView) -> Position {
    Position { accepted_at: view.withdrawal.accepted_at, id: view.withdrawal.id }
}

/// All pages of a list, joined.
async fn walk(
    world: &World,
    partner: Option<PartnerId>,
    filter: &Filter,
    limit: usize,
) -> Vec<WithdrawalView> {
    let mut all: Vec<WithdrawalView> = Vec::new();
    loop {
        let page = world.db.list(partner, filter, all.last().map(position), limit).await.unwrap();
        assert!(page.len() <= limit);
        let last = page.len() < limit;
        all.extend(page);
        if last {
            return all;
        }
        tokio::task::yield_now().await;
    }
}

async fn pages_hold_every_row_once_while_rows_arrive(world: World) {
    let mut old: Vec<WithdrawalId> = Vec::new();
    let (mut between, mut late) = (Vec::new(), Vec::new());
    for number in 0..60 {
        old.push(world.accepted(&format!("old-{number}")).await.id);
        // Requests that were timed among the old ones and are committed while somebody turns the pages.
        if number % 4 == 0 {
            between.push(world.intake(&format!("between-{number}"), 5, i64::MAX));
        }
        // Three share a time: the id is the tie break.
        if number % 3 == 0 {
            world.turn(1_000);
        }
    }
    for number in 0..40 {
        world.turn(10);
        late.push(world.intake(&format!("late-{number}"), 5, i64::MAX));
    }
    let db = Arc::clone(&world.db);
    let mut arriving = tokio::task::JoinSet::new();
    arriving.spawn(async move {
        for (a, b) in late.into_iter().zip(between.into_iter().map(Some).chain(std::iter::repeat(None))) {
            db.accept(a).await.unwrap();
            if let Some(b) = b {
                db.accept(b).await.unwrap();
            }
            tokio::task::yield_now().await;
        }
    });
    for partner in [Some(world.partner.id), None] {
        let seen = walk(&world, partner, &Filter::default(), 7).await;
        let ids: Vec<_> = seen.iter().map(|view| (view.withdrawal.accepted_at, view.withdrawal.id)).collect();
        assert!(ids.is_sorted_by(|a, b| a > b), "newest first, and none twice");
        let ids: BTreeSet<_> = seen.iter().map(|view| view.withdrawal.id).collect();
        assert!(old.iter().all(|id| ids.contains(id)), "none is skipped");
    }
    arriving.join_all().await;
    assert_eq!(walk(&world, Some(world.partner.id), &Filter::default(), 7).await.len(), 60 + 15 + 40);
}

async fn filters_combine(mut world: World) {
    let mut other = Tenant::new(&world, "other", "UTC").await;
    let coin = Asset {
        id: AssetId::erc20(world.wallet.chain, EvmAddress([0x77; 20])),
        symbol: "USDT".into(),
        ..world.asset.clone()
    };
    world.db.put_asset(coin.clone()).await.unwrap();
    let mut times = Vec::new();
    for number in 0..36u8 {
        if number % 3 == 0 {
            world.turn(1_000);
            times.push(world.now());
        }
        let intake = request(&world, &format!("order-{}", number / 2), |new| {
            new.user_id = format!("user-{}", number % 3);
            new.to = (EvmAddress([0xa0 + number % 2; 20])).into();
            new.kind = if number % 5 == 0 { Type::Regular } else { Type::Immediate };
            new.asset = if number % 7 < 3 { coin.clone() } else { world.asset.clone() };
        });
        let withdrawal = accept(&world, intake).await;
        match number % 4 {
            0 => drop(settle_in(&world, withdrawal, "failed").await),
            1 => drop(settle_in(&world, withdrawal, "held").await),
            2 => drop(settle_in(&world, withdrawal, "needs_attention").await),
            _ => {}
        }
        other.swap(&mut world);
    }
    let (us, them) = (world.partner.id, other.partner.id);
    let all = walk(&world, None, &Filter::default(), 100).await;
    assert_eq!(all.len(), 36);
    // Each filter is on or off, with each of the others.
    for mask in 0..256u32 {
        let on = |bit: u32| mask & (1 << bit) != 0;
        let statuses =
            [Status::Failed, Status::Held, Status::NeedsAttention, Status::Approved, Status::Completed];
        let filter = Filter {
            status: on(0).then(|| statuses[(mask / 2) as usize % statuses.len()]),
            kind: on(1).then_some(Type::Immediate),
            asset: on(2).then_some(coin.id),
            user_id: on(3).then(|| "user-1".into()),
            from: on(4).then(|| times[2]),
            to: on(5).then(|| times[10]),
            external_id: on(6).then(|| "order-8".into()),
            address: on(7).then(|| EvmAddress([0xa1; 20]).key()),
            errands: false,
        };
        for partner in [Some(us), Some(them), None] {
            let expected: Vec<_> = all.iter().filter(|view| fits(view, partner, &filter)).collect();
            let found = walk(&world, partner, &filter, 5).await;
            assert_eq!(found.iter().collect::<Vec<_>>(), expected, "{filter:?}");
        }
    }
}

fn fits(view: &WithdrawalView, partner: Option<PartnerId>, filter: &Filter) -> bool {
    let request = &view.withdrawal.request;
    partner.is_none_or(|partner| view.withdrawal.partner == partner)
        && filter.status.is_none_or(|status| view.status == status)
        && filter.kind.is_none_or(|kind| request.kind == kind)
        && filter.asset.is_none_or(|asset| request.asset.id == asset)
        && filter.user_id.as_ref().is_none_or(|user| request.user_id == *user)
        && filter.from.is_none_or(|from| view.withdrawal.accepted_at >= from)
        && filter.to.is_none_or(|to| view.withdrawal.accepted_at < to)
        && filter.external_id.as_ref().is_none_or(|id| request.external_id == *id)
        && filter.address.as_ref().is_none_or(|address| request.to.key() == *address)
}

async fn a_page_is_never_longer_than_asked(world: World) {
    for number in 0..5 {
        let withdrawal = world.accepted(&format!("order-{number}")).await;
        settle_in(&world, withdrawal, "needs_attention").await;
        raise(&world, Some(world.partner.id), &format!("subject {number}")).await;
        world.turn(1_000);
    }
    seal(&world).await;
    let partner = Some(world.partner.id);
    for limit in [0, 1, 3, 5, usize::MAX] {
        let expected = limit.min(5);
        assert_eq!(world.db.list(partner, &Filter::default(), None, limit).await.unwrap().len(), expected);
        assert_eq!(world.db.attention(partner, limit).await.unwrap().len(), expected);
        assert_eq!(world.db.alerts(partner, &AlertFilter::any(true), limit).await.unwrap().len(), expected);
        assert_eq!(world.db.events(world.partner.id, 0, limit).await.unwrap().len(), limit.min(16));
    }
    // Oldest first where a person works a list off, newest first where one looks at what is new.
    let attention = world.db.attention(partner, 10).await.unwrap();
    assert!(attention.is_sorted_by_key(|view| view.withdrawal.accepted_at));
    let alerts = world.db.alerts(partner, &AlertFilter::any(true), 10).await.unwrap();
    assert!(alerts.is_sorted_by(|a, b| a.since > b.since));
}
