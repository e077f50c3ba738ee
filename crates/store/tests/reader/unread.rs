//! Rows of a newer version: a list goes on without them, and a question by name is not answered with "there is none".

use sluice_core::port::reader::{AlertFilter, Filter, Position, Reader};
use sluice_core::port::store::StoreError;

use super::build::*;
use crate::world::World;

promises! {
    a_page_is_filled_past_a_row_that_does_not_read;
    one_thing_that_does_not_read_is_an_error_and_not_a_gap;
    a_withdrawal_without_one_of_its_transfers_is_not_shown_as_unpaid;
}

async fn newer(world: &World, table: &str, id: impl std::fmt::Display) {
    let newer = format!("update {table} set evidence = '{{\"v\":99}}' where id = '{id}'");
    world.db.tamper(&newer, &newer).await.unwrap();
}

async fn a_page_is_filled_past_a_row_that_does_not_read(world: World) {
    let mut ids = Vec::new();
    for number in 0..9 {
        ids.push(
            settle_in(&world, world.accepted(&format!("order-{number}")).await, "needs_attention").await.id,
        );
        world.turn(1_000);
    }
    for odd in [2, 3, 4, 8] {
        newer(&world, "withdrawal", ids[odd]).await;
    }
    let partner = Some(world.partner.id);
    let first = world.db.list(partner, &Filter::default(), None, 3).await.unwrap();
    assert_eq!(first.iter().map(|view| view.withdrawal.id).collect::<Vec<_>>(), [ids[7], ids[6], ids[5]]);
    let after = Position { accepted_at: first[2].withdrawal.accepted_at, id: ids[5] };
    let second = world.db.list(partner, &Filter::default(), Some(after), 2).await.unwrap();
    assert_eq!(second.iter().map(|view| view.withdrawal.id).collect::<Vec<_>>(), [ids[1], ids[0]]);
    let attention = world.db.attention(partner, 4).await.unwrap();
    assert_eq!(
        attention.iter().map(|view| view.withdrawal.id).collect::<Vec<_>>(),
        [ids[0], ids[1], ids[5], ids[6]]
    );
    let alerts = world.db.alerts(None, &AlertFilter::any(false), 10).await.unwrap();
    assert_eq!(alerts.len(), 4, "each is said aloud");
}

async fn one_thing_that_does_not_read_is_an_error_and_not_a_gap(world: World) {
    let odd = world.accepted("odd").await;
    newer(&world, "withdrawal", odd.id).await;
    newer(&world, "wallet", world.wallet.id).await;
    let partner = Some(world.partner.id);
    let said = world.db.withdrawal(partner, odd.id).await.unwrap_err();
    assert!(matches!(said, StoreError::Inconsistent { table: "withdrawal", .. }), "{said:?}");
    let said = world.db.by_external_id(world.partner.id, "odd").await.unwrap_err();
    assert!(matches!(said, StoreError::Inconsistent { .. }), "{said:?}");
    let said = world.db.wallet(partner, world.wallet.id).await.unwrap_err();
    assert!(matches!(said, StoreError::Inconsistent { table: "wallet", .. }), "{said:?}");
    assert_eq!(world.db.wallets_of(partner).await.unwrap(), []);
    let other = Tenant::new(&world, "other", "UTC").await;
    assert_eq!(
        world.db.withdrawal(Some(other.partner.id), odd.id).await.unwrap(),
        None,
        "and nothing to a stranger"
    );
}

async fn a_withdrawal_without_one_of_its_transfers_is_not_shown_as_unpaid(world: World) {
    let (id, transfer, _) = world.sent("odd", 7).await;
    let good = world.accepted("good").await;
    newer(&world, "transfer", transfer.id).await;
    let views = world.db.list(Some(world.partner.id), &Filter::default(), None, 10).await.unwrap();
    assert_eq!(views.iter().map(|view| view.withdrawal.id).collect::<Vec<_>>(), [good.id]);
    let said = world.db.withdrawal(Some(world.partner.id), id).await.unwrap_err();
    assert!(matches!(said, StoreError::Inconsistent { table: "transfer", .. }), "{said:?}");
}
