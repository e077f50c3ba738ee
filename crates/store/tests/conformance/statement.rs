//! What a partner's wallets did over a time adds up, to the atom, and is told to nobody else (M15).

use sluice_core::asset::AssetId;
use sluice_core::id::PartnerId;
use sluice_core::ledger::{Account, Posting};
use sluice_core::port::reader::Reader;
use sluice_core::port::store::{Change, StoreError};
use sluice_core::statement::Line;
use sluice_core::time::Timestamp;

use crate::world::World;

promises! {
    a_statement_adds_up_over_any_time;
    a_time_after_another_opens_where_that_one_closed;
    what_people_explained_is_no_top_up;
    books_that_do_not_add_up_are_no_statement;
}

async fn lines(world: &World, from: Timestamp, to: Timestamp) -> Vec<Line> {
    world.db.statement(world.partner.id, from, to).await.unwrap()
}

async fn of_the_asset(world: &World, from: Timestamp, to: Timestamp) -> Line {
    let found = lines(world, from, to).await;
    *found.iter().find(|line| line.asset == world.asset.id).unwrap()
}

fn topped_up(world: &World, atoms: i64) -> Change {
    Change { postings: Posting::brought(&world.wallet, world.asset.id, atoms).to_vec(), ..world.change() }
}

async fn a_statement_adds_up_over_any_time(world: World) {
    let begin = world.now();
    world.applied(topped_up(&world, 9_000_000)).await;
    let (id, _) = world.paid("first", 7).await;
    let first = world.withdrawal(id).await.request.amount.atoms();
    world.pass(5).await;
    let noon = world.now();
    let (id, _) = world.paid("second", 8).await;
    let second = world.withdrawal(id).await.request.amount.atoms();
    world.sent("under-way", 9).await;
    world.pass(5).await;
    let end = world.now();
    let morning = of_the_asset(&world, begin, noon).await;
    assert_eq!((morning.opening, morning.came_in, morning.paid), (0, 9_000_000, first));
    assert_eq!(morning.closing, 9_000_000 - first, "what is under way is still inside the wallet");
    let all = of_the_asset(&world, begin, end).await;
    assert_eq!((all.paid, all.closing), (first + second, 9_000_000 - first - second));
    for (from, to) in [(begin, noon), (noon, end), (begin, end), (end, end), (begin, begin)] {
        let found = lines(&world, from, to).await;
        assert!(!found.is_empty());
        for line in found {
            assert!(line.adds_up(), "{line:?}");
        }
    }
    let coin: Vec<Line> =
        lines(&world, begin, end).await.into_iter().filter(|line| line.asset != world.asset.id).collect();
    assert!(coin.iter().any(|line| line.gas > 0), "{coin:?}");
}

async fn a_time_after_another_opens_where_that_one_closed(world: World) {
    let begin = world.now();
    world.applied(topped_up(&world, 9_000_000)).await;
    let mut marks = vec![begin];
    for (place, order) in ["one", "two", "three"].into_iter().enumerate() {
        world.paid(order, 7 + place as u64).await;
        world.pass(5).await;
        marks.push(world.now());
    }
    let mut closing: Vec<(AssetId, i64)> = vec![];
    for pair in marks.windows(2) {
        let found = lines(&world, pair[0], pair[1]).await;
        for (asset, atoms) in &closing {
            let line = found.iter().find(|line| line.asset == *asset).unwrap();
            assert_eq!(line.opening, *atoms);
        }
        closing = found.iter().map(|line| (line.asset, line.closing)).collect();
    }
    let other = PartnerId::new(world.ulid());
    assert_eq!(world.db.statement(other, begin, world.now()).await.unwrap(), vec![]);
}

async fn what_people_explained_is_no_top_up(world: World) {
    let begin = world.now();
    world.applied(topped_up(&world, 9_000_000)).await;
    let line = |account, atoms| Posting {
        partner: world.partner.id,
        wallet: world.wallet.id,
        asset: world.asset.id,
        account,
        atoms,
    };
    let postings = vec![line(Account::Available, -70), line(Account::Adjustment, 70)];
    world.applied(Change { postings, ..world.change() }).await;
    world.pass(1).await;
    let found = of_the_asset(&world, begin, world.now()).await;
    assert_eq!((found.came_in, found.adjusted, found.closing), (9_000_000, -70, 8_999_930));
}

async fn books_that_do_not_add_up_are_no_statement(world: World) {
    let begin = world.now();
    world.applied(topped_up(&world, 9_000_000)).await;
    let spoil = "update ledger_balance set atoms = atoms + 1 where account = 'available'";
    world.db.tamper(spoil, spoil).await.unwrap();
    // A sum that drifted moves both ends alike; a line without its other side is found.
    let spoil = "insert into ledger (group_id, partner_id, wallet_id, asset, account, atoms, reason, at)
        select 'crooked', partner_id, id, (select min(id) from asset), 'adjustment', 5, 'r', 9000000000000000 from wallet";
    world.db.tamper(spoil, spoil).await.unwrap();
    let end = Timestamp::from_micros(9_100_000_000_000_000);
    let found = world.db.statement(world.partner.id, begin, end).await;
    assert!(matches!(found, Err(StoreError::Inconsistent { table: "ledger", .. })), "{found:?}");
}
